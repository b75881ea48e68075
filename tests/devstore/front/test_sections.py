"""Shopify's Section Rendering API: parts of a page by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.devstore.front.shop import Shop

MUG = "speckled-stoneware-mug"


def add(client: FlaskClient, shop: Shop, **more: Any) -> Any:
    return client.post("/cart/add.js", json={"items": [{"id": shop.variant(MUG)}], **more})


def test_one_section_is_had_as_html(shop: Shop) -> None:
    html = shop.page("/?section_id=footer")
    assert html.startswith('<div id="shopify-section-footer" class="shopify-section">')
    assert "<html" not in html


def test_several_sections_are_had_as_json_and_unknown_ones_are_null(shop: Shop) -> None:
    found = shop.client().get("/cart?sections=cart-drawer,nothing,cart-count").get_json()
    assert set(found) == {"cart-drawer", "nothing", "cart-count"}
    assert found["nothing"] is None
    assert "cart-drawer" in found["cart-drawer"]


def test_the_page_itself_is_a_section_in_its_own_context(shop: Shop) -> None:
    html = shop.page(f"/products/{MUG}?section_id=template--1__main")
    assert "Speckled Stoneware Mug" in html
    assert "Second block on product" in html


def test_more_than_five_sections_are_refused(shop: Shop) -> None:
    assert shop.client().get("/?sections=a,b,c,d,e").status_code == 200
    assert shop.client().get("/?sections=a,b,c,d,e,f").status_code == 400


def test_an_unknown_section_is_a_plain_404(shop: Shop) -> None:
    answer = shop.client().get("/?section_id=nothing")
    assert answer.status_code == 404
    assert "<main" not in answer.get_data(as_text=True)


def test_a_change_of_the_cart_brings_sections_along(shop: Shop) -> None:
    answer = add(shop.client(), shop, sections="cart-drawer,cart-count", sections_url=f"/products/{MUG}").get_json()
    assert "Speckled Stoneware Mug" in answer["sections"]["cart-drawer"]
    assert ">1</span>" in answer["sections"]["cart-count"]


def test_sections_come_in_the_context_of_their_page_and_market(shop: Shop) -> None:
    asked = {"sections": ["template--1__main"], "sections_url": f"/de/products/{MUG}"}
    main = add(shop.client(), shop, **asked).get_json()["sections"]["template--1__main"]
    assert "In den Warenkorb" in main


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "products"])
def test_sections_of_another_site_are_refused(shop: Shop, url: str) -> None:
    assert add(shop.client(), shop, sections="footer", sections_url=url).status_code == 400
