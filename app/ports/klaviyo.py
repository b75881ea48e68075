"""One shop's side of Klaviyo: its connection, and its API as the use cases need it.

Every call may end in `Retryable` (with Klaviyo's own wish for a pause), `KlaviyoRefused` or `KlaviyoDisconnected`; the
adapter waits for free quota by itself, so that no call runs into a limit that could be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.ids import ShopId
    from app.core.shops import Shop
    from app.ports.work import Json


class LinkKind(StrEnum):
    """By what the account is connected."""

    OAUTH = "oauth"
    KEY = "key"
    """A private key: its quota is shared with everything else that uses private keys, and it has no webhooks."""


@dataclass(frozen=True, slots=True)
class KlaviyoConnection:
    """A shop's Klaviyo account as the merchant has connected it."""

    kind: LinkKind
    account: str
    """Klaviyo's public id of the account, six characters."""
    name: str
    sender_name: str
    sender_email: str
    """The account's default sender; mails of flows come from it."""
    currency: str
    timezone: str
    scopes: frozenset[str]
    """What was granted; of a private key, what was found to work."""
    at: datetime
    by: str
    trouble: str = ""
    """Why nothing is sent at present, and what to do; empty while all is well."""
    trouble_at: datetime | None = None

    @property
    def works(self) -> bool:
        return not self.trouble


class KlaviyoConnections(Protocol):
    """Which account each shop is connected to; the secrets behind it never leave the adapter."""

    def of(self, shop: ShopId) -> KlaviyoConnection | None: ...

    def broken(self, shop: ShopId, trouble: str, *, at: datetime) -> None:
        """Stop sending until the merchant connects anew; nothing that waits is lost."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """How far Klaviyo is with profiles that were handed over in bulk."""

    id: str
    done: bool
    total: int
    completed: int
    failed: int


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """A profile that Klaviyo did not take."""

    email: str = field(repr=False)
    """As we sent it, by which Klaviyo repeats the profile; empty where it doesn't, or it was sent without."""
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class KlaviyoMetric:
    id: str
    name: str
    integration: str
    """Such as “Shopify”, “Klaviyo” or “API”; empty where Klaviyo says none."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events as Klaviyo's API has them (`data` with `included`), and where to go on; `cursor` is None at the end."""

    page: Json
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template filled in by Klaviyo."""

    html: str
    text: str


class KlaviyoApi(Protocol):
    """One account's API. Bodies are the `attributes` and `relationships` of Klaviyo's JSON:API, built in core."""

    def account(self) -> Json: ...

    # Profiles
    def import_profiles(self, profiles: Sequence[Json]) -> str:
        """Hand over at most 10,000 profiles and 5 MB; returns the job's id.

        Each is ``{"attributes": …, "id"?, "meta"?}``; one with an id is changed only if it is there.
        """

    def import_job(self, job: str) -> ImportJob: ...

    def imports_under_way(self) -> Sequence[str]:
        """The ids of jobs that have not ended, whoever began them."""

    def import_problems(self, job: str) -> Sequence[ImportProblem]: ...

    def find_profile(self, *, email: str = "", external_id: str = "", kx: str = "") -> Json | None:
        """The profile's resource by one of its names; None where there is none."""

    def find_profiles(self, emails: Sequence[str]) -> Sequence[str]:
        """Klaviyo's own ids of the profiles with these addresses, at most 100; what is not there is left out."""

    def unset(self, profile: str, names: Sequence[str]) -> None:
        """Take properties away from a profile by its Klaviyo id."""

    # Events
    def metrics(self) -> Sequence[KlaviyoMetric]: ...

    def send_event(self, event: Json) -> None:
        """One event's attributes; the same `unique_id` again is ignored."""

    def send_events(self, events: Sequence[Json]) -> None:
        """At most 1,000 events' attributes and 5 MB at once."""

    def events(self, metric: str, *, since: datetime, cursor: str | None = None) -> EventPage:
        """A page of the events of one metric, the oldest first, with their profiles and metric included."""

    # Templates and flows
    def create_template(self, name: str, html: str, text: str) -> str: ...

    def update_template(self, template: str, *, name: str, html: str, text: str) -> None: ...

    def template(self, template: str) -> Json | None: ...

    def templates_named(self, name: str) -> Sequence[Json]:
        """Those of the account's library with exactly this name."""

    def render(self, template: str, context: Json) -> Rendered: ...

    def create_flow(self, name: str, definition: Json) -> str:
        """Always a draft."""

    def flow(self, flow: str) -> Json | None:
        """With its definition; None where the merchant has deleted it."""

    def flows_named(self, name: str) -> Sequence[Json]:
        """Those with exactly this name, without their definitions; archived ones are left out."""

    def lists(self) -> Sequence[Json]: ...

    # Feeds, webhooks, settings
    def feeds(self) -> Sequence[Json]: ...

    def create_feed(self, name: str, url: str) -> str: ...

    def update_feed(self, feed: str, *, name: str, url: str) -> None: ...

    def delete_feed(self, feed: str) -> None: ...

    def create_webhook(self, name: str, url: str, secret: str, topics: Sequence[str]) -> str: ...

    def delete_webhook(self, webhook: str) -> None: ...


class KlaviyoApis(Protocol):
    def of(self, shop: Shop) -> KlaviyoApi:
        """The shop's API.

        Raises:
            KlaviyoDisconnected: no account is connected, or the connection is broken.
        """


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of one call's quota was used in the last window, as the admin shows it; `limit` is a minute's."""

    call: str
    used: int
    limit: int


class KlaviyoQuotas(Protocol):
    def used(self, shop: ShopId) -> Sequence[Quota]: ...
