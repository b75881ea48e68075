"""Klaviyo's published OpenAPI document, made fit for tools that take it at its word.

As published it cannot be compiled: ``nullable`` stands without a type, and a number is asked to be an integer and a
number but not both. A mock then checks no body at all, and says nothing of it. Only the calls that are made are kept;
flows are left out of the mock: their schema alone takes most of a minute to compile, and `flow_schema` checks them.

Usage: ``python -m tests.klaviyo.openapi_repair SPEC REPAIRED``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from app.core.email.rates import RATES

NOT_MOCKED: Final = frozenset({"create_flow", "get_flow"})
LONGEST_ENUM: Final = 200
METHODS: Final = ("get", "post", "patch", "put", "delete")


def repaired(spec: dict[str, Any]) -> dict[str, Any]:
    """The document with the calls of `RATES`, its schemas mended."""
    wanted = set(RATES) - NOT_MOCKED
    paths = {path: kept for path, item in spec["paths"].items() if (kept := _kept(item, wanted))}
    small = {**spec, "paths": paths}
    names = _reachable(small, paths)
    schemas = {name: schema for name, schema in spec["components"]["schemas"].items() if name in names}
    components = {**spec["components"], "schemas": schemas}
    mended: dict[str, Any] = mend({**small, "components": components})
    return mended


def mend(node: Any) -> Any:
    """The same part of the document, compilable."""
    if isinstance(node, list):
        return [mend(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: mend(one) for name, one in node.items()}
    if made.get("nullable") is True and "type" not in made:
        del made["nullable"]
    if isinstance(made.get("enum"), list) and len(made["enum"]) > LONGEST_ENUM:
        del made["enum"]
    if isinstance(made.get("oneOf"), list):
        # Which of several matches is nobody's concern; an integer is a number, too.
        made["anyOf"] = made.pop("oneOf")
    return made


def _kept(item: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    kept = {name: one for name, one in item.items() if name in METHODS and one.get("operationId") in wanted}
    return {**{name: one for name, one in item.items() if name not in METHODS}, **kept} if kept else {}


def _reachable(spec: dict[str, Any], root: Any) -> set[str]:
    """The names of all schemas that the root refers to, however indirectly."""
    found: set[str] = set()
    waiting = [root, spec["components"].get("responses", {})]
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.rpartition("/")[2]
            if reference.startswith("#/components/schemas/") and name not in found:
                found.add(name)
                waiting.append(spec["components"]["schemas"][name])
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [reference for one in node for reference in _references(one)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [reference for one in node.values() for reference in _references(one)]


def main() -> None:
    source, target = (Path(argument) for argument in sys.argv[1:3])
    target.write_text(json.dumps(repaired(json.loads(source.read_bytes()))))


if __name__ == "__main__":
    main()
