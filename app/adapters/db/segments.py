"""Segments as they are kept: what the merchant made, what every shop has, who is in them, and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.errors import DomainError
from app.core.ids import ShopId
from app.core.segments.builtin import Builtin
from app.core.segments.parse import BadRule, as_json, rule_of
from app.core.segments.rules import Rule, is_live
from app.ports.segments import Member, Segment, SegmentChange, SegmentDay, SegmentId

MOST: Final = 100
"""Segments of the merchant's: each costs a column or more of every night."""
ALL = "SELECT id, kind, key, name, rule, sentence, live, size, counted_at FROM segments"
INSERT = text("""
    INSERT INTO segments (shop_id, kind, key, name, rule, sentence, live, saved_at, by)
    VALUES (:shop, :kind, :key, :name, cast(:rule AS jsonb), :sentence, :live, :at, :by) RETURNING id
""")
PUT_BUILTIN = text("""
    INSERT INTO segments (shop_id, kind, key, name, rule, sentence, live, saved_at, by)
    VALUES (:shop, 'builtin', :key, :name, cast(:rule AS jsonb), :sentence, :live, now(), '')
    ON CONFLICT (shop_id, key) WHERE key <> ''
    DO UPDATE SET name = excluded.name, rule = excluded.rule, sentence = excluded.sentence, live = excluded.live,
        first_counted_at = CASE WHEN segments.rule = excluded.rule THEN segments.first_counted_at END
    WHERE (segments.name, segments.rule, segments.sentence) IS DISTINCT FROM
          (excluded.name, excluded.rule, excluded.sentence)
""")
# A merchant's segment that has the name keeps the row; the built-in one can do with another.
MAKE_ROOM = text("""
    UPDATE segments SET name = name || ' (yours)'
    WHERE kind = 'merchant' AND lower(name) = lower(:name)
""")
CUSTOMER = """(SELECT min(p.id::bigint) FROM profile_members p
               WHERE p.shop_id = m.shop_id AND p.profile = m.profile AND p.kind = 'customer')"""
MEMBERS = text(f"""
    SELECT m.profile, m.since, m.why, {CUSTOMER} AS customer
    FROM segment_members m WHERE m.segment_id = :id ORDER BY m.since DESC, m.profile LIMIT :limit
""")
CHANGES = text(f"""
    SELECT m.profile, m.at, m.entered, {CUSTOMER} AS customer
    FROM segment_changes m WHERE m.segment_id = :id ORDER BY m.at DESC, m.profile LIMIT :limit
""")
DAYS = text("""
    SELECT day, size, entered, "left" FROM segment_days WHERE segment_id = :id ORDER BY day DESC LIMIT :limit
""")
GONE = [
    text(f"DELETE FROM {table} WHERE segment_id = :id")
    for table in ("segment_members", "segment_changes", "segment_days")
]
TAKEN = "there is another segment called “{}”"
NOT_YOURS = "this segment is built in; make one of your own beside it"


