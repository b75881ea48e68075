"""Runs the flows of an account: who enters one, when the next step is due, and what each step does.

A flow takes part once it is live or manual. Steps carry the time at which they are due, so that a clock that jumps over
a week sends the week's mails with the times they would have had. What is not simulated was refused by
`devstore.klaviyo.definitions.check` when the flow was created.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from devstore.klaviyo import conditions
from devstore.klaviyo.conditions import Happened, Subject
from devstore.klaviyo.definitions import check, name_of
from devstore.klaviyo.filters import UNITS
from devstore.klaviyo.mailer import Mailer, person
from devstore.klaviyo.records import Event, Flow, ListOf, Metric, Profile
from devstore.klaviyo.state import Account

__all__ = ["FlowEngine", "check"]

RUNNING: Final = frozenset(("live", "manual"))
DELAYS: Final = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
NO_GROUPS: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Passage:
    """One profile on its way through one flow; `action` is the step that is due."""

    flow_id: str
    profile_id: str
    started: datetime
    before: datetime | None
    """When the same profile entered the same flow the time before."""
    event: Mapping[str, Any]
    action: str


class FlowEngine:
    """Subscribes to the account. Steps are carried out by `run`, never by whoever records an event."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.mailer = Mailer(account)
        self._queue: list[tuple[datetime, int, Passage]] = []
        self._order = itertools.count()
        self._entered: dict[tuple[str, str], datetime] = {}
        self._known_segments: set[str] = set()
        self._lock = threading.RLock()
        self._running = threading.Lock()
        account.on_event(self._on_event)
        account.on_list(self._on_list)

    @property
    def waiting(self) -> int:
        """How many profiles are on their way."""
        return len(self._queue)

    def run(self, *, segments: bool = True) -> dict[str, int]:
        """Carry out all that is due by the account's clock; how many steps, and how many mails were made of them.

        Args:
            segments: work out first who belongs to them, which reads every profile.
        """
        with self._running:
            if segments:
                self.refresh_segments()
            before, steps, now = len(self._account.mails.all()), 0, self._account.now()
            while (due := self._next(now)) is not None:
                self._step(*due)
                steps += 1
            return {"steps": steps, "mails": len(self._account.mails.all()) - before, "waiting": self.waiting}

    def refresh_segments(self) -> None:
        """Work out who belongs to the segments; whoever joins one that was known before starts its flows."""
        for segment in list(self._account.segments.values()):
            if any(conditions.problems(segment.definition)):
                continue
            now = self._account.now()
            found = {p.id for p in list(self._account.profiles.values()) if self._belongs(p, segment.definition, now)}
            joined = found - set(segment.members)
            with self._account.lock:
                segment.members = {one: segment.members.get(one, now) for one in found}
            if segment.id in self._known_segments:
                for flow in self._flows("segment", segment.id):
                    for profile_id in sorted(joined):
                        self._enter(flow, self._account.profiles[profile_id], {}, now)
            self._known_segments.add(segment.id)

    # -- who enters --------------------------------------------------------------------------------------------------

    def _on_event(self, profile: Profile, metric: Metric, event: Event) -> None:
        if event.backfill:
            return
        said = {**event.properties, **({"$value": event.value} if event.value is not None else {})}
        for flow in self._flows("metric", metric.id):
            self._enter(flow, profile, said, self._account.now())

    def _on_list(self, profile: Profile, joined: ListOf) -> None:
        for flow in self._flows("list", joined.id):
            self._enter(flow, profile, {}, self._account.now())

    def _flows(self, kind: str, target: str) -> Iterator[Flow]:
        for flow in list(self._account.flows.values()):
            trigger = (flow.definition.get("triggers") or [NO_GROUPS])[0]
            starts = trigger.get("type") == kind and str(trigger.get("id")) == target
            if starts and flow.status in RUNNING and not check(flow.definition):
                yield flow

    def _enter(self, flow: Flow, profile: Profile, event: Mapping[str, Any], at: datetime) -> None:
        with self._lock:
            before = self._entered.get((flow.id, profile.id))
            entry = str(flow.definition["entry_action_id"])
            passage = Passage(flow.id, profile.id, at, before, event, entry)
            subject = self._subject(passage, profile, at)
            trigger = flow.definition["triggers"][0]
            if not conditions.passes(trigger.get("trigger_filter"), subject) or not _may_enter(flow, before, at):
                return
            if conditions.passes(flow.definition.get("profile_filter"), subject):
                self._entered[flow.id, profile.id] = at
                self._push(at, passage)

    def _belongs(self, profile: Profile, definition: Mapping[str, Any], now: datetime) -> bool:
        return conditions.passes(definition, self._subject(Passage("", profile.id, now, None, {}, ""), profile, now))

    # -- one step ----------------------------------------------------------------------------------------------------

    def _next(self, now: datetime) -> tuple[datetime, Passage] | None:
        with self._lock:
            if not self._queue or self._queue[0][0] > now:
                return None
            due, _, passage = heapq.heappop(self._queue)
            return due, passage

    def _push(self, due: datetime, passage: Passage) -> None:
        with self._lock:
            heapq.heappush(self._queue, (due, next(self._order), passage))

    def _step(self, at: datetime, passage: Passage) -> None:
        """Carry out one action, and queue the one after it. Whoever no longer passes the flow's filter leaves it."""
        flow = self._account.flows.get(passage.flow_id)
        profile = self._account.profiles.get(passage.profile_id)
        if flow is None or profile is None or flow.status not in RUNNING:
            return
        subject = self._subject(passage, profile, at)
        if not conditions.passes(flow.definition.get("profile_filter"), subject):
            return
        action = next((one for one in flow.definition["actions"] if name_of(one) == passage.action), None)
        if action is None:
            return
        following, due = self._carry_out(flow, action, profile, subject)
        if following:
            self._push(due, replace(passage, action=following))

    def _carry_out(
        self, flow: Flow, action: Mapping[str, Any], profile: Profile, subject: Subject
    ) -> tuple[str | None, datetime]:
        """Returns the next action, and when it is due."""
        data, links, now = action.get("data") or {}, action.get("links") or {}, subject.now
        if action["type"] == "time-delay":
            return links.get("next"), _until(data, now)
        if action["type"] == "conditional-split":
            chosen = conditions.passes(data.get("profile_filter"), subject)
            return links.get("next_if_true" if chosen else "next_if_false"), now
        if action["type"] == "trigger-split":
            chosen = conditions.passes(data.get("trigger_filter"), subject)
            return links.get("next_if_true" if chosen else "next_if_false"), now
        if action["type"] == "update-profile":
            _update(self._account, profile, data)
        elif data.get("status") != "disabled":
            message = data["message"]
            if conditions.passes(message.get("additional_filters"), subject):
                self.mailer.send(flow, name_of(action), message, profile, subject.event, now)
        return links.get("next"), now

    def _subject(self, passage: Passage, profile: Profile, now: datetime) -> Subject:
        def events(metric_id: str) -> list[Happened]:
            found = self._account.events_of(profile.id, metric_id)
            return [Happened(one.at, one.value or 0.0, one.properties) for one in found]

        return Subject(
            properties=person(profile),
            consent=profile.consent,
            can_receive=profile.can_receive,
            events=events,
            groups=self._account.groups_of(profile.id),
            started=passage.started,
            left_out_since=passage.before,
            now=now,
            event=passage.event,
        )


