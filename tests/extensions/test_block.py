"""What Shopify checks at deploy but no offline tool does: sizes, names, schemas, and no word outside the locales."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.recommend.types import RAILS_OF, ReasonCode
from devstore.storefront.liquid.source import read_source
from tests.extensions.node import RECOMMENDATIONS

LIQUID = sorted(RECOMMENDATIONS.glob("**/*.liquid"))
BLOCKS = sorted(RECOMMENDATIONS.glob("blocks/*.liquid"))
SCRIPTS = sorted(RECOMMENDATIONS.glob("assets/*.js"))
LANGUAGES = ("en.default", "de", "fr", "es")
UNSEEN = re.compile(r"{%-?\s*(comment|doc|schema)\s*-?%}.*?{%-?\s*end\1\s*-?%}|{%.*?%}|{{.*?}}", re.DOTALL)
INLINE = re.compile(r"<script>\s*(.*?)\s*</script>", re.DOTALL)
MARKUP = re.compile(r"<[^>]*>|[a-z-]+=\"[^\"]*\"")
SPOKEN = re.compile(r"""(?:alt|aria-label|title|placeholder)=["'](?!{{)[^"']*[a-z]""")


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


def reached(block: Path) -> str:
    """The source of a block with that of every snippet it renders, directly or not."""
    found, waiting = "", [block]
    met = set(waiting)
    while waiting:
        text = waiting.pop().read_text()
        found += text
        for name in re.findall(r"render '([a-z-]+)'", text):
            snippet = RECOMMENDATIONS / f"snippets/{name}.liquid"
            waiting += [snippet] if snippet not in met else []
            met.add(snippet)
    return found


def test_assets_stay_below_the_size_that_shopify_suggests() -> None:
    sizes = {path.name: path.stat().st_size for path in RECOMMENDATIONS.glob("assets/*")}
    assert sizes
    assert all(size < 10_000 for size in sizes.values()), sizes


def test_the_one_script_in_the_page_is_small_reads_only_and_has_nothing_of_liquids_in_it() -> None:
    found = {path.name: INLINE.findall(path.read_text()) for path in LIQUID if "<script" in path.read_text()}
    assert list(found) == ["arms.liquid"]
    (script,) = found["arms.liquid"]
    assert len(script.encode()) <= 800
    assert not re.search(r"{[{%]|setItem|removeItem|fetch|innerHTML", script)
    assert script.count("try{") == script.count("catch{}") == 1
    source = (RECOMMENDATIONS / "snippets/arms.liquid").read_text()
    assert re.search(r"unless request.design_mode.*<script>.*endunless", source, re.DOTALL)


def test_no_length_hangs_on_the_root_font_size() -> None:
    # Many themes, Shopify's own among them, set it to 10px.
    assert not re.search(r"\drem\b", (RECOMMENDATIONS / "assets/attune.css").read_text())


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
    text = reached(block)
    used = set(re.findall(r"block\.settings\.(\w+)", text))
    with_a_default = set(re.findall(r"block\.settings\.(\w+) \| default:", text))
    assert used - with_a_default <= set(names) <= used


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


def test_no_word_of_liquid_stands_outside_the_locales() -> None:
    for path in LIQUID:
        text = path.read_text()
        assert not re.search(r"[A-Za-z]{2}", MARKUP.sub(" ", INLINE.sub(" ", UNSEEN.sub(" ", text)))), path.name
        assert not SPOKEN.search(text), path.name


def test_no_word_of_a_schema_stands_outside_the_locales() -> None:
    for block in BLOCKS:
        schema = read_source(block.read_text()).schema
        for entry in (schema, *schema["settings"], *(o for s in schema["settings"] for o in s.get("options", ()))):
            for key in {"name", "label", "info", "content", "placeholder"} & entry.keys():
                assert entry[key].startswith("t:"), (block.name, entry[key])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_hold_no_words_for_shoppers(script: Path) -> None:
    code = re.sub(r"//.*|/\*.*?\*/", "", script.read_text())
    literals = re.findall(r"""'([^'\n]*)'|"([^"\n]*)"|`([^`]*)`""", code)
    words = {text for parts in literals for text in parts if re.match(r"[A-Z][a-z]+(\s|$)", text)}
    assert words <= {"Escape"}, "a key's name is no word"


def test_every_reason_that_the_app_may_give_has_words() -> None:
    named = re.findall(r"data-(\w+)=", (RECOMMENDATIONS / "snippets/why.liquid").read_text())
    assert set(named) == set(ReasonCode)


def test_every_rail_has_its_block_on_the_pages_of_its_placement() -> None:
    template = {"home": "index", "product": "product", "cart": "cart"}
    wanted = {(rail.value, template[placement]) for placement, rails in RAILS_OF.items() for rail in rails}
    found = set()
    for block in BLOCKS:
        schema = read_source(block.read_text()).schema
        if schema["target"] == "section" and block.stem != "preferences":
            found |= {(schema["name"].removeprefix("t:blocks."), page) for page in schema["enabled_on"]["templates"]}
    assert found == wanted


def test_the_tracker_stands_on_every_page() -> None:
    schema = read_source((RECOMMENDATIONS / "blocks/tracker.liquid").read_text()).schema
    assert schema["target"] == "body"
    assert not {"enabled_on", "disabled_on"} & schema.keys()
