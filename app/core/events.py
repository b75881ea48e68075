"""The closed vocabulary of visitor events, and the only parser that admits them.

An event that does not fit is refused with a sentence that says why; one without the visitor's consent is refused too
(law 2), so nothing behind this module has to ask again. Each type has the fields of its own that `FIELDS` lists;
whatever else an event carries is not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.errors import BadEvent, RefusalKind
from app.core.ids import ClientId, CollectionId, CustomerId, OrderId, ProductId, RequestId, VariantId, VisitorId
from app.core.profiles.consent import Purpose, allowed, captured
from app.core.recommend.types import RAILS_OF, Placement, Rail, default_rail

MAX_AGE_MS = 24 * 60 * 60 * 1000
MOST_PRODUCTS = 100
LONGEST_QUERY = 200


class EventType(StrEnum):
    EXPOSURE = "exposure"
    """At least half of a card was in view for one second."""
    CLICK = "click"
    """On a card of a rail."""
    PAGE_VIEW = "page_view"
    PRODUCT_VIEW = "product_view"
    COLLECTION_VIEW = "collection_view"
    SEARCH = "search"
    CART_VIEW = "cart_view"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    CHECKOUT_STARTED = "checkout_started"
    PURCHASE = "purchase"
    """The checkout's last page was seen; what was bought is told by the order itself."""
    IDENTITY = "identity"
    """Names that one browser goes by: the theme's visitor id with the pixel's client id, a cart, Google's id, or the
    token of a link in a mail."""
    SIGN_UP = "sign_up"
    """An address was given to a newsletter form or a new account. Only its keyed hash goes further than the door."""


class SignUpForm(StrEnum):
    NEWSLETTER = "newsletter"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a consenting visitor saw or did. `consent` is the state at capture.

    At least one of `visitor` (the theme's id) and `client` (the pixel's) is there. `position` is the place, from 0, at
    which the card stood in its rail when it was seen or clicked, for that is what the visitor answered to; the place
    that the answer had given it stands in the decision's record, to be found by `request_id` and `product_id`.
    """

    event_id: str
    type: EventType
    at: datetime
    visitor: VisitorId | None
    client: ClientId | None
    consent: Mapping[str, bool]
    placement: Placement | None = None
    rail: Rail | None = None
    product_id: ProductId | None = None
    variant_id: VariantId | None = None
    collection_id: CollectionId | None = None
    order_id: OrderId | None = None
    products: tuple[ProductId, ...] = field(default=())
    query: str | None = None
    path: str | None = None
    quantity: int | None = None
    request_id: RequestId | None = None
    position: int | None = None
    ghost: bool = False
    """An exposure in a control arm: the card's place was in view, and something else, or nothing, stood in it."""
    form: SignUpForm | None = None
    email: str | None = None
    """The keyed hash of the address of a sign-up, in hexadecimal digits. It does not go into the lake."""
    cart: str | None = None
    checkout: str | None = None
    """Hashes of tokens."""
    ga4: str | None = None
    """Google Analytics' ``user_pseudo_id``."""
    kx: str | None = None
    """The token that Klaviyo puts on the links of its mails."""
    customer_id: CustomerId | None = None
    """Who was signed in, by Shopify's signature: only the app proxy's own events say so, no browser can."""


HashEmail = Callable[[str], str]
"""Makes the keyed hash of an address, in hexadecimal digits."""


def parse(raw: Mapping[str, Any], *, now: datetime, hash_email: HashEmail | None = None) -> Event:
    """Build an event from its JSON form.

    Args:
        hash_email: for sign-ups, which are refused without it.

    Raises:
        BadEvent: a field is missing or absurd, or the visitor had not consented to analytics.
    """
    consent = _consent(raw.get("consent"))
    type = _type(raw.get("type"))
    visitor, client = _visitor(raw.get("visitor")), _client(raw.get("client_id"))
    if visitor is None and client is None:
        raise BadEvent("an event names its visitor, its client_id, or both", RefusalKind.IDENTITY)
    fields = FIELDS[type](raw)
    if type is EventType.IDENTITY and not (visitor and client) and not any(fields.values()):
        raise BadEvent("an identity event names both visitor and client_id, or another name", RefusalKind.IDENTITY)
    if type is EventType.SIGN_UP:
        fields["email"] = _hashed(raw.get("email"), hash_email)
    return Event(
        event_id=_text(raw, "id", longest=64),
        type=type,
        at=now - timedelta(milliseconds=_age_ms(raw.get("age_ms"))),
        visitor=visitor,
        client=client,
        consent=consent,
        **fields,
    )


