"""Who is one person: what ties names together, what the merchant has cut, and the profiles that come of it.

`app.core.profiles.identity` says what names, ties and profiles are. Addresses stand here as keyed hashes, carts and
checkouts as hashes of their tokens.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, moment


def numbers(kind: type[Integer]) -> Any:
    return Field(default=None, sa_column=Column(ARRAY(kind), nullable=False, server_default="{}"))


class IdentityTie(ShopRow, table=True):
    """Evidence that two names are one person's; the left name sorts before the right one."""

    __tablename__: ClassVar[str] = "identity_ties"
    left_kind: str = Field(primary_key=True)
    left_id: str = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    right_id: str = Field(primary_key=True)
    evidence: str = Field(primary_key=True)
    hours: list[int] = numbers(Integer)
    """The distinct hours (since 1970, UTC) in which it was seen, oldest first, the newest 200."""
    marks: int = Field(default=1, sa_type=BigInteger, sa_column_kwargs={"server_default": "1"})
    """Grows with every change, so that a change that comes while profiles are made is not taken for done."""
    stitched: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether the profiles know it."""

    __table_args__ = (
        Index("identity_ties_right", "shop_id", "right_kind", "right_id"),
        Index("identity_ties_new", "shop_id", postgresql_where=text("NOT stitched")),
    )


class IdentityCut(ShopRow, table=True):
    """The merchant's word that two names are two persons'; it stays, whatever evidence comes."""

    __tablename__: ClassVar[str] = "identity_cuts"
    left_kind: str = Field(primary_key=True)
    left_id: str = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    right_id: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    by: str


class CustomerMerge(ShopRow, table=True):
    """Two customers that were merged in Shopify, and what was whose before."""

    __tablename__: ClassVar[str] = "customer_merges"
    gone: int = Field(sa_type=BigInteger, primary_key=True)
    kept: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = moment(nullable=False)
    orders: list[int] = numbers(BigInteger)
    """The orders of the one who is gone: they are theirs again if the merge is undone."""
    undone_at: datetime | None = moment()
    undone_by: str = ""


class ProfileRow(ShopRow, table=True):
    __tablename__: ClassVar[str] = "profiles"
    id: str = Field(primary_key=True)
    since: datetime = moment(nullable=False)
    """When the first of its names was seen."""
    changed_at: datetime = moment(nullable=False)
    """When a name came to it or left it."""

    __table_args__ = (Index("profiles_changed", "shop_id", "changed_at"),)


class ProfileMember(ShopRow, table=True):
    """A name and the profile to which it belongs."""

    __tablename__: ClassVar[str] = "profile_members"
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    profile: str
    standing: str = "own"
    """own, shared or public (`app.core.profiles.identity.Standing`)."""

    __table_args__ = (Index("profile_members_profile", "shop_id", "profile"),)
