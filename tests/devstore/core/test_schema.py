"""The generated schema files: complete, reproducible, and never answered from thin air."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, validate_schema

from devstore import schema
from devstore.admin_api import engine  # noqa: F401 -- importing it fills the registry.
from devstore.admin_api.registry import GETTERS
from devstore.schema.generate import outputs
from tests.devstore.core.shop import Shop

PACKAGE = Path(os.environ.get("DEV_MCP", "node_modules/@shopify/dev-mcp")) / "dist/data/admin_2026-10.json.gz"


def test_the_slim_schema_is_valid_and_whole() -> None:
    loaded = schema.load()
    assert validate_schema(loaded) == []
    assert len(loaded.type_map) > 3500


@pytest.mark.skipif(not PACKAGE.exists(), reason="the npm package @shopify/dev-mcp is not installed")
def test_the_generator_gives_the_committed_files() -> None:
    assert all(path.read_bytes() == content for path, content in outputs(PACKAGE).items())


def test_every_getter_belongs_to_a_field_of_the_real_schema() -> None:
    types = schema.load().type_map
    for type_name, field in GETTERS:
        kind = types[type_name]
        assert isinstance(kind, GraphQLObjectType)
        assert field in kind.fields, f"{type_name}.{field}"


def test_a_field_that_shopify_lacks_is_a_graphql_error(shop: Shop) -> None:
    body = shop.answer("{ shop { nonsense } }")
    assert body["errors"][0]["extensions"]["code"] == "undefinedField"


def test_a_field_that_only_the_devstore_lacks_is_501(shop: Shop) -> None:
    response = shop.post("{ shop { resourceLimits { maxProductVariants } } }")
    assert response.status_code == 501
    assert "Shop.resourceLimits" in response.get_json()["errors"][0]["message"]


def test_an_unsimulated_search_field_is_501_not_ignored(shop: Shop) -> None:
    assert shop.post('{ orders(first: 1, query: "fulfillment_status:shipped") { nodes { id } } }').status_code == 501


def test_text_that_is_not_graphql_is_an_error(shop: Shop) -> None:
    assert "Syntax Error" in shop.answer("{ shop {")["errors"][0]["message"]


def test_another_api_version_is_refused(shop: Shop) -> None:
    assert shop.client.post("/admin/api/2024-01/graphql.json", json={"query": "{shop{id}}"}).status_code == 501
