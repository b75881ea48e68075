"""What Shopify checks at deploy but no offline tool does: sizes, names, the schema, and complete locales."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from devstore.storefront.liquid.source import read_source
from tests.extensions.node import RECOMMENDATIONS

LIQUID = sorted(RECOMMENDATIONS.glob("**/*.liquid"))
BLOCKS = sorted(RECOMMENDATIONS.glob("blocks/*.liquid"))
LANGUAGES = ("en.default", "de", "fr")


def flat(strings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and their texts."""
    for key, value in strings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def locale(name: str) -> dict[str, str]:
    return dict(flat(json.loads((RECOMMENDATIONS / f"locales/{name}.json").read_text())))


def texts(value: Any) -> Iterator[str]:
    """Every text in a schema."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, str):
        yield value


def test_scripts_stay_below_the_size_that_shopify_suggests() -> None:
    sizes = {path.name: path.stat().st_size for path in RECOMMENDATIONS.glob("assets/*.js")}
    assert sizes
    assert all(size < 10_000 for size in sizes.values()), sizes


def test_all_liquid_together_stays_below_100_kb() -> None:
    assert 0 < sum(path.stat().st_size for path in LIQUID) < 100_000


def test_the_whole_extension_stays_below_10_mb_and_30_blocks() -> None:
    files = [path for path in RECOMMENDATIONS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_000_000
    assert len(BLOCKS) <= 30
    assert all(path.stat().st_size <= 15_000 for path in RECOMMENDATIONS.glob("locales/*"))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda path: path.stem)
def test_a_blocks_name_is_short_and_not_the_apps(block: Any) -> None:
    name = read_source(block.read_text()).schema["name"].removeprefix("t:")
    for language in LANGUAGES:
        text = locale(f"{language}.schema")[name]
        assert 0 < len(text) < 25, (language, text)
        assert "attune" not in text.lower()


@pytest.mark.parametrize("block", BLOCKS, ids=lambda path: path.stem)
def test_a_blocks_settings_are_of_known_kinds_with_distinct_ids(block: Any) -> None:
    settings = read_source(block.read_text()).schema["settings"]
    assert {setting["type"] for setting in settings} <= {"text", "range", "select", "checkbox"}
    names = [setting["id"] for setting in settings]
    assert len(set(names)) == len(names)
    used = set(re.findall(r"block\.settings\.(\w+)", block.read_text()))
    assert used == set(names)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda path: path.stem)
def test_a_blocks_ranges_and_selects_are_sound(block: Any) -> None:
    for setting in read_source(block.read_text()).schema["settings"]:
        if setting["type"] == "range":
            assert setting["min"] <= setting["default"] <= setting["max"]
            assert (setting["max"] - setting["min"]) / setting["step"] <= 100
        if setting["type"] == "select":
            assert setting["default"] in {option["value"] for option in setting["options"]}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda path: path.stem)
def test_a_blocks_assets_exist(block: Any) -> None:
    schema = read_source(block.read_text()).schema
    for kind in ("javascript", "stylesheet"):
        assert (RECOMMENDATIONS / "assets" / schema[kind]).is_file()


def test_the_strings_of_the_storefront_are_those_that_liquid_uses() -> None:
    used = {key for path in LIQUID for key in re.findall(r"'([a-z_.]+)'\s*\|\s*t\b", path.read_text())}
    assert used == set(locale("en.default"))


def test_the_strings_of_the_theme_editor_are_those_that_schemas_use() -> None:
    schemas = [read_source(path.read_text()).schema for path in BLOCKS]
    used = {text.removeprefix("t:") for text in texts(schemas) if text.startswith("t:")}
    assert used == set(locale("en.default.schema"))


@pytest.mark.parametrize("suffix", ["", ".schema"])
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_every_string_with_the_same_places(language: str, suffix: str) -> None:
    english, other = locale(f"en.default{suffix}"), locale(f"{language}{suffix}")
    assert other.keys() == english.keys()
    for key, text in other.items():
        assert text.strip()
        assert re.findall(r"{{\s*\w+\s*}}", text) == re.findall(r"{{\s*\w+\s*}}", english[key]), key
