"""The way back to a cart: which variants, how many of each, and only what a cart takes now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from app.core.email.names import Trigger
from app.core.events import Event, EventType
from app.core.ids import ProductId, VariantId
from app.services.note_mail_deeds import note_mail_deeds
from app.services.start_flows import Done
from tests.mail.conftest import YES, Mails

ADD, REMOVE = EventType.ADD_TO_CART, EventType.REMOVE_FROM_CART


def variants(mails: Mails) -> tuple[ProductId, list[int]]:
    """A product with two variants at least that can be bought, and these."""
    [(product, found), *_] = mails.execute(
        "SELECT product_id, array_agg(id ORDER BY id) FROM variants WHERE quantity > 5 AND price > 0 "
        "AND product_id IN (SELECT id FROM products WHERE published AND NOT is_gift_card) "
        "GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    )
    return ProductId(product), found


def do(mails: Mails, what: EventType, variant: int, number: int = 1, *, minutes_ago: float) -> None:
    """What the pixel tells of a line of the first customer's cart."""
    product, _ = variants(mails)
    made = Event(
        event_id=f"{what}:{variant}:{minutes_ago}",
        type=what,
        at=mails.now().replace(microsecond=0) - timedelta(minutes=minutes_ago),
        visitor=mails.visitor(mails.customers[0]),
        client=None,
        consent=YES,
        product_id=product,
        variant_id=VariantId(variant),
        quantity=number,
    )
    for _ in range(2):  # Events come twice.
        note_mail_deeds([(mails.shop.id, made)], mails.wiring.noting_mail_deeds)


def told(mails: Mails) -> dict[str, Any]:
    assert mails.start() == Done(sent=1)
    [event] = mails.events()
    found: dict[str, Any] = event.properties
    return found


def test_the_link_fills_a_cart_with_the_same_variants_and_numbers(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    _, [one, other, *_] = variants(mails)
    do(mails, ADD, one, 2, minutes_ago=100)
    do(mails, ADD, one, minutes_ago=99)
    do(mails, ADD, other, minutes_ago=98)
    properties = told(mails)
    assert "cart_lines" not in properties
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(properties["cart_url"])
        assert (page.status_code, page.url.path) == (200, "/cart")
        cart = browser.get(page.url.copy_with(path="/cart.js", query=None)).json()
    assert {item["variant_id"]: item["quantity"] for item in cart["items"]} == {one: 3, other: 1}


def test_what_was_taken_out_or_sold_out_since_is_not_in_the_link(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    _, [one, other, *_] = variants(mails)
    do(mails, ADD, one, 3, minutes_ago=100)
    do(mails, ADD, other, minutes_ago=99)
    do(mails, REMOVE, one, 2, minutes_ago=98)
    mails.execute(f"UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE id = {other}")
    assert told(mails)["cart_url"].endswith(f"/cart/{one}:1?storefront=true")


def test_an_emptied_cart_is_none_and_without_variants_there_is_no_link(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    _, [one, other, *_] = variants(mails)
    do(mails, ADD, one, minutes_ago=100)
    do(mails, ADD, other, minutes_ago=99)
    do(mails, REMOVE, one, minutes_ago=98)
    do(mails, REMOVE, other, minutes_ago=97)
    mails.do(mails.customers[1], ADD, mails.products[0], hours_ago=2)
    assert "cart_url" not in told(mails)
