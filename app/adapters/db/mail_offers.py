"""Codes for win-backs in PostgreSQL: discounts made at Shopify, codes that lie ready, and who was given which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Row, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.email.offers import LATE, Ledger, OfferTerms
from app.core.ids import CustomerId, ShopId
from app.ports.offers import Offer, OfferDiscount

RECOUNTED: Final = timedelta(days=60)
"""So long after a code's end its order may still be changed, and its cost with it."""
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('offers', :shop))")
LEDGER = text("""
    SELECT count(*) FILTER (WHERE is_out) AS out, coalesce(sum(most) FILTER (WHERE is_out), 0) AS out_cost,
           count(used_at) AS used, coalesce(sum(cost) FILTER (WHERE used_at IS NOT NULL), 0) AS used_cost,
           count(*) FILTER (WHERE issued_at IS NOT NULL AND used_at IS NULL AND NOT is_out) AS unused,
           count(*) FILTER (WHERE used_at IS NOT NULL AND cost > most) AS larger
    FROM (SELECT *, issued_at IS NOT NULL AND used_at IS NULL AND expires_at > :late AS is_out FROM mail_offers) o
    WHERE issued_at IS NOT NULL
""")
_OPEN: Final = "terms = :terms AND trouble = '' AND discount <> '' AND hand_out_until > :now"
READY = text(f"""
    SELECT count(*) FROM mail_offers
    WHERE issued_at IS NULL AND discount IN (SELECT discount FROM mail_offer_discounts WHERE {_OPEN})
""")
NEWEST = text("""
    SELECT first_code, terms, words, most, hand_out_until, ends_at, discount, trouble FROM mail_offer_discounts
    WHERE terms = :terms AND hand_out_until > :now ORDER BY made_at DESC LIMIT 1
""")
BEGIN = text("""
    INSERT INTO mail_offer_discounts (shop_id, first_code, terms, words, most, made_at, hand_out_until, ends_at)
    VALUES (:shop, :first_code, :terms, :words, :most, :at, :hand_out_until, :ends_at)
""")
MADE = text("UPDATE mail_offer_discounts SET discount = :gid WHERE first_code = :first_code")
TROUBLED = text("UPDATE mail_offer_discounts SET trouble = :trouble WHERE first_code = :first_code")
START_ANEW = text("UPDATE mail_offer_discounts SET hand_out_until = made_at WHERE trouble <> ''")
DROP_ENDED = text("DELETE FROM mail_offers WHERE issued_at IS NULL AND expires_at <= :at")
ADD = text("""
    INSERT INTO mail_offers (shop_id, code, discount, most, expires_at)
    VALUES (:shop, :code, :gid, :most, :ends_at) ON CONFLICT DO NOTHING
""")
_HELD: Final = """
    SELECT o.customer_id, o.code, d.words, o.expires_at, o.used_at FROM mail_offers o
    JOIN mail_offer_discounts d ON d.shop_id = o.shop_id AND d.discount = o.discount
    WHERE o.customer_id = ANY(:customers) AND o.expires_at > :now ORDER BY o.issued_at DESC
"""
HELD = text(_HELD)
TAKE = text(f"""
    UPDATE mail_offers SET customer_id = :customer, issued_at = :now
    WHERE code = (
        SELECT o.code FROM mail_offers o JOIN mail_offer_discounts d ON d.discount = o.discount
        WHERE o.issued_at IS NULL AND {_OPEN.replace("discount <>", "d.discount <>")} ORDER BY d.made_at, o.code LIMIT 1
    ) RETURNING code, expires_at,
        (SELECT words FROM mail_offer_discounts d WHERE d.discount = mail_offers.discount) AS words
""")
# A cancelled order cost nothing, but its code is gone; a test order's discount was never given.
USED = text("""
    WITH bought AS (
        SELECT upper(said) AS code, min(o.created_at) AS at,
               coalesce(sum(o.discounts) FILTER (WHERE o.cancelled_at IS NULL AND NOT o.test), 0) AS cost
        FROM orders o CROSS JOIN LATERAL unnest(o.discount_codes) AS said
        WHERE o.discount_codes <> '{}' AND o.created_at >= (
            SELECT min(issued_at) - interval '1 minute' FROM mail_offers
            WHERE issued_at IS NOT NULL AND expires_at > :since)
        GROUP BY 1
    )
    UPDATE mail_offers m SET used_at = b.at, cost = b.cost FROM bought b
    WHERE m.code = b.code AND m.issued_at IS NOT NULL AND m.expires_at > :since
      AND (m.used_at, m.cost) IS DISTINCT FROM (b.at, b.cost)
""")


