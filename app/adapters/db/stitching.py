"""Profiles in PostgreSQL: reading what stands around new ties, and writing what became of the names there.

A region is a part of the shop's web of names that no tie leaves, except through names that are tied to so many that
they say nothing. It is read whole, so stitching it alone gives what stitching the shop would give.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.identity_ties import moment_of
from app.core.ids import ShopId
from app.core.profiles.identity import Cut, Evidence, Member, Name, Named, Tie
from app.core.profiles.stitching import is_public
from app.ports import Region

ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('identity: stitching', :shop))")
COLUMNS: Final = "t.left_kind, t.left_id, t.right_kind, t.right_id, t.evidence, t.hours, t.marks, t.stitched"
NEW = text(f"""
    SELECT {COLUMNS} FROM identity_ties t WHERE NOT stitched
    ORDER BY left_kind, left_id, right_kind, right_id, evidence LIMIT :limit
""")
NAMES: Final = "unnest(cast(:kinds AS text[]), cast(:ids AS text[])) AS n (kind, id)"
AROUND = text(f"""
    SELECT {COLUMNS} FROM {NAMES} JOIN identity_ties t ON t.left_kind = n.kind AND t.left_id = n.id
    UNION ALL
    SELECT {COLUMNS} FROM {NAMES} JOIN identity_ties t ON t.right_kind = n.kind AND t.right_id = n.id
""")
DEGREES = text(f"""
    SELECT n.kind, n.id, (SELECT count(*) FROM (
        SELECT right_kind, right_id FROM identity_ties
        WHERE left_kind = n.kind AND left_id = n.id AND evidence <> 'merged'
        UNION SELECT left_kind, left_id FROM identity_ties
        WHERE right_kind = n.kind AND right_id = n.id AND evidence <> 'merged') partner) AS degree
    FROM {NAMES}
""")
CUTS = text(f"""
    SELECT DISTINCT c.left_kind, c.left_id, c.right_kind, c.right_id FROM {NAMES}
    JOIN identity_cuts c ON (c.left_kind = n.kind AND c.left_id = n.id) OR (c.right_kind = n.kind AND c.right_id = n.id)
""")
STANDING = text(f"""
    SELECT m.kind, m.id, m.profile, m.standing FROM {NAMES} JOIN profile_members m ON m.kind = n.kind AND m.id = n.id
""")
MOVE = text("""
    INSERT INTO profile_members (shop_id, kind, id, profile, standing)
    SELECT :shop, kind, id, profile, standing
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (kind text, id text, profile text, standing text)
    ORDER BY kind, id
    ON CONFLICT (shop_id, kind, id) DO UPDATE SET profile = excluded.profile, standing = excluded.standing
""")
BEGIN = text("""
    INSERT INTO profiles AS old (shop_id, id, since, changed_at)
    SELECT :shop, id, since, :now FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (id text, since timestamptz)
    ORDER BY id
    ON CONFLICT (shop_id, id) DO UPDATE SET since = excluded.since, changed_at = excluded.changed_at
""")
END = text("""
    DELETE FROM profiles p WHERE p.id = ANY(:profiles)
      AND NOT EXISTS (SELECT 1 FROM profile_members m WHERE m.profile = p.id)
""")
SETTLE = text("""
    UPDATE identity_ties t SET stitched = true
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        left_kind text, left_id text, right_kind text, right_id text, evidence text, marks bigint)
    WHERE t.left_kind = row.left_kind AND t.left_id = row.left_id AND t.right_kind = row.right_kind
      AND t.right_id = row.right_id AND t.evidence = row.evidence AND t.marks = row.marks
""")
FORGET = text("UPDATE identity_ties SET stitched = false, marks = marks + 1 WHERE stitched")

Mark = tuple[Named, Named, str]

_KINDS: Final[Mapping[str, Name]] = {str(kind): kind for kind in Name}
_EVIDENCE: Final[Mapping[str, Evidence]] = {str(one): one for one in Evidence}


class DbStitches:
    """Implements `app.ports.Stitches`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def turn(self, shop: ShopId) -> Iterator[_Turn]:
        """One transaction in which nobody else changes the shop's profiles."""
        with self._database.shop(shop) as session:
            session.execute(ALONE, {"shop": shop})
            yield _Turn(session, shop)

    def forget_stitches(self, shop: ShopId) -> None:
        """Hold all ties for new, so that every profile is made again."""
        with self._database.shop(shop) as session:
            session.execute(FORGET)


