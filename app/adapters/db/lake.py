"""What PostgreSQL keeps beside the lake: clicks, recent decisions, who stands behind orders, which days have changed.

It also keeps order between those who write files: consumers share a shop's turn, an erasure waits until all turns have
ended that began before its tombstones, and only one rewrites a shop's files at a time. Such locks end with their
connection, so a killed process holds up nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.due_work import PUT
from app.adapters.db.engine import Database
from app.adapters.db.identity_ties import SOON_S, note
from app.adapters.db.merge_people import BUYER
from app.core.events import Event, EventType
from app.core.ids import ShopId
from app.core.profiles.consent import OwnSwitches, Purpose, allowed, captured
from app.core.profiles.identity import gathered
from app.core.profiles.identity_ties import of_event
from app.core.profiles.preferences import known_as
from app.core.shop_days import utc_day
from app.core.shops import ShopState
from app.jobs import ORDER_TIES_DUE, ROLL_UP_DUE
from app.ports import Decision

DUE_AFTER_S = 15.0
"""How long a changed day waits for more events before it is counted: figures are at most about a minute behind."""

SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('lake: appending', :shop))")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('lake: appending', :shop))")
REWRITE = text("SELECT pg_advisory_xact_lock(hashtextextended('lake: rewriting', :shop))")
STATE = text("SELECT state FROM shops WHERE id = :shop")
BURIED = text("SELECT digest, at FROM visitor_tombstones WHERE digest = ANY(:digests)")
BURIED_ORDERS = text(f"SELECT id FROM removals WHERE kind = '{BUYER}' AND id = ANY(:orders)")

# One statement and one parameter a batch: the rows travel as a JSON array.
CLICKS = text("""
    INSERT INTO clicks (shop_id, event_id, at, visitor, client, placement, rail, product_id, request_id, position)
    SELECT :shop, event_id, at, visitor, client, placement, rail, product_id, request_id, position
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        event_id text, at timestamptz, visitor text, client text, placement text, rail text, product_id bigint,
        request_id text, position int)
    ORDER BY event_id ON CONFLICT DO NOTHING
""")
DECISIONS = text("""
    INSERT INTO decisions (shop_id, request_id, at, placement, rail, product_id, visitor, strategy, variant,
                           model_version, items, unit, show)
    SELECT :shop, request_id, at, placement, rail, product_id, visitor, strategy, variant, model_version, items,
           unit, show
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        request_id text, at timestamptz, placement text, rail text, product_id bigint, visitor text, strategy text,
        variant text, model_version text, items jsonb, unit text, show text)
    ORDER BY request_id ON CONFLICT DO NOTHING
""")
ORDERS = text("""
    INSERT INTO visitor_orders (shop_id, order_id, visitor, client, at)
    SELECT :shop, order_id, coalesce(visitor, ''), coalesce(client, ''), max(at)
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        order_id bigint, visitor text, client text, at timestamptz)
    GROUP BY 2, 3, 4 ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING
""")
PAIRS = text("""
    INSERT INTO visitor_clients (shop_id, visitor, client, at)
    SELECT :shop, visitor, client, max(at)
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (visitor text, client text, at timestamptz)
    GROUP BY 2, 3 ORDER BY 2, 3
    ON CONFLICT (shop_id, visitor, client) DO UPDATE SET at = excluded.at
    WHERE visitor_clients.at < excluded.at - interval '1 day'
""")
WHO = "encode(sha256(convert_to(row.kind || ':' || row.id, 'UTF8')), 'hex')"
"""`digest` in SQL."""
CONSENTS = text(f"""
    INSERT INTO browser_consents AS old (shop_id, kind, who, analytics, preferences, marketing, at)
    SELECT DISTINCT ON (kind, id) :shop, kind, {WHO}, (consent ->> 'analytics')::bool,
           coalesce((consent ->> 'preferences')::bool, false), coalesce((consent ->> 'marketing')::bool, false), at
    FROM (SELECT unnest(ARRAY['visitor', 'client']) AS kind, unnest(ARRAY[visitor, client]) AS id, consent, at
          FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS event (
              visitor text, client text, consent jsonb, at timestamptz)) row
    WHERE id IS NOT NULL ORDER BY kind, id, at DESC
    ON CONFLICT (shop_id, kind, who) DO UPDATE SET
        analytics = excluded.analytics, preferences = excluded.preferences, marketing = excluded.marketing,
        at = excluded.at
    WHERE old.at < excluded.at - interval '1 day' OR old.at < excluded.at
          AND (old.analytics, old.preferences, old.marketing)
          IS DISTINCT FROM (excluded.analytics, excluded.preferences, excluded.marketing)
""")
CONSENT_FIELDS = ("visitor", "client", "consent", "at")
REFUSING = text("SELECT who FROM shopper_preferences WHERE remember IS false AND who = ANY(:digests)")
MARK = text("""
    INSERT INTO changed_days (shop_id, day, marks) SELECT :shop, day, 1 FROM unnest(cast(:days AS date[])) AS day
    ORDER BY day ON CONFLICT (shop_id, day) DO UPDATE SET marks = changed_days.marks + 1
