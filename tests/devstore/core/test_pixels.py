"""Connecting the app's web pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.devstore.core.shop import Shop, make

SCOPES = "write_pixels,read_customer_events"
TOML = """
type = "web_pixel_extension"
name = "pixel"
runtime_context = "strict"
[settings]
type = "object"
[settings.fields.accountID]
name = "Account"
description = "Account"
type = "single_line_text_field"
validations = [{ name = "min", value = "3" }]
"""
CREATE = """mutation($s: JSON!) { webPixelCreate(webPixel: {settings: $s}) {
  webPixel { id settings } userErrors { code field message } } }"""
UPDATE = """mutation($id: ID!, $s: JSON!) { webPixelUpdate(id: $id, webPixel: {settings: $s}) {
  webPixel { settings } userErrors { code } } }"""
DELETE = "mutation($id: ID!) { webPixelDelete(id: $id) { deletedWebPixelId userErrors { code } } }"
GOOD = {"accountID": "acc-1"}


def opened(folder: Path, toml: str | None = TOML, scopes: str = SCOPES) -> Shop:
    if toml is not None:
        (folder / "pixel").mkdir()
        (folder / "pixel" / "shopify.extension.toml").write_text(toml, encoding="utf-8")
    return make(scopes=scopes, extensions=folder).install()


def connect(shop: Shop, settings: Any = None) -> dict[str, Any]:
    result: dict[str, Any] = shop.data(CREATE, {"s": GOOD if settings is None else settings})["webPixelCreate"]
    return result


def test_a_pixel_is_connected_with_its_settings_and_read_back(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    made = connect(shop, json.dumps(GOOD))
    assert made["userErrors"] == []
    assert shop.data("{ webPixel { id settings } }")["webPixel"] == {"id": made["webPixel"]["id"], "settings": GOOD}
    assert shop.store.web_pixel is not None
    assert shop.store.web_pixel.settings == GOOD


def test_no_pixel_is_an_error_and_not_null(tmp_path: Path) -> None:
    body = opened(tmp_path).answer("{ webPixel { id } }")
    assert body["data"] == {"webPixel": None}
    assert body["errors"][0]["message"] == "No web pixel was found for this app."


def test_an_app_has_one_pixel_per_shop(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    connect(shop)
    assert connect(shop)["userErrors"][0]["code"] == "TAKEN"


def test_without_a_pixel_extension_there_is_nothing_to_connect(tmp_path: Path) -> None:
    assert connect(opened(tmp_path, toml=None))["userErrors"][0]["code"] == "NO_EXTENSION"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("not json", "INVALID_CONFIGURATION_JSON"),
        ([], "INVALID_CONFIGURATION_JSON"),
        ({}, "INVALID_SETTINGS"),
        ({"accountID": "acc-1", "extra": "x"}, "INVALID_SETTINGS"),
        ({"accountID": 5}, "INVALID_SETTINGS"),
        ({"accountID": "no"}, "INVALID_SETTINGS"),
    ],
)
def test_settings_must_be_what_the_extension_defines(tmp_path: Path, settings: Any, code: str) -> None:
    shop = opened(tmp_path)
    assert connect(shop, settings)["userErrors"][0]["code"] == code
    assert shop.store.web_pixel is None


def test_a_setting_of_another_type_is_a_broken_definition(tmp_path: Path) -> None:
    shop = opened(tmp_path, TOML.replace("single_line_text_field", "boolean"))
    assert connect(shop)["userErrors"][0]["code"] == "INVALID_SETTINGS_DEFINITION"


def test_a_pixel_is_updated_and_deleted_by_its_id(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    gid = connect(shop)["webPixel"]["id"]
    other = {"id": "gid://shopify/WebPixel/1", "s": GOOD}
    assert shop.data(UPDATE, other)["webPixelUpdate"]["userErrors"][0]["code"] == "NOT_FOUND"
    changed = shop.data(UPDATE, {"id": gid, "s": {"accountID": "acc-2"}})["webPixelUpdate"]
    assert changed["webPixel"]["settings"] == {"accountID": "acc-2"}
    assert shop.data(DELETE, {"id": other["id"]})["webPixelDelete"]["userErrors"][0]["code"] == "NOT_FOUND"
    assert shop.data(DELETE, {"id": gid})["webPixelDelete"]["deletedWebPixelId"] == gid
    assert shop.store.web_pixel is None


@pytest.mark.parametrize("scopes", ["write_pixels", "read_customer_events"])
def test_both_scopes_are_needed(tmp_path: Path, scopes: str) -> None:
    body = opened(tmp_path, scopes=scopes).answer(CREATE, {"s": GOOD})
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_an_uninstalled_app_leaves_no_pixel(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    connect(shop)
    assert shop.dev("GET", "state").get_json()["web_pixel"]["settings"] == GOOD
    shop.dev("POST", "uninstall")
    assert shop.store.web_pixel is None
