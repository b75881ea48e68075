"""All data contracts. Those of the store itself, which no file brings, stand here; the others beside their readers."""

from __future__ import annotations

from typing import Final

from app.core.sources.ad_spend import AD_SPEND
from app.core.sources.contract import DAY, Contract, Field, Holds, Personal, Source
from app.core.sources.ga4 import GA4
from app.core.sources.klaviyo import KLAVIYO
from app.core.sources.outside_stock import STOCK
from app.core.sources.tickets import TICKETS

SHOPIFY: Final = Contract(
    Source.SHOPIFY,
    "Shopify",
    "Orders, refunds, customers, products and stock, by webhooks and a nightly comparison.",
    "Admin API and webhooks",
    (
        Field("order", Holds.ID, "Shopify's number of the order", required=True, column="id"),
        Field("ordered at", Holds.MOMENT, "When the order was made", required=True, column="created_at"),
        Field(
            "product",
            Holds.ID,
            "The product of an order's line",
            expected=True,
            column="product_id",
            matches="products",
        ),
        Field(
            "customer", Holds.ID, "Who ordered; empty for a guest", column="customer_id", personal=Personal.PSEUDONYM
        ),
        Field("e-mail", Holds.EMAIL, "The buyer's address", column="email_hash", personal=Personal.ENCRYPTED),
        Field(
            "name, phone, address", Holds.TEXT, "How to reach the buyer", column="contact", personal=Personal.ENCRYPTED
        ),
        Field("total", Holds.MONEY, "What was paid", required=True, unit="minor units", column="total"),
    ),
    key=("order",),
    clock="Shopify's, UTC",
    every=DAY,
    imported=False,
)
STOREFRONT: Final = Contract(
    Source.STOREFRONT,
    "Storefront",
    "What visitors who allow analytics look at, search and put into the cart, from the theme and the web pixel.",
    "POST /collect",
    (
        Field("id", Holds.ID, "Random id of the event", required=True, column="event_id"),
        Field("type", Holds.TEXT, "What happened", required=True, column="type"),
        Field("time", Holds.MOMENT, "When it happened", required=True, column="at"),
        Field("visitor", Holds.ID, "The theme's id of the browser", column="visitor", personal=Personal.PSEUDONYM),
        Field("client", Holds.ID, "Shopify's id of the browser", column="client", personal=Personal.PSEUDONYM),
        Field(
            "consent", Holds.YES_NO, "The visitor's consent at that moment", required=True, column="consent_analytics"
        ),
        Field("product", Holds.ID, "What it was about", column="product_id", matches="products"),
    ),
    key=("id",),
    clock="ours: browsers say how long ago it happened, because their own clocks are often wrong",
    every=DAY,
    kind="events",
    imported=False,
)

CONTRACTS: Final = {one.source: one for one in (SHOPIFY, STOREFRONT, KLAVIYO, GA4, TICKETS, AD_SPEND, STOCK)}
IMPORTED: Final = tuple(source for source, contract in CONTRACTS.items() if contract.imported)
"""The sources that `attune import` and the Data page take."""
