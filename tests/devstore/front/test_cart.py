"""The cart: its page, its forms and Shopify's Ajax API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.devstore.front.shop import Shop

MUG, JAR = "speckled-stoneware-mug", "glass-pantry-jar"


def add(client: FlaskClient, variant: int, quantity: int = 1, **properties: str) -> Any:
    item = {"id": variant, "quantity": quantity, "properties": properties}
    return client.post("/cart/add.js", json={"items": [item]})


def cart(client: FlaskClient) -> Any:
    return client.get("/cart.js").get_json()


def test_an_empty_cart_has_shopifys_shape(shop: Shop) -> None:
    empty = cart(shop.client())
    assert (empty["item_count"], empty["total_price"], empty["items"], empty["currency"]) == (0, 0, [], "USD")


def test_items_are_added_as_json(shop: Shop) -> None:
    client = shop.client()
    answer = add(client, shop.variant(MUG), 2, _attune="r1:3")
    (item,) = answer.get_json()["items"]
    assert (item["quantity"], item["final_line_price"], item["properties"]) == (2, 3700, {"_attune": "r1:3"})
    assert cart(client)["total_price"] == 3700


def test_a_form_adds_and_leads_to_the_cart(shop: Shop) -> None:
    client = shop.client()
    form = {"id": str(shop.variant(JAR)), "quantity": "3", "properties[_attune]": "r:1", "properties[Engraving]": "M"}
    answer = client.post("/cart/add", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cart")
    assert cart(client)["items"][0]["properties"] == {"_attune": "r:1", "Engraving": "M"}


def test_a_form_posted_to_the_script_address_gives_the_item(shop: Shop) -> None:
    item = shop.client().post("/cart/add.js", data={"id": shop.variant(MUG)}).get_json()
    assert (item["handle"], item["quantity"], item["variant_title"]) == (MUG, 1, "Cloud")


def test_private_properties_are_kept_from_the_shopper(shop: Shop) -> None:
    client = shop.client()
    add(client, shop.variant(MUG), 1, _attune="r1:3", Engraving="For M")
    page = shop.page("/cart", client)
    assert "Engraving: For M" in page
    assert "_attune" not in page


def test_the_same_item_joins_its_line_and_another_property_makes_a_line(shop: Shop) -> None:
    client = shop.client()
    for position in ("a:1", "a:1", "b:1"):
        add(client, shop.variant(MUG), 1, _attune=position)
    assert sorted(item["quantity"] for item in cart(client)["items"]) == [1, 2]


def test_what_is_sold_out_is_refused(shop: Shop) -> None:
    answer = add(shop.client(), shop.variant("konjac-face-sponge"))
    assert answer.status_code == 422
    assert answer.get_json() == {
        "status": 422, "message": "Cart Error", "description": "The product 'Konjac Face Sponge' is already sold out.",
    }  # fmt: skip


def test_more_than_the_stock_is_refused(shop: Shop) -> None:
    client = shop.client()
    assert add(client, shop.variant("copper-watering-can"), 20).status_code == 200
    assert add(client, shop.variant("copper-watering-can"), 20).status_code == 422
    assert cart(client)["item_count"] == 20


@pytest.mark.parametrize("body", [{"items": [{"id": 1}]}, {"items": []}, {"items": "x"}, {"id": "abc"}, {"id": None}])
def test_nonsense_is_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.client().post("/cart/add.js", json=body).status_code in (400, 404)


def test_a_line_is_changed_by_place_or_key_and_goes_at_zero(shop: Shop) -> None:
    client = shop.client()
    add(client, shop.variant(MUG))
    key = cart(client)["items"][0]["key"]
    assert client.post("/cart/change.js", json={"line": 1, "quantity": 4}).get_json()["item_count"] == 4
    assert client.post("/cart/change.js", json={"id": key, "quantity": 0}).get_json()["items"] == []


def test_quantities_are_updated_together(shop: Shop) -> None:
    client = shop.client()
    add(client, shop.variant(MUG))
    add(client, shop.variant(JAR))
    updates = {str(shop.variant(MUG)): 3, str(shop.variant(JAR)): 0}
    answer = client.post("/cart/update.js", json={"updates": updates, "attributes": {"gift": "yes"}, "note": "Hi"})
    found = answer.get_json()
    assert (found["item_count"], found["attributes"], found["note"]) == (3, {"gift": "yes"}, "Hi")


def test_the_cart_pages_form_updates_quantities(shop: Shop) -> None:
    client = shop.client()
    add(client, shop.variant(MUG))
    key = cart(client)["items"][0]["key"]
    assert client.post("/cart", data={f"updates[{key}]": "5"}).status_code == 303
    assert cart(client)["item_count"] == 5


def test_two_shoppers_have_two_carts(shop: Shop) -> None:
    add(shop.client(), shop.variant(MUG))
    assert cart(shop.client())["item_count"] == 0


def test_a_product_that_is_deleted_leaves_the_cart(shop: Shop) -> None:
    client = shop.client()
    add(client, shop.variant(MUG))
    shop.store.delete_product(shop.product(MUG).id)
    assert cart(client)["items"] == []


def test_the_product_form_as_a_browser_sends_it_adds_the_item(shop: Shop) -> None:
    client = shop.client()
    form = {"form_type": "product", "utf8": "✓", "product-id": "1", "section-id": "x", "id": str(shop.variant(MUG))}
    client.post("/cart/add", data=form, content_type="multipart/form-data")
    assert cart(client)["items"][0]["variant_id"] == shop.variant(MUG)
