"""Search and its suggestions, and the orders of a collection."""

from __future__ import annotations

import re
from typing import Any

import pytest

from devstore.storefront import liquid_errors
from tests.devstore.front.shop import Shop


def cards(page: str) -> list[str]:
    return re.findall(r'<h3 class="card-title"><a href="[^"]*">([^<]*)</a>', page)


def suggest(shop: Shop, **query: Any) -> Any:
    return shop.client().get("/search/suggest.json", query_string=query)


def test_words_are_found_from_their_beginning_in_title_type_and_tags(shop: Shop) -> None:
    # The dripper's description says that it sits on any mug: found, but after what is called so.
    assert cards(shop.page("/search?q=stonew+mug")) == ["Speckled Stoneware Mug", "Stoneware Pour-Over Dripper"]
    assert "Speckled Stoneware Mug" in cards(shop.page("/search?q=coffee&type=product"))
    assert "Nothing was found" in shop.page("/search?q=tonew")


def test_a_search_without_words_shows_the_field_and_what_sells(shop: Shop) -> None:
    page = shop.page("/search")
    assert 'name="q" value=""' in page
    assert len(cards(page)) == 4
    assert "Nothing was found" not in page


def test_nothing_found_is_said_with_the_words_escaped(shop: Shop) -> None:
    page = shop.page("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "Nothing was found for “&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert not liquid_errors


def test_results_have_pages_that_keep_the_words_and_the_order(shop: Shop) -> None:
    for product in list(shop.store.products.values()):
        shop.store.update_product(product.id, tags=["everything"])
    page = shop.page("/search?q=everything&sort_by=price-ascending")
    assert len(cards(page)) == 24
    assert 'href="?page=2&amp;q=everything&amp;sort_by=price-ascending"' in page
    second = cards(shop.page("/search?q=everything&sort_by=price-ascending&page=2"))
    assert second
    assert set(second).isdisjoint(cards(page))


def test_what_is_sold_out_is_found_last(shop: Shop) -> None:
    mugs = cards(shop.page("/search?q=stone"))
    shop.store.set_inventory(shop.variant("speckled-stoneware-mug"), 0)
    for variant in shop.product("speckled-stoneware-mug").variants:
        shop.store.set_inventory(variant.id, 0)
    assert mugs[0] == "Speckled Stoneware Mug"
    assert cards(shop.page("/search?q=stone"))[-1] == "Speckled Stoneware Mug"


def test_drafts_are_never_found(shop: Shop) -> None:
    assert cards(shop.page("/search?q=rain+gauge"))[:1] != ["Rain Gauge, Spring Edition"]
    assert suggest(shop, q="rain gauge").get_json()["resources"]["results"]["products"] == []


def test_suggestions_have_shopifys_shape(shop: Shop) -> None:
    results = suggest(shop, q="mug").get_json()["resources"]["results"]
    assert set(results) == {"queries", "products", "collections", "pages"}
    mug = results["products"][0]
    assert (mug["price"], mug["url"], mug["available"]) == ("18.50", "/products/speckled-stoneware-mug", True)
    collections = suggest(shop, q="kit", **{"resources[type]": "collection"}).get_json()["resources"]["results"]
    assert [found["title"] for found in collections["collections"]] == ["Kitchen"]


@pytest.mark.parametrize(
    "query",
    [{}, {"q": " "}, {"q": "a", "resources[limit]": 11}, {"q": "a", "resources[limit]": 0},
     {"q": "a", "resources[type]": "product,nonsense"}],
)  # fmt: skip
def test_wrong_questions_are_422(shop: Shop, query: dict[str, Any]) -> None:
    assert suggest(shop, **query).status_code == 422


def test_suggestions_are_had_as_a_section(shop: Shop) -> None:
    html = shop.page("/search/suggest?q=mug&section_id=predictive-search")
    assert "Speckled Stoneware Mug" in html
    assert "<html" not in html


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [
        ("title-ascending", "Ash Hand Trowel", "Wool Throw, Undyed"),
        ("title-descending", "Wool Throw, Undyed", "Ash Hand Trowel"),
        ("nonsense", "Olive Wood Chopping Board", None),
    ],
)
def test_a_collection_is_sorted_as_the_visitor_asks(shop: Shop, order: str, first: str, last: str | None) -> None:
    path = f"/collections/all?sort_by={order}"
    assert cards(shop.page(path))[0] == first
    if last:
        assert cards(shop.page(f"{path}&page=2"))[-1] == last


def test_a_collection_sorted_by_price_begins_with_the_cheapest(shop: Shop) -> None:
    cheap = min(p.variants[0].price for p in shop.store.products.values() if p.status == "ACTIVE")
    first = cards(shop.page("/collections/all?sort_by=price-ascending"))[0]
    assert next(p for p in shop.store.products.values() if p.title == first).variants[0].price == cheap
