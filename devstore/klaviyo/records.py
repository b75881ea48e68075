"""What a Klaviyo account consists of: plain records, with times in the account's own clock (UTC).

`devstore.klaviyo.state.Account` owns and changes them; how they look as JSON is left to the modules of the API.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

SUBSCRIBED = "SUBSCRIBED"
UNSUBSCRIBED = "UNSUBSCRIBED"
NEVER_SUBSCRIBED = "NEVER_SUBSCRIBED"
OWN_FIELDS = ("first_name", "last_name", "organization", "title", "image", "locale", "location")
"""Attributes of a profile beside its identifiers and its properties."""


def packed(value: Any) -> bytes:
    """The value as JSON, in no more memory than it needs.

    orjson hands out the buffer that it has written into, of which two thirds may be empty; a copy is exact.
    """
    return bytes(memoryview(orjson.dumps(value)))


@dataclass(slots=True)
class Profile:
    """One person. Custom properties are kept packed: a hundred thousand people with eight products each must fit."""

    id: str
    created: datetime
    updated: datetime
    email: str | None = None
    phone_number: str | None = None
    external_id: str | None = None
    anonymous_id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    """first_name, last_name, locale, location and the other built-in ones."""
    consent: str = NEVER_SUBSCRIBED
    """E-mail marketing: SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED."""
    suppressions: list[str] = field(default_factory=list)
    """Why nothing may be sent at all: HARD_BOUNCE, INVALID_EMAIL, SPAM_COMPLAINT, UNSUBSCRIBE or USER_SUPPRESSED."""
    kx: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    """What `_kx` in a link says of this person."""
    last_event: datetime | None = None
    held: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The custom properties, each as JSON."""

    @property
    def properties(self) -> dict[str, Any]:
        """The custom properties, unpacked; a copy."""
        return {name: orjson.loads(packed) for name, packed in self.held.items()}

    def put(self, properties: Mapping[str, Any]) -> None:
        """Set properties; null clears one's value, as Klaviyo keeps the name."""
        for name, value in properties.items():
            self.held[name] = packed(value)

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.held.pop(name, None)

    @property
    def can_receive(self) -> bool:
        """Whether e-mail marketing may be sent; people who never decided can be mailed by flows, as at Klaviyo."""
        return self.email is not None and self.consent != UNSUBSCRIBED and not self.suppressions


@dataclass(frozen=True, slots=True)
class Integration:
    """Where a metric's events come from."""

    id: str
    name: str
    key: str
    category: str


KLAVIYO = Integration("0rG4eQ", "Klaviyo", "klaviyo", "Internal")
SHOPIFY = Integration("0eMvjm", "Shopify", "shopify", "eCommerce")
API = Integration("7FtS4J", "API", "api", "API")


@dataclass(slots=True)
class Metric:
    id: str
    name: str
    integration: Integration
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Event:
    id: str
    uuid: str
    metric_id: str
    profile_id: str
    at: datetime
    properties: dict[str, Any]
    value: float | None = None
    value_currency: str | None = None
    unique_id: str | None = None
    backfill: bool = False
    recorded: datetime | None = None


@dataclass(slots=True)
class ListOf:
    """A list of profiles."""

    id: str
    name: str
    created: datetime
    updated: datetime
    opt_in_process: str = "single_opt_in"
    members: dict[str, datetime] = field(default_factory=dict)
    """When each profile (by id) joined."""


@dataclass(slots=True)
class Segment:
    id: str
    name: str
    definition: dict[str, Any]
    created: datetime
    updated: datetime
    is_starred: bool = False
    members: dict[str, datetime] = field(default_factory=dict)
    """When each profile (by id) was first found in it; whoever evaluates the definition keeps this."""


@dataclass(slots=True)
class Template:
    id: str
    name: str
    editor_type: str
    html: str
    text: str
    created: datetime
    updated: datetime
    of_message: bool = False
    """Whether it is the copy that a flow's message has of a template, which the list of templates leaves out."""


@dataclass(slots=True)
class Flow:
    id: str
    name: str
    status: str
    """draft, manual or live."""
    definition: dict[str, Any]
    """As the API prints it: actions by `id`, not by `temporary_id`."""
    created: datetime
    updated: datetime
    native: bool = False
    """Whether it is the merchant's own, made in Klaviyo's editor."""

    @property
    def trigger_type(self) -> str:
        kinds = {"list": "Added to List", "segment": "Added to Segment", "metric": "Metric"}
        triggers = self.definition.get("triggers") or [{}]
        return kinds.get(str(triggers[0].get("type")), "Unconfigured")


@dataclass(slots=True)
class WebFeed:
    id: str
    name: str
    url: str
    request_method: str
    content_type: str
    created: datetime
    updated: datetime
    status: str | None = None
    """null until the first fetch."""


@dataclass(slots=True)
class Coupon:
    id: str
    """Klaviyo uses the external id."""
    description: str
    created: datetime
    low_balance_threshold: int | None = None


@dataclass(slots=True)
class CouponCode:
    id: str
    """``<coupon id>-<unique code>``."""
    unique_code: str
    coupon_id: str
    expires_at: datetime | None
    status: str = "UNASSIGNED"
    profile_id: str | None = None


@dataclass(slots=True)
class Failure:
    """One record of a bulk job that was refused."""

    code: str
    title: str
    detail: str
    pointer: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Job:
    """An asynchronous job; `kind` is its JSON:API type."""

    id: str
    kind: str
    created: datetime
    total: int
    status: str = "queued"
    """queued, processing, complete, failed or cancelled."""
    completed: int = 0
    failed: int = 0
    started: datetime | None = None
    finished: datetime | None = None
    failures: list[Failure] = field(default_factory=list)
    list_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class WebhookSubscription:
    id: str
    name: str
    description: str
    endpoint_url: str
    secret_key: str
    topics: tuple[str, ...]
    created: datetime
    updated: datetime
    enabled: bool = True


@dataclass(slots=True)
class CatalogItem:
    external_id: str
    """The product's own id, which `{% catalog %}` asks for."""
    title: str
    url: str
    image: str
    price: str
    """As text, in the account's currency."""
    description: str = ""
    published: bool = True
    updated: datetime | None = None
    variants: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Organization:
    """The merchant, as mails name them."""

    name: str = "Example Store"
    sender_email: str = "hello@shop.example"
    website: str = "https://shop.example"
    address: str = "1 Market Street, Springfield"
    currency: str = "USD"
    timezone: str = "UTC"
    locale: str = "en-US"
    public_id: str = "XyZ123"
