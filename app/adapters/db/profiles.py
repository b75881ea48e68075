"""Reading who is one person: all names at once for the analytics, and one profile with its evidence for a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.profile_cuts import drop_cuts, keep_cuts
from app.adapters.db.stitching import AROUND, CUTS, arrays, ends, standing, tie_of
from app.core.ids import CustomerId, OrderId, ShopId
from app.core.profiles.identity import Cut, Member, Name, Named
from app.ports import Merge, Profile

BATCH: Final = 10_000
MOST_TIES: Final = 500
"""Of one profile so many ties are shown."""

FIND = text("SELECT profile FROM profile_members WHERE kind = :kind AND id = :id")
ONE = text("SELECT id, since FROM profiles WHERE id = :profile")
NAMES_OF = text("SELECT kind, id, profile, standing FROM profile_members WHERE profile = :profile LIMIT 2000")
MEMBERS = text("SELECT kind, id, profile FROM profile_members")
MERGES = text(
    "SELECT gone, kept, at, orders, undone_at FROM customer_merges WHERE gone = ANY(:ids) OR kept = ANY(:ids)"
)
# As `app.core.profiles.identity.sightings`; a device's names have one profile of their own.
MOMENTS = text("""
    SELECT d.id AS visitor, hour, min(p.profile) AS profile
    FROM profile_members d
    JOIN profile_members g ON g.profile = d.profile AND g.kind IN ('visitor', 'client')
    CROSS JOIN LATERAL (
        SELECT right_kind AS kind, right_id AS id, hours FROM identity_ties
        WHERE left_kind = g.kind AND left_id = g.id AND right_kind IN ('customer', 'email')
        UNION ALL
        SELECT left_kind, left_id, hours FROM identity_ties
        WHERE right_kind = g.kind AND right_id = g.id AND left_kind IN ('customer', 'email')) t
    JOIN profile_members p ON p.kind = t.kind AND p.id = t.id AND p.standing = 'own'
    CROSS JOIN LATERAL unnest(t.hours) AS hour
    WHERE d.kind = 'visitor' AND d.standing = 'shared'
    GROUP BY d.id, hour HAVING count(DISTINCT p.profile) = 1
""")


class DbProfiles:
    """Implements `app.ports.Profiles`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, shop: ShopId, name: Named) -> str | None:
        """The profile in which a name stands."""
        with self._database.shop(shop) as session:
            found: str | None = session.execute(FIND, name._asdict()).scalar()
            return found

    def one(self, shop: ShopId, profile: str) -> Profile | None:
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"profile": profile}).first()
            return _profile(session, row.id, row.since) if row else None

    def members(self, shop: ShopId) -> Iterator[tuple[str, str, str]]:
        """Kind, id and profile of every name, a batch at a time."""
        with self._database.shop(shop) as session:
            for row in session.execute(MEMBERS, execution_options={"yield_per": BATCH}):
                yield row.kind, row.id, row.profile

    def moments(self, shop: ShopId) -> Iterator[tuple[str, int, str]]:
        """Visitor, hour (since 1970) and profile for the hours in which somebody was known on a shared device."""
        with self._database.shop(shop) as session:
            for row in session.execute(MOMENTS, execution_options={"yield_per": BATCH}):
                yield row.visitor, row.hour, row.profile

    def cut(self, shop: ShopId, cuts: Iterable[Cut], *, by: str, at: datetime) -> None:
        """Keep the merchant's word, and have the names around it stitched anew."""
        with self._database.shop(shop) as session:
            keep_cuts(session, shop, cuts, by=by, at=at)

    def mend(self, shop: ShopId, cuts: Iterable[Cut]) -> None:
        """Take it back."""
        with self._database.shop(shop) as session:
            drop_cuts(session, shop, cuts)


def _profile(session: Session, profile: str, since: datetime) -> Profile:
    rows = session.execute(NAMES_OF, {"profile": profile}).all()
    members = {Named(Name(row.kind), row.id): Member(row.profile, row.standing) for row in rows}
    # A tie between two of the names comes twice.
    ties = {tie_of(row) for row in session.execute(AROUND, arrays(members)).all()[: 2 * MOST_TIES]}
    cuts = [Cut(*ends(row)) for row in session.execute(CUTS, arrays(members)).all()]
    tied = {name for one in ties for name in (one.left, one.right)}
    outside = (tied | {name for one in cuts for name in one}) - set(members)
    customers = [int(name.id) for name in members if name.kind is Name.CUSTOMER and name.id.isdecimal()]
    merges = [
        Merge(CustomerId(row.kept), CustomerId(row.gone), row.at, tuple(map(OrderId, row.orders)), row.undone_at)
        for row in session.execute(MERGES, {"ids": customers}).all()
    ]
    return Profile(profile, since, members, sorted(ties), cuts, merges, standing(session, outside))
