"""The templates' Polaris markup: every element, attribute and slot exists in Shopify's own list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.extensions.node import ROOT, unavailable

TEMPLATES = sorted((ROOT / "app/web/templates").rglob("*.html"))
LIST = ROOT / "node_modules/@shopify/polaris-types/dist/custom-elements.json"
GLOBAL = {"id", "slot", "hidden", "class", "lang", "style"}
OF_APP_BRIDGE = {"s-app-nav": {"rel"}}
"""App Bridge's own element: its links may say which of them is the app's first page."""


@dataclass
class Known:
    attributes: dict[str, set[str]] = field(default_factory=dict)
    slots: dict[str, set[str]] = field(default_factory=dict)


@cache
def known() -> Known:
    if not LIST.exists():
        unavailable("Shopify's list of Polaris elements is not there")
    found = Known()
    for module in json.loads(LIST.read_text())["modules"]:
        for element in module.get("declarations", ()):
            if tag := element.get("tagName"):
                found.attributes[tag] = {attribute["name"].lower() for attribute in element.get("attributes", ())}
                found.slots[tag] = {slot["name"] for slot in element.get("slots", ())}
    return found


class Faults(HTMLParser):
    """Collects what Shopify's list does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("s-") and tag not in OF_APP_BRIDGE:
            self.found += list(self._faults(tag, attrs))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def _faults(self, tag: str, attrs: list[tuple[str, str | None]]) -> Iterator[str]:
        if tag not in known().attributes:
            yield f"there is no {tag}"
            return
        parent = next((name for name in reversed(self.open) if name.startswith("s-")), "")
        allowed = known().attributes[tag] | GLOBAL | OF_APP_BRIDGE.get(parent, set())
        for name, value in attrs:
            if name.startswith("data-"):
                continue
            if name not in allowed:
                yield f"{tag} has no {name}"
            if name == "slot" and parent and value not in known().slots[parent]:
                yield f"{parent} has no slot {value}"


def faults(markup: str) -> list[str]:
    parser = Faults()
    parser.feed(re.sub(r"{#.*?#}|{%.*?%}", "", re.sub(r"{{.*?}}", "x", markup, flags=re.S), flags=re.S))
    return parser.found


@pytest.mark.node
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_polaris_element_attribute_and_slot_exists(template: Path) -> None:
    assert faults(template.read_text()) == []


@pytest.mark.node
@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ("<s-buton>", "there is no s-buton"),
        ("<s-badge colour='x'>", "s-badge has no colour"),
        ("<s-page><s-link slot='back'></s-link></s-page>", "s-page has no slot back"),
        ("<s-link rel='home'>", "s-link has no rel"),
    ],
)
def test_what_does_not_exist_would_be_found(markup: str, fault: str) -> None:
    assert faults(markup) == [fault]


def test_no_sign_of_sidekick_or_magic_stands_in_any_template() -> None:
    for template in TEMPLATES:
        assert not re.search(r"magic|sidekick|sparkle", template.read_text(), re.IGNORECASE), template


def test_money_and_numbers_of_tables_are_aligned_as_such() -> None:
    results = (ROOT / "app/web/templates/admin/_results.html").read_text()
    assert results.count('format="numeric"') == 4
    assert results.count('format="currency"') == 1
