"""Every document against Shopify's real schema, and the scopes: documents ↔ the committed table ↔ shopify.app.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, parse, validate, visit

from app.adapters.shopify import documents, scopes
from devstore import schema

TOML = tomllib.loads((Path(__file__).parents[2] / "shopify.app.toml").read_text())
NAMES = documents.names()
BULK_NAMES = [name for name in NAMES if "$search" in documents.load(name)]


@cache
def fields_of(name: str) -> list[tuple[str, str, str]]:
    """Each selected field of a document as (holding type, field, returned type)."""
    info = TypeInfo(schema.load())
    found = []

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, returned = info.get_parent_type(), info.get_type()
            assert parent is not None
            assert returned is not None
            found.append((parent.name, node.name.value, get_named_type(returned).name))

    visit(parse(documents.load(name)), TypeInfoVisitor(info, Collect()))
    return found


def needs_of(name: str) -> Iterator[frozenset[str]]:
    """The either-or sets of scopes that a document needs, by the schema's rules."""
    rules = schema.access()
    for parent, field, returned in fields_of(name):
        key = f"{parent}.{field}"
        if key in rules.field_scopes:
            sets = [rules.field_scopes[key]]
        else:
            held = None if parent in ("QueryRoot", "Mutation") else rules.type_scopes.get(parent)
            node = returned.removesuffix("Connection").removesuffix("Edge") or returned
            sets = [held or [], rules.type_scopes.get(node) or []]
        yield from (frozenset(any_of) for any_of in sets if any_of)


def derived(names: list[str]) -> set[str]:
    """The scopes that follow from the documents: what has no alternative, and what is picked among alternatives."""
    sets = {any_of for name in names for any_of in needs_of(name)}
    picked = {next(iter(s)) for s in sets if len(s) == 1} | {scopes.PICKED[s] for s in sets if s in scopes.PICKED}
    unmet = [s for s in sets if not s & picked]
    assert not unmet, f"pick one scope of each of {unmet} in scopes.PICKED"
    return picked | {scopes.BY_OWNER[name] for name in names if name in scopes.BY_OWNER}


def test_there_are_documents() -> None:
    assert {"shop", "products", "orders"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_fits_the_schema(name: str) -> None:
    assert validate(schema.load(), parse(documents.load(name))) == []


@pytest.mark.parametrize("name", BULK_NAMES)
@pytest.mark.parametrize("search", [None, 'updated_at:>="2026-01-01" tag:\'a"b\''])
def test_a_bulk_query_fits_the_schema_with_its_search_written_out(name: str, search: str | None) -> None:
    query = documents.bulk_query(name, search)
    assert "$" not in query
    assert validate(schema.load(), parse(query)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_document_uses_nothing_that_is_deprecated(name: str) -> None:
    used = {f"{parent}.{field}" for parent, field, _ in fields_of(name)}
    assert used & schema.access().deprecated == set()


@pytest.mark.parametrize("name", NAMES)
def test_personal_fields_are_asked_for_in_documents_of_their_own(name: str) -> None:
    personal = {f"{parent}.{field}" for parent, field, _ in fields_of(name)} & set(schema.access().protected)
    assert bool(personal) == name.endswith("_contact")


def test_the_required_scopes_follow_from_the_always_on_documents() -> None:
    always_on = [name for name in NAMES if name not in scopes.FEATURES]
    assert set(scopes.REQUIRED) == derived(always_on) | set(scopes.NOT_SHOWN)


def test_the_optional_scopes_follow_from_the_documents_of_features() -> None:
    gated = [name for name in NAMES if name in scopes.FEATURES]
    assert set(scopes.OPTIONAL) == derived(gated) - set(scopes.REQUIRED)


def test_every_document_that_writes_metafields_names_their_owners_scope() -> None:
    def writes(name: str) -> bool:
        return any(holder == "Mutation" and field.startswith("metafields") for holder, field, _ in fields_of(name))

    assert {name for name in NAMES if writes(name)} == set(scopes.BY_OWNER)


def test_the_app_asks_shopify_for_what_the_table_says() -> None:
    asked = TOML["access_scopes"]
    assert [scope.strip() for scope in asked["scopes"].split(",")] == list(scopes.REQUIRED)
    assert asked["optional_scopes"] == list(scopes.OPTIONAL)


def test_a_missing_scope_is_named() -> None:
    granted = ",".join(scope for scope in scopes.REQUIRED if scope not in ("read_products", "read_orders"))
    assert scopes.missing(granted) == ["read_orders"]
    assert scopes.missing("") == list(scopes.REQUIRED)