# -- what each type carries ------------------------------------------------------------------------------------------

Raw = Mapping[str, Any]


def _on_a_card(raw: Raw) -> dict[str, Any]:
    placement = _placement(raw.get("placement"))
    return {
        "placement": placement,
        "rail": _rail(raw.get("rail"), placement),
        "product_id": ProductId(_number(raw, "product_id")),
        "request_id": RequestId(_text(raw, "request_id", longest=32)) if raw.get("request_id") else None,
        "position": _whole(raw, "position", most=999),
    }


def _of_an_exposure(raw: Raw) -> dict[str, Any]:
    ghost = raw.get("ghost", False)
    if not isinstance(ghost, bool):
        raise BadEvent("ghost must be true or false")
    return {**_on_a_card(raw), "ghost": ghost}


def _of_a_product(raw: Raw) -> dict[str, Any]:
    variant = _number(raw, "variant_id") if raw.get("variant_id") is not None else None
    return {
        "product_id": ProductId(_number(raw, "product_id")),
        "variant_id": None if variant is None else VariantId(variant),
        "quantity": _whole(raw, "quantity", most=1_000_000),
    }


def _of_products(raw: Raw) -> dict[str, Any]:
    products = raw.get("products")
    if not isinstance(products, list) or len(products) > MOST_PRODUCTS:
        raise BadEvent(f"products must be a list of at most {MOST_PRODUCTS} ids")
    return {"products": tuple(ProductId(_id(product, "products")) for product in products)}


def _of_a_checkout(raw: Raw) -> dict[str, Any]:
    return {**_of_products(raw), "checkout": _token(raw, "checkout")}


def _of_an_order(raw: Raw) -> dict[str, Any]:
    return {"order_id": OrderId(_number(raw, "order_id")), **_of_a_checkout(raw)}


def _of_a_collection(raw: Raw) -> dict[str, Any]:
    return {"collection_id": CollectionId(_number(raw, "collection_id"))}


def _of_a_search(raw: Raw) -> dict[str, Any]:
    """What looks like an address or a telephone number is not kept: people type such things into search fields.

    White space of all kinds is one blank; joiners that Persian, Hindi and emoji are written with stay.
    """
    query = raw.get("query")
    if not isinstance(query, str) or not 0 < len(query) <= LONGEST_QUERY:
        raise BadEvent(f"query must be a text of 1 to {LONGEST_QUERY} characters")
    query = _CONTROL.sub("", " ".join(query.split()))
    return {"query": "" if _PERSONAL.search(query) else query}


def _of_a_page(raw: Raw) -> dict[str, Any]:
    """The path alone, and of a private page only where it stands: the rest carries e-mail addresses and tokens."""
    path = _text(raw, "path", longest=1000).partition("?")[0].partition("#")[0]
    path = _PRIVATE_PATH.sub(r"\1", path)
    return {"path": "" if "@" in path or "%40" in path else path}


def _of_names(raw: Raw) -> dict[str, Any]:
    """Names beside the two of the browser; the tokens of carts open them, so only their hashes are kept."""
    return {"cart": _token(raw, "cart"), "ga4": _matching(raw, "ga4", _GA4), "kx": _matching(raw, "kx", _KX)}


def _of_a_sign_up(raw: Raw) -> dict[str, Any]:
    try:
        return {"form": SignUpForm(str(raw.get("form")))}
    except ValueError:
        raise BadEvent(f"form must be one of {', '.join(SignUpForm)}") from None


FIELDS: Mapping[EventType, Callable[[Raw], dict[str, Any]]] = {
    EventType.EXPOSURE: _of_an_exposure,
    EventType.CLICK: _on_a_card,
    EventType.PAGE_VIEW: _of_a_page,
    EventType.PRODUCT_VIEW: _of_a_product,
    EventType.COLLECTION_VIEW: _of_a_collection,
    EventType.SEARCH: _of_a_search,
    EventType.CART_VIEW: _of_products,
    EventType.ADD_TO_CART: _of_a_product,
    EventType.REMOVE_FROM_CART: _of_a_product,
    EventType.CHECKOUT_STARTED: _of_a_checkout,
    EventType.PURCHASE: _of_an_order,
    EventType.IDENTITY: _of_names,
    EventType.SIGN_UP: _of_a_sign_up,
}


