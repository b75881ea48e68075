"""Metafield definitions, how they are read: an app's own and those that shopify.app.toml declares."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from devstore.admin_api import metafield_types
from devstore.admin_api.context import Context
from devstore.admin_api.definition_rules import value_problem
from devstore.admin_api.errors import BadInput, NotSimulated
from devstore.admin_api.fields_metafields import OWNER_TYPES
from devstore.admin_api.gid import gid, number
from devstore.admin_api.metafield_writes import WRITE_SCOPES
from devstore.admin_api.namespaces import resolve
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.search import search
from devstore.admin_api.views import Field
from devstore.model import Definition
from devstore.options import Options
from devstore.store import Store

KINDS = {owner: kind for kind, owner in OWNER_TYPES.items() if kind != "AppInstallation"}
"""The kind of record of each owner type that may have definitions."""
_TOML_OWNERS = {"VARIANT": "PRODUCTVARIANT", "PRODUCT_VARIANT": "PRODUCTVARIANT"}
_SEARCH: dict[str, Any] = {
    "id": lambda d: d.id,
    "key": lambda d: d.key,
    "namespace": lambda d: d.namespace,
    "type": lambda d: d.type,
}


def declare(store: Store, options: Options) -> None:
    """Put what shopify.app.toml declares among the shop's definitions, as a deploy does."""
    for declared in options.app_toml.metafields:
        owner = _TOML_OWNERS.get(declared.owner_type, declared.owner_type)
        entry = options.app_toml.raw[declared.owner_type.lower()]["metafields"]["app"][declared.key]
        made = Definition(
            store.next_id(), owner, store.app_namespace, declared.key, declared.type, declared.name,
            description=entry.get("description", ""),
            validations=tuple(_toml_rules(entry.get("validations", {}))),
            admin_access=entry.get("access", {}).get("admin", "merchant_read").upper(),
            storefront_access="PUBLIC_READ" if declared.storefront_access else "NONE",
            declared=True,
        )  # fmt: skip
        store.definitions[owner, made.namespace, made.key] = made


def _toml_rules(given: Any) -> Iterator[tuple[str, str]]:
    pairs = given.items() if isinstance(given, dict) else ((rule["name"], rule["value"]) for rule in given)
    for name, value in pairs:
        yield name, value if isinstance(value, str) else json.dumps(value)


def find_definition(args: Args, ctx: Context) -> Definition | None:
    """By id, or by owner type, namespace and key."""
    if (args.get("id") is None) == (args.get("identifier") is None):
        raise BadInput("Exactly one of id and identifier must be given")
    if args.get("id") is not None:
        wanted = number(args["id"], "MetafieldDefinition")
        return next((d for d in ctx.store.definitions.values() if d.id == wanted), None)
    named = args["identifier"]
    return ctx.store.definitions.get((named["ownerType"], resolve(named.get("namespace"), ctx.store), named["key"]))


def _one(root: Any, args: Args, ctx: Context) -> Definition | None:
    found = find_definition(args, ctx)
    if found is not None:
        require("metafieldDefinition", found.owner_type, ctx, write=False)
    return found


def _many(root: Any, args: Args, ctx: Context) -> list[Definition]:
    require("metafieldDefinitions", args["ownerType"], ctx, write=False)
    if args.get("constraintStatus") or args.get("constraintSubtype"):
        raise NotSimulated("constraints of metafield definitions")
    if args.get("pinnedStatus") == "PINNED":
        return []
    found = [d for d in ctx.store.definitions.values() if d.owner_type == args["ownerType"]]
    if args.get("namespace"):
        found = [d for d in found if d.namespace == resolve(args["namespace"], ctx.store)]
    if args.get("key"):
        found = [d for d in found if d.key == args["key"]]
    found = search(found, {"query": args.get("query")}, _SEARCH)
    match args.get("sortKey") or "ID":
        case "NAME":
            found.sort(key=lambda d: (d.name.lower(), d.id))
        case "PINNED_POSITION":
            raise NotSimulated("pinned metafield definitions")
    return found[::-1] if args.get("reverse") else found


def require(what: str, owner_type: str, ctx: Context, *, write: bool) -> None:
    """Definitions need the scope of their owner; a shop's own need none."""
    if owner_type not in KINDS:
        raise NotSimulated(f"metafield definitions of {owner_type}")
    if scope := WRITE_SCOPES.get(KINDS[owner_type]):
        ctx.access.require(what, scope if write else scope.replace("write_", "read_"))


def _held(definition: Definition, ctx: Context) -> list[Field]:
    kind = KINDS[definition.owner_type]
    return [Field(*pair) for pair in ctx.store.held_metafields(kind, definition.namespace, definition.key)]


def _checked(definition: Definition, args: Args, ctx: Context) -> list[Field]:
    """The metafields of a definition, all or those that keep (or do not keep) to its rules."""
    wanted = args.get("validationStatus") or "ANY"
    return [
        field
        for field in _held(definition, ctx)
        if wanted == "ANY" or (wanted == "VALID") == (_problem_of(definition, field) is None)
    ]


def _problem_of(definition: Definition, field: Field) -> str | None:
    return value_problem(definition.type, definition.validations, field.metafield.value)


def _status(definition: Definition, args: Args, ctx: Context) -> str:
    invalid = any(_problem_of(definition, field) for field in _held(definition, ctx))
    return "SOME_INVALID" if invalid else "ALL_VALID"


def _definition_of(field: Field, args: Args, ctx: Context) -> Definition | None:
    owner_type = OWNER_TYPES[field.owner.removeprefix("gid://shopify/").partition("/")[0]]
    return ctx.store.definitions.get((owner_type, field.metafield.namespace, field.metafield.key))


fields("QueryRoot", {"metafieldDefinition": _one, "metafieldDefinitions": _many})
fields("Metafield", {"definition": _definition_of})
fields(
    "MetafieldDefinition",
    {
        "id": lambda d, a, c: gid("MetafieldDefinition", d.id),
        "key": lambda d, a, c: d.key,
        "namespace": lambda d, a, c: d.namespace,
        "name": lambda d, a, c: d.name,
        "description": lambda d, a, c: d.description or None,
        "ownerType": lambda d, a, c: d.owner_type,
        "type": lambda d, a, c: {"name": d.type, "category": metafield_types.category(d.type)},
        "validations": lambda d, a, c: [{"name": n, "type": d.type, "value": v} for n, v in d.validations],
        "validationStatus": _status,
        "access": lambda d, a, c: {
            "admin": d.admin_access,
            "storefront": d.storefront_access,
            "customerAccount": "NONE",
        },
        "metafields": _checked,
        "metafieldsCount": lambda d, a, c: len(_checked(d, a, c)),
        "pinnedPosition": lambda d, a, c: None,
        "constraints": lambda d, a, c: None,
        "standardTemplate": lambda d, a, c: None,
        "useAsCollectionCondition": lambda d, a, c: False,
    },
    Definition,
)
plain("MetafieldDefinitionType", ("name", "category"))
plain("MetafieldDefinitionValidation", ("name", "type", "value"))
plain("MetafieldAccess", ("admin", "storefront", "customerAccount"))