class DbOffers:
    """Implements `app.ports.offers.Offers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ledger(self, shop: ShopId, terms: OfferTerms, *, now: datetime) -> Ledger:
        with self._database.shop(shop) as session:
            ready = session.execute(READY, {"terms": terms.key, "now": now}).scalar_one()
            return replace(_given_out(session, now), ready=ready)

    def newest(self, shop: ShopId, terms: OfferTerms, *, now: datetime) -> OfferDiscount | None:
        with self._database.shop(shop) as session:
            row = session.execute(NEWEST, {"terms": terms.key, "now": now}).one_or_none()
        return OfferDiscount(*row) if row else None

    def begin(self, shop: ShopId, discount: OfferDiscount, *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP_ENDED, {"at": at})
            session.execute(BEGIN, {"shop": shop, "at": at, **_columns(discount)})

    def made(self, shop: ShopId, discount: OfferDiscount, gid: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(MADE, {"gid": gid, "first_code": discount.first_code})
            _add(session, shop, discount, gid, [discount.first_code])

    def troubled(self, shop: ShopId, discount: OfferDiscount, trouble: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(TROUBLED, {"trouble": trouble, "first_code": discount.first_code})

    def start_anew(self, shop: ShopId) -> None:
        with self._database.shop(shop) as session:
            session.execute(START_ANEW)

    def add(self, shop: ShopId, discount: OfferDiscount, codes: Sequence[str]) -> None:
        if codes:
            with self._database.shop(shop) as session:
                _add(session, shop, discount, discount.gid, codes)

    def reserve(self, shop: ShopId, customer: CustomerId, terms: OfferTerms, *, now: datetime) -> Offer | None:
        with self._database.shop(shop) as session:
            session.execute(ONE_AT_A_TIME, {"shop": shop})
            if held := session.execute(HELD, {"customers": [customer], "now": now}).first():
                return None if held.used_at else _offer(held)
            if not _given_out(session, now).affordable(terms):
                return None
            asked = {"customer": customer, "terms": terms.key, "now": now}
            taken = session.execute(TAKE, asked).one_or_none()
            return _offer(taken) if taken else None

    def held(self, shop: ShopId, customers: Sequence[CustomerId], *, now: datetime) -> Mapping[CustomerId, Offer]:
        with self._database.shop(shop) as session:
            rows = session.execute(HELD, {"customers": list(customers), "now": now}).all()
        return {CustomerId(row.customer_id): _offer(row) for row in rows if not row.used_at}

    def count_used(self, shop: ShopId, *, now: datetime) -> int:
        with self._database.shop(shop) as session:
            return cast("CursorResult[Any]", session.execute(USED, {"since": now - RECOUNTED})).rowcount


def _given_out(session: Session, now: datetime) -> Ledger:
    row = session.execute(LEDGER, {"late": now - LATE}).one()
    return Ledger(row.out, int(row.out_cost), row.used, int(row.used_cost), row.unused, row.larger)


def _add(session: Session, shop: ShopId, discount: OfferDiscount, gid: str, codes: Sequence[str]) -> None:
    same = {"shop": shop, "gid": gid, "most": discount.most, "ends_at": discount.ends_at}
    session.execute(ADD, [{**same, "code": code} for code in codes])


def _columns(discount: OfferDiscount) -> dict[str, Any]:
    names = ("first_code", "terms", "words", "most", "hand_out_until", "ends_at")
    return {name: getattr(discount, name) for name in names}


def _offer(row: Row[Any]) -> Offer:
    return Offer(row.code, row.words, row.expires_at)
