"""Shopify Flow's triggers in the devstore: what the extension declares is taken and kept, anything else is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devstore.core.shop import Shop, make

FIRE = """mutation($h: String, $p: JSON) { flowTriggerReceive(handle: $h, payload: $p) {
  userErrors { field message } } }"""
GOOD = {"customer_id": 1, "Segment": "Champions", "Handle": "champions"}


@pytest.fixture
def shop() -> Shop:
    return make().install()


def fire(shop: Shop, handle: str, payload: Any) -> list[str]:
    """What is objected to."""
    answer = shop.data(FIRE, {"h": handle, "p": payload})["flowTriggerReceive"]
    return [error["message"] for error in answer["userErrors"]]


def test_what_fits_the_extension_is_kept_and_shown(shop: Shop) -> None:
    assert fire(shop, "entered-segment", GOOD) == []
    received = shop.dev("GET", "flow").get_json()["received"]
    assert [(one["handle"], one["payload"]) for one in received] == [("entered-segment", GOOD)]


@pytest.mark.parametrize(
    ("handle", "payload", "problem"),
    [
        ("left-segment", GOOD, "Invalid handle."),
        ("entered-segment", {**GOOD, "Colour": "red"}, "Property 'Colour' is not defined by the trigger."),
        ("entered-segment", {"customer_id": 1, "Segment": "x"}, "Property 'Handle' is missing."),
        ("entered-segment", {**GOOD, "customer_id": 99}, "Property 'customer_id' is no customer_reference."),
        ("entered-segment", {**GOOD, "Segment": 5}, "Property 'Segment' is no single_line_text_field."),
        ("entered-segment", ["a"], "Payload must be an object."),
        ("entered-segment", {**GOOD, "Segment": "x" * 50_000}, "Payload must be smaller than 50000 bytes."),
    ],
)
def test_what_does_not_fit_is_refused(shop: Shop, handle: str, payload: Any, problem: str) -> None:
    assert fire(shop, handle, payload) == [problem]
    assert shop.dev("GET", "flow").get_json()["received"] == []
