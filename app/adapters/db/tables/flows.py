"""The flows and templates that were made in Klaviyo, and the look of mails."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, moment


class KlaviyoFlowRow(ShopRow, table=True):
    """One flow of Attune's series."""

    __tablename__: ClassVar[str] = "klaviyo_flows"
    key: str = Field(primary_key=True)
    flow: str
    status: str
    complaint: str
    seen_at: datetime | None = moment()


class KlaviyoTemplateRow(ShopRow, table=True):
    """One template of a mail, for one arm of the hold-out."""

    __tablename__: ClassVar[str] = "klaviyo_templates"
    key: str = Field(primary_key=True)
    template: str
    version: str
    digest: str
    edited: bool


class MailLookRow(ShopRow, table=True):
    """Colour, logo and static block of a shop's mails."""

    __tablename__: ClassVar[str] = "mail_looks"
    colour: str
    logo: str
    static: str
