"""Retention in the database: each place's rows go when their term is over, and what went is written down.

Decisions go earlier where no order refers to them: the lake has them all. Figures by day name nobody, and stay. What
ties the names of visitors goes with what they did, unless one of the names is a person's: a customer, an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import orjson
from sqlalchemy import CursorResult, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.governance.terms import Term, terms_of
from app.core.ids import ShopId
from app.ports import RetentionEntry

SETTING: Final = "retention"
VALUE = text("SELECT value FROM settings WHERE name = :name")
KEEP = text("""
    INSERT INTO settings (shop_id, name, value, updated_at) VALUES (:shop, :name, cast(:value AS jsonb), :at)
    ON CONFLICT (shop_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
""")
NOTE = text("""
    INSERT INTO retention_runs (shop_id, at, place, days, removed, seconds, problem)
    VALUES (:shop, :at, :place, :days, :removed, :seconds, :problem)
    ON CONFLICT (shop_id, at, place) DO UPDATE SET removed = retention_runs.removed + excluded.removed,
        seconds = retention_runs.seconds + excluded.seconds, problem = excluded.problem
""")
LATEST = text("""
    SELECT at, place, days, removed, seconds, problem FROM retention_runs ORDER BY at DESC, place LIMIT :most
""")

# A profile goes as a whole, so that what is left of the web of names is still what its ties make of it. The token of a
# link in a mail (`app.core.profiles.identity_ties.KX`) names nobody before Klaviyo was asked, which it may never be.
FORGET_TIES: Final = """
    WITH seen AS (
        SELECT left_kind, left_id, right_kind, right_id FROM identity_ties
        WHERE NOT stitched OR hours[cardinality(hours)] * 3600::bigint >= extract(epoch FROM :limit)
    ), kept AS (
        SELECT profile FROM profile_members
        WHERE kind IN ('customer', 'email', 'external') OR kind = 'klaviyo' AND id NOT LIKE 'kx:%'
        UNION SELECT m.profile FROM seen s JOIN profile_members m ON m.kind = s.left_kind AND m.id = s.left_id
        UNION SELECT m.profile FROM seen s JOIN profile_members m ON m.kind = s.right_kind AND m.id = s.right_id
    ), names AS MATERIALIZED (SELECT m.kind, m.id FROM profile_members m JOIN kept USING (profile))
    DELETE FROM identity_ties t
    WHERE t.stitched AND t.hours[cardinality(t.hours)] * 3600::bigint < extract(epoch FROM :limit)
      AND NOT EXISTS (SELECT FROM names n WHERE n.kind = t.left_kind AND n.id = t.left_id)
      AND NOT EXISTS (SELECT FROM names n WHERE n.kind = t.right_kind AND n.id = t.right_id)
"""
FORGET_NAMES: Final = """
    DELETE FROM profile_members m
    WHERE (m.kind IN ('visitor', 'client', 'cart', 'checkout', 'ga4') OR m.kind = 'klaviyo' AND m.id LIKE 'kx:%')
      AND NOT EXISTS (SELECT FROM identity_ties t WHERE t.left_kind = m.kind AND t.left_id = m.id)
      AND NOT EXISTS (SELECT FROM identity_ties t WHERE t.right_kind = m.kind AND t.right_id = m.id)
"""
FORGET_PROFILES: Final = """
    DELETE FROM profiles p WHERE NOT EXISTS (SELECT FROM profile_members m WHERE m.profile = p.id)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What goes where after which term; the statement knows :limit, the moment before which things are too old."""

    term: Term
    statement: str


PLACES: Final[Mapping[str, Place]] = {
    "payloads": Place(
        Term.PAYLOADS,
        "UPDATE deliveries SET payload = NULL WHERE state <> 'pending' AND payload IS NOT NULL AND done_at < :limit",
    ),
    "deliveries": Place(Term.BEHAVIOUR, "DELETE FROM deliveries WHERE state <> 'pending' AND done_at < :limit"),
    "exports": Place(
        Term.EXPORTS, "UPDATE receipts SET export = NULL WHERE export IS NOT NULL AND finished_at < :limit"
    ),
    "clicks": Place(Term.BEHAVIOUR, "DELETE FROM clicks WHERE at < :limit"),
    "decisions": Place(
        Term.DECISIONS,
        "DELETE FROM decisions d WHERE at < :behaviour OR at < :limit "
        "AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.request_id = d.request_id)",
    ),
    "visitor_orders": Place(Term.BEHAVIOUR, "DELETE FROM visitor_orders WHERE at < :limit"),
    "visitor_clients": Place(Term.BEHAVIOUR, "DELETE FROM visitor_clients WHERE at < :limit"),
    "browser_consents": Place(Term.BEHAVIOUR, "DELETE FROM browser_consents WHERE at < :limit"),
    "consent_changes": Place(Term.CONSENT, "DELETE FROM consent_changes WHERE at < :limit"),
    "shopper_preferences": Place(
        # A customer's stay as long as the customer does; a browser that has not been seen for years is gone.
        Term.CONSENT,
        "DELETE FROM shopper_preferences WHERE kind <> 'customer' AND changed_at < :limit",
    ),
    "segment_changes": Place(Term.SEGMENTS, "DELETE FROM segment_changes WHERE at < :limit"),
    "flow_outbox": Place(Term.SEGMENTS, "DELETE FROM flow_outbox WHERE state <> 'waiting' AND at < :limit"),
    "mail_deeds": Place(Term.MAILS, "DELETE FROM mail_deeds WHERE last_at < :behaviour OR last_at < :limit"),
    "identity_ties": Place(Term.BEHAVIOUR, FORGET_TIES),
    # After the ties, because these are what hangs on none any more.
    "profile_members": Place(Term.BEHAVIOUR, FORGET_NAMES),
    "profiles": Place(Term.BEHAVIOUR, FORGET_PROFILES),
    "access_log": Place(Term.ACCESS, "DELETE FROM access_log WHERE at < :limit"),
    "retention_runs": Place(Term.ACCESS, "DELETE FROM retention_runs WHERE at < :limit"),
    "visitor_tombstones": Place(Term.TOMBSTONES, "DELETE FROM visitor_tombstones WHERE at < :limit"),
}


class DbRetention:
    """Implements `app.ports.Retention` and `RetentionRuns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def places(self) -> Sequence[str]:
        return tuple(PLACES)

    def terms(self, shop: ShopId) -> Mapping[Term, int]:
        """The terms in force, in days."""
        with self._database.shop(shop) as session:
            return _terms(session)

    def set_terms(self, shop: ShopId, terms: Mapping[Term, int], *, at: datetime) -> None:
        """Change some of them."""
        with self._database.shop(shop) as session:
            value = {**_terms(session), **terms}
            said = orjson.dumps({str(term): days for term, days in value.items()}).decode()
            session.execute(KEEP, {"shop": shop, "name": SETTING, "value": said, "at": at})

    def apply_in(self, shop: ShopId, place: str, *, now: datetime) -> int:
        """Delete what is too old in one place; returns how many records."""
        rule = PLACES[place]
        with self._database.shop(shop) as session:
            terms = _terms(session)
            limits = {
                "limit": now - timedelta(days=terms[rule.term]),
                "behaviour": now - timedelta(days=terms[Term.BEHAVIOUR]),
            }
            named = {name: value for name, value in limits.items() if f":{name}" in rule.statement}
            return cast("CursorResult[Any]", session.execute(text(rule.statement), named)).rowcount

    def term_of(self, place: str) -> Term:
        return PLACES[place].term

    def apply(self, shop: ShopId, *, now: datetime) -> dict[str, int]:
        """The same in every place; returns how many records by place."""
        return {place: self.apply_in(shop, place, now=now) for place in PLACES}

    def note(self, shop: ShopId, entries: Sequence[RetentionEntry]) -> None:
        """Write down what a run removed."""
        with self._database.shop(shop) as session:
            for one in entries:
                values = {"at": one.at, "place": one.place, "days": one.days, "removed": one.removed}
                said = {"seconds": one.seconds, "problem": one.problem}
                session.execute(NOTE, {"shop": shop, **values, **said})

    def latest(self, shop: ShopId, *, limit: int) -> Sequence[RetentionEntry]:
        """The newest run first, its places by name."""
        with self._database.shop(shop) as session:
            rows = session.execute(LATEST, {"most": limit})
            return [RetentionEntry(r.at, r.place, r.days, r.removed, r.seconds, r.problem) for r in rows]


def term(session: Session) -> int:
    """How many days the shop keeps what its visitors did."""
    return _terms(session)[Term.BEHAVIOUR]


def _terms(session: Session) -> dict[Term, int]:
    return terms_of(session.execute(VALUE, {"name": SETTING}).scalar())
