"""One account's API: each method is one call of Klaviyo's, its body and its answer in the port's words.

https://developers.klaviyo.com/en/reference/api_overview
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from app.adapters.klaviyo import filters
from app.adapters.klaviyo.answers import attributes, next_page, number, resource, resources, text
from app.adapters.klaviyo.content import ContentApi
from app.adapters.klaviyo.errors import masked
from app.ports import Json
from app.ports.klaviyo import EventPage, ImportJob, ImportProblem, KlaviyoMetric

DONE: Final = frozenset({"complete", "cancelled"})
UNDER_WAY: Final = frozenset({"queued", "processing"})


class KlaviyoSdkApi(ContentApi):
    """Implements `app.ports.klaviyo.KlaviyoApi`; profiles and events here, what mails are made of in `content`."""

    def account(self) -> Json:
        found = resources("get_accounts", self._calls.ask("Accounts", "get_accounts"))
        return found[0] if found else {}

    # Profiles

    def import_profiles(self, profiles: Sequence[Json]) -> str:
        call, data = "bulk_import_profiles", [{"type": "profile", **one} for one in profiles]
        body = {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": data}}}}
        answer = self._calls.post(call, "/api/profile-bulk-import-jobs", orjson.dumps(body))
        return str(resource(call, answer)["id"])

    def import_job(self, job: str) -> ImportJob:
        call = "get_bulk_import_profiles_job"
        told = attributes(resource(call, self._calls.ask("Profiles", call, job)))
        total, completed, failed = (number(told.get(f"{name}_count")) for name in ("total", "completed", "failed"))
        status = text(told.get("status"))
        # A status that nobody knows yet may be a last one: the counts tell.
        done = status in DONE or (status not in UNDER_WAY and completed + failed >= total > 0)
        return ImportJob(job, done, total, completed, failed)

    def imports_under_way(self) -> Sequence[str]:
        call, found = "get_bulk_import_profiles_jobs", list[str]()
        for status in sorted(UNDER_WAY):
            told = self._pages("Profiles", call, filter=filters.equals("status", status))
            found += [text(one.get("id")) for one in told]
        return found

    def import_problems(self, job: str) -> Sequence[ImportProblem]:
        return [_problem(one) for one in self._pages("Profiles", "get_errors_for_bulk_import_profiles_job", job)]

    def find_profile(self, *, email: str = "", external_id: str = "", kx: str = "") -> Json | None:
        names = {"email": email, "external_id": external_id, "_kx": kx}
        field, value = next((field, value) for field, value in names.items() if value)
        asked = {"filter": filters.equals(field, value), "page_size": 1}
        found = resources("get_profiles", self._calls.ask("Profiles", "get_profiles", **asked))
        return found[0] if found else None

    def find_profiles(self, emails: Sequence[str]) -> Sequence[str]:
        asked = {"filter": filters.any_of("email", emails), "page_size": 100, "fields_profile": ["email"]}
        found = resources("get_profiles", self._calls.ask("Profiles", "get_profiles", **asked))
        return [text(one.get("id")) for one in found]

    def unset(self, profile: str, names: Sequence[str]) -> None:
        patch = {"patch_properties": {"unset": list(names)}}
        body = {"data": {"type": "profile", "id": profile, "attributes": {}, "meta": patch}}
        self._calls.ask("Profiles", "update_profile", profile, body)

    # Events

    def metrics(self) -> Sequence[KlaviyoMetric]:
        found = []
        for one in self._pages("Metrics", "get_metrics"):
            told = attributes(one)
            integration = told.get("integration")
            of = text(integration.get("name")) if isinstance(integration, dict) else ""
            found.append(KlaviyoMetric(text(one.get("id")), text(told.get("name")), of))
        return found

    def send_event(self, event: Json) -> None:
        self._calls.ask("Events", "create_event", {"data": {"type": "event", "attributes": dict(event)}})

    def send_events(self, events: Sequence[Json]) -> None:
        data = [_of_profile(event) for event in events]
        body = {"data": {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": data}}}}
        self._calls.ask("Events", "bulk_create_events", body)

    def events(self, metric: str, *, since: datetime, cursor: str | None = None) -> EventPage:
        asked: dict[str, Any] = {
            "filter": f"{filters.equals('metric_id', metric)},{filters.since('datetime', since)}",
            "include": ["metric", "profile"],
            "sort": "datetime",
            "page_size": 200,
        }
        document = self._calls.ask("Events", "get_events", **asked, **({"page_cursor": cursor} if cursor else {}))
        resources("get_events", document)
        return EventPage(document, next_page(document))


def _problem(one: dict[str, Any]) -> ImportProblem:
    """What Klaviyo says of a profile; of the payload that it repeats only the address is kept, to know whose it is."""
    told = attributes(one)
    original = told.get("original_payload")
    own = original.get("attributes", original) if isinstance(original, dict) else {}
    email = text(own.get("email")) if isinstance(own, dict) else ""
    return ImportProblem(email, text(told.get("code")), masked(text(told.get("detail") or told.get("title"))))


def _of_profile(event: Json) -> dict[str, Any]:
    """One event as the bulk call takes it: under its profile, without it.

    Both the event and what is around it can say that it is history; which of them counts is not told, so both do.
    """
    own = {name: value for name, value in event.items() if name != "profile"}
    around = {"profile": event["profile"], "events": {"data": [{"type": "event", "attributes": own}]}}
    past = {"backfill": True} if event.get("backfill") else {}
    return {"type": "event-bulk-create", "attributes": {**around, **past}}
