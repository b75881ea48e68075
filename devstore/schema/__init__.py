"""Shopify's Admin GraphQL schema of version 2026-10 and the access rules that come with it, as facts on disk.

Both files are generated (see generate.py and NOTICE). Building the schema takes a quarter of a second, so it is done
once per process.
"""

from __future__ import annotations

import gc
import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from graphql import GraphQLScalarType, GraphQLSchema, build_client_schema

FOLDER = Path(__file__).parent
SCHEMA_FILE = FOLDER / "admin_2026-10.json.gz"
ACCESS_FILE = FOLDER / "access_2026-10.json.gz"

_STRINGS = ("DateTime", "Date", "Decimal", "Money", "UnsignedInt64", "BigInt", "URL", "HTML", "FormattedString")


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Keys are type names, or ``Type.field``; several scopes mean that any one of them is enough."""

    type_scopes: dict[str, list[str]]
    field_scopes: dict[str, list[str]]
    protected: dict[str, str]
    deprecated: frozenset[str]
    gid_types: dict[str, list[str]]


@cache
def load() -> GraphQLSchema:
    # The collector walks the growing tree again and again while it is built; switched off, the build takes half.
    gc.disable()
    try:
        schema = build_client_schema(_read(SCHEMA_FILE), assume_valid=True)
    finally:
        gc.enable()
    gc.freeze()
    for name in _STRINGS:
        if name in schema.type_map:
            _only_strings(cast(GraphQLScalarType, schema.type_map[name]))
    return schema


@cache
def access() -> AccessRules:
    raw = _read(ACCESS_FILE)
    return AccessRules(
        raw["type_scopes"], raw["field_scopes"], raw["protected"], frozenset(raw["deprecated"]), raw["gid_types"]
    )


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _only_strings(scalar: GraphQLScalarType) -> None:
    """Shopify sends these scalars as strings; anything else that leaves here is a mistake of a resolver."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{scalar.name} cannot represent {value!r}")
        return value

    scalar.coerce_output_value = check
