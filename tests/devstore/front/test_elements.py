"""The generated list of Polaris elements, and the stand-ins for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devstore.admin_frame.polaris.generate import TARGET, elements
from devstore.admin_frame.scripts import polaris

MANIFEST = Path("node_modules/@shopify/polaris-types/dist/custom-elements.json")
OWN = json.loads(TARGET.read_text())["elements"]


def test_all_sixty_two_elements_are_listed() -> None:
    assert len(OWN) == 62
    assert "disabled?" in OWN["s-button"]["props"]


def test_the_list_is_what_the_package_says() -> None:
    if not MANIFEST.is_file():
        pytest.skip("npm package @shopify/polaris-types is not installed")
    assert elements(json.loads(MANIFEST.read_text())) == OWN


def test_every_element_has_a_stand_in_of_its_own() -> None:
    script = polaris()
    assert [tag for tag in OWN if f"define('{tag}'" not in script] == []
