"""Conditions of flows: groups are joined by “and”, the conditions of a group by “or”.

Pure: what is known of a profile comes in as a `Subject`. Kinds of conditions that are not simulated are named by
`problems`, so that no flow is created whose filters would be passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from devstore.klaviyo import filters

TIMEFRAMES: Final = frozenset(("flow-start", "in-the-last", "alltime"))
CONSENTS: Final = frozenset(("any", "subscribed", "never_subscribed", "unsubscribed"))

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the profile."""

    at: datetime
    value: float
    properties: Json


@dataclass(frozen=True, slots=True)
class Subject:
    """A profile on its way through a flow."""

    properties: Json
    """Its own and, under Klaviyo's names, the built-in ones (`email`, `first_name` …)."""
    consent: str
    """SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED."""
    can_receive: bool
    events: Callable[[str], Sequence[Happened]]
    """By the id of the metric."""
    groups: frozenset[str]
    """Ids of the lists and segments that it belongs to."""
    started: datetime
    """When it entered the flow."""
    left_out_since: datetime | None
    """When it entered the same flow the time before; None for never."""
    now: datetime
    event: Json
    """The properties of the event that started the flow; empty without one."""


def groups_of(holder: Any) -> Sequence[Json]:
    """The condition groups of a filter, none for no filter."""
    return list((holder or {}).get("condition_groups") or ())


def passes(holder: Json | None, subject: Subject) -> bool:
    """Whether the profile passes a `profile_filter`, `trigger_filter` or `additional_filters`."""
    return all(any(_holds(one, subject) for one in group["conditions"]) for group in groups_of(holder))


def problems(holder: Any) -> Iterator[str]:
    """What of a filter is not simulated."""
    for group in groups_of(holder):
        if not group.get("conditions"):
            yield "a group of conditions is empty"
        for condition in group.get("conditions") or ():
            check = _CHECKS.get(condition.get("type"))
            if check is None:
                yield f"conditions of type {condition.get('type')!r} are not simulated"
            else:
                yield from check(condition)


def metrics_of(holder: Any) -> Iterator[str]:
    """Ids of the metrics that a filter asks for."""
    for group in groups_of(holder):
        for condition in group.get("conditions") or ():
            if "metric_id" in condition:
                yield str(condition["metric_id"])


def _holds(condition: Json, subject: Subject) -> bool:
    return _TESTS[condition["type"]](condition, subject)


def _metric(condition: Json, subject: Subject) -> bool:
    begin = _begin(condition["timeframe_filter"], subject)
    found = [
        one
        for one in subject.events(str(condition["metric_id"]))
        if (begin is None or one.at >= begin) and one.at <= subject.now and _fits(condition, one, subject.now)
    ]
    measured = float(len(found)) if condition["measurement"] == "count" else sum(one.value for one in found)
    return filters.holds(condition["measurement_filter"], measured, subject.now)


def _fits(condition: Json, happened: Happened, now: datetime) -> bool:
    wanted = condition.get("metric_filters") or ()
    return all(filters.holds(one["filter"], happened.properties.get(one["property"]), now) for one in wanted)


def _begin(timeframe: Json, subject: Subject) -> datetime | None:
    if timeframe["operator"] == "flow-start":
        return subject.started
    return filters.since(timeframe, subject.now) if timeframe["operator"] == "in-the-last" else None


def _not_in_flow(condition: Json, subject: Subject) -> bool:
    timeframe = condition["timeframe_filter"]
    last = subject.left_out_since
    return last is None or (timeframe["operator"] == "in-the-last" and last < filters.since(timeframe, subject.started))


def _consent(condition: Json, subject: Subject) -> bool:
    asked = condition["consent"]
    status = str((asked.get("consent_status") or {}).get("subscription", "any"))
    same = status == "any" or subject.consent == status.upper()
    return subject.can_receive == asked["can_receive_marketing"] and same


def _property(condition: Json, subject: Subject) -> bool:
    name = str(condition["property"])
    own = name.startswith("properties['") and name.endswith("']")
    return filters.holds(
        condition["filter"], subject.properties.get(name[len("properties['") : -2] if own else name), subject.now
    )


def _of_event(condition: Json, subject: Subject) -> bool:
    return filters.holds(condition["filter"], subject.event.get(str(condition["field"])), subject.now)


def _membership(condition: Json, subject: Subject) -> bool:
    return bool(subject.groups & set(map(str, condition["group_ids"]))) == bool(condition["is_member"])


def _check_metric(condition: Json) -> Iterator[str]:
    if condition.get("measurement") not in ("count", "sum"):
        yield f"profile-metric measures count or sum, not {condition.get('measurement')!r}"
    yield from filters.problems(condition.get("measurement_filter"))
    yield from _check_timeframe(condition, TIMEFRAMES)
    for one in condition.get("metric_filters") or ():
        yield from filters.problems(one.get("filter"))


def _check_timeframe(condition: Json, known: frozenset[str]) -> Iterator[str]:
    timeframe = condition.get("timeframe_filter") or {}
    if timeframe.get("operator") not in known:
        yield f"the timeframe {timeframe.get('operator')!r} of {condition['type']} is not simulated"
    elif timeframe["operator"] == "in-the-last" and timeframe.get("unit") not in filters.UNITS:
        yield f"{timeframe.get('unit')!r} is no unit of time"


def _check_consent(condition: Json) -> Iterator[str]:
    asked = condition.get("consent") or {}
    if asked.get("channel") != "email":
        yield f"consent for {asked.get('channel')!r} is not simulated"
    if not isinstance(asked.get("can_receive_marketing"), bool):
        yield "a consent condition says whether the profile can receive marketing"
    if (asked.get("consent_status") or {}).get("subscription", "any") not in CONSENTS:
        yield f"the consent status {asked.get('consent_status')!r} is not known"


def _check_filter(condition: Json) -> Iterator[str]:
    yield from filters.problems(condition.get("filter"))


def _check_membership(condition: Json) -> Iterator[str]:
    if not condition.get("group_ids") or condition.get("timeframe_filter"):
        yield "membership is simulated for named groups, at this moment only"


_Test = Callable[[Json, Subject], bool]
_TESTS: Final[Mapping[str, _Test]] = {
    "profile-metric": _metric,
    "profile-not-in-flow": _not_in_flow,
    "profile-marketing-consent": _consent,
    "profile-property": _property,
    "metric-property": _of_event,
    "profile-group-membership": _membership,
}
_CHECKS: Final[Mapping[Any, Callable[[Json], Iterator[str]]]] = {
    "profile-metric": _check_metric,
    "profile-not-in-flow": lambda one: _check_timeframe(one, TIMEFRAMES - {"flow-start"}),
    "profile-marketing-consent": _check_consent,
    "profile-property": _check_filter,
    "metric-property": _check_filter,
    "profile-group-membership": _check_membership,
}