""")


class LakeIndex:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def turn(self, shop: ShopId) -> Iterator[Session]:
        """A transaction during which records may be appended; it shares the turn with other consumers."""
        with self._database.shop(shop) as session:
            session.execute(SHARE, {"shop": shop})
            yield session

    @contextmanager
    def rewriting(self, shop: ShopId) -> Iterator[None]:
        """The block alone replaces or deletes files of the shop; others may go on appending new ones."""
        with self._database.shop(shop) as session:
            session.execute(REWRITE, {"shop": shop})
            yield

    def wait_for_turns(self, shop: ShopId) -> None:
        """Return once every turn has ended that began before this call: later ones see what is committed by now."""
        with self._database.shop(shop) as session:
            session.execute(ALONE, {"shop": shop})

    def note_changed(self, shop: ShopId, days: Iterable[date]) -> None:
        """As `mark`, at once and by itself."""
        with self._database.shop(shop) as session:
            self.mark(session, shop, days)

    def has_left(self, session: Session, shop: ShopId) -> bool:
        """Whether the shop is uninstalled: its data are about to be erased, and nothing may be added behind that."""
        return bool(session.execute(STATE, {"shop": shop}).scalar() == ShopState.UNINSTALLED)

    def kept(self, session: Session, events: Sequence[Event]) -> list[Event]:
        """The events that may be stored: none that was erased on its way here, nor of whom asked to be forgotten."""
        digests = {digest for event in events for digest in digests_of(event)}
        rows = session.execute(BURIED, {"digests": list(digests)})
        buried: dict[str, datetime] = {row.digest: row.at for row in rows}
        orders = {event.order_id for event in events if event.order_id is not None}
        erased = set(session.execute(BURIED_ORDERS, {"orders": list(orders)}).scalars()) if orders else set()
        refusing = set(session.execute(REFUSING, {"digests": list(digests)}).scalars())
        return [
            event
            for event in events
            if event.order_id not in erased and not _is_buried(event, buried) and _may_be_kept(event, refusing)
        ]

    def nameless(self, session: Session, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions, without visitor and unit where either was erased on their way here."""
        named = {id: digest("visitor", id) for decision in decisions for id in (decision.visitor, decision.unit) if id}
        rows = session.execute(BURIED, {"digests": list(named.values())})
        found: dict[str, datetime] = {row.digest: row.at for row in rows}
        buried = {id: found[digest] for id, digest in named.items() if digest in found}
        return [_nameless(decision, buried) for decision in decisions]

    def insert(self, session: Session, shop: ShopId, events: Sequence[Event], decisions: Sequence[Decision]) -> None:
        """Write what pages and attribution need at once. The same batch again changes nothing."""
        bought = [event for event in events if event.type is EventType.PURCHASE]
        pairs = [event for event in events if event.visitor and event.client]
        for statement, records in (
            (CLICKS, [event for event in events if event.type is EventType.CLICK]),
            (DECISIONS, decisions),
            (ORDERS, bought),
            (PAIRS, pairs),
        ):
            if records:
                rows = orjson.dumps(records).decode()
                session.execute(statement, {"shop": shop, "rows": rows})
        if events:
            # Only what is asked for: what else an event carries may not even be text that JSON can hold.
            rows = orjson.dumps([{name: getattr(event, name) for name in CONSENT_FIELDS} for event in events]).decode()
            session.execute(CONSENTS, {"shop": shop, "rows": rows})
        note(session, shop, gathered(tie for event in events for tie in of_event(event)))
        for event in bought:
            about = f"{event.order_id}/{event.event_id}"
            session.execute(PUT, {"shop": shop, "kind": ORDER_TIES_DUE, "id": about, "after_s": SOON_S})

    def mark(self, session: Session, shop: ShopId, days: Iterable[date]) -> None:
        """Note that the figures of these UTC days are behind, and that counting them anew is due."""
        if found := sorted(set(days)):
            session.execute(MARK, {"shop": shop, "days": found})
            session.execute(PUT, {"shop": shop, "kind": ROLL_UP_DUE, "id": "", "after_s": DUE_AFTER_S})


def digest(kind: str, id: str) -> str:
    """What a tombstone keeps of a visitor or client id."""
    return known_as(kind, id)


def browser_digests(visitors: Iterable[str], clients: Iterable[str]) -> list[str]:
    """The same of all of somebody's browsers."""
    return [digest("visitor", id) for id in visitors] + [digest("client", id) for id in clients]


def digests_of(event: Event) -> list[str]:
    named = (("visitor", event.visitor), ("client", event.client))
    return [digest(kind, id) for kind, id in named if id]


def days_of(records: Iterable[Event] | Iterable[Decision]) -> dict[date, list[Any]]:
    """The records by the UTC day on which they happened."""
    found: dict[date, list[Any]] = {}
    for record in records:
        found.setdefault(utc_day(record.at), []).append(record)
    return found


def _may_be_kept(event: Event, refusing: set[str]) -> bool:
    """By what the browser allowed when it happened, and by what its shopper has set since."""
    remember = False if refusing and refusing.intersection(digests_of(event)) else None
    return allowed(Purpose.STORE_BEHAVIOUR, captured(event.consent, OwnSwitches(remember=remember)))


def _is_buried(event: Event, buried: dict[str, datetime]) -> bool:
    return bool(buried) and any(event.at <= buried[name] for name in digests_of(event) if name in buried)


def _nameless(decision: Decision, buried: dict[str, datetime]) -> Decision:
    named = (decision.visitor, decision.unit)
    if any(id in buried and decision.at <= buried[id] for id in named if id):
        return replace(decision, visitor=None, unit=None)
    return decision
