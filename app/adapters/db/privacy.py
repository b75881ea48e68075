"""Privacy requests: who is meant, the tombstone that keeps them away, and the receipt that proves what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db.browsers import browsers_behind
from app.adapters.db.engine import Database
from app.adapters.db.lake import browser_digests, digest
from app.adapters.db.merge_people import BUYER
from app.adapters.db.writers import PEOPLE
from app.core.ids import ClientId, CustomerId, OrderId, ShopId, VisitorId
from app.ports import Buried, Json, Subject

EXPORT = "receipts.export"
CONTACT = "customers.contact"

CUSTOMER = text("SELECT contact, email_hash FROM customers WHERE id = :customer")
ORDERS = text("""
    SELECT o.id FROM orders o
    WHERE o.id = ANY(:named) OR o.customer_id = :customer OR o.email_hash = ANY(:hashes)
""")
PROFILES = text("""
    SELECT DISTINCT profile FROM profile_members
    WHERE (kind = 'customer' AND id = :customer) OR (kind = 'email' AND id = ANY(:emails))
""")
NAMES = text("""
    SELECT kind, id FROM profile_members WHERE profile = ANY(:profiles) AND standing = 'own'
    AND kind IN ('visitor', 'client', 'klaviyo', 'ga4')
""")
"""What several people share is left: erasing one of them must not take from the others."""
FORGET_BUYERS = text("""
    INSERT INTO removals (shop_id, kind, id, at) SELECT :shop, :kind, unnest(cast(:orders AS bigint[])), :at
    ON CONFLICT DO NOTHING
""")
BROWSERS = text(browsers_behind("= ANY(:orders)"))
REMEMBER = text("""
    INSERT INTO visitor_orders (shop_id, order_id, visitor, client, at)
    SELECT :shop, :order, visitor, client, :at FROM (
        SELECT unnest(cast(:visitors AS text[])), '' UNION SELECT '', unnest(cast(:clients AS text[]))
    ) found (visitor, client) ON CONFLICT DO NOTHING
""")
"""An erasure that is killed half-way finds them again, whichever link it has erased already."""
BURY_BROWSERS = text("""
    INSERT INTO visitor_tombstones (shop_id, digest, at) SELECT :shop, unnest(cast(:digests AS text[])), :at
    ON CONFLICT (shop_id, digest) DO UPDATE SET at = greatest(visitor_tombstones.at, excluded.at)
""")
BURY = text("INSERT INTO tombstones (shop_id, customer_id, at) VALUES (:shop, :customer, :at) ON CONFLICT DO NOTHING")
BURY_EMAILS = text("""
    INSERT INTO buried_emails (shop_id, digest, at) SELECT :shop, unnest(cast(:emails AS text[])), :at
    ON CONFLICT (shop_id, digest) DO UPDATE SET at = greatest(buried_emails.at, excluded.at)
""")
BURIED_EMAILS = text("SELECT digest, at FROM buried_emails WHERE digest = ANY(:emails)")
BURIED_CUSTOMERS = text("SELECT customer_id, at FROM tombstones WHERE customer_id = ANY(:customers)")
OPEN_RECEIPT = text("""
    INSERT INTO receipts (shop_id, id, kind, subject, requested_at) VALUES (:shop, :id, :kind, :subject, :at)
    ON CONFLICT (shop_id, id) DO UPDATE SET kind = excluded.kind WHERE receipts.finished_at IS NULL
    RETURNING id
""")
NOTE_PLACE = text("""
    UPDATE receipts SET places = places || jsonb_build_object(cast(:place AS text), jsonb_build_object(
        'records', coalesce((places -> cast(:place AS text) ->> 'records')::bigint, 0) + :records,
        'at', cast(:at AS text)))
    WHERE id = :id
""")
NOTE_LEFT = text("""
    UPDATE receipts SET places = places || jsonb_build_object(cast(:place AS text),
        coalesce(places -> cast(:place AS text), '{}')
        || jsonb_build_object('left', cast(:left AS bigint), 'read_again', cast(:at AS text)))
    WHERE id = :id
