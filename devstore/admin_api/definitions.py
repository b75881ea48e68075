"""The mutations with which an app makes, changes and deletes metafield definitions.

Those that shopify.app.toml declares can only be changed by a deploy.
"""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devstore.admin_api import metafield_types
from devstore.admin_api.context import Context
from devstore.admin_api.definition_rules import option_problems
from devstore.admin_api.errors import NotSimulated, user_error
from devstore.admin_api.fields_definitions import KINDS, find_definition, require
from devstore.admin_api.gid import gid
from devstore.admin_api.metafield_writes import KEY, NAMESPACE
from devstore.admin_api.namespaces import resolve, writable
from devstore.admin_api.registry import Args, fields, plain
from devstore.model import Definition

APP_LIMIT = 256
Problem = tuple[str, str, str]
"""(field, message, code)"""


def _create(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    given = args["definition"]
    require("metafieldDefinitionCreate", given["ownerType"], ctx, write=True)
    _check_simulated(given)
    namespace = resolve(given.get("namespace"), ctx.store)
    problem = next(_create_problems(given, namespace, ctx), None)
    if problem is not None:
        return {"createdDefinition": None, "userErrors": [_error(problem)]}
    own = namespace.startswith(ctx.store.app_namespace)
    access = given.get("access") or {}
    made = Definition(
        ctx.store.next_id(), given["ownerType"], namespace, given["key"], given["type"], given["name"].strip(),
        description=given.get("description") or "", validations=_rules(given),
        admin_access=access.get("admin") or ("PUBLIC_READ_WRITE" if not own else "MERCHANT_READ"),
        storefront_access=access.get("storefront") or "NONE",
    )  # fmt: skip
    ctx.store.definitions[made.owner_type, namespace, made.key] = made
    return {"createdDefinition": made, "userErrors": []}


def _check_simulated(given: dict[str, Any]) -> None:
    asked = [name for name in ("capabilities", "constraints", "constraintsUpdates", "pin") if given.get(name)]
    if asked or (given.get("access") or {}).get("customerAccount") not in (None, "NONE"):
        raise NotSimulated(f"{', '.join(asked) or 'customer account access'} of metafield definitions")


def _create_problems(given: dict[str, Any], namespace: str, ctx: Context) -> Iterator[Problem]:
    store, owner_type = ctx.store, given["ownerType"]
    if not writable(namespace, store):
        yield "namespace", f"Namespace {namespace} is reserved.", "RESERVED_NAMESPACE_KEY"
    if not NAMESPACE.fullmatch(namespace):
        yield (
            "namespace",
            "Namespace is invalid: 3 to 255 letters, digits, hyphens or underscores.",
            "INVALID_CHARACTER",
        )
    if not KEY.fullmatch(given["key"]):
        yield "key", "Key is invalid: 2 to 64 letters, digits, hyphens or underscores.", "INVALID_CHARACTER"
    yield from _name_problems(given)
    if metafield_types.unsimulated(given["type"]):
        raise NotSimulated(f"metafields of type {given['type']}")
    if not metafield_types.known(given["type"]):
        yield "type", f"Type name {given['type']} is not a valid type.", "INCLUSION"
    kind = KINDS[owner_type]
    if (owner_type, namespace, given["key"]) in store.definitions:
        yield "key", f"Key is in use for {kind} metafields on the '{namespace}' namespace.", "TAKEN"
    if any(held.type != given["type"] for _, held in store.held_metafields(kind, namespace, given["key"])):
        yield "key", "The namespace and key is already in use for a set of metafields.", "UNSTRUCTURED_ALREADY_EXISTS"
    if sum(d.owner_type == owner_type for d in store.definitions.values()) >= APP_LIMIT:
        message = f"Stores can only have {APP_LIMIT} definitions for each resource and app."
        yield "ownerType", message, "RESOURCE_TYPE_LIMIT_EXCEEDED_BY_APP"
    if (given.get("access") or {}).get("admin") and not namespace.startswith(store.app_namespace):
        yield "access", "Setting this access control is not permitted.", "ADMIN_ACCESS_INPUT_NOT_ALLOWED"
    for message, code in option_problems(given["type"], _rules(given)):
        yield "validations", message, code


def _name_problems(given: dict[str, Any]) -> Iterator[Problem]:
    if "name" in given and not (given["name"] or "").strip():
        yield "name", "Name can't be blank", "BLANK"
    if len(given.get("name") or "") > 255:
        yield "name", "Name is too long (maximum is 255 characters)", "TOO_LONG"


def _rules(given: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((rule["name"], rule["value"]) for rule in given.get("validations") or ())


def _update(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    given = args["definition"]
    require("metafieldDefinitionUpdate", given["ownerType"], ctx, write=True)
    _check_simulated(given)
    found = find_definition({"identifier": given}, ctx)
    problem = next(_update_problems(given, found), None)
    if problem is not None or found is None:
        errors = [_error(problem)] if problem else []
        return {"updatedDefinition": None, "validationJob": None, "userErrors": errors}
    if given.get("name"):
        found.name = given["name"].strip()
    if "description" in given:
        found.description = given["description"] or ""
    if "validations" in given:
        found.validations = _rules(given)
    access = given.get("access") or {}
    found.admin_access = access.get("admin") or found.admin_access
    found.storefront_access = access.get("storefront") or found.storefront_access
    return {"updatedDefinition": found, "validationJob": None, "userErrors": []}


def _update_problems(given: dict[str, Any], found: Definition | None) -> Iterator[Problem]:
    if found is None:
        yield "key", "Definition not found.", "NOT_FOUND"
        return
    if found.declared:
        yield "key", "This definition is managed by the app's configuration.", "APP_CONFIG_MANAGED"
    yield from _name_problems(given)
    for message, code in option_problems(found.type, _rules(given)):
        yield "validations", message, code


def _error(problem: Problem) -> dict[str, Any]:
    field, message, code = problem
    return user_error(message, ["definition", field], code, elementIndex=None, elementKey=None)


def _delete(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    found = find_definition(args, ctx)
    gone = {"deletedDefinition": None, "deletedDefinitionId": None}
    if found is None:
        return {**gone, "userErrors": [user_error("Definition not found.", ["id"], "NOT_FOUND")]}
    require("metafieldDefinitionDelete", found.owner_type, ctx, write=True)
    if found.declared:
        message = "This definition is managed by the app's configuration."
        return {**gone, "userErrors": [user_error(message, ["id"], "APP_CONFIG_MANAGED")]}
    if not args.get("deleteAllAssociatedMetafields") and found.namespace.startswith(ctx.store.app_namespace):
        message = "Deleting a definition in a reserved namespace must have deleteAllAssociatedMetafields set to true."
        return {**gone, "userErrors": [user_error(message, ["id"], "RESERVED_NAMESPACE_ORPHANED_METAFIELDS")]}
    del ctx.store.definitions[found.owner_type, found.namespace, found.key]
    if args.get("deleteAllAssociatedMetafields"):
        for owner, _ in ctx.store.held_metafields(KINDS[found.owner_type], found.namespace, found.key):
            ctx.store.metafields(owner).pop((found.namespace, found.key), None)
    named = {"key": found.key, "namespace": found.namespace, "ownerType": found.owner_type}
    identifier = gid("MetafieldDefinition", found.id)
    return {"deletedDefinition": named, "deletedDefinitionId": identifier, "userErrors": []}


fields(
    "Mutation",
    {
        "metafieldDefinitionCreate": _create,
        "metafieldDefinitionUpdate": _update,
        "metafieldDefinitionDelete": _delete,
    },
)
plain("MetafieldDefinitionIdentifier", ("key", "namespace", "ownerType"))
plain("MetafieldDefinitionCreatePayload", ("createdDefinition", "userErrors"))
plain("MetafieldDefinitionUpdatePayload", ("updatedDefinition", "validationJob", "userErrors"))
plain("MetafieldDefinitionDeletePayload", ("deletedDefinition", "deletedDefinitionId", "userErrors"))
for _kind in ("Create", "Update"):
    plain(f"MetafieldDefinition{_kind}UserError", ("code", "elementIndex", "elementKey", "field", "message"))
plain("MetafieldDefinitionDeleteUserError", ("code", "field", "message"))
