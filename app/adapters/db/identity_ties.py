"""Ties on their way into PostgreSQL: from the lake's turns, from webhooks, and from the store's own rows.

A tie is one row for a pair of names and a kind of evidence, with the hours in which it was seen: what comes twice is
seen once. Only what can change a profile asks for stitching; that a browser says the same every day does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, cast

import orjson
from sqlalchemy import CursorResult, Row, text
from sqlmodel import Session

from app.adapters.db.due_work import PUT
from app.adapters.db.engine import Database
from app.core.ids import CustomerId, OrderId, ShopId
from app.core.profiles import identity_ties as said
from app.core.profiles.identity import MOST_HOURS, Evidence, Tie
from app.jobs import STITCH_DUE

BATCH: Final = 5000
SOON_S: Final = 2.0
QUIET: Final = (Evidence.BROWSER, Evidence.ANALYTICS, Evidence.RECORD, Evidence.MERGED, Evidence.TOKEN)
"""Evidence of which the first time alone matters."""

NOTE = text(f"""
    INSERT INTO identity_ties AS old (shop_id, left_kind, left_id, right_kind, right_id, evidence, hours)
    SELECT :shop, left_kind, left_id, right_kind, right_id, evidence, array_agg(DISTINCT hour ORDER BY hour)
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        left_kind text, left_id text, right_kind text, right_id text, evidence text, hours jsonb)
    CROSS JOIN LATERAL (SELECT cast(value AS int) AS hour FROM jsonb_array_elements_text(hours)) seen
    WHERE NOT EXISTS (
        SELECT 1 FROM tombstones t WHERE (row.left_kind = 'customer' AND row.left_id = cast(t.customer_id AS text))
           OR (row.right_kind = 'customer' AND row.right_id = cast(t.customer_id AS text)))
      AND NOT EXISTS (
        SELECT 1 FROM buried_emails b WHERE extract(epoch FROM b.at) >= hour * 3600::bigint
           AND ((row.left_kind = 'email' AND row.left_id = b.digest)
                OR (row.right_kind = 'email' AND row.right_id = b.digest)))
    GROUP BY 2, 3, 4, 5, 6 ORDER BY 2, 3, 4, 5, 6
    ON CONFLICT (shop_id, left_kind, left_id, right_kind, right_id, evidence) DO UPDATE SET
        hours = (SELECT array_agg(hour ORDER BY hour) FROM (
            SELECT DISTINCT unnest(old.hours || excluded.hours) AS hour ORDER BY hour DESC LIMIT {MOST_HOURS}) newest),
        stitched = old.stitched AND old.evidence = ANY(:quiet),
        marks = old.marks + 1
    WHERE NOT old.hours @> excluded.hours
    RETURNING stitched
""")
ORDERS = """
    SELECT o.id, o.customer_id, encode(o.email_hash, 'hex') AS email, o.created_at,
           coalesce(c.opted_out, false) AS opted_out, encode(c.email_hash, 'hex') AS record,
           v.visitor, v.client, v.at
    FROM orders o
    LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.id = o.customer_id
    LEFT JOIN visitor_orders v ON v.shop_id = o.shop_id AND v.order_id = o.id
    WHERE NOT o.erased AND NOT o.test AND (v.order_id IS NOT NULL OR o.email_hash IS NOT NULL)
"""
SOME_ORDERS = text(f"{ORDERS} AND o.id = ANY(:ids)")
ALL_ORDERS = text(ORDERS)
CUSTOMERS = """
    SELECT id, encode(email_hash, 'hex') AS email, coalesce(created_at, 'epoch') AS at, opted_out FROM customers
    WHERE email_hash IS NOT NULL
"""
SOME_CUSTOMERS = text(f"{CUSTOMERS} AND id = ANY(:ids)")
ALL_CUSTOMERS = text(CUSTOMERS)
# The same id as `profile_id` makes.
PLACE = text("""
    WITH placed AS (
        INSERT INTO profile_members (shop_id, kind, id, profile, standing)
        SELECT c.shop_id, 'customer', cast(c.id AS text),
               'p' || left(encode(sha256(convert_to('customer:' || c.id, 'UTF8')), 'hex'), 24), 'own'
        FROM customers c
        WHERE NOT EXISTS (SELECT 1 FROM profile_members m
                          WHERE m.shop_id = c.shop_id AND m.kind = 'customer' AND m.id = cast(c.id AS text))
        ON CONFLICT DO NOTHING RETURNING shop_id, id, profile
    )
    INSERT INTO profiles (shop_id, id, since, changed_at)
    SELECT p.shop_id, p.profile, coalesce(c.created_at, :now), :now
    FROM placed p JOIN customers c ON c.shop_id = p.shop_id AND c.id = cast(p.id AS bigint)
    ON CONFLICT DO NOTHING
