"""From the cart to an order of the store."""

from __future__ import annotations

from flask.testing import FlaskClient

from devstore.model import Order
from tests.devstore.front.shop import Shop

MUG = "speckled-stoneware-mug"


def with_mug(shop: Shop, quantity: int = 2) -> FlaskClient:
    client = shop.client()
    item = {"id": shop.variant(MUG), "quantity": quantity, "properties": {"_attune": "r1:3"}}
    assert client.post("/cart/add.js", json={"items": [item]}).status_code == 200
    return client


def last_order(shop: Shop) -> Order:
    return list(shop.store.orders.values())[-1]


def test_a_checkout_places_the_order_and_says_thank_you(shop: Shop) -> None:
    client, before = with_mug(shop), len(shop.store.orders)
    answer = client.post("/checkout", data={"email": "mia@example.com"})
    assert answer.status_code == 200
    assert "Thank you" in answer.get_data(as_text=True)
    order = last_order(shop)
    assert len(shop.store.orders) == before + 1
    assert (order.email, order.lines[0].quantity, order.lines[0].properties) == (
        "mia@example.com", 2, (("_attune", "r1:3"),),
    )  # fmt: skip


def test_the_cart_is_empty_afterwards_and_its_token_stands_on_the_order(shop: Shop) -> None:
    client = with_mug(shop)
    token = client.get("/cart.js").get_json()["token"]
    client.post("/checkout", data={"email": "mia@example.com"})
    assert client.get("/cart.js").get_json()["item_count"] == 0
    assert last_order(shop).cart_token == token


def test_scripts_get_the_order_as_json(shop: Shop) -> None:
    answer = with_mug(shop).post("/checkout", data={"email": "m@example.com"}, headers={"Accept": "application/json"})
    assert answer.get_json() == {
        "id": last_order(shop).id, "name": f"#{last_order(shop).number}", "total_price": 3700,
    }  # fmt: skip


def test_an_empty_cart_cannot_be_ordered(shop: Shop) -> None:
    answer = shop.client().post("/checkout", data={"email": "mia@example.com"})
    assert answer.status_code == 422
    assert "Your cart is empty." in answer.get_data(as_text=True)


def test_an_order_needs_an_address_to_write_to(shop: Shop) -> None:
    before = len(shop.store.orders)
    assert with_mug(shop).post("/checkout", data={"email": "nobody"}).status_code == 422
    assert len(shop.store.orders) == before


def test_what_sells_out_meanwhile_is_refused_and_kept_in_the_cart(shop: Shop) -> None:
    client = with_mug(shop)
    shop.store.set_inventory(shop.variant(MUG), 0)
    answer = client.post("/checkout", data={"email": "mia@example.com"})
    assert answer.status_code == 422
    assert client.get("/cart.js").get_json()["item_count"] == 2


def test_a_wrong_discount_code_is_refused(shop: Shop) -> None:
    answer = with_mug(shop).post("/checkout", data={"email": "mia@example.com", "discount": "NOPE"})
    assert answer.status_code == 422


def test_a_code_that_a_link_brought_is_taken_off_once_and_then_is_in_nobodys_way(shop: Shop) -> None:
    discount = shop.store.discount_by_code("WELCOME10")
    assert discount is not None
    discount.usage_limit = discount.codes[0].uses + 1
    client = with_mug(shop)
    answer = client.get("/discount/WELCOME10?redirect=%2Fcollections%2Fall")
    assert (answer.status_code, answer.location) == (302, "/collections/all")
    assert 'value="WELCOME10"' in shop.page("/checkout", client)
    client.post("/checkout", data={"email": "mia@example.com"})
    assert last_order(shop).discount_codes == ("WELCOME10",)
    again = with_mug(shop)
    again.get("/discount/WELCOME10")
    assert again.post("/checkout", data={"email": "ann@example.com", "discount": "WELCOME10"}).status_code == 422
    assert again.post("/checkout", data={"email": "ann@example.com"}).status_code == 200
    assert last_order(shop).discount_codes == ()


def test_a_link_with_a_code_never_leads_to_another_site(shop: Shop) -> None:
    assert shop.client().get("/discount/WELCOME10?redirect=//evil.example").location == "/"


def test_a_customer_who_is_signed_in_orders_as_herself(shop: Shop) -> None:
    client = with_mug(shop)
    customer = next(iter(shop.store.customers.values()))
    assert client.get(f"/account/login?customer_id={customer.id}").status_code == 303
    client.post("/checkout", data={"email": "other@example.com"})
    assert last_order(shop).customer_id == customer.id


def test_a_forged_customer_cookie_is_nobody(shop: Shop) -> None:
    client = shop.client()
    client.set_cookie("_devstore_customer", f"{next(iter(shop.store.customers))}.{'0' * 64}")
    assert "Log in" in shop.page("/", client)


def test_signing_in_never_leads_to_another_site(shop: Shop) -> None:
    customer = next(iter(shop.store.customers))
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = shop.client().get(f"/account/login?customer_id={customer}&return_to={target}")
        assert answer.headers["Location"] == "/"
