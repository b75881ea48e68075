"""What keeps the house going: shops and their keys, consents, claims, due work, settings, imports, the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, Identity, Text
from sqlmodel import Field, SQLModel

from app.adapters.db.tables.base import ShopRow, box, json, moment


class Shop(SQLModel, table=True):
    """One store. Not under row-level security: it is how a domain becomes a shop."""

    __tablename__: ClassVar[str] = "shops"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    domain: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    state: str = Field(sa_column=Column(Text, nullable=False))
    """installed or uninstalled."""


class DueWork(SQLModel, table=True):
    """What is still to be done, for the sweeper, which does not know the shops yet. Holds no data, only names."""

    __tablename__: ClassVar[str] = "due_work"
    shop_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, primary_key=True))
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))


class ShopProfile(ShopRow, table=True):
    """What Shopify says about the shop, and the keys of our own doors."""

    __tablename__: ClassVar[str] = "shop_profiles"
    name: str = ""
    currency: str = ""
    timezone: str = "UTC"
    collect_key: str = ""
    """Opaque account id that theme events carry."""
    installed_at: datetime = moment()
    uninstalled_at: datetime | None = moment()


class Credential(ShopRow, table=True):
    """The expiring offline token pair, encrypted."""

    __tablename__: ClassVar[str] = "credentials"
    access_token: bytes = box()
    refresh_token: bytes = box()
    scopes: str = ""
    access_expires_at: datetime = moment()
    refresh_expires_at: datetime = moment()
    generation: int = 0
    """Counts rotations; a worker that waited for the claim sees by it that another one has refreshed."""


class Consent(ShopRow, table=True):
    """The merchant's recorded decisions on training, never changed, only added to."""

    __tablename__: ClassVar[str] = "consents"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    granted: bool
    by: str
    text_version: str
    at: datetime = moment(nullable=False)


class Claim(ShopRow, table=True):
    """Who may do a piece of this shop's work right now; one row per name, taken by compare-and-set."""

    __tablename__: ClassVar[str] = "claims"
    name: str = Field(primary_key=True)
    owner: str
    until: datetime = moment(nullable=False)


class Delivery(ShopRow, table=True):
    """The webhook inbox: the raw payload, encrypted whole, dropped seven days after it is done."""

    __tablename__: ClassVar[str] = "deliveries"
    webhook_id: str = Field(primary_key=True)
    topic: str
    event_id: str = ""
    triggered_at: datetime | None = moment()
    received_at: datetime = moment(nullable=False)
    payload: bytes | None = box()
    state: str = "pending"
    """pending, done, or failed (given up, kept for the doctor)."""
    attempts: int = 0
    claimed_until: datetime | None = moment()
    """Nobody else may take it before then (wall time): it is being worked on, or waits for its next try."""
    done_at: datetime | None = moment()
    error: str = ""


class SyncRun(ShopRow, table=True):
    """One resource's import: how far it is, and how it ended."""

    __tablename__: ClassVar[str] = "sync_runs"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    resource: str
    reason: str
    """backfill, reconcile or command."""
    state: str
    """requested, running, importing, done or failed."""
    document: str = ""
    """The query document in use: with personal fields, or without where Shopify refuses them."""
    operation_id: str = ""
    search: str = ""
    """Shopify's search syntax; empty for an export of everything."""
    objects: int = Field(default=0, sa_type=BigInteger)
    """What Shopify says the file holds."""
    lines: int = Field(default=0, sa_type=BigInteger)
    """What has been read so far."""
    repaired: int = 0
    started_at: datetime = moment(nullable=False)
    finished_at: datetime | None = moment()
    error: str = ""


class SyncProblem(ShopRow, table=True):
    """A line of a bulk file that could not be used, by its number."""

    __tablename__: ClassVar[str] = "sync_problems"
    run_id: int = Field(sa_type=BigInteger, primary_key=True)
    line: int = Field(sa_type=BigInteger, primary_key=True)
    reason: str


class Setting(ShopRow, table=True):
    """The merchant's settings (retention, placements), JSON by name."""

    __tablename__: ClassVar[str] = "settings"
    name: str = Field(primary_key=True)
    value: dict[str, Any] = json()
    updated_at: datetime = moment(nullable=False)
