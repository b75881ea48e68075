"""Flows: created as drafts from a definition, put live or back by status, and read with their definition."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from devstore.klaviyo import conditions, definitions
from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked, Condition, text
from devstore.klaviyo.api.errors import invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import XS_100, S
from devstore.klaviyo.records import Flow
from devstore.klaviyo.state import Account

Json = dict[str, Any]
STATUSES = ("draft", "manual", "live")
DEFINITION = ("triggers", "profile_filter", "actions", "entry_action_id", "reentry_criteria")
MORE = "additional-fields[flow]"
LINKS = ("next", "next_if_true", "next_if_false")


def register(gate: Gate, account: Account) -> None:
    @gate.route("POST", "/api/flows", XS_100, "flows:write", parameters=(MORE,))
    def create(asked: Asked) -> Answer:
        attributes = asked.attributes(asked.resource("flow", ("name", "definition")))
        definition = attributes.get("definition")
        if not isinstance(definition, dict):
            raise invalid("definition is required.", "/data/attributes/definition")
        asked.note(definition, DEFINITION, "flow.definition")
        if problems := list(_problems(account, definition)):
            raise invalid("; ".join(problems), "/data/attributes/definition")
        now = account.now()
        name = text(attributes, "name")
        made = Flow(account.new_id(), name, "draft", _with_ids(account, definition), now, now)
        account.flows[made.id] = made
        return 201, {"data": documents.flow(made, definition=True)}

    @gate.route(
        "GET", "/api/flows", S, "flows:read", parameters=("filter", "sort", "include", "page[size]", "page[cursor]")
    )
    def find(asked: Asked) -> Answer:
        allowed = ("equals", "contains", "starts-with", "ends-with")
        wanted = asked.conditions({"name": allowed, "status": ("equals",), "id": ("any",)})
        found = [one for one in account.flows.copy().values() if all(_fits(one, each) for each in wanted)]
        return 200, asked.page(found, documents.flow, default=50, most=50)

    @gate.route("GET", "/api/flows/<name>", S, "flows:read", parameters=(MORE, "include"))
    def read(asked: Asked, name: str) -> Answer:
        return 200, {"data": documents.flow(_flow(account, name), definition=asked.asks(MORE, "definition"))}

    @gate.route("PATCH", "/api/flows/<name>", S, "flows:write")
    def update(asked: Asked, name: str) -> Answer:
        attributes = asked.attributes(asked.resource("flow", ("status",), named=name))
        if attributes.get("status") not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}.", "/data/attributes/status")
        flow = _flow(account, name)
        set_status(account, flow, attributes["status"])
        return 200, {"data": documents.flow(flow)}

    @gate.route("DELETE", "/api/flows/<name>", S, "flows:write")
    def delete(_: Asked, name: str) -> Answer:
        del account.flows[_flow(account, name).id]
        return 204, None


def set_status(account: Account, flow: Flow, status: str) -> None:
    """Put the whole flow live, or back: its actions follow, as at Klaviyo."""
    flow.status, flow.updated = status, account.now()
    for action in flow.definition["actions"]:
        if "status" in action.get("data", {}):
            action["data"]["status"] = status


def _flow(account: Account, name: str) -> Flow:
    if name not in account.flows:
        raise missing("flow", name)
    return account.flows[name]


def _fits(flow: Flow, condition: Condition) -> bool:
    if condition.field == "status":
        return flow.status == condition.value
    if condition.field == "id":
        return flow.id in {one.strip().strip("\"'") for one in condition.value.strip("[]").split(",")}
    tests = {
        "equals": flow.name == condition.value,
        "contains": condition.value in flow.name,
        "starts-with": flow.name.startswith(condition.value),
        "ends-with": flow.name.endswith(condition.value),
    }
    return tests[condition.operator]


def _problems(account: Account, definition: Json) -> Iterator[str]:
    """Everything for which Klaviyo, or the simulation, would refuse the definition."""
    yield from definitions.check(definition)
    yield from _unknown_names(account, definition)
    for action in definition.get("actions") or ():
        if "id" in action or not action.get("temporary_id"):
            yield "a new action has a temporary_id and no id"
        if action.get("type") == "send-email":
            yield from _message(account, (action.get("data") or {}).get("message") or {})


def _unknown_names(account: Account, definition: Json) -> Iterator[str]:
    held: dict[str, Any] = {"metric": account.metrics, "list": account.lists, "segment": account.segments}
    for trigger in definition.get("triggers") or ():
        kind = str(trigger.get("type"))
        if kind in held and trigger.get("id") not in held[kind]:
            yield f"there is no {kind} {trigger.get('id')!r}"
    triggers, actions = list(definition.get("triggers") or ()), list(definition.get("actions") or ())
    filters = [definition.get("profile_filter"), *(one.get("trigger_filter") for one in triggers)]
    filters += [(one.get("data") or {}).get("profile_filter") for one in actions]
    for holder in filters:
        for name in conditions.metrics_of(holder):
            if name not in account.metrics:
                yield f"there is no metric {name!r}"


def _message(account: Account, message: Json) -> Iterator[str]:
    if message.get("template_id") not in account.templates:
        yield f"there is no template {message.get('template_id')!r}"
    yield from (
        f"a message needs {name}" for name in ("from_email", "from_label", "subject_line") if not message.get(name)
    )


def _with_ids(account: Account, definition: Json) -> Json:
    """The definition as it is read back: every action has an id of Klaviyo's, each message one of its own."""
    made: Json = copy.deepcopy({name: definition.get(name) for name in DEFINITION})
    ids = {str(action["temporary_id"]): account.new_id() for action in made["actions"]}
    made["entry_action_id"] = ids[str(made["entry_action_id"])]
    for action in made["actions"]:
        action["id"] = ids[str(action.pop("temporary_id"))]
        links = action.get("links") or {}
        links.update({name: ids.get(links[name]) for name in LINKS if name in links})
        data = action.setdefault("data", {})
        if action["type"] == "send-email":
            data["status"] = "draft"
            # Klaviyo gives every message a copy of the template, so that later edits of the template change nothing.
            message = data["message"]
            message["id"] = account.new_id()
            message["template_id"] = _copied(account, message["template_id"])
    return made


def _copied(account: Account, name: str) -> str:
    template = copy.copy(account.templates[name])
    template.id, template.of_message = account.new_id(), True
    account.templates[template.id] = template
    return template.id
