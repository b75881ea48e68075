"""Live rules out of PostgreSQL: what is judged, whose browser it is, what the store knows of them, and who came in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.roll_ups import ZONE
from app.adapters.db.told_customers import WISHES, consent_of, cuts_of
from app.core.ids import ShopId
from app.core.profiles.consent import SUBSCRIBED
from app.core.segments import lifecycle
from app.core.segments.check import named
from app.core.segments.live import is_followed
from app.core.segments.parse import BadRule, rule_of
from app.core.segments.past import Line, Order, Past
from app.core.segments.rules import PRODUCTS, Kind, Selection
from app.errors import Retryable
from app.ports.live_rules import Browser, Followed, Judged, LiveRules
from app.ports.segments import ProfileId, SegmentId

FRESH_S: Final = 2.0
"""So old may the rules be: a new one is followed after so long."""

RULES: Final = text("SELECT id, rule FROM segments WHERE live ORDER BY id")
TOLD: Final = text("SELECT segment_id FROM segment_outlets WHERE outlet = 'flow' AND wanted")
SCALE: Final = text("SELECT usual_s, cuts FROM segment_scales")
CHOSEN: Final = {
    Kind.COLLECTION: "SELECT product_id FROM collection_products WHERE collection_id = cast(:key AS bigint)",
    Kind.TYPE: "SELECT id FROM products WHERE product_type = :key",
    Kind.VENDOR: "SELECT id FROM products WHERE vendor = :key",
    Kind.PRODUCT: "SELECT cast(:key AS bigint)",
}
PROFILES: Final = text(f"""
    WITH here AS (
        SELECT DISTINCT m.profile FROM profile_members m
        WHERE m.standing = 'own' AND (m.kind = 'visitor' AND m.id = ANY(:visitors)
                                      OR m.kind = 'client' AND m.id = ANY(:clients))
          AND EXISTS (SELECT FROM profile_members c
                      WHERE c.shop_id = m.shop_id AND c.profile = m.profile AND c.kind = 'customer')
    ), wishes AS ({WISHES.format(of=" AND n.profile IN (SELECT profile FROM here)")})
    SELECT h.profile, w.opted_out, w.email_marketing, w.personalise, w.marketing,
           (SELECT array_agg(b.kind || ' ' || b.id) FROM profile_members b WHERE b.profile = h.profile
              AND b.standing = 'own' AND b.kind IN ('visitor', 'client')) AS browsers,
           (SELECT array_agg(c.id::bigint) FROM profile_members c
            WHERE c.profile = h.profile AND c.kind = 'customer') AS customers,
           (SELECT array_agg(s.segment_id) FROM segment_members s WHERE s.profile = h.profile) AS segments
    FROM here h LEFT JOIN wishes w ON w.profile = h.profile
""")
ORDERS: Final = text(f"""
    SELECT o.id, o.customer_id, floor(extract(epoch FROM o.created_at))::bigint AS at_s,
           greatest(o.total - o.refunded, 0)::bigint AS net, o.discounts > 0 AS discounted
    FROM orders o WHERE o.customer_id = ANY(:customers) AND {USABLE}
""")
LINES: Final = text("""
    SELECT order_id, product_id, current_quantity AS quantity,
           CASE WHEN quantity > 0 THEN (unit_price * quantity - discount) * current_quantity / quantity ELSE 0 END
               AS amount
    FROM order_lines WHERE order_id = ANY(:orders)
""")
CUSTOMERS: Final = text("SELECT id, tags, email_marketing FROM customers WHERE id = ANY(:customers)")
# Locked, so that a segment that is deleted meanwhile gets no members that would outlive it.
STILL_THERE: Final = text("SELECT id FROM segments WHERE id = ANY(:segments) ORDER BY id FOR SHARE")
ENTER: Final = text("""
    INSERT INTO segment_members (shop_id, segment_id, profile, since, why)
    VALUES (:shop, :segment, :profile, :at, cast(:why AS jsonb)) ON CONFLICT DO NOTHING
    RETURNING profile
""")
LEAVE: Final = text("DELETE FROM segment_members WHERE segment_id = :segment AND profile = :profile RETURNING profile")
NOTE: Final = text("""
    INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered)
    VALUES (:shop, :segment, :at, :profile, :entered) ON CONFLICT DO NOTHING
