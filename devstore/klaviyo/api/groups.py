"""Metrics, lists and segments: what flows are started by and filtered with."""

from __future__ import annotations

from datetime import datetime

from devstore.klaviyo import conditions
from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked, text
from devstore.klaviyo.api.errors import invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import M_150, XS_100, L, M, S
from devstore.klaviyo.records import ListOf, Segment
from devstore.klaviyo.state import Account

PAGED = ("filter", "sort", "page[size]", "page[cursor]")


def register(gate: Gate, account: Account) -> None:
    _metrics(gate, account)
    _lists(gate, account)
    _segments(gate, account)


def _metrics(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/metrics", M, "metrics:read", parameters=("filter", "include", "page[cursor]"))
    def find(asked: Asked) -> Answer:
        conditions_ = asked.conditions({"integration.name": ("equals",), "integration.category": ("equals",)})
        # As measured on a live account, the filter on the category is accepted and does nothing.
        names = [one.value for one in conditions_ if one.field == "integration.name"]
        found = [one for one in account.metrics.copy().values() if all(one.integration.name == name for name in names)]
        return 200, asked.page(found, documents.metric, default=200, most=200)

    @gate.route("GET", "/api/metrics/<name>", M, "metrics:read", parameters=("include",))
    def read(_: Asked, name: str) -> Answer:
        if name not in account.metrics:
            raise missing("metric", name)
        return 200, {"data": documents.metric(account.metrics[name])}

    @gate.route("GET", "/api/metrics/<name>/flow-triggers", M, "flows:read", "metrics:read")
    def triggered(asked: Asked, name: str) -> Answer:
        started = [
            flow
            for flow in account.flows.values()
            if any(one.get("type") == "metric" and one.get("id") == name for one in flow.definition.get("triggers", ()))
        ]
        return 200, asked.page(started, documents.flow)


def _lists(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/lists", L, "lists:read", parameters=("include", *PAGED))
    def find(asked: Asked) -> Answer:
        names = [one.value for one in asked.conditions({"name": ("equals",), "id": ("equals",)})]
        found = [one for one in account.lists.values() if not names or one.name in names or one.id in names]
        return 200, asked.page(found, documents.list_of, default=10, most=10)

    @gate.route("GET", "/api/lists/<name>", L, "lists:read", parameters=("include", "additional-fields[list]"))
    def read(_: Asked, name: str) -> Answer:
        if name not in account.lists:
            raise missing("list", name)
        return 200, {"data": documents.list_of(account.lists[name])}

    @gate.route("POST", "/api/lists", M_150, "lists:write")
    def create(asked: Asked) -> Answer:
        data = asked.resource("list", ("name", "opt_in_process"))
        return 201, {"data": documents.list_of(account.new_list(text(asked.attributes(data), "name")))}

    @gate.route(
        "GET", "/api/lists/<name>/profiles", L, "lists:read", "profiles:read",
        parameters=("additional-fields[profile]", *PAGED),
    )  # fmt: skip
    def members(asked: Asked, name: str) -> Answer:
        if name not in account.lists:
            raise missing("list", name)
        return 200, _members(account, asked, account.lists[name])


def _segments(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/segments", L, "segments:read", parameters=("include", *PAGED))
    def find(asked: Asked) -> Answer:
        names = [one.value for one in asked.conditions({"name": ("equals",), "id": ("equals",)})]
        found = [one for one in account.segments.values() if not names or one.name in names or one.id in names]
        return 200, asked.page(found, documents.segment, default=10, most=10)

    @gate.route("GET", "/api/segments/<name>", L, "segments:read", parameters=("include", "additional-fields[segment]"))
    def read(_: Asked, name: str) -> Answer:
        return 200, {"data": documents.segment(_segment(account, name))}

    @gate.route("POST", "/api/segments", XS_100, "segments:write")
    def create(asked: Asked) -> Answer:
        data = asked.resource("segment", ("name", "definition", "is_starred"))
        attributes = asked.attributes(data)
        definition = attributes.get("definition")
        if not conditions.groups_of(definition if isinstance(definition, dict) else None):
            raise invalid("definition.condition_groups is required.", "/data/attributes/definition")
        assert isinstance(definition, dict)
        if problems := list(conditions.problems(definition)):
            raise invalid("; ".join(problems), "/data/attributes/definition")
        now = account.now()
        made = Segment(account.new_id(), text(attributes, "name"), definition, now, now)
        account.segments[made.id] = made
        return 201, {"data": documents.segment(made)}

    @gate.route("DELETE", "/api/segments/<name>", S, "segments:write")
    def delete(_: Asked, name: str) -> Answer:
        del account.segments[_segment(account, name).id]
        return 204, None

    @gate.route(
        "GET", "/api/segments/<name>/profiles", L, "profiles:read", "segments:read",
        parameters=("additional-fields[profile]", *PAGED),
    )  # fmt: skip
    def members(asked: Asked, name: str) -> Answer:
        return 200, _members(account, asked, _segment(account, name))


def _members(account: Account, asked: Asked, group: ListOf | Segment) -> documents.Json:
    """A page of the group's profiles, with the time at which each joined."""

    def shown(one: tuple[str, datetime]) -> documents.Json:
        found = documents.profile(account.profiles[one[0]])
        found["attributes"]["joined_group_at"] = documents.iso(one[1])
        return found

    return asked.page(list(group.members.items()), shown)


def _segment(account: Account, name: str) -> Segment:
    if name not in account.segments:
        raise missing("segment", name)
    return account.segments[name]