def _may_enter(flow: Flow, before: datetime | None, at: datetime) -> bool:
    """Flows of a metric may be entered again and again, the others once, unless the criteria say otherwise."""
    if before is None:
        return True
    criteria = flow.definition.get("reentry_criteria")
    if not criteria:
        return bool(flow.definition["triggers"][0]["type"] == "metric")
    if criteria["unit"] == "alltime":
        return False
    return at - before >= int(criteria["duration"]) * UNITS[str(criteria["unit"])]


def _until(data: Mapping[str, Any], now: datetime) -> datetime:
    """When a delay is over; with a time of day, the first such time from then on."""
    due = now + int(data["value"]) * DELAYS[str(data.get("unit") or "days")]
    if not (wanted := data.get("delay_until_time")):
        return due
    moment = datetime.combine(due.date(), time.fromisoformat(str(wanted)), tzinfo=due.tzinfo)
    return moment if moment >= due else moment + timedelta(days=1)


def _update(account: Account, profile: Profile, data: Mapping[str, Any]) -> None:
    for operation in data.get("profile_operations") or ():
        name = str(operation["property_key"])
        if operation["operator"] == "delete":
            account.upsert({"id": profile.id}, unset=[name])
        elif operation.get("property_type") == "list":
            held = profile.properties.get(name)
            kept = [one for one in (held if isinstance(held, list) else []) if one != operation["property_value"]]
            adds = operation.get("property_operation") != "remove"
            account.upsert({"id": profile.id}, properties={name: [*kept, *([operation["property_value"]] * adds)]})
        else:
            account.upsert({"id": profile.id}, properties={name: operation["property_value"]})
