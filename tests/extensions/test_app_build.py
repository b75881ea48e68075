"""`shopify app build` builds the extensions without login or network, and the security scan finds nothing high."""

from __future__ import annotations

import json

import pytest

from tests.extensions.node import ROOT, shopify

pytestmark = pytest.mark.node


def test_the_app_builds_with_its_extensions() -> None:
    result = shopify("app", "build", "--path", ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Bundling theme extension recommendations" in result.stdout
    assert "pixel successfully built" in result.stdout
    assert "built!" in result.stdout + result.stderr


def test_shopifys_security_scan_finds_nothing_that_blocks() -> None:
    result = shopify("app", "doctor", "--json", "--blocking", "high", "--path", ROOT)
    issues = json.loads(result.stdout)["scan"]["issues"]
    assert [(issue["id"], issue["severity"], issue["location"]) for issue in issues] == []
    assert result.returncode == 0
