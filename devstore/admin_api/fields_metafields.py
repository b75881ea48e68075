"""How metafields are read, from whatever owns them."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import hashlib
import json
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import NotSimulated
from devstore.admin_api.gid import gid, split
from devstore.admin_api.namespaces import resolve
from devstore.admin_api.registry import Args, Getter, fields, type_name
from devstore.admin_api.views import Field
from devstore.clock import iso
from devstore.model import Metafield

OWNER_TYPES = {
    "Product": "PRODUCT",
    "ProductVariant": "PRODUCTVARIANT",
    "Collection": "COLLECTION",
    "Customer": "CUSTOMER",
    "Order": "ORDER",
    "Shop": "SHOP",
    "AppInstallation": "API_PERMISSION",
}
_TEXT_TYPES = frozenset(("single_line_text_field", "multi_line_text_field", "url", "color", "date", "date_time", "id"))


def owner_gid(source: Any, ctx: Context) -> str:
    if isinstance(source, dict):
        return str(source["id"])
    return gid(type_name(source), source.id)


def _one(source: Any, args: Args, ctx: Context) -> Field | None:
    owner = owner_gid(source, ctx)
    found = ctx.store.metafields(owner).get((resolve(args.get("namespace"), ctx.store), args["key"]))
    return Field(owner, found) if found else None


def _many(source: Any, args: Args, ctx: Context) -> list[Field]:
    owner = owner_gid(source, ctx)
    found = list(ctx.store.metafields(owner).values())
    if args.get("namespace"):
        namespace = resolve(args["namespace"], ctx.store)
        found = [m for m in found if m.namespace == namespace]
    if args.get("keys"):
        wanted = {_full_key(key, ctx) for key in args["keys"]}
        found = [m for m in found if (m.namespace, m.key) in wanted]
    found.sort(key=lambda m: m.id, reverse=bool(args.get("reverse")))
    return [Field(owner, m) for m in found]


def _full_key(text: str, ctx: Context) -> tuple[str, str]:
    namespace, _, key = text.rpartition(".")
    return resolve(namespace, ctx.store), key


HAS_METAFIELDS: dict[str, Getter] = {"metafield": _one, "metafields": _many}


def json_value(metafield: Metafield) -> Any:
    """The value as JSON: text stays a string, everything else is what the string spells."""
    if metafield.type in _TEXT_TYPES or (metafield.type.endswith("_reference") and "list." not in metafield.type):
        return metafield.value
    try:
        return json.loads(metafield.value)
    except ValueError:
        return metafield.value


def _referenced(value: str, ctx: Context) -> Any:
    kind, number = split(value)
    match kind:
        case "Product":
            return ctx.store.products.get(number)
        case "ProductVariant":
            return ctx.store.variants.get(number)
        case "Collection":
            return ctx.store.collections.get(number)
        case "Customer":
            return ctx.store.customers.get(number)
    raise NotSimulated(f"metafield references to a {kind}")


def _reference(field: Field, args: Args, ctx: Context) -> Any:
    kind = field.metafield.type
    single = kind.endswith("_reference") and not kind.startswith("list.")
    return _referenced(field.metafield.value, ctx) if single else None


def _references(field: Field, args: Args, ctx: Context) -> list[Any] | None:
    kind = field.metafield.type
    if not (kind.startswith("list.") and kind.endswith("_reference")):
        return None
    found = (_referenced(value, ctx) for value in json.loads(field.metafield.value))
    return [record for record in found if record is not None]


fields(
    "Metafield",
    {
        "id": lambda f, a, c: gid("Metafield", f.id),
        "legacyResourceId": lambda f, a, c: str(f.id),
        "namespace": lambda f, a, c: f.metafield.namespace,
        "key": lambda f, a, c: f.metafield.key,
        "type": lambda f, a, c: f.metafield.type,
        "value": lambda f, a, c: f.metafield.value,
        "jsonValue": lambda f, a, c: json_value(f.metafield),
        "createdAt": lambda f, a, c: iso(f.metafield.created_at or f.metafield.updated_at),
        "updatedAt": lambda f, a, c: iso(f.metafield.updated_at),
        "ownerType": lambda f, a, c: OWNER_TYPES[split(f.owner)[0]],
        "compareDigest": lambda f, a, c: digest(f.metafield),
        "sizeInBytes": lambda f, a, c: len(f.metafield.value.encode()),
        "reference": _reference,
        "references": _references,
    },
    Field,
)


def digest(metafield: Metafield) -> str:
    """Changes with the value, so that a writer can say which value it means to replace."""
    return hashlib.sha256(f"{metafield.type}\0{metafield.value}".encode()).hexdigest()