# -- values ----------------------------------------------------------------------------------------------------------

_TYPES: Mapping[str, EventType] = {str(type): type for type in EventType}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_VISITOR = re.compile(r"[0-9a-f]{32}")
_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,63}")
LONGEST_ADDRESS = 254
_TOKEN = re.compile(r"[\x21-\x7e]{8,200}")
_GA4 = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_KX = re.compile(r"[A-Za-z0-9._=+/-]{8,200}")
_PERSONAL = re.compile(r"@|(?:\d[\s()/-]?){7,}")
# Below these stands what belongs to one person, such as an order's page, which opens for whoever knows its address.
_PRIVATE_PATH = re.compile(
    r"^((?:/[a-z]{2}(?:-[a-z]{2,4})?)?(?:/\d+)?/(?:account|apps|a|authentication|cart|checkouts?|community"
    r"|customer_authentication|customer_identity|gift_cards|invoices|orders|tools|wallets))/.*$",
    re.IGNORECASE,
)


def _text(raw: Raw, name: str, *, longest: int) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise BadEvent(f"{name} must be a text of 1 to {longest} characters")
    if not value.isprintable():
        raise BadEvent(f"{name} holds characters that cannot be printed")
    return value


def _number(raw: Raw, name: str) -> int:
    return _id(raw.get(name), name)


def _id(value: object, name: str) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadEvent(f"{name} must be a numeric id")
    return int(text)


def _whole(raw: Raw, name: str, *, most: int) -> int | None:
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadEvent(f"{name} must be a number from 0 to {most}")
    return value


def _type(value: object) -> EventType:
    type = _TYPES.get(str(value))
    if type is None:
        raise BadEvent(f"type must be one of {', '.join(EventType)}", RefusalKind.TYPE)
    return type


def _placement(value: object) -> Placement:
    """Only our own: what stands here becomes a row of the merchant's report."""
    try:
        return Placement(str(value))
    except ValueError:
        raise BadEvent(f"placement must be one of {', '.join(Placement)}") from None


def _rail(value: object, placement: Placement) -> Rail:
    if value is None:
        return default_rail(placement)
    if value not in RAILS_OF[placement]:
        raise BadEvent(f"the rail of placement {placement} must be one of {', '.join(RAILS_OF[placement])}")
    return Rail(str(value))


def _age_ms(value: object) -> int:
    """Browsers send how long ago a thing happened: their clocks are often wrong, their stopwatches are not."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_AGE_MS:
        raise BadEvent("age_ms must be a whole number of milliseconds, at most a day", RefusalKind.AGE)
    return value


def _visitor(value: object) -> VisitorId | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _VISITOR.fullmatch(value):
        raise BadEvent("visitor must be 32 hexadecimal digits", RefusalKind.IDENTITY)
    return VisitorId(value)


def _client(value: object) -> ClientId | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _CLIENT.fullmatch(value):
        raise BadEvent("client_id must be 1 to 64 letters, digits, dots, dashes or underscores", RefusalKind.IDENTITY)
    return ClientId(value)


def _hashed(value: object, hash_email: HashEmail | None) -> str:
    """The keyed hash of an address. What is wrong with one is said without repeating it."""
    if hash_email is None:
        raise BadEvent("sign-ups are not taken here")
    address = value.strip() if isinstance(value, str) else ""
    if len(address) > LONGEST_ADDRESS or not address.isprintable() or not _ADDRESS.fullmatch(address):
        raise BadEvent("email must be an e-mail address")
    return hash_email(address)


def _token(raw: Raw, name: str) -> str | None:
    value = _matching(raw, name, _TOKEN)
    return None if value is None else hashlib.sha256(value.encode()).hexdigest()[:32]


def _matching(raw: Raw, name: str, shape: re.Pattern[str]) -> str | None:
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise BadEvent(f"{name} is not in the form that it has")
    return value


def _consent(value: object) -> dict[str, bool]:
    if not isinstance(value, Mapping):
        raise BadEvent("consent must say what the visitor allowed", RefusalKind.CONSENT)
    if not allowed(Purpose.STORE_BEHAVIOUR, captured(value)):
        raise BadEvent("the visitor has not allowed analytics", RefusalKind.CONSENT)
    return {
        "analytics": True,
        "preferences": value.get("preferences") is True,
        "marketing": value.get("marketing") is True,
    }
