"""Google Analytics 4, as its BigQuery export writes events: nested parameters and items, and the visitor's consent.

What it saw and our own pixel saw too must not count twice, so these records are a kind of their own, and `is_history`
says which of them may stand in for events: those from before the shop's first own event. Orders are always Shopify's.
https://support.google.com/analytics/answer/7029846
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from app.core.events import EventType
from app.core.money import minor_units
from app.core.profiles.consent import Purpose, ShopperConsent, allowed
from app.core.sources.contract import Contract, Field, Holds, Personal, Source
from app.core.sources.report import LetGo, Letting, Reason, Refused
from app.core.sources.rows import Found, Given, Raw, key_of
from app.core.sources.values import from_epoch, says_yes, short

TYPES: Final = {
    "page_view": EventType.PAGE_VIEW,
    "view_item": EventType.PRODUCT_VIEW,
    "add_to_cart": EventType.ADD_TO_CART,
    "purchase": EventType.PURCHASE,
}
"""Google's names of the events that are kept, and ours."""
ORDERED: Final = ("event_bundle_sequence_id", "batch_page_id", "batch_ordering_id", "batch_event_index")
MOST_ITEMS: Final = 100
_SHOPIFY_ITEM = re.compile(r"shopify_[A-Za-z]{2,3}_(\d+)_(\d+)")


GA4: Final = Contract(
    Source.GA4,
    "Google Analytics 4",
    "Views, carts and purchases from before our own pixel was there, and which campaign brought a visit.",
    "the BigQuery export's events: JSON, one event a line, or Parquet",
    (
        Field(
            "browser",
            Holds.ID,
            "Google's id of the browser",
            ("user_pseudo_id",),
            required=True,
            personal=Personal.PSEUDONYM,
            column="ga4",
        ),
        Field(
            "time",
            Holds.MOMENT,
            "When it happened",
            ("event_timestamp",),
            required=True,
            unit="µs since 1970, UTC",
            column="at",
        ),
        Field(
            "event",
            Holds.TEXT,
            "page_view, view_item, add_to_cart or purchase",
            ("event_name",),
            required=True,
            column="type",
        ),
        Field(
            "consent",
            Holds.YES_NO,
            "Whether analytics was allowed; without a yes the row is let go",
            ("privacy_info.analytics_storage",),
            required=True,
            column="consent_analytics",
        ),
        Field(
            "items",
            Holds.ITEMS,
            "Products, by Shopify's ids or by SKU",
            ("items[].item_id",),
            column="products",
            matches="products",
        ),
        Field(
            "order",
            Holds.ID,
            "The purchase's order",
            ("ecommerce.transaction_id",),
            column="order_id",
            matches="orders",
        ),
        Field(
            "value",
            Holds.MONEY,
            "What the purchase was worth",
            ("ecommerce.purchase_revenue",),
            unit="minor units",
            column="value",
        ),
        Field("path", Holds.TEXT, "The page, without its query", ("event_params.page_location",), column="path"),
        Field(
            "campaign",
            Holds.TEXT,
            "The campaign that brought the visit",
            ("event_params.campaign", "traffic_source.name"),
            column="campaign",
        ),
        Field(
            "source",
            Holds.TEXT,
            "Where the visit came from",
            ("event_params.source", "traffic_source.source"),
            column="source",
        ),
        Field(
            "medium",
            Holds.TEXT,
            "By what kind of link",
            ("event_params.medium", "traffic_source.medium"),
            column="medium",
        ),
        Field("user id", Holds.ID, "What the merchant calls the visitor", ("user_id",), personal=Personal.NOT_KEPT),
    ),
    key=("browser", "time", "event"),
    clock="the browser's, as Google corrected it, UTC",
    every=None,
    kind="ga4",
)


def is_history(at: datetime, first_own: datetime | None) -> bool:
    """Whether a record of Google's may count as behaviour: only from before the shop's first own event.

    From then on our own events are the only count of views and carts, whoever's browser it was; Google's records still
    tell campaigns and sources. Nothing can be counted twice, because no moment is counted by both.
    """
    return first_own is None or at < first_own