""")
DROP_OBJECTORS = text("""
    DELETE FROM identity_ties t USING customers c
    WHERE c.opted_out AND t.shop_id = c.shop_id
      AND ((t.left_kind = 'customer' AND t.left_id = cast(c.id AS text))
           OR (t.right_kind = 'customer' AND t.right_id = cast(c.id AS text)))
      AND t.evidence <> 'merged'
""")
DROP_LOOSE = text("""
    DELETE FROM profile_members m
    WHERE NOT EXISTS (SELECT 1 FROM identity_ties t WHERE t.left_kind = m.kind AND t.left_id = m.id)
      AND NOT EXISTS (SELECT 1 FROM identity_ties t WHERE t.right_kind = m.kind AND t.right_id = m.id)
      AND NOT (m.kind = 'customer' AND m.profile =
               'p' || left(encode(sha256(convert_to('customer:' || m.id, 'UTF8')), 'hex'), 24))
""")
DROP_EMPTY = text("""
    DELETE FROM profiles p WHERE NOT EXISTS (SELECT 1 FROM profile_members m WHERE m.profile = p.id)
""")


def note(session: Session, shop: ShopId, ties: Iterable[Tie]) -> None:
    """Write the ties in the session's transaction, and note that stitching is due where that can change a profile."""
    rest = iter(ties)
    while batch := list(islice(rest, BATCH)):
        rows = orjson.dumps([_row(one) for one in batch]).decode()
        written = session.execute(NOTE, {"shop": shop, "rows": rows, "quiet": list(QUIET)}).scalars().all()
        if not all(written):
            session.execute(PUT, {"shop": shop, "kind": STITCH_DUE, "id": "", "after_s": SOON_S})


def hour_of(moment: datetime) -> int:
    return said.hour_of(moment)


def moment_of(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)


class DbTieSources:
    """Implements `app.ports.TieSources`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, shop: ShopId, ties: Iterable[Tie]) -> None:
        """Keep the ties; what is known already changes nothing. New ones make stitching due."""
        with self._database.shop(shop) as session:
            note(session, shop, ties)

    def of_orders(self, shop: ShopId, orders: Sequence[OrderId] | None = None) -> Iterator[Sequence[Tie]]:
        """What these orders say, or all, a batch at a time: their customers, addresses and browsers."""
        for rows in self._batches(shop, SOME_ORDERS if orders is not None else ALL_ORDERS, orders):
            yield [one for row in rows for one in said.of_order(_order(row))]

    def of_customers(self, shop: ShopId, customers: Sequence[CustomerId] | None = None) -> Iterator[Sequence[Tie]]:
        """What the records of these customers say, or all."""
        for rows in self._batches(shop, SOME_CUSTOMERS if customers is not None else ALL_CUSTOMERS, customers):
            yield [one for row in rows for one in said.of_customer(row.id, row.email, row.at, opted_out=row.opted_out)]

    def place_customers(self, shop: ShopId, *, now: datetime) -> int:
        """Give a profile to every customer whom nothing ties; returns to how many."""
        with self._database.shop(shop) as session:
            return cast("CursorResult[Any]", session.execute(PLACE, {"now": now})).rowcount

    def drop_objectors(self, shop: ShopId) -> int:
        """Forget what ties objectors to anything, and names that nothing ties; returns how many ties went."""
        with self._database.shop(shop) as session:
            gone = cast("CursorResult[Any]", session.execute(DROP_OBJECTORS)).rowcount
            session.execute(DROP_LOOSE)
            session.execute(DROP_EMPTY)
            return gone

    def _batches(self, shop: ShopId, statement: Any, ids: Sequence[int] | None) -> Iterator[Sequence[Row[Any]]]:
        values = {} if ids is None else {"ids": list(ids)}
        with self._database.shop(shop) as session:
            yield from session.execute(statement, values, execution_options={"yield_per": BATCH}).partitions()


def _row(one: Tie) -> dict[str, object]:
    return {
        "left_kind": one.left.kind,
        "left_id": one.left.id,
        "right_kind": one.right.kind,
        "right_id": one.right.id,
        "evidence": one.evidence,
        "hours": one.hours,
    }


def _order(row: Row[Any]) -> said.OrderFacts:
    return said.OrderFacts(
        customer=row.customer_id,
        email=row.email,
        at=row.created_at,
        opted_out=row.opted_out,
        record=row.record,
        visitor=row.visitor or None,
        client=row.client or None,
        seen_at=row.at,
    )
