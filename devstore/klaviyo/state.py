"""A Klaviyo account while it is open: profiles, events, lists, flows and all else, behind one lock.

Everything that alters the account (the API, the store's own integration, flows, simulated shoppers) goes through
`Account`, so that subscribers hear of each change once. Records are in `devstore.klaviyo.records`; nothing here knows
HTTP.
"""

from __future__ import annotations

import random
import string
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from devstore.klaviyo.credentials import Credentials
from devstore.klaviyo.mails import Mails
from devstore.klaviyo.records import (
    API,
    OWN_FIELDS,
    CatalogItem,
    Coupon,
    CouponCode,
    Event,
    Flow,
    Integration,
    Job,
    ListOf,
    Metric,
    Organization,
    Profile,
    Segment,
    Template,
    WebFeed,
    WebhookSubscription,
)

IDENTIFIERS = ("id", "_kx", "external_id", "email", "phone_number", "anonymous_id")
"""By which a profile is found, the strongest first."""

EventHeard = Callable[[Profile, Metric, Event], None]
ListHeard = Callable[[Profile, ListOf], None]
ProfileHeard = Callable[[Profile], None]


class Unidentified(ValueError):
    """Nothing was given by which a profile could be found or made."""


class Account:
    """One account. Every method may be called from any thread; subscribers are called outside the lock.

    Args:
        now: the account's clock, the store's own where there is one.
        origin: where the twin is reached; links in mails lead there. Whoever serves it sets it.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        organization: Organization | None = None,
        origin: str = "",
        seed: int = 7,
    ) -> None:
        self.now, self.origin = now, origin
        self.organization = organization or Organization()
        self.lock = threading.RLock()
        self.credentials = Credentials()
        self.mails = Mails()
        self.profiles: dict[str, Profile] = {}
        self.metrics: dict[str, Metric] = {}
        self.events: dict[str, Event] = {}
        self.lists: dict[str, ListOf] = {}
        self.segments: dict[str, Segment] = {}
        self.templates: dict[str, Template] = {}
        self.flows: dict[str, Flow] = {}
        self.web_feeds: dict[str, WebFeed] = {}
        self.coupons: dict[str, Coupon] = {}
        self.coupon_codes: dict[str, CouponCode] = {}
        self.jobs: dict[str, Job] = {}
        self.webhooks: dict[str, WebhookSubscription] = {}
        self.catalog: dict[str, CatalogItem] = {}
        self.tracking_parameters: list[dict[str, Any]] = [
            {"name": "utm_source", "value": "Klaviyo", "kind": "static"},
            {"name": "utm_medium", "value": "message_type", "kind": "dynamic"},
        ]
        """Added to links of all mails; `kind` is static or dynamic."""
        self.auto_add_parameters = True
        self._ids = random.Random(seed)
        self._found: dict[str, dict[str, str]] = {name: {} for name in IDENTIFIERS[1:]}
        self._metric_ids: dict[tuple[str, str], str] = {}
        self._events_of: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
        self._events_for: defaultdict[str, list[Event]] = defaultdict(list)
        self._events_by: defaultdict[str, list[Event]] = defaultdict(list)
        self._unique: set[tuple[str, str, str]] = set()
        self._hear_event: list[EventHeard] = []
        self._hear_list: list[ListHeard] = []
        self._hear_profile: list[ProfileHeard] = []

    def on_event(self, heard: EventHeard) -> None:
        """Tell of every event that is recorded, backfilled ones too."""
        self._hear_event.append(heard)

    def on_list(self, heard: ListHeard) -> None:
        """Tell of everybody who joins a list."""
        self._hear_list.append(heard)

    def on_profile(self, heard: ProfileHeard) -> None:
        """Tell of every profile that was made or changed."""
        self._hear_profile.append(heard)

    def new_id(self) -> str:
        """Six letters and digits, as Klaviyo names metrics, lists, templates and flows."""
        with self.lock:
            return "".join(self._ids.choices(string.ascii_letters + string.digits, k=6))

    def _long_id(self) -> str:
        return "01" + "".join(self._ids.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))

    def find(self, identifiers: Mapping[str, Any]) -> Profile | None:
        """The profile that the strongest matching identifier names."""
        with self.lock:
            for name in IDENTIFIERS:
                value = identifiers.get(name)
                if value:
                    found = str(value) if name == "id" else self._found[name].get(_key(name, value))
                    if found is not None and found in self.profiles:
                        return self.profiles[found]
            return None

    def upsert(
        self,
        identifiers: Mapping[str, Any],
        attributes: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        unset: Iterable[str] = (),
    ) -> Profile:
        """Make or change the profile that the identifiers name; other properties stay.

        Raises:
            Unidentified: no identifier has a value, or only an id or `_kx` that nobody has.
        """
        with self.lock:
            profile = self.find(identifiers) or self._new_profile(identifiers)
            self._identify(profile, identifiers)
            profile.attributes.update({k: v for k, v in (attributes or {}).items() if k in OWN_FIELDS})
            profile.put(properties or {})
            profile.drop(unset)
            profile.updated = self.now()
        for heard in self._hear_profile:
            heard(profile)
        return profile

    def _new_profile(self, identifiers: Mapping[str, Any]) -> Profile:
        if not any(identifiers.get(name) for name in IDENTIFIERS[2:]):
            raise Unidentified("one of email, phone_number, external_id, anonymous_id is required")
        now = self.now()
        profile = Profile(self._long_id(), now, now)
        self.profiles[profile.id] = profile
        self._found["_kx"][profile.kx] = profile.id
        return profile

    def _identify(self, profile: Profile, identifiers: Mapping[str, Any]) -> None:
        for name in IDENTIFIERS[2:]:
            if value := identifiers.get(name):
                old = getattr(profile, name)
                if old is not None and self._found[name].get(_key(name, old)) == profile.id:
                    del self._found[name][_key(name, old)]
                setattr(profile, name, str(value))
                self._found[name][_key(name, value)] = profile.id

    def set_consent(self, profile: Profile, consent: str) -> None:
        """SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED, as the person decided."""
        with self.lock:
            profile.consent, profile.updated = consent, self.now()

    def erase(self, profile: Profile) -> None:
        """Delete a person; the events stay, told of nobody."""
        with self.lock:
            for name in IDENTIFIERS[1:]:
                value = profile.kx if name == "_kx" else getattr(profile, name)
                if value is not None:
                    self._found[name].pop(_key(name, value), None)
            self.profiles.pop(profile.id, None)
            for members in self._memberships().values():
                members.pop(profile.id, None)
            for event in self._events_for.pop(profile.id, ()):
                event.properties = dict.fromkeys(event.properties, "redacted")

    def metric(self, name: str, integration: Integration = API) -> Metric:
        """The metric of that name and integration, made when it is first asked for."""
        with self.lock:
            key = (integration.name, name)
            if key not in self._metric_ids:
                now = self.now()
                made = Metric(self.new_id(), name, integration, now, now)
                self.metrics[made.id] = made
                self._metric_ids[key] = made.id
            return self.metrics[self._metric_ids[key]]

    def record(
        self,
        profile: Profile,
        name: str,
        properties: Mapping[str, Any],
        time: datetime | None = None,
        unique_id: str | None = None,
        backfill: bool = False,
        *,
        integration: Integration = API,
        value: float | None = None,
        value_currency: str | None = None,
    ) -> Event | None:
        """Record one event; None for one that is known already.

        Without `unique_id` one event of a metric is kept per profile and second, as at Klaviyo. Values 0, null and ""
        are left out of the properties.
        """
        with self.lock:
            now = self.now()
            at = (time or now).astimezone(UTC)
            metric = self.metric(name, integration)
            unique = unique_id or at.strftime("%Y-%m-%dT%H:%M:%S")
            if (profile.id, metric.id, unique) in self._unique:
                return None
            self._unique.add((profile.id, metric.id, unique))
            kept = {k: v for k, v in properties.items() if not _ignored(v)}
            event = Event(
                self.new_id() + self.new_id()[:5],
                str(uuid.UUID(int=self._ids.getrandbits(128), version=4)),
                metric.id, profile.id, at, kept, value, value_currency, unique, backfill, now,
            )  # fmt: skip
            self.events[event.id] = event
            self._events_of[profile.id, metric.id].append(event)
            self._events_for[profile.id].append(event)
            self._events_by[metric.id].append(event)
            if profile.last_event is None or at > profile.last_event:
                profile.last_event = at
        for heard in self._hear_event:
            heard(profile, metric, event)
        return event

    def knows(self, profile: Profile, name: str, unique_id: str, integration: Integration = API) -> bool:
        """Whether an event of this metric with this `unique_id` was recorded for the profile."""
        metric_id = self._metric_ids.get((integration.name, name), "")
        return (profile.id, metric_id, unique_id) in self._unique

    def events_of(self, profile_id: str, metric_id: str) -> list[Event]:
        """One profile's events of one metric, in the order in which they came."""
        with self.lock:
            return list(self._events_of.get((profile_id, metric_id), ()))

    def events_by(self, metric_id: str) -> list[Event]:
        """Everybody's events of one metric, in the order in which they came."""
        with self.lock:
            return list(self._events_by.get(metric_id, ()))

    def new_list(self, name: str) -> ListOf:
        with self.lock:
            made = ListOf(self.new_id(), name, self.now(), self.now())
            self.lists[made.id] = made
            return made

    def join(self, profile: Profile, members_of: ListOf) -> bool:
        """Add somebody to a list; False for who is on it already."""
        with self.lock:
            if profile.id in members_of.members:
                return False
            members_of.members[profile.id] = self.now()
        for heard in self._hear_list:
            heard(profile, members_of)
        return True

    def leave(self, profile: Profile, members_of: ListOf) -> None:
        with self.lock:
            members_of.members.pop(profile.id, None)

    def groups_of(self, profile_id: str) -> frozenset[str]:
        """Ids of the lists and segments that hold a profile."""
        with self.lock:
            return frozenset(name for name, members in self._memberships().items() if profile_id in members)

    def _memberships(self) -> dict[str, dict[str, datetime]]:
        lists = {one.id: one.members for one in self.lists.values()}
        return lists | {one.id: one.members for one in self.segments.values()}


def _key(name: str, value: Any) -> str:
    return str(value).strip().lower() if name == "email" else str(value).strip()


def _ignored(value: Any) -> bool:
    return value is None or value == "" or (value == 0 and not isinstance(value, bool))