def read(raw: Raw, given: Given) -> Found:
    """The record of one row of an ``events_`` table; fields that are missing, also nested ones, are empty.

    Raises:
        Refused: browser, event or time are missing or absurd.
        LetGo: it is another event, or its visitor had not allowed analytics.
    """
    name = raw.get("event_name")
    if not isinstance(name, str) or not name:
        raise Refused(Reason.MISSING, "the row has no event_name")
    if name not in TYPES:
        raise LetGo(Letting.OTHER_EVENT)
    consent = _consent(raw.get("privacy_info"))
    if not allowed(Purpose.STORE_BEHAVIOUR, consent):
        raise LetGo(Letting.NO_CONSENT)
    browser = short(raw.get("user_pseudo_id"))
    if browser is None:
        raise Refused(Reason.MISSING, "the row has no user_pseudo_id")
    stamp = _number(raw.get("event_timestamp"))
    if stamp is None:
        raise Refused(Reason.MISSING, "the row has no event_timestamp")
    at = from_epoch(stamp, given.clock, "event_timestamp", per_second=1e6)
    parameters, items = _parameters(raw.get("event_params")), _objects(raw.get("items"))[:MOST_ITEMS]
    values = {
        "type": str(TYPES[name]),
        "ga4": browser,
        "consent_analytics": consent.analytics,
        "consent_marketing": consent.marketing,
        "session": _number(parameters.get("ga_session_id")),
        "path": _path(parameters.get("page_location")),
        "quantity": _quantity(name, items),
        **_campaign(raw, parameters),
        **(_money(raw, parameters, given) if name == "purchase" else {}),
    }
    order = _order(raw, parameters) if name == "purchase" else ""
    return Found(_key(raw, browser, stamp, name, items, order), at, values, _items(items), order)


def _key(raw: Raw, browser: str, stamp: int, name: str, items: Sequence[Mapping[str, Any]], order: str) -> str:
    """The same for a row of the day's table and of the table of the day under way.

    Rows of one browser and microsecond are told apart by their place in the batch, and by what they are about.
    """
    order_of_sending = [raw.get(field) for field in ORDERED]
    about = [item.get("item_id") for item in items]
    return key_of("ga4", browser, stamp, name, *order_of_sending, *about, order)


def _consent(info: object) -> ShopperConsent:
    said = info if isinstance(info, Mapping) else {}
    return ShopperConsent(
        analytics=says_yes(said.get("analytics_storage")), marketing=says_yes(said.get("ads_storage"))
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping) and isinstance(value.get("list"), list):
        # So Parquet files of some writers nest what repeats.
        value = [one.get("element") if isinstance(one, Mapping) else None for one in value["list"]]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _parameters(value: object) -> dict[str, Any]:
    """``event_params`` by key: whichever of the four typed values is there."""
    found: dict[str, Any] = {}
    for one in _objects(value):
        typed, key = one.get("value"), one.get("key")
        if isinstance(key, str) and isinstance(typed, Mapping):
            names = ("string_value", "int_value", "float_value", "double_value")
            found[key] = next((typed[name] for name in names if typed.get(name) is not None), None)
    return found


def _number(value: object) -> int | None:
    """BigQuery's JSON writes its integers as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**63 else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def _path(url: object) -> str | None:
    if not isinstance(url, str):
        return None
    try:
        return short(urlsplit(url).path or "/")
    except ValueError:
        return None


def _campaign(raw: Raw, parameters: Mapping[str, Any]) -> dict[str, str | None]:
    """The event's own campaign; without one what Google collected with it, then what first brought the browser."""
    collected, first = (raw.get(name) for name in ("collected_traffic_source", "traffic_source"))
    now = collected if isinstance(collected, Mapping) else {}
    then = first if isinstance(first, Mapping) else {}
    found = {
        "campaign": (parameters.get("campaign"), now.get("manual_campaign_name"), then.get("name")),
        "source": (parameters.get("source"), now.get("manual_source"), then.get("source")),
        "medium": (parameters.get("medium"), now.get("manual_medium"), then.get("medium")),
    }
    return {name: next((text for text in map(short, values) if text), None) for name, values in found.items()}


def _quantity(name: str, items: Sequence[Mapping[str, Any]]) -> int | None:
    if name not in ("add_to_cart", "purchase") or not items:
        return None
    return min(sum(max(_number(item.get("quantity")) or 1, 0) for item in items), 2**31 - 1)


def _money(raw: Raw, parameters: Mapping[str, Any], given: Given) -> dict[str, Any]:
    ecommerce = raw.get("ecommerce")
    revenue = ecommerce.get("purchase_revenue") if isinstance(ecommerce, Mapping) else None
    amount = revenue if revenue is not None else parameters.get("value")
    currency = short(parameters.get("currency")) or given.currency
    try:
        value = minor_units(str(amount), currency) if amount is not None else None
    except ValueError:
        value = None
    return {"value": value if value is not None and abs(value) < 2**63 else None, "currency": currency[:3]}


def _order(raw: Raw, parameters: Mapping[str, Any]) -> str:
    ecommerce = raw.get("ecommerce")
    named = ecommerce.get("transaction_id") if isinstance(ecommerce, Mapping) else None
    text = short(named or parameters.get("transaction_id")) or ""
    return "" if text == "(not set)" else text


def _items(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What names each product: the number behind Google's id of a Shopify product, or the id as it is."""
    found = []
    for item in items:
        text = short(item.get("item_id")) or ""
        known = _SHOPIFY_ITEM.fullmatch(text)
        if known:
            found.append(f"{known[1]}:{known[2]}")
        elif text and text != "(not set)":
            found.append(text)
    return tuple(found)
