"""Events and decisions in PostgreSQL, behind the lake's port until the lake exists.

The keys are the records' own ids, so what is appended twice is stored once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from app.adapters.db.engine import Database
from app.core.events import Event
from app.core.ids import ShopId
from app.errors import Permanent, Retryable
from app.ports import Decision

# One statement and one parameter a batch: the rows travel as a JSON array.
EVENTS = text("""
    INSERT INTO events (shop_id, event_id, type, at, visitor, placement, product_id, request_id, position, consent)
    SELECT :shop, event_id, type, at, visitor, placement, product_id, request_id, position, consent
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        event_id text, type text, at timestamptz, visitor text, placement text, product_id bigint, request_id text,
        position int, consent jsonb)
    ON CONFLICT DO NOTHING RETURNING 1
""")
DECISIONS = text("""
    INSERT INTO decisions (shop_id, request_id, at, placement, product_id, visitor, strategy, variant, model_version,
                           items)
    SELECT :shop, request_id, at, placement, product_id, visitor, strategy, variant, model_version, items
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        request_id text, at timestamptz, placement text, product_id bigint, visitor text, strategy text, variant text,
        model_version text, items jsonb)
    ON CONFLICT DO NOTHING RETURNING 1
""")


class DbLake:
    """Implements `app.ports.Lake`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append_events(self, shop: ShopId, events: Sequence[Event]) -> int:
        """Store what is new; returns how many were."""
        return self._append(shop, EVENTS, events)

    def append_decisions(self, shop: ShopId, decisions: Sequence[Decision]) -> int:
        """Store what is new; returns how many were."""
        return self._append(shop, DECISIONS, decisions)

    def _append(self, shop: ShopId, statement: Any, records: Sequence[Event] | Sequence[Decision]) -> int:
        if not records:
            return 0
        rows = orjson.dumps([asdict(record) for record in records]).decode()
        try:
            with self._database.shop(shop) as session:
                return len(session.execute(statement, {"shop": shop, "rows": rows}).all())
        except (DataError, IntegrityError, ProgrammingError) as error:
            raise Permanent(f"PostgreSQL refuses {len(records)} records of shop {shop}: {error.orig}") from error
        except DBAPIError as error:
            raise Retryable(f"PostgreSQL does not take records: {error.orig}") from error
