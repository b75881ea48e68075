"""Customers that were merged in Shopify: what the one who is gone bought moves, and moves back if it was a mistake.

Shopify itself cannot undo a merge, and goes on naming the kept customer for all orders. So an undone merge is held up
here: what an import brings back is moved again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.identity_ties import note
from app.adapters.db.profile_cuts import keep_cuts
from app.adapters.db.writers import PEOPLE
from app.core.ids import CustomerId, OrderId, ShopId
from app.core.profiles.identity import Evidence, Name, Named, cut, tie
from app.core.profiles.identity_ties import hour_of
from app.ports import Merge

TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended(:half, :shop))")
"""With imports and webhooks, which write the same orders."""
ERASED = text("SELECT 1 FROM tombstones WHERE customer_id IN (:kept, :gone) LIMIT 1")
KEEP = text("""
    INSERT INTO customer_merges (shop_id, gone, kept, at, orders, undone_by)
    SELECT :shop, :gone, :kept, :at, coalesce(array_agg(id ORDER BY id), '{}'), '' FROM orders WHERE customer_id = :gone
    ON CONFLICT DO NOTHING RETURNING gone
""")
MOVE = text("UPDATE orders SET customer_id = :kept WHERE customer_id = :gone")
ADD_UP = text("""
    UPDATE customers c SET orders_count = c.orders_count + g.orders_count,
                           amount_spent = c.amount_spent + g.amount_spent,
                           opted_out = c.opted_out OR g.opted_out
    FROM customers g WHERE c.id = :kept AND g.id = :gone AND g.shop_id = c.shop_id
""")
EMPTY = text("UPDATE customers SET orders_count = 0, amount_spent = 0 WHERE id = :gone")
UNDO = text("""
    UPDATE customer_merges SET undone_at = :at, undone_by = :by
    WHERE gone = :gone AND kept = :kept AND undone_at IS NULL RETURNING gone, kept, at, orders, undone_at
""")
# Shopify has deleted the record of the one who is gone, perhaps before we were told of the merge.
BRING_BACK = text("""
    INSERT INTO customers (shop_id, id, email_marketing, orders_count, amount_spent, opted_out)
    VALUES (:shop, :gone, '', 0, 0, false) ON CONFLICT DO NOTHING
""")
MOVE_BACK = text("""
    UPDATE orders o SET customer_id = m.gone FROM customer_merges m
    WHERE m.undone_at IS NOT NULL AND m.shop_id = o.shop_id AND o.id = ANY(m.orders) AND o.customer_id = m.kept
    RETURNING m.gone, m.kept
""")
COUNT = text("""
    UPDATE customers c SET orders_count = bought.number, amount_spent = bought.total
    FROM (SELECT count(*) AS number, coalesce(sum(total - refunded), 0) AS total
          FROM orders WHERE customer_id = :customer AND cancelled_at IS NULL AND NOT test) bought
    WHERE c.id = :customer
""")
MERGED: Final = Evidence.MERGED


class DbMerges:
    """Implements `app.ports.Merges`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def merge(self, shop: ShopId, kept: CustomerId, gone: CustomerId, *, at: datetime) -> bool:
        """Move what the gone one bought to the kept one; False where either was erased, or it is known."""
        values = {"shop": shop, "kept": kept, "gone": gone, "at": at}
        with self._database.shop(shop) as session:
            session.execute(TAKE_TURNS, {"half": PEOPLE, "shop": shop})
            if session.execute(ERASED, values).first() is not None:
                return False
            if session.execute(KEEP, values).first() is None:
                return False
            for statement in (MOVE, ADD_UP, EMPTY):
                session.execute(statement, values)
            note(session, shop, [tie(_named(kept), _named(gone), MERGED, hour_of(at))])
        return True

    def undo(self, shop: ShopId, kept: CustomerId, gone: CustomerId, *, by: str, at: datetime) -> Merge | None:
        """Give both what was theirs; None where there is no such merge, or it is undone."""
        with self._database.shop(shop) as session:
            session.execute(TAKE_TURNS, {"half": PEOPLE, "shop": shop})
            row = session.execute(UNDO, {"kept": kept, "gone": gone, "by": by, "at": at}).first()
            if row is None:
                return None
            session.execute(BRING_BACK, {"shop": shop, "gone": gone})
            keep_cuts(session, shop, [cut(_named(kept), _named(gone))], by=by, at=at)
            _hold_apart(session)
            for customer in (kept, gone):
                session.execute(COUNT, {"customer": customer})
        return Merge(kept, gone, row.at, tuple(map(OrderId, row.orders)), row.undone_at)

    def hold_apart(self, shop: ShopId) -> Sequence[CustomerId]:
        """Undo again what imports have brought back of undone merges; returns whose orders moved."""
        with self._database.shop(shop) as session:
            moved = _hold_apart(session)
            for customer in moved:
                session.execute(COUNT, {"customer": customer})
        return moved


def _hold_apart(session: Session) -> Sequence[CustomerId]:
    rows = session.execute(MOVE_BACK).all()
    return sorted({CustomerId(number) for row in rows for number in (row.gone, row.kept)})


def _named(customer: CustomerId) -> Named:
    return Named(Name.CUSTOMER, str(customer))