""")


class DbLiveRules:
    """Implements `app.ports.live_rules.FollowsRules`; one thread uses it. A database that is away is Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[ShopId, tuple[float, LiveRules]] = {}

    def rules(self, shop: ShopId) -> LiveRules:
        at, known = self._read.get(shop, (-FRESH_S, None))
        if known is None or time.monotonic() - at > FRESH_S:
            with self._session(shop) as session:
                known = _rules(session)
            self._read[shop] = (time.monotonic(), known)
        return known

    def profiles(self, shop: ShopId, browsers: Iterable[Browser]) -> Sequence[Followed]:
        names = list(browsers)
        own = {f"{kind}s": [id for each, id in names if each == kind] for kind in ("visitor", "client")}
        if not names:
            return []
        with self._session(shop) as session:
            return [_followed(row) for row in session.execute(PROFILES, own)]

    def records(self, shop: ShopId, profiles: Sequence[Followed]) -> Mapping[ProfileId, Past]:
        customers = [number for one in profiles for number in one.customers]
        with self._session(shop) as session:
            orders = session.execute(ORDERS, {"customers": customers}).all()
            lines = session.execute(LINES, {"orders": [row.id for row in orders]}).all()
            known = {row.id: row for row in session.execute(CUSTOMERS, {"customers": customers})}
        bought: dict[int, list[Order]] = {}
        inside: dict[int, list[Line]] = {}
        for row in lines:
            inside.setdefault(row.order_id, []).append(Line(row.product_id, row.quantity, row.amount))
        for row in orders:
            order = Order(row.id, row.at_s, row.net, row.discounted, inside.get(row.id, []))
            bought.setdefault(row.customer_id, []).append(order)
        return {one.profile: _past(one, bought, known) for one in profiles}

    def keep(
        self, shop: ShopId, judged: Sequence[Judged], *, at: datetime
    ) -> tuple[Sequence[Judged], Sequence[Judged]]:
        came: list[Judged] = []
        went: list[Judged] = []
        with self._session(shop) as session:
            wanted = {"segments": sorted({int(one.segment) for one in judged})}
            there = set(session.execute(STILL_THERE, wanted).scalars())
            # In one order everywhere, so that two writers never wait for each other in a circle.
            for one in sorted(judged, key=lambda one: (one.segment, one.profile)):
                if one.segment in there and _changed(session, shop, one, at):
                    (came if one.inside else went).append(one)
        return came, went

    @contextmanager
    def _session(self, shop: ShopId) -> Iterator[Session]:
        try:
            with self._database.shop(shop) as session:
                yield session
        except DBAPIError as error:
            raise Retryable(f"the database does not answer: {type(error).__name__}") from error


def _rules(session: Session) -> LiveRules:
    rules = {}
    for row in session.execute(RULES):
        try:
            rule = rule_of(row.rule)
        except BadRule:
            continue
        if is_followed(rule):
            rules[SegmentId(row.id)] = rule
    if not rules:
        return LiveRules({})
    chosen: dict[Selection, frozenset[int]] = {}
    for one in {one for rule in rules.values() for one in named(rule) if one.kind in PRODUCTS}:
        found = session.execute(text(CHOSEN[one.kind]), {"key": one.key}).scalars()
        chosen[one] = frozenset(int(id) for id in found)
    scale = session.execute(SCALE).first()
    told = frozenset(SegmentId(id) for id in session.execute(TOLD).scalars())
    usual_s = scale.usual_s if scale else lifecycle.USUAL_S
    zone = str(session.execute(ZONE).scalar_one())
    return LiveRules(rules, told, zone, usual_s, cuts_of(scale.cuts if scale else None), chosen)


def _followed(row: Row[Any]) -> Followed:
    browsers = frozenset((kind, id) for kind, _, id in (one.partition(" ") for one in row.browsers or ()))
    segments = frozenset(map(SegmentId, row.segments or ()))
    return Followed(row.profile, browsers, tuple(row.customers), consent_of(row), segments)


def _past(one: Followed, bought: Mapping[int, list[Order]], known: Mapping[int, Row[Any]]) -> Past:
    own = [known[number] for number in one.customers if number in known]
    return Past(
        orders=[order for number in one.customers for order in bought.get(number, ())],
        tags=frozenset(tag for row in own for tag in row.tags),
        accepts_email=any(row.email_marketing == SUBSCRIBED for row in own),
    )


def _changed(session: Session, shop: ShopId, one: Judged, at: datetime) -> bool:
    own = {"segment": one.segment, "profile": one.profile}
    if one.inside:
        why = orjson.dumps(list(one.why)).decode()
        changed = session.execute(ENTER, {"shop": shop, "at": at, "why": why, **own}).first() is not None
    else:
        changed = session.execute(LEAVE, own).first() is not None
    if changed:
        session.execute(NOTE, {"shop": shop, "at": at, "entered": one.inside, **own})
    return changed
