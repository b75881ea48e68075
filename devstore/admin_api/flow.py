"""Shopify Flow's triggers: what the app's extensions declare, checked against what the app sends, and kept.

https://shopify.dev/docs/apps/build/flow/triggers/reference. Workflows themselves are not simulated: what was received
is what they would have begun with.
"""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import NotSimulated, user_error
from devstore.admin_api.registry import Args, fields, plain
from devstore.clock import iso

LARGEST = 50_000
REFERENCES = {"customer_reference": "customer_id"}


@cache
def triggers(folder: Path) -> dict[str, dict[str, str]]:
    """By handle, the payload's keys and their types."""
    return dict(_declared(folder))


def _declared(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for file in sorted(folder.glob("*/shopify.extension.toml")):
        for entry in tomllib.loads(file.read_text()).get("extensions", ()):
            if entry.get("type") == "flow_trigger":
                listed = entry.get("settings", {}).get("fields", ())
                yield entry["handle"], {REFERENCES.get(one["type"]) or one["key"]: one["type"] for one in listed}


def _receive(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    if args.get("body") is not None:
        raise NotSimulated("the deprecated body of flowTriggerReceive")
    handle, payload = args.get("handle"), args.get("payload")
    declared = triggers(ctx.options.extensions).get(handle or "")
    problem = "Invalid handle." if declared is None else next(_problems(declared, payload, ctx), None)
    if problem is not None:
        return {"userErrors": [user_error(problem, ["handle" if declared is None else "payload"])]}
    ctx.store.flow.append({"handle": handle, "payload": payload, "at": iso(ctx.store.clock.now())})
    return {"userErrors": []}


def _problems(declared: dict[str, str], payload: Any, ctx: Context) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "Payload must be an object."
        return
    if len(json.dumps(payload).encode()) > LARGEST:
        yield f"Payload must be smaller than {LARGEST} bytes."
    for key in sorted(set(payload) - set(declared)):
        yield f"Property '{key}' is not defined by the trigger."
    for key, kind in declared.items():
        if key not in payload:
            yield f"Property '{key}' is missing."
        elif not _fits(kind, payload[key], ctx):
            yield f"Property '{key}' is no {kind}."


def _fits(kind: str, value: Any, ctx: Context) -> bool:
    match kind:
        case "customer_reference":
            return isinstance(value, int) and value in ctx.store.customers
        case "single_line_text_field":
            return isinstance(value, str) and "\n" not in value
        case "number_decimal":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
    raise NotSimulated(f"fields of type {kind} in a Flow trigger")


fields("Mutation", {"flowTriggerReceive": _receive})
plain("FlowTriggerReceivePayload", ("userErrors",))
