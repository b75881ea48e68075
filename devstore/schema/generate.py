"""Makes the two generated files of this folder from the introspection JSON of the npm package @shopify/dev-mcp.

Run ``python -m devstore.schema.generate PATH/admin_2026-10.json.gz``. The output is the same byte for byte for the same
input, which a test checks wherever the package is present. What is kept are facts (names, types, rules), no prose.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devstore.schema import ACCESS_FILE, SCHEMA_FILE

# What only documents, or is kept in the access file instead. Without `deprecationReason` the schema also validates:
# Shopify deprecates fields that its own interfaces still require.
_DROPPED = frozenset(
    (
        "description", "isPrivatelyDocumented", "componentName", "accessRestricted", "accessRestrictedReason",
        "isProtected", "protectedSubject", "protectedContent", "requiredAccess", "gidTypes", "deprecationReason",
    )
)  # fmt: skip
_ABSENT_WHEN_FALSY = frozenset(("isDeprecated", "ofType", "defaultValue", "isOneOf", "specifiedByURL"))


def slim(node: Any) -> Any:
    """The introspection result without documentation keys and without keys that say nothing."""
    if isinstance(node, list):
        return [slim(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: slim(value)
        for key, value in node.items()
        if key not in _DROPPED and not (key in _ABSENT_WHEN_FALSY and not value)
    }


def access(source: dict[str, Any]) -> dict[str, Any]:
    """Scopes, protected fields, deprecated fields and the kinds of global id that an argument accepts."""
    items = source["offline_scopes"]["items"]
    fields = list(_fields(source["data"]["__schema"]["types"]))
    return {
        "type_scopes": {i["typeName"]: i["offlineScopes"] for i in items if i["type"] == "type" and i["offlineScopes"]},
        "field_scopes": {
            f"{i['typeName']}.{i['fieldName']}": i["offlineScopes"]
            for i in items
            if i["type"] == "field" and i["offlineScopes"]
        },
        "protected": {name: field["protectedContent"] for name, field in fields if field.get("isProtected")},
        "deprecated": [name for name, field in fields if field.get("isDeprecated")],
        "gid_types": {
            f"{name}({arg['name']})": arg["gidTypes"]
            for name, field in fields
            for arg in field.get("args", ())
            if arg.get("gidTypes")
        }
        | {name: field["gidTypes"] for name, field in fields if field.get("gidTypes")},
    }


def _fields(types: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in types:
        for field in (*(kind.get("fields") or ()), *(kind.get("inputFields") or ())):
            yield f"{kind['name']}.{field['name']}", field


def packed(value: Any) -> bytes:
    """Compressed JSON without a timestamp, so that the same input gives the same bytes."""
    return gzip.compress(json.dumps(value, separators=(",", ":")).encode(), 9, mtime=0)


def outputs(package_file: Path) -> dict[Path, bytes]:
    source = json.loads(gzip.decompress(package_file.read_bytes()))
    return {SCHEMA_FILE: packed(slim(source["data"])), ACCESS_FILE: packed(access(source))}


def main() -> None:
    for path, content in outputs(Path(sys.argv[1])).items():
        path.write_bytes(content)
        print(f"{path.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
