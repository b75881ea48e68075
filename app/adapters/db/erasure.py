"""Every table as an erasable place, by the rules of `app.adapters.db.erasure_rules`.

What is read again afterwards does not trust the rules: it looks for the person under every column that can name one
(`app.adapters.db.rereading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson
from sqlalchemy import CursorResult, Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.erasure_rules import RULES, Rule
from app.adapters.db.lake import browser_digests
from app.adapters.db.rereading import condition_of, left_statement
from app.core.ids import ShopId
from app.ports import ErasablePlace, Json, Subject


def places(database: Database, sealer: Sealer) -> list[ErasablePlace]:
    """One place a table, in the order in which they must be erased."""
    return [TablePlace(rule, database, sealer) for rule in RULES]


class TablePlace:
    """A table of the database as an erasable place."""

    def __init__(self, rule: Rule, database: Database, sealer: Sealer) -> None:
        self.name = f"database.{rule.table}"
        self._rule = rule
        self._database = database
        self._sealer = sealer

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        return self._change(shop, self._rule.erase, _values(subject)) if self._rule.erase else 0

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        """How many rows still name the person, by any column that can, or wait for the rule."""
        own = self._rule.left or (condition_of(self._rule.erase) if self._rule.erase else None)
        statement = left_statement(self._rule.table, own)
        if statement is None:
            return 0
        with self._database.shop(shop) as session:
            return int(session.execute(text(statement), _values(subject)).scalar_one())

    def erase_shop(self, shop: ShopId) -> int:
        # Row-level security confines the statement to the session's shop.
        return self._change(shop, self._rule.with_shop or f"DELETE FROM {self._rule.table}", {})

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        if self._rule.export is None:
            return []
        with self._database.shop(shop) as session:
            rows = session.execute(text(self._rule.export), _values(subject)).all()
        return [self._opened(shop, row) for row in rows]

    def _change(self, shop: ShopId, statement: str, values: dict[str, Any]) -> int:
        with self._database.shop(shop) as session:
            done = cast("CursorResult[Any]", session.execute(text(statement), values))
            return done.rowcount

    def _opened(self, shop: ShopId, row: Row[Any]) -> dict[str, Any]:
        found = dict(row._mapping)
        for column in self._rule.boxes:
            if found[column] is not None:
                box = self._sealer.open(shop, f"{self._rule.table}.{column}", found[column])
                found[column] = orjson.loads(box)
        return found


def _values(subject: Subject) -> dict[str, Any]:
    return {
        "customer": subject.customer,
        "orders": list(subject.orders),
        "visitors": list(subject.visitors),
        "clients": list(subject.clients),
        "profiles": list(subject.profiles),
        "emails": list(subject.emails),
        "hashes": [bytes.fromhex(one) for one in subject.emails],
        "klaviyo": list(subject.klaviyo),
        "ga4": list(subject.ga4),
        "digests": browser_digests(subject.visitors, subject.clients),
    }
