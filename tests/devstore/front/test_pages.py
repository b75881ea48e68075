"""The pages of the theme, in every kind of shop."""

from __future__ import annotations

import pytest

from devstore.storefront import liquid_errors
from tests.devstore.front.shop import Shop, open_shop

PATHS = (
    "/",
    "/collections",
    "/collections/all",
    "/collections/all?page=2",
    "/cart",
    "/account/login",
    "/search",
    "/search?q=mug",
    "/de",
)


@pytest.mark.parametrize("world", ["small", "empty", "single", "sold_out"])
def test_every_page_answers_sensibly_in_every_shop(world: str) -> None:
    shop = open_shop(world=world)
    for path in PATHS:
        assert "<main" in shop.page(path)
    for product in shop.store.products.values():
        status = shop.client().get(f"/products/{product.handle}").status_code
        assert status == (200 if product.status == "ACTIVE" else 404)
    assert not liquid_errors


def test_an_unknown_page_is_a_404_in_the_theme(shop: Shop) -> None:
    answer = shop.client().get("/products/nothing")
    assert answer.status_code == 404
    assert "This page is not here." in answer.get_data(as_text=True)


def test_drafts_are_listed_nowhere(shop: Shop) -> None:
    for path in ("/collections/garden-balcony", "/collections/all?page=2", "/collections/all"):
        assert "Rain Gauge" not in shop.page(path)


def test_a_long_collection_has_pages(shop: Shop) -> None:
    first, second = shop.page("/collections/all"), shop.page("/collections/all?page=2")
    assert first.count('class="card"') == 24
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second


def test_a_page_number_out_of_range_is_the_last_page(shop: Shop) -> None:
    assert "Page 2 of 2" in shop.page("/collections/all?page=99")


def test_the_variant_of_the_address_is_chosen(shop: Shop) -> None:
    second = shop.product("speckled-stoneware-mug").variants[1]
    page = shop.page(f"/products/speckled-stoneware-mug?variant={second.id}")
    assert f'<option value="{second.id}" data-price="$18.50" selected>' in page


def test_what_is_sold_out_cannot_be_added(shop: Shop) -> None:
    page = shop.page("/products/konjac-face-sponge")
    assert "disabled>Sold out</button>" in page


def test_what_is_oversold_can_be_added(shop: Shop) -> None:
    assert ">Add to cart</button>" in shop.page("/products/reed-diffuser-garden-rain")


def test_a_product_is_had_as_json(shop: Shop) -> None:
    product = shop.client().get("/products/wool-throw-undyed.js").get_json()
    assert (product["price"], product["compare_at_price"], product["available"]) == (8900, 9900, True)
    assert [variant["title"] for variant in product["variants"]] == ["Cream", "Grey"]


def test_images_are_drawn_and_always_the_same(shop: Shop) -> None:
    path = f"/cdn/products/{shop.product('glass-pantry-jar').id}.svg"
    first, second = shop.client().get(f"{path}?width=200"), shop.client().get(path)
    assert first.mimetype == "image/svg+xml"
    assert first.data == second.data
    assert b"<title>Glass Pantry Jar</title>" in first.data


def test_the_image_of_no_product_is_missing(shop: Shop) -> None:
    assert shop.client().get("/cdn/products/1.svg").status_code == 404


@pytest.mark.parametrize("path", ["/cdn/theme/../theme.py", "/cdn/extensions/tiny/assets/../blocks/rail.liquid"])
def test_files_outside_the_assets_stay_inside(shop: Shop, path: str) -> None:
    assert shop.client().get(path).status_code == 404


def test_missing_pages_of_other_parts_are_not_the_themes(shop: Shop) -> None:
    assert "<main" not in shop.client().get("/_dev/nothing").get_data(as_text=True)


def test_the_product_form_names_its_product_and_section(shop: Shop) -> None:
    page = shop.page("/products/speckled-stoneware-mug")
    product = shop.product("speckled-stoneware-mug").id
    assert f'<input type="hidden" name="product-id" value="{product}">' in page
    assert '<input type="hidden" name="section-id" value="template--1__main">' in page
    assert f'id="product_form_{product}"' in page
    assert 'enctype="multipart/form-data"' in page