@dataclass(slots=True)
class _Turn:
    _session: Session
    _shop: ShopId

    def region(self, *, limit: int) -> Region | None:
        """What stands around at most `limit` new ties; None where none is new."""
        rows = self._session.execute(NEW, {"limit": limit}).all()
        if not rows:
            return None
        walk = _Walk(self._session, slack=len(rows))
        for row in rows:
            walk.take(row)
        return walk.from_names({name for row in rows for name in ends(row)})

    def settle(self, region: Region, members: Mapping[Named, Member], *, now: datetime) -> int:
        """Write the names' profiles and hold the ties for known; returns how many names have moved."""
        before = standing(self._session, region.names)
        moved = {name: members[name] for name in region.names if before.get(name) != members[name]}
        self._write(moved, {before[name].profile for name in moved if name in before}, region, now)
        rows = [{**written(left, right), "evidence": kind, "marks": marks}
                for (left, right, kind), marks in region.marks.items()]  # fmt: skip
        self._session.execute(SETTLE, {"rows": orjson.dumps(rows).decode()})
        return len(moved)

    def _write(self, moved: Mapping[Named, Member], left: set[str], region: Region, now: datetime) -> None:
        if not moved:
            return
        rows = [{"kind": name.kind, "id": name.id, **member._asdict()} for name, member in moved.items()]
        self._session.execute(MOVE, {"shop": self._shop, "rows": orjson.dumps(rows).decode()})
        since = _since(region, moved)
        begun = [{"id": id, "since": moment} for id, moment in since.items()]
        self._session.execute(BEGIN, {"shop": self._shop, "rows": orjson.dumps(begun).decode(), "now": now})
        self._session.execute(END, {"profiles": sorted(left)})


@dataclass(slots=True)
class _Walk:
    """Follows ties from some names until none leads on. `slack` is how many ties may be new."""

    _session: Session
    slack: int
    ties: dict[tuple[Named, Named, str], Tie] = field(default_factory=dict)
    marks: dict[Mark, int] = field(default_factory=dict)
    names: set[Named] = field(default_factory=set)
    public: set[Named] = field(default_factory=set)
    _taken: set[tuple[Any, ...]] = field(default_factory=set)

    def from_names(self, begin: set[Named]) -> Region:
        frontier, first = begin, True
        while frontier:
            frontier = self._step(frontier, first=first)
            first = False
        cuts = [_cut(row) for row in self._session.execute(CUTS, arrays(self.names)).all()]
        return Region(list(self.ties.values()), cuts, frozenset(self.names), frozenset(self.public), self.marks)

    def _step(self, frontier: set[Named], *, first: bool) -> set[Named]:
        """Read what the names are tied to; returns the names that are new.

        A name that became public by the new ties is left by all who stood with it, so it is read once more.
        """
        self.names |= frontier
        rows = self._session.execute(DEGREES, arrays(frontier)).all()
        degree = {Named(_KINDS[row.kind], row.id): row.degree for row in rows}
        public = {name for name, count in degree.items() if is_public(name, count)}
        self.public |= public
        turned = {name for name in public if first and not is_public(name, degree[name] - self.slack)}
        reached = self._read((frontier - public) | turned)
        # Whom Shopify has merged with a public customer is still the same person.
        reached |= self._read({name for name in public - turned if name.kind is Name.CUSTOMER}, merges=True)
        return reached - self.names

    def _read(self, names: set[Named], *, merges: bool = False) -> set[Named]:
        reached: set[Named] = set()
        for row in self._session.execute(AROUND, arrays(names)).all() if names else ():
            if merges and row.evidence != Evidence.MERGED:
                continue
            reached |= self.take(row)
        return reached

    def take(self, row: Row[Any]) -> set[Named]:
        """Hold a tie; returns its two names, none where it is held already: it is read from both of its ends."""
        key = tuple(row[:5])
        if key in self._taken:
            return set()
        self._taken.add(key)
        one = tie_of(row)
        self.ties[one.left, one.right, one.evidence] = one
        if not row.stitched:
            self.marks[one.left, one.right, one.evidence] = row.marks
        return {one.left, one.right}


def standing(session: Session, names: Iterable[Named]) -> dict[Named, Member]:
    """Where these names stand."""
    rows = session.execute(STANDING, arrays(names)).all()
    return {Named(_KINDS[row.kind], row.id): Member(row.profile, row.standing) for row in rows}


def ends(row: Row[Any]) -> tuple[Named, Named]:
    return Named(_KINDS[row.left_kind], row.left_id), Named(_KINDS[row.right_kind], row.right_id)


def tie_of(row: Row[Any]) -> Tie:
    return Tie(*ends(row), _EVIDENCE[row.evidence], tuple(row.hours))


def _cut(row: Row[Any]) -> Cut:
    return Cut(*ends(row))


def arrays(names: Iterable[Named]) -> dict[str, list[str]]:
    """The names as the parameters of statements that unnest them."""
    rows = list(names)
    return {"kinds": [str(name.kind) for name in rows], "ids": [name.id for name in rows]}


def written(left: Named, right: Named) -> dict[str, str]:
    return {"left_kind": left.kind, "left_id": left.id, "right_kind": right.kind, "right_id": right.id}


def _since(region: Region, moved: Mapping[Named, Member]) -> dict[str, datetime]:
    """When the oldest name of each profile to which a name has come was first seen."""
    profile = {name: member.profile for name, member in moved.items()}
    first: defaultdict[str, int] = defaultdict(lambda: 2**31 - 1)
    for one in region.ties:
        for name in (one.left, one.right):
            if name in profile and one.hours:
                first[profile[name]] = min(first[profile[name]], one.hours[0])
    epoch = datetime.fromtimestamp(0, UTC)
    return {id: moment_of(first[id]) if id in first else epoch for id in set(profile.values())}
