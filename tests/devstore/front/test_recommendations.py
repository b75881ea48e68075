"""Shopify's own recommendations, the rival of the app's rails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from devstore.store import NewLine
from tests.devstore.front.shop import Shop, open_shop

MUG, JAR, SOAP, BOARD = "speckled-stoneware-mug", "glass-pantry-jar", "oat-milk-soap-bar", "olive-wood-chopping-board"


def ask(shop: Shop, handle: str = MUG, client: FlaskClient | None = None, **query: Any) -> list[str]:
    query = {"product_id": shop.product(handle).id, **query}
    answer = (client or shop.client()).get("/recommendations/products.json", query_string=query)
    assert answer.status_code == 200
    return [product["handle"] for product in answer.get_json()["products"]]


def buy_together(shop: Shop, *handles: str, times: int = 200) -> None:
    for handle in handles:
        shop.store.set_inventory(shop.variant(handle), 100_000)
    for _ in range(times):
        shop.store.place_order([NewLine(shop.variant(handle), 1) for handle in handles])


def test_what_was_bought_together_comes_first_and_new_orders_count(shop: Shop) -> None:
    ask(shop)
    buy_together(shop, MUG, SOAP)
    assert ask(shop)[0] == SOAP


def test_without_orders_the_same_collections_best_sellers_fill_the_rail() -> None:
    shop = open_shop(world="small")
    shop.store.orders.clear()
    kitchen = shop.store.collection_by_handle("kitchen")
    assert kitchen is not None
    found = ask(shop)
    assert found
    assert {shop.product(handle).id for handle in found} <= set(kitchen.product_ids)


def test_complements_are_of_another_type(shop: Shop) -> None:
    kind = shop.product(MUG).product_type
    twin = next(p for p in shop.store.products.values() if p.product_type == shop.product(SOAP).product_type)
    shop.store.update_product(shop.product(SOAP).id, product_type=kind)
    buy_together(shop, MUG, SOAP)
    assert ask(shop)[0] == SOAP
    assert SOAP not in ask(shop, intent="complementary")
    assert twin is not None


@pytest.mark.parametrize("reason", ["sold out", "free", "gift card", "draft", "in the cart"])
def test_what_shopify_does_not_recommend_is_left_out(shop: Shop, reason: str) -> None:
    buy_together(shop, MUG, SOAP)
    client, soap = shop.client(), shop.product(SOAP)
    if reason == "sold out":
        for variant in soap.variants:
            shop.store.set_inventory(variant.id, 0)
    elif reason == "free":
        shop.store.update_product(soap.id, price=0)
    elif reason == "gift card":
        shop.store.update_product(soap.id, is_gift_card=True)
    elif reason == "draft":
        shop.store.update_product(soap.id, status="DRAFT")
    else:
        client.post("/cart/add.js", json={"id": soap.variants[0].id})
    assert SOAP not in ask(shop, client=client)
    assert MUG not in ask(shop, client=client)


def test_at_most_ten_and_no_more_than_asked_for(shop: Shop) -> None:
    assert len(ask(shop)) == 10
    assert len(ask(shop, limit=3)) == 3


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422), ("product_id=x", 422), ("product_id=1", 404), ("product_id={id}&limit=11", 422),
        ("product_id={id}&limit=0", 422), ("product_id={id}&intent=magic", 422),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused_as_shopify_does(shop: Shop, query: str, status: int) -> None:
    query = query.format(id=shop.product(MUG).id)
    answer = shop.client().get(f"/recommendations/products.json?{query}")
    assert answer.status_code == answer.get_json()["status"] == status


def test_a_product_that_is_not_published_is_not_found(shop: Shop) -> None:
    draft = next(p for p in shop.store.products.values() if p.status == "DRAFT")
    assert shop.client().get(f"/recommendations/products.json?product_id={draft.id}").status_code == 404


def test_the_rail_is_had_as_a_section_with_tracked_links(shop: Shop) -> None:
    mug = shop.product(MUG).id
    html = shop.page(f"/recommendations/products?product_id={mug}&limit=4&section_id=related-products")
    listed = re.findall(r'<li data-product="(\d+)">', html)
    assert [shop.store.products[int(product)].handle for product in listed] == ask(shop, limit=4)
    assert 'data-rail="native"' in html
    assert f"pr_ref_pid={mug}" in html


def test_the_native_rail_waits_on_product_pages_and_can_be_switched_off(shop: Shop) -> None:
    page = shop.page(f"/products/{MUG}")
    assert "section_id=related-products&amp;product_id=" in page
    assert 'data-rail="native"' not in page
    shop.theme.update({"native_rail": False})
    assert "product-recommendations data-url" not in shop.page(f"/products/{MUG}")


def test_the_random_rail_shows_what_can_be_bought_when_it_is_switched_on(shop: Shop) -> None:
    assert 'data-rail="random"' not in shop.page(f"/products/{MUG}")
    shop.theme.update({"random_rail": True, "native_rail": False})
    pages = [shop.page(f"/products/{MUG}") for _ in range(8)]
    drawn = [re.findall(r'<li data-product="(\d+)">', page) for page in pages]
    assert all(len(set(listed)) == 4 for listed in drawn)
    assert str(shop.product(MUG).id) not in {product for listed in drawn for product in listed}
    assert len({tuple(listed) for listed in drawn}) > 1


@pytest.mark.parametrize("question", ["section_id=random-products", "sections=cart-count,random-products"])
def test_who_asks_for_the_random_rail_by_name_gets_it_while_pages_go_without(shop: Shop, question: str) -> None:
    page = shop.page(f"/products/{MUG}")
    part = shop.page(f"/products/{MUG}?{question}").replace('\\"', '"')
    assert 'data-rail="random"' not in page
    drawn = re.findall(r'<li data-product="(\d+)">', part)
    assert len(set(drawn)) == 4
    assert str(shop.product(MUG).id) not in drawn