class DbSegments:
    """Implements `app.ports.segments.SegmentRegister`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, shop: ShopId) -> Sequence[Segment]:
        with self._database.shop(shop) as session:
            rows = session.execute(text(f"{ALL} ORDER BY kind, CASE WHEN kind = 'builtin' THEN id END, lower(name)"))
            return list(_understood(rows.all()))

    def one(self, shop: ShopId, id: SegmentId) -> Segment | None:
        with self._database.shop(shop) as session:
            rows = session.execute(text(f"{ALL} WHERE id = :id"), {"id": id}).all()
            return next(iter(_understood(rows)), None)

    def put_builtin(self, shop: ShopId, segments: Sequence[Builtin], sentences: Mapping[str, str]) -> None:
        with self._database.shop(shop) as session:
            for one in segments:
                values = _written(one.rule) | {"sentence": sentences[one.key], "key": one.key, "name": one.name}
                session.execute(MAKE_ROOM, {"name": one.name})
                session.execute(PUT_BUILTIN, {"shop": shop, **values})
            old = text("SELECT id FROM segments WHERE kind = 'builtin' AND key <> ALL(:keys)")
            for id in session.execute(old, {"keys": [one.key for one in segments]}).scalars().all():
                _delete(session, id)

    def save(self, shop: ShopId, name: str, rule: Rule, sentence: str, *, at: datetime, by: str) -> SegmentId:
        values = {"shop": shop, "kind": "merchant", "key": "", "name": name, "sentence": sentence, "at": at, "by": by}
        try:
            with self._database.shop(shop) as session:
                number = session.execute(text("SELECT count(*) FROM segments WHERE kind = 'merchant'")).scalar_one()
                if number >= MOST:
                    raise DomainError(f"{MOST} segments of your own are the most; delete one that you don't need")
                return SegmentId(session.execute(INSERT, {**values, **_written(rule)}).scalar_one())
        except IntegrityError as error:
            raise DomainError(TAKEN.format(name)) from error

    def rename(self, shop: ShopId, id: SegmentId, name: str) -> None:
        try:
            with self._database.shop(shop) as session:
                _own(session, id)
                session.execute(text("UPDATE segments SET name = :name WHERE id = :id"), {"name": name, "id": id})
        except IntegrityError as error:
            raise DomainError(TAKEN.format(name)) from error

    def delete(self, shop: ShopId, id: SegmentId) -> None:
        with self._database.shop(shop) as session:
            _own(session, id)
            _delete(session, id)

    def members(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[Member]:
        with self._database.shop(shop) as session:
            rows = session.execute(MEMBERS, {"id": id, "limit": limit})
            return [Member(row.profile, row.customer, row.since, row.why) for row in rows]

    def changes(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[SegmentChange]:
        with self._database.shop(shop) as session:
            rows = session.execute(CHANGES, {"id": id, "limit": limit})
            return [SegmentChange(row.profile, row.customer, row.at, row.entered) for row in rows]

    def days(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[SegmentDay]:
        with self._database.shop(shop) as session:
            rows = session.execute(DAYS, {"id": id, "limit": limit}).all()
            return [SegmentDay(row.day, row.size, row.entered, row.left) for row in reversed(rows)]

    def last_days(self, shop: ShopId) -> Mapping[SegmentId, SegmentDay]:
        """The newest count of each segment."""
        statement = text(
            'SELECT DISTINCT ON (segment_id) segment_id, day, size, entered, "left" FROM segment_days '
            "ORDER BY segment_id, day DESC"
        )
        with self._database.shop(shop) as session:
            rows = session.execute(statement)
            return {SegmentId(row.segment_id): SegmentDay(row.day, row.size, row.entered, row.left) for row in rows}

    def of_profile(self, shop: ShopId, profile: str) -> Mapping[SegmentId, Sequence[int | None]]:
        statement = text("SELECT segment_id, why FROM segment_members WHERE profile = :profile ORDER BY segment_id")
        with self._database.shop(shop) as session:
            return {SegmentId(row.segment_id): row.why for row in session.execute(statement, {"profile": profile})}


def _understood(rows: Iterable[Row[Any]]) -> Iterable[Segment]:
    """Rows whose rule there is; an older release may find some of a newer one."""
    for row in rows:
        try:
            rule = rule_of(row.rule)
        except BadRule:
            continue
        builtin = row.kind == "builtin"
        yield Segment(
            SegmentId(row.id), row.name, rule, row.sentence, builtin, row.key, row.live, row.size, row.counted_at
        )


def _written(rule: Rule) -> dict[str, Any]:
    return {"rule": orjson.dumps(as_json(rule)).decode(), "live": is_live(rule)}


def _own(session: Session, id: SegmentId) -> None:
    kind = session.execute(text("SELECT kind FROM segments WHERE id = :id FOR UPDATE"), {"id": id}).scalar()
    if kind is None:
        raise DomainError("there is no such segment; it may have been deleted meanwhile")
    if kind == "builtin":
        raise DomainError(NOT_YOURS)


def _delete(session: Session, id: int) -> None:
    for statement in GONE:
        session.execute(statement, {"id": id})
    session.execute(text("DELETE FROM segments WHERE id = :id"), {"id": id})
