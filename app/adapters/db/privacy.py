"""Privacy requests: who is meant, the tombstone that keeps them away, and the receipt that proves what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.merge_people import BUYER
from app.adapters.db.writers import PEOPLE
from app.core.ids import CustomerId, OrderId, ShopId, VisitorId
from app.ports import Json, Subject

EXPORT = "receipts.export"
CONTACT = "customers.contact"

CUSTOMER = text("SELECT contact, email_hash FROM customers WHERE id = :customer")
ORDERS = text("""
    SELECT o.id FROM orders o
    WHERE o.id = ANY(:named) OR o.customer_id = :customer OR o.email_hash = ANY(:hashes)
""")
FORGET_BUYERS = text("""
    INSERT INTO removals (shop_id, kind, id, at) SELECT :shop, :kind, unnest(cast(:orders AS bigint[])), :at
    ON CONFLICT DO NOTHING
""")
VISITORS = text("""
    SELECT DISTINCT d.visitor FROM order_lines l JOIN decisions d ON d.request_id = l.request_id
    WHERE l.order_id = ANY(:orders) AND d.visitor IS NOT NULL
""")
BURY = text("INSERT INTO tombstones (shop_id, customer_id, at) VALUES (:shop, :customer, :at) ON CONFLICT DO NOTHING")
OPEN_RECEIPT = text("""
    INSERT INTO receipts (shop_id, id, kind, subject, requested_at) VALUES (:shop, :id, :kind, :subject, :at)
    ON CONFLICT (shop_id, id) DO UPDATE SET kind = excluded.kind WHERE receipts.finished_at IS NULL
    RETURNING id
""")
CLOSE_RECEIPT = text("""
    UPDATE receipts SET finished_at = :at, places = cast(:places AS jsonb), export = :export WHERE id = :id
""")
TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended(:half, :shop))")
"""With imports and webhooks: what they write before the tombstone stands is erased, what they write after heeds it."""


class DbPrivacy:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def subject(
        self, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], *, email: str | None = None
    ) -> Subject:
        """Find the person's orders (those named included) and the visitors who placed them after a click."""
        with self._database.shop(shop) as session:
            return self._subject(session, shop, customer, orders, email)

    def bury(
        self, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], *, email: str | None = None, at: datetime
    ) -> Subject:
        """Find them and set tombstones: one for the customer, and one for the buyer of each of their orders."""
        with self._database.shop(shop) as session:
            session.execute(TAKE_TURNS, {"half": PEOPLE, "shop": shop})
            subject = self._subject(session, shop, customer, orders, email)
            if customer:
                session.execute(BURY, {"shop": shop, "customer": customer, "at": at})
            buyers = {"shop": shop, "kind": BUYER, "orders": list(subject.orders), "at": at}
            session.execute(FORGET_BUYERS, buyers)
        return subject

    def _subject(
        self, session: Session, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], email: str | None
    ) -> Subject:
        hashes = self._email_hashes(session, shop, customer, email)
        found = session.execute(ORDERS, {"named": list(orders), "customer": customer, "hashes": hashes}).scalars()
        mine = sorted({*orders, *(OrderId(number) for number in found)})
        visitors = session.execute(VISITORS, {"orders": mine}).scalars().all()
        return Subject(customer, tuple(mine), tuple(VisitorId(visitor) for visitor in sorted(visitors)))

    def _email_hashes(self, session: Session, shop: ShopId, customer: CustomerId, email: str | None) -> list[bytes]:
        """Their e-mail as it stands in other rows, under every key: a rotation may be under way."""
        hashes = self._sealer.email_hashes(shop, email) if email else []
        row = session.execute(CUSTOMER, {"customer": customer}).first()
        if row is None or row.email_hash is None:
            return hashes
        contact = orjson.loads(self._sealer.open(shop, CONTACT, row.contact)) if row.contact else {}
        stored = contact.get("email")
        return [*hashes, bytes(row.email_hash), *(self._sealer.email_hashes(shop, stored) if stored else [])]

    def open_receipt(self, shop: ShopId, id: str, kind: str, subject: str, *, at: datetime) -> bool:
        """Begin a receipt; False when the same request has been answered already."""
        values = {"shop": shop, "id": id, "kind": kind, "subject": subject, "at": at}
        with self._database.shop(shop) as session:
            return session.execute(OPEN_RECEIPT, values).first() is not None

    def close_receipt(self, shop: ShopId, id: str, *, at: datetime, places: Json, export: bytes | None = None) -> None:
        box = None if export is None else self._sealer.seal(shop, EXPORT, export)
        with self._database.shop(shop) as session:
            session.execute(CLOSE_RECEIPT, {"id": id, "at": at, "places": orjson.dumps(places).decode(), "export": box})
