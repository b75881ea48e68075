"""Records that webhooks change: the importer's merges, over a few rows instead of a staged file.

The web processes are told after the commit. A signal that gets lost (Redis away, process killed) is made up for by
the sweeper's retry of the webhook, since nothing is marked as done before `apply` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import psycopg
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db import merge_catalog as catalog
from app.adapters.db import merge_people as people
from app.adapters.db.engine import Database
from app.adapters.db.import_plans import PLANS, Plan
from app.adapters.db.staging import COLLECTIONS, Row, Rows, Staged
from app.adapters.db.writers import ALONE, CATALOGUE, PEOPLE
from app.core.ids import ShopId
from app.core.records import (
    CollectionRecord,
    CustomerRecord,
    Kind,
    OrderRecord,
    ProductRecord,
    Record,
    RefundRecord,
    StockRecord,
)
from app.core.syncs import Resource
from app.ports import CatalogSignals

CURRENCY = "SELECT currency FROM shop_profiles WHERE shop_id = %s"
LACKING = "SELECT id FROM refunds WHERE NOT lines_known ORDER BY id DESC LIMIT %s"
CLOSE = "UPDATE refunds SET lines_known = true WHERE id = ANY(%s) AND NOT lines_known"

# A webhook does not say what stands in a collection, so its plan leaves the membership alone.
COLLECTION_PLAN = Plan(half=CATALOGUE, tables=(COLLECTIONS,), merges=(catalog.MERGE_COLLECTIONS,), different="")
PLAN_OF: dict[type, Plan] = {
    ProductRecord: PLANS[Resource.PRODUCTS],
    StockRecord: PLANS[Resource.INVENTORY],
    CollectionRecord: COLLECTION_PLAN,
    CustomerRecord: PLANS[Resource.CUSTOMERS],
    OrderRecord: PLANS[Resource.ORDERS],
    RefundRecord: PLANS[Resource.ORDERS],
}
DELETES = {
    Kind.PRODUCT: (catalog.DELETE_PRODUCT, catalog.DELETE_MEMBERS_OF_PRODUCT),
    Kind.COLLECTION: (catalog.DELETE_MEMBERS, catalog.DELETE_COLLECTION, people.REMEMBER_REMOVAL),
    Kind.CUSTOMER: (people.KEEP_OBJECTION.format(ids="%(id)s"), people.DELETE_CUSTOMER, people.REMEMBER_REMOVAL),
    Kind.ORDER: (*(delete.format(ids="%(id)s") for delete in people.DELETE_ORDERS), people.REMEMBER_REMOVAL),
}
SHOWN = frozenset({ProductRecord, StockRecord})
"""Records that change what rails may show."""


class DbStoreRecords:
    """`app.ports.StoreRecords` on PostgreSQL."""

    def __init__(self, database: Database, sealer: Sealer, signals: CatalogSignals) -> None:
        self._database = database
        self._sealer = sealer
        self._signals = signals

    def currency(self, shop: ShopId) -> str:
        """The shop's currency code; empty while it is not known."""
        with self._database.shop(shop) as session:
            row = _cursor(session).execute(CURRENCY, [shop]).fetchone()
            return str(row[0]) if row else ""

    def apply(self, shop: ShopId, records: Sequence[Record], *, triggered_at: datetime | None) -> None:
        """Write what is newer than what is stored, all in one transaction."""
        rows_of = Rows(shop, self._sealer).of
        with self._database.shop(shop) as session:
            cursor = _cursor(session)
            for kind in dict.fromkeys(type(record) for record in records):
                staged: dict[Staged, list[Row]] = {table: [] for table in PLAN_OF[kind].tables}
                for record in records:
                    if type(record) is kind:
                        for table, row in rows_of(0, record):
                            staged[table].append(row)
                _merge(cursor, shop, PLAN_OF[kind], staged, triggered_at)
        if any(type(record) in SHOWN for record in records):
            self._signals.changed(shop)

    def remove(self, shop: ShopId, kind: Kind, number: int, *, at: datetime | None) -> None:
        """The store deleted it: an older copy that arrives later does not bring it back."""
        half = CATALOGUE if kind in (Kind.PRODUCT, Kind.COLLECTION) else PEOPLE
        values = {"shop": shop, "id": number, "kind": kind, "at": at, "half": half}
        with self._database.shop(shop) as session:
            cursor = _cursor(session)
            for statement in (ALONE, *DELETES[kind]):
                cursor.execute(statement, values)
        if kind is Kind.PRODUCT:
            self._signals.changed(shop)

    def refunds_lacking_lines(self, shop: ShopId, *, limit: int) -> Sequence[int]:
        """Refunds of which only the amount is known, the newest first."""
        with self._database.shop(shop) as session:
            return [row[0] for row in _cursor(session).execute(LACKING, [limit])]

    def close_refunds(self, shop: ShopId, refunds: Sequence[int]) -> None:
        """Stop asking for the lines of these refunds."""
        with self._database.shop(shop) as session:
            _cursor(session).execute(CLOSE, [list(refunds)])


def _merge(
    cursor: psycopg.Cursor[Any],
    shop: ShopId,
    plan: Plan,
    staged: dict[Staged, list[Row]],
    triggered_at: datetime | None,
) -> None:
    values: dict[str, Any] = {"shop": shop, "triggered_at": triggered_at, "half": plan.half}
    cursor.execute(ALONE, values)
    values.update({table.name: _json(table, rows) for table, rows in staged.items()})
    sources = ", ".join(table.from_json for table in plan.tables)
    for merge in plan.merges:
        cursor.execute(f"WITH {sources}, {merge}", values)
    for settle in plan.settles:
        cursor.execute(f"WITH {sources}, {people.TOUCHED} {settle}", values)


def _json(table: Staged, rows: list[Row]) -> str:
    return orjson.dumps([dict(zip(table.names, row, strict=True)) for row in rows], default=_bytea).decode()


def _bytea(value: object) -> str:
    """Boxes and hashes as PostgreSQL reads them."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"no JSON for {type(value).__name__}")


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    """A bare psycopg cursor inside the session's transaction, which has named its shop."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.cursor()