""")
CLOSE_RECEIPT = text("""
    UPDATE receipts SET finished_at = :at, places = places || cast(:places AS jsonb), export = :export WHERE id = :id
    RETURNING places
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
        """Find the person's orders (those named included), and the visitors and clients behind them."""
        with self._database.shop(shop) as session:
            return self._subject(session, shop, customer, orders, email)

    def bury(
        self, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], *, email: str | None = None, at: datetime
    ) -> Subject:
        """Find them and set tombstones: for the customer, for the buyer of each of their orders, for their browsers."""
        with self._database.shop(shop) as session:
            session.execute(TAKE_TURNS, {"half": PEOPLE, "shop": shop})
            subject = self._subject(session, shop, customer, orders, email)
            if customer:
                session.execute(BURY, {"shop": shop, "customer": customer, "at": at})
            buyers = {"shop": shop, "kind": BUYER, "orders": list(subject.orders), "at": at}
            session.execute(FORGET_BUYERS, buyers)
            session.execute(BURY_EMAILS, {"shop": shop, "emails": _names_of_sources(subject), "at": at})
            _bury_browsers(session, shop, subject, at)
        return subject

    def _subject(
        self, session: Session, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], email: str | None
    ) -> Subject:
        hashes = self._email_hashes(session, shop, customer, email)
        found = session.execute(ORDERS, {"named": list(orders), "customer": customer, "hashes": hashes}).scalars()
        mine = sorted({*orders, *(OrderId(number) for number in found)})
        browsers = session.execute(BROWSERS, {"orders": mine}).all()
        emails = sorted({one.hex() for one in hashes})
        profiles = session.execute(PROFILES, {"customer": str(customer), "emails": emails}).scalars().all()
        names: dict[str, set[str]] = {kind: set() for kind in ("visitor", "client", "klaviyo", "ga4")}
        for row in session.execute(NAMES, {"profiles": profiles}):
            names[row.kind].add(row.id)
        visitors = names["visitor"] | {row.visitor for row in browsers if row.visitor}
        clients = names["client"] | {row.client for row in browsers if row.client}
        return Subject(
            customer,
            orders=tuple(mine),
            visitors=tuple(VisitorId(id) for id in sorted(visitors)),
            clients=tuple(ClientId(id) for id in sorted(clients)),
            emails=tuple(emails),
            klaviyo=tuple(sorted(names["klaviyo"])),
            ga4=tuple(sorted(names["ga4"])),
            profiles=tuple(sorted(profiles)),
        )

    def _email_hashes(self, session: Session, shop: ShopId, customer: CustomerId, email: str | None) -> list[bytes]:
        """Their e-mail as it stands in other rows, under every key: a rotation may be under way."""
        hashes = self._sealer.email_hashes(shop, email) if email else []
        row = session.execute(CUSTOMER, {"customer": customer}).first()
        if row is None or row.email_hash is None:
            return hashes
        contact = orjson.loads(self._sealer.open(shop, CONTACT, row.contact)) if row.contact else {}
        stored = contact.get("email")
        return [*hashes, bytes(row.email_hash), *(self._sealer.email_hashes(shop, stored) if stored else [])]

    def bury_browsers(self, shop: ShopId, subject: Subject, *, at: datetime) -> None:
        """Set tombstones for the subject's browsers alone."""
        with self._database.shop(shop) as session:
            _bury_browsers(session, shop, subject, at)

    def buried(self, shop: ShopId, *, email_hashes: Iterable[str] = (), customers: Iterable[CustomerId] = ()) -> Buried:
        """Who of these was erased, and when."""
        with self._database.shop(shop) as session:
            emails = session.execute(BURIED_EMAILS, {"emails": list(email_hashes)}).all()
            people = session.execute(BURIED_CUSTOMERS, {"customers": list(customers)}).all()
        return Buried({row.digest: row.at for row in emails}, {CustomerId(row.customer_id): row.at for row in people})

    def open_receipt(self, shop: ShopId, id: str, kind: str, subject: str, *, at: datetime) -> bool:
        """Begin a receipt; False when the same request has been answered already."""
        values = {"shop": shop, "id": id, "kind": kind, "subject": subject, "at": at}
        with self._database.shop(shop) as session:
            return session.execute(OPEN_RECEIPT, values).first() is not None

    def note_place(self, shop: ShopId, id: str, place: str, *, records: int, at: datetime) -> None:
        """Write into the receipt how many records a place has erased, on top of what a killed try had noted."""
        with self._database.shop(shop) as session:
            session.execute(NOTE_PLACE, {"id": id, "place": place, "records": records, "at": at.isoformat()})

    def note_left(self, shop: ShopId, id: str, place: str, *, left: int, at: datetime) -> None:
        """Write into the receipt how many records of the person the place still held when it was read again."""
        with self._database.shop(shop) as session:
            session.execute(NOTE_LEFT, {"id": id, "place": place, "left": left, "at": at.isoformat()})

    def close_receipt(
        self, shop: ShopId, id: str, *, at: datetime, places: Json, export: bytes | None = None
    ) -> dict[str, Any]:
        """Finish it; returns all that it says by place."""
        box = None if export is None else self._sealer.seal(shop, EXPORT, export)
        values = {"id": id, "at": at, "places": orjson.dumps(places).decode(), "export": box}
        with self._database.shop(shop) as session:
            return dict(session.execute(CLOSE_RECEIPT, values).scalar_one())


def _names_of_sources(subject: Subject) -> list[str]:
    """By which files of other systems would bring the person back: hashed e-mails, digests of the systems' own ids."""
    own = [digest("klaviyo", id) for id in subject.klaviyo] + [digest("ga4", id) for id in subject.ga4]
    return [*subject.emails, *own]


def _bury_browsers(session: Session, shop: ShopId, subject: Subject, at: datetime) -> None:
    """Nothing that their browsers did before now is stored any more; what they consent to later is another matter."""
    ids = {"visitors": list(subject.visitors), "clients": list(subject.clients)}
    if subject.orders:
        session.execute(REMEMBER, {"shop": shop, "order": subject.orders[0], "at": at, **ids})
    digests = browser_digests(subject.visitors, subject.clients)
    session.execute(BURY_BROWSERS, {"shop": shop, "digests": digests, "at": at})
