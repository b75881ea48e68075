"""Shopify's own linter for Liquid, run on the theme app extension."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.extensions.node import RECOMMENDATIONS, shopify

pytestmark = pytest.mark.node


def check(folder: Path) -> list[str]:
    """The names of all checks that found something, warnings included."""
    result = shopify("theme", "check", "--path", folder, "--output", "json", "--fail-level", "crash")
    assert result.returncode == 0, result.stderr
    text = result.stdout.strip()
    return [offence["check"] for file in json.loads(text or "[]") for offence in file["offenses"]]


def test_theme_check_finds_nothing_to_say() -> None:
    assert check(RECOMMENDATIONS) == []


def test_theme_check_would_have_said_it(tmp_path: Path) -> None:
    broken = shutil.copytree(RECOMMENDATIONS, tmp_path / "recommendations")
    snippet = broken / "snippets/cards.liquid"
    snippet.write_text(snippet.read_text().replace("render 'card'", "render 'missing'"))
    assert "MissingTemplate" in check(broken)
