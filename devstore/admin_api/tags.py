"""``tagsAdd`` and ``tagsRemove`` on customers, orders and products."""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import InputTooLarge, NotSimulated, user_error
from devstore.admin_api.gid import split
from devstore.admin_api.registry import Args, Getter, fields, plain
from devstore.admin_api.roots import find
from devstore.store import Store

MAX_TAGS, MAX_INPUT = 250, 250
_MAX_LENGTH = {"Product": 255, "Customer": 255, "Order": 40}
_SCOPES = {"Product": "write_products", "Customer": "write_customers", "Order": "write_orders"}
_WRITE: dict[str, Callable[[Store, int, tuple[str, ...]], Any]] = {
    "Product": lambda store, n, tags: store.update_product(n, tags=tags),
    "Customer": lambda store, n, tags: store.update_customer(n, tags=tags),
    "Order": lambda store, n, tags: store.tag_order(n, tags),
}


def _changed(change: Callable[[Sequence[str], Sequence[str]], list[str]]) -> Getter:
    def write(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
        kind, number = split(args["id"])
        if kind not in _SCOPES:
            raise NotSimulated(f"tags of a {kind}")
        ctx.access.require("tags", _SCOPES[kind])
        if len(args["tags"]) > MAX_INPUT:
            raise InputTooLarge(len(args["tags"]), MAX_INPUT)
        record = find(kind, number, ctx)
        if record is None:
            return {"node": None, "userErrors": [user_error(f"{kind} does not exist", ["id"])]}
        # A tag with a comma is several tags, because Shopify keeps them as one comma-separated text.
        given = [part.strip() for tag in args["tags"] for part in tag.split(",") if part.strip()]
        if problem := _problem(kind, given):
            return {"node": None, "userErrors": [user_error(problem, ["tags"])]}
        tags = change(record.tags, given)
        if len(tags) > MAX_TAGS:
            return {"node": None, "userErrors": [user_error(f"The maximum number of tags is {MAX_TAGS}", ["tags"])]}
        if tags != list(record.tags):
            _WRITE[kind](ctx.store, number, tuple(tags))
        return {"node": record, "userErrors": []}

    return write


def _problem(kind: str, given: Sequence[str]) -> str | None:
    if not given:
        return "Tags can't be blank"
    if any(len(tag) > _MAX_LENGTH[kind] for tag in given):
        return f"Tags are too long (maximum is {_MAX_LENGTH[kind]} characters)"
    return None


def _added(held: Sequence[str], given: Sequence[str]) -> list[str]:
    """Tags are the same whatever their case; the first spelling stays."""
    known = {tag.casefold() for tag in held}
    new = {tag.casefold(): tag for tag in reversed(given) if tag.casefold() not in known}
    return [*held, *reversed(new.values())]


def _removed(held: Sequence[str], given: Sequence[str]) -> list[str]:
    gone = {tag.casefold() for tag in given}
    return [tag for tag in held if tag.casefold() not in gone]


fields("Mutation", {"tagsAdd": _changed(_added), "tagsRemove": _changed(_removed)})
plain("TagsAddPayload", ("node", "userErrors"))
plain("TagsRemovePayload", ("node", "userErrors"))
