"""What starts mails: the merchant's switches, what browsers did lately, occasions and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class MailSettingsRow(ShopRow, table=True):
    """What is switched on (`app.core.email.settings`)."""

    __tablename__: ClassVar[str] = "mail_settings"
    value: dict[str, Any] = json()
    changed_at: datetime = moment(nullable=False)
    by: str
    rhythms_at: datetime | None = moment()
    """When all orders were last looked through for what is due again."""


class MailDeed(ShopRow, table=True):
    """What a browser that let itself be remembered did with one product, for as long as a mail may speak of it."""

    __tablename__: ClassVar[str] = "mail_deeds"
    kind: str = Field(primary_key=True)
    """visitor or client."""
    who: str = Field(primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    what: str = Field(primary_key=True)
    """views, carts or checkouts."""
    times: int
    variants: dict[str, int] = json()
    """Of a product in the cart: how many of each variant."""
    first_at: datetime = moment(nullable=False)
    last_at: datetime = moment(nullable=False)

    __table_args__ = (Index("mail_deeds_last", "shop_id", "last_at"),)


class MailGood(ShopRow, table=True):
    """A product as it stood when it was last looked at: what is cheaper or back is told by it."""

    __tablename__: ClassVar[str] = "mail_goods"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    price: int = big(nullable=False)
    buyable: bool
    news: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """back or cheaper; empty for none."""
    news_at: datetime | None = moment()


class MailTrigger(ShopRow, table=True):
    """One occasion for a mail, and what became of it."""

    __tablename__: ClassVar[str] = "mail_triggers"
    trigger: str = Field(primary_key=True)
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    key: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    product_id: int | None = big()
    cart: list[int] = json("[]")
    facts: dict[str, Any] = json()
    items: list[int] = json("[]")
    """The products that the event has carried to Klaviyo, whose flow shows them days later too."""
    state: str = Field(default="waiting", sa_column_kwargs={"server_default": "waiting"})
    """waiting, sent, withheld or refused."""
    arm: str = Field(default="", sa_column_kwargs={"server_default": ""})
    request_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    done_at: datetime | None = moment()
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})

    __table_args__ = (
        Index("mail_triggers_waiting", "shop_id", "at", postgresql_where=text("state = 'waiting'")),
        Index("mail_triggers_customer", "shop_id", "customer_id", "at"),
        Index("mail_triggers_shown", "shop_id", "done_at", postgresql_where=text("state = 'sent' AND items <> '[]'")),
    )


class MailOfferDiscount(ShopRow, table=True):
    """One discount of ours in Shopify, whose codes go to win-backs (`app.core.email.offers`)."""

    __tablename__: ClassVar[str] = "mail_offer_discounts"
    first_code: str = Field(primary_key=True)
    """By which it is found again where a worker was killed before Shopify's name for it was noted."""
    terms: str
    words: str
    most: int = big(nullable=False)
    made_at: datetime = moment(nullable=False)
    hand_out_until: datetime = moment(nullable=False)
    ends_at: datetime = moment(nullable=False)
    discount: str = Field(default="", sa_column_kwargs={"server_default": ""})
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})


class MailOffer(ShopRow, table=True):
    """A code that Shopify has: nobody's while `issued_at` is empty, then one shopper's."""

    __tablename__: ClassVar[str] = "mail_offers"
    code: str = Field(primary_key=True)
    discount: str
    most: int = big(nullable=False)
    expires_at: datetime = moment(nullable=False)
    customer_id: int | None = big()
    issued_at: datetime | None = moment()
    used_at: datetime | None = moment()
    cost: int | None = big()
    """What it took off; empty while it is not used."""

    __table_args__ = (
        Index("mail_offers_customer", "shop_id", "customer_id"),
        Index("mail_offers_ready", "shop_id", "discount", "code", postgresql_where=text("issued_at IS NULL")),
    )
