"""The second market: its own address, language and currency, with the same cart."""

from __future__ import annotations

import re

import pytest

from devstore.storefront import liquid_errors
from tests.devstore.front.shop import Shop

MUG = "speckled-stoneware-mug"
PATHS = ("/de", "/de/collections", "/de/collections/all?page=2", "/de/search?q=mug", "/de/cart", f"/de/products/{MUG}")


@pytest.mark.parametrize("path", PATHS)
def test_every_page_stands_in_the_second_market_and_stays_there(shop: Shop, path: str) -> None:
    page = shop.page(path)
    assert '<html lang="de">' in page
    links = re.findall(r'(?:href|action)="(/[^"]*)"', page)
    assert {link for link in links if not link.startswith(("/de", "/cdn"))} == set()
    assert not liquid_errors


def test_prices_are_converted_and_written_as_the_language_does(shop: Shop) -> None:
    # 18.50 dollars at 0.92 euros each.
    assert "17,02\u00a0€" in shop.page(f"/de/products/{MUG}")
    product = shop.client().get(f"/de/products/{MUG}.js").get_json()
    assert (product["price"], product["url"]) == (1702, f"/de/products/{MUG}")


def test_the_cart_is_the_same_in_both_markets_at_each_ones_prices(shop: Shop) -> None:
    client = shop.client()
    client.post("/de/cart/add.js", json={"id": shop.variant(MUG), "quantity": 2})
    abroad, home = client.get("/de/cart.js").get_json(), client.get("/cart.js").get_json()
    assert (abroad["currency"], abroad["total_price"]) == ("EUR", 3404)
    assert (home["currency"], home["total_price"]) == ("USD", 3700)
    assert abroad["token"] == home["token"]


def test_forms_lead_on_inside_the_market(shop: Shop) -> None:
    answer = shop.client().post("/de/cart/add", data={"id": shop.variant(MUG)})
    assert answer.headers["Location"] == "/de/cart"


def test_an_order_from_abroad_is_an_order_of_the_store(shop: Shop) -> None:
    client = shop.client()
    client.post("/de/cart/add.js", json={"id": shop.variant(MUG), "quantity": 2})
    thanks = client.post("/de/checkout", data={"email": "mia@example.com"}).get_data(as_text=True)
    assert "34,04\u00a0€" in thanks
    order = list(shop.store.orders.values())[-1]
    assert order.lines[0].unit_price == 1850


def test_blocks_speak_the_markets_language_where_they_have_it(shop: Shop) -> None:
    assert "<h2>4 Dinge</h2>" in shop.page(f"/de/products/{MUG}")
    assert 'data-locale="de"' in shop.page(f"/de/products/{MUG}")
    assert "<h2>4 things</h2>" in shop.page(f"/products/{MUG}")


def test_search_engines_are_told_of_both(shop: Shop) -> None:
    for path in (f"/products/{MUG}", f"/de/products/{MUG}"):
        page = shop.page(path)
        assert f'<link rel="alternate" hreflang="de-DE" href="http://shop/de/products/{MUG}">' in page
        assert f'<link rel="alternate" hreflang="en" href="http://shop/products/{MUG}">' in page


@pytest.mark.parametrize(
    ("form", "start", "end"),
    [
        ({"country_code": "DE"}, f"/products/{MUG}", f"/de/products/{MUG}"),
        ({"country_code": "US"}, f"/de/products/{MUG}", f"/products/{MUG}"),
        ({"language_code": "de"}, "/", "/de"),
        ({"language_code": "en"}, "/de", "/"),
        ({"country_code": "DE"}, "//evil.example", "/de"),
        ({"country_code": "US"}, "/de//evil.example", "/evil.example"),
        ({"country_code": "US"}, "/de/\\\\evil.example", "/evil.example"),
        ({"country_code": "XX"}, f"/products/{MUG}", f"/products/{MUG}"),
    ],
)
def test_the_selector_leads_to_the_same_page_there(shop: Shop, form: dict[str, str], start: str, end: str) -> None:
    answer = shop.client().post("/localization", data={**form, "return_to": start})
    assert (answer.status_code, answer.headers["Location"]) == (302, end)


def test_what_belongs_to_no_market_has_no_address_there(shop: Shop) -> None:
    for path in ("/de/cdn/theme/theme.css", "/de/admin", "/de/_dev/theme"):
        assert shop.client().get(path).status_code == 404


def test_a_path_that_only_begins_alike_is_no_market(shop: Shop) -> None:
    assert shop.client().get("/design").status_code == 404
