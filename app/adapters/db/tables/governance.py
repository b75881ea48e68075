"""What shoppers have asked for, who looked at personal fields, what retention took away, and who must not come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class ShopperPreference(ShopRow, table=True):
    """A shopper's own switches, as they stand. Null is: never touched."""

    __tablename__: ClassVar[str] = "shopper_preferences"
    kind: str = Field(primary_key=True)
    """visitor, client or customer."""
    who: str = Field(primary_key=True)
    """The customer's number, or the digest of the visitor's or client's id: what they allow may be known, not who."""
    personalise: bool | None = None
    remember: bool | None = None
    email: bool | None = None
    hidden: dict[str, Any] = json()
    """``{"products": [numbers], "kinds": [product types]}`` that they don't want to be shown."""
    changed_at: datetime = moment(nullable=False)


class BrowserConsent(ShopRow, table=True):
    """What a browser last allowed in Shopify's customer privacy, as its newest event says."""

    __tablename__: ClassVar[str] = "browser_consents"
    kind: str = Field(primary_key=True)
    """visitor or client."""
    who: str = Field(primary_key=True)
    """As in `shopper_preferences`."""
    analytics: bool
    preferences: bool
    marketing: bool
    at: datetime = moment(nullable=False)


class ConsentChange(ShopRow, table=True):
    """One change of what a visitor or customer allows; added to, never changed.

    Triggers write what Shopify or a browser says, so that no import or webhook can forget it.
    """

    __tablename__: ClassVar[str] = "consent_changes"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = moment(nullable=False)
    kind: str
    who: str
    """As in `shopper_preferences`."""
    what: str
    """Which switch or state: personalise, remember, email, hidden, opted_out, email_marketing, analytics …"""
    was: str = ""
    became: str
    source: str
    """Where it was said: preferences (the shopper), shopify (webhook or import), browser (customer privacy)."""

    __table_args__ = (
        Index("consent_changes_at", "shop_id", "at"),
        Index("consent_changes_who", "shop_id", "kind", "who"),
    )


class BuriedEmail(ShopRow, table=True):
    """The keyed hash of an erased person's e-mail: what comes later under that address is not taken in."""

    __tablename__: ClassVar[str] = "buried_emails"
    digest: str = Field(primary_key=True)
    """Hexadecimal; made with each key that was in use."""
    at: datetime = moment(nullable=False)


class AccessEntry(ShopRow, table=True):
    """One opening of somebody's personal fields."""

    __tablename__: ClassVar[str] = "access_log"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = moment(nullable=False)
    reader: str
    """A Shopify user, a name given on the command line, or the part of the app that had to."""
    subject_kind: str
    """customer, order, or receipt."""
    subject_id: str
    fields: str
    """Table and column of the box."""
    why: str

    __table_args__ = (
        Index("access_log_at", "shop_id", "at"),
        Index("access_log_subject", "shop_id", "subject_kind", "subject_id"),
    )


class RetentionRun(ShopRow, table=True):
    """What one night's retention removed in one place."""

    __tablename__: ClassVar[str] = "retention_runs"
    at: datetime = moment(nullable=False, primary_key=True)
    place: str = Field(primary_key=True)
    days: int
    """The term that was applied."""
    removed: int = big(nullable=False)
    seconds: float = 0.0
    problem: str = ""
    """Why nothing could be removed; empty where all went well."""
