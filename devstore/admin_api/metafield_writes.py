"""``metafieldsSet`` and ``metafieldsDelete``: at most 25 at a time, all of them or none."""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import re
from typing import Any

from devstore.admin_api import metafield_types
from devstore.admin_api.context import Context
from devstore.admin_api.definition_rules import value_problem
from devstore.admin_api.errors import NotSimulated, user_error
from devstore.admin_api.fields_metafields import OWNER_TYPES, digest
from devstore.admin_api.gid import split
from devstore.admin_api.namespaces import resolve, writable
from devstore.admin_api.registry import Args
from devstore.admin_api.roots import find
from devstore.admin_api.views import Field
from devstore.model import Definition, Metafield

LIMIT = 25
NAMESPACE = re.compile(r"[A-Za-z0-9_-]{3,255}")
KEY = re.compile(r"[A-Za-z0-9_-]{2,64}")
WRITE_SCOPES = {
    "Product": "write_products",
    "ProductVariant": "write_products",
    "Collection": "write_products",
    "Customer": "write_customers",
    "Order": "write_orders",
}
Problem = tuple[str, str, str]
"""(input field, message, code)"""


def set_metafields(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    inputs = args["metafields"]
    if len(inputs) > LIMIT:
        message = f"Exceeded the maximum metafields input limit of {LIMIT}."
        return _refused([user_error(message, ["metafields"], "LESS_THAN_OR_EQUAL_TO", elementIndex=None)])
    _require_scopes(inputs, ctx)
    errors = [
        user_error(message, ["metafields", str(i), field], code, elementIndex=i)
        for i, given in enumerate(inputs)
        if (problem := _problem(given, ctx))
        for field, message, code in (problem,)
    ]
    if errors:
        return _refused(errors)
    return {"metafields": [_write(given, ctx) for given in inputs], "userErrors": []}


def _refused(errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"metafields": [], "userErrors": errors}


def _require_scopes(inputs: list[dict[str, Any]], ctx: Context) -> None:
    """The owner's write scope is what Shopify asks for; the app's own installation needs none."""
    for kind in {split(given["ownerId"])[0] for given in inputs}:
        if kind not in OWNER_TYPES:
            raise NotSimulated(f"metafields of a {kind}")
        if kind in WRITE_SCOPES:
            ctx.access.require("metafieldsSet", WRITE_SCOPES[kind])


def _problem(given: dict[str, Any], ctx: Context) -> Problem | None:
    owner_type, number = split(given["ownerId"])
    if find(owner_type, number, ctx) is None:
        return "ownerId", "Owner does not exist.", "INVALID_VALUE"
    namespace = resolve(given.get("namespace"), ctx.store)
    if not writable(namespace, ctx.store):
        return "namespace", "Access to this namespace and key on Metafields for this resource type is not allowed.", (
            "APP_NOT_AUTHORIZED"
        )  # fmt: skip
    if not NAMESPACE.fullmatch(namespace):
        return "namespace", "Namespace is invalid: 3 to 255 letters, digits, hyphens or underscores.", "INVALID"
    if not KEY.fullmatch(given["key"]):
        return "key", "Key is invalid: 2 to 64 letters, digits, hyphens or underscores.", "INVALID"
    old = ctx.store.metafields(given["ownerId"]).get((namespace, given["key"]))
    return _type_problem(given, owner_type, namespace, old, ctx) or _digest_problem(given, old)


def _type_problem(
    given: dict[str, Any], owner_type: str, namespace: str, old: Metafield | None, ctx: Context
) -> Problem | None:
    defined = _defined_type(owner_type, namespace, given["key"], ctx) or (old.type if old else None)
    asked = given.get("type") or defined
    if asked is None:
        return "type", "Type can't be blank.", "BLANK"
    if metafield_types.unsimulated(asked):
        raise NotSimulated(f"metafields of type {asked}")
    if not metafield_types.known(asked):
        return "type", f"Type {asked} is not a valid type.", "INVALID_TYPE"
    if defined and asked != defined:
        return "type", f"Type '{asked}' must be consistent with the definition's type: '{defined}'.", "INVALID_TYPE"
    try:
        metafield_types.check(asked, given["value"], ctx.store)
    except metafield_types.BadValue as problem:
        return "value", str(problem), "INVALID_VALUE"
    definition = _definition(owner_type, namespace, given["key"], ctx)
    broken = value_problem(asked, definition.validations, given["value"]) if definition else None
    return ("value", broken, "INVALID_VALUE") if broken else None


def _digest_problem(given: dict[str, Any], old: Metafield | None) -> Problem | None:
    """With `compareDigest` the write only replaces the value that the app has seen; null means there was none."""
    if "compareDigest" not in given or given["compareDigest"] == (digest(old) if old else None):
        return None
    return "compareDigest", "The resource has been updated since it was loaded.", "STALE_OBJECT"


def _definition(owner_type: str, namespace: str, key: str, ctx: Context) -> Definition | None:
    return ctx.store.definitions.get((OWNER_TYPES[owner_type], namespace, key))


def _defined_type(owner_type: str, namespace: str, key: str, ctx: Context) -> str | None:
    found = _definition(owner_type, namespace, key, ctx)
    return found.type if found else None


def _write(given: dict[str, Any], ctx: Context) -> Field:
    store, owner = ctx.store, given["ownerId"]
    owner_type, _ = split(owner)
    namespace = resolve(given.get("namespace"), store)
    held = store.metafields(owner)
    old = held.get((namespace, given["key"]))
    kind = given.get("type") or _defined_type(owner_type, namespace, given["key"], ctx) or (old.type if old else "")
    now = store.clock.now()
    written = Metafield(
        id=old.id if old else store.next_id(), namespace=namespace, key=given["key"], type=kind, value=given["value"],
        updated_at=now, created_at=(old.created_at or old.updated_at) if old else now,
    )  # fmt: skip
    held[namespace, given["key"]] = written
    return Field(owner, written)


def delete_metafields(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    _require_scopes(args["metafields"], ctx)
    deleted: list[dict[str, str] | None] = []
    for given in args["metafields"]:
        namespace = resolve(given["namespace"], ctx.store)
        held = ctx.store.metafields(given["ownerId"])
        gone = held.pop((namespace, given["key"]), None) if writable(namespace, ctx.store) else None
        # As on Shopify, one that was not there is null, not an error.
        deleted.append({"ownerId": given["ownerId"], "namespace": namespace, "key": given["key"]} if gone else None)
    return {"deletedMetafields": deleted, "userErrors": []}
