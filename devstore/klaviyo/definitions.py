"""What is wrong with a flow's definition, or not simulated in it.

A flow whose trigger, filters or actions would be passed over in silence is refused when it is created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from devstore.klaviyo import conditions

Json = Mapping[str, Any]

TRIGGERS: Final = frozenset(("metric", "list", "segment"))
ACTIONS: Final = frozenset(("send-email", "time-delay", "conditional-split", "trigger-split", "update-profile"))
DELAY_UNITS: Final = frozenset(("minutes", "hours", "days"))
REENTRY_UNITS: Final = frozenset(("hour", "day", "week", "alltime"))
OPERATIONS: Final = frozenset(("create", "update", "delete"))
ZONES: Final = frozenset(("profile", "UTC"))


def check(definition: Json) -> list[str]:
    """Everything that keeps the flow from being simulated; nothing for a good one."""
    triggers, actions = definition.get("triggers") or [], definition.get("actions") or []
    found = [*_triggers(triggers), *conditions.problems(definition.get("profile_filter"))]
    found += _reentry(definition.get("reentry_criteria"))
    for action in actions:
        found += _action(action)
    return found + list(_links(definition, actions))


def name_of(action: Json) -> str:
    """By what other actions name it: its id, or the temporary one of a flow that is being created."""
    return str(action.get("id") or action.get("temporary_id") or "")


def next_of(action: Json) -> list[str | None]:
    links = action.get("links") or {}
    splits = action.get("type") in ("conditional-split", "trigger-split")
    return [links.get(key) for key in (("next_if_true", "next_if_false") if splits else ("next",))]


def _triggers(triggers: Sequence[Json]) -> Iterator[str]:
    if len(triggers) != 1:
        yield "a flow has exactly one trigger"
        return
    kind = triggers[0].get("type")
    if kind not in TRIGGERS:
        yield f"flows that start by {kind!r} are not simulated"
    elif not triggers[0].get("id"):
        yield f"the {kind} trigger names no {kind}"
    yield from conditions.problems(triggers[0].get("trigger_filter"))


def _reentry(criteria: Json | None) -> Iterator[str]:
    if criteria and (criteria.get("unit") not in REENTRY_UNITS or not isinstance(criteria.get("duration"), int)):
        yield "reentry_criteria needs a whole duration and one of the units hour, day, week, alltime"


def _action(action: Json) -> Iterator[str]:
    kind, data = action.get("type"), action.get("data") or {}
    if kind not in ACTIONS:
        yield f"actions of type {kind!r} are not simulated"
    elif kind == "send-email":
        message = data.get("message") or {}
        if not message.get("template_id"):
            yield "a send-email action needs a message with a template_id"
        yield from conditions.problems(message.get("additional_filters"))
    elif kind == "time-delay":
        yield from _delay(data)
    elif kind == "update-profile":
        for operation in data.get("profile_operations") or ():
            if operation.get("operator") not in OPERATIONS or not operation.get("property_key"):
                yield f"the profile operation {operation.get('operator')!r} is not simulated"
    else:
        yield from conditions.problems(data.get("profile_filter" if kind == "conditional-split" else "trigger_filter"))


def _delay(data: Json) -> Iterator[str]:
    if data.get("unit", "days") not in DELAY_UNITS or not isinstance(data.get("value"), int):
        yield "a time-delay needs a whole value in minutes, hours or days"
    if data.get("timezone", "profile") not in ZONES:
        yield f"delays in the time zone {data['timezone']!r} are not simulated"
    if data.get("secondary_value") or data.get("delay_until_weekdays"):
        yield "delays with a second value or until a weekday are not simulated"
    if data.get("delay_until_time") and data.get("unit", "days") != "days":
        yield "delay_until_time goes with days only"


def _links(definition: Json, actions: Sequence[Json]) -> Iterator[str]:
    names = [name_of(action) for action in actions]
    if len(set(names)) != len(names) or "" in names:
        yield "every action needs an id of its own"
    if definition.get("entry_action_id") not in names:
        yield "entry_action_id names no action"
    for action in actions:
        for target in next_of(action):
            if target is not None and target not in names:
                yield f"action {name_of(action)} leads to {target!r}, which is no action"
