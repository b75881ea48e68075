"""New products over HTTP: a stated share of the places until enough people have seen them, then on their own."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from app.adapters.redis import keys
from app.adapters.shelves.pulse import NEW_FOR
from app.core.errors import DomainError
from app.core.ids import ProductId
from app.core.recommend.exploration import AUDIENCE, FIRST_FOR_NEW
from app.core.recommend.scoring import ItemModel
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.set_steering import set_steering
from app.wiring.web import Web
from tests.serving.catalogue import add_product, set_stock
from tests.serving.conftest import Ask, products_of
from tests.serving.running import decisions

NEW = 11
HOME = {"placement": "home", "limit": 8}


@pytest.fixture
def newcomer(wiring: Web, shop: Shop, mapped: None, catalogue: psycopg.Connection) -> int:
    """A product that came an hour ago; nobody has bought it, and no model knows it."""
    add_product(catalogue, shop.id, NEW, created_at=wiring.clock.now() - timedelta(hours=1))
    catalogue.commit()
    wiring.redis.incr(keys.catalog(shop.id))
    return NEW


def steer(wiring: Web, shop: Shop, share: float, rail: Rail = Rail.FOR_YOU) -> None:
    kept = wiring.steering.in_force(shop.id).get(rail)
    seen = kept.version if kept else 0
    set_steering(shop, rail, Steering(new_products=share), by="a test", seen=seen, ports=wiring.setting_steering)
    look(wiring)


def look(wiring: Web) -> None:
    """What the background threads do within two seconds."""
    wiring.shelves.refresh()
    wiring.shelves.refresh_pulse()


def seen(catalogue: psycopg.Connection, shop: Shop, day: date, count: int) -> None:
    """As the roll-up counts it."""
    catalogue.execute("INSERT INTO product_impressions VALUES (%s, %s, %s, %s)", [shop.id, day, NEW, count])
    catalogue.commit()


def shares(wiring: Web, ask: Ask, asked: int = 60) -> float:
    """The part of the answers in which the new product has the place that is kept for it."""
    places = [products_of(ask(**HOME)) for _ in range(asked)]
    assert all(len(shown) == len(set(shown)) == 8 for shown in places)
    assert all(NEW not in shown[:FIRST_FOR_NEW] + shown[FIRST_FOR_NEW + 1 :] for shown in places)
    return sum(NEW in shown for shown in places) / asked


def test_while_the_slider_is_off_nobody_sees_what_nobody_has_bought(
    wiring: Web, shop: Shop, newcomer: int, ask: Ask
) -> None:
    look(wiring)
    assert shares(wiring, ask, asked=3) == 0.0


@pytest.mark.parametrize(("slider", "least", "most"), [(1.0, 1.0, 1.0), (0.5, 0.25, 0.75)])
def test_a_new_product_has_the_share_of_places_that_was_set(
    wiring: Web, shop: Shop, newcomer: int, ask: Ask, slider: float, least: float, most: float
) -> None:
    """Of 60 fair draws, fewer than 15 or more than 45 come up once in 20,000 times."""
    steer(wiring, shop, slider)
    assert least <= shares(wiring, ask) <= most
    (answer,) = {
        (item["reason"], round(item["propensity"], 6))
        for one in decisions(wiring)
        for item in one.items
        if item["product_id"] == NEW
    }
    assert answer == ("new", slider)


def test_the_answer_says_why_it_is_there(wiring: Web, shop: Shop, newcomer: int, ask: Ask) -> None:
    steer(wiring, shop, 1.0)
    answer = ask(**HOME)
    assert answer.json is not None
    item = answer.json["items"][FIRST_FOR_NEW]
    assert (item["product_id"], item["reason"]["text"]) == (str(NEW), "New in this store")


def test_it_stands_on_its_own_once_enough_people_have_seen_it(
    wiring: Web, shop: Shop, newcomer: int, catalogue: psycopg.Connection, ask: Ask
) -> None:
    today = wiring.clock.now().date()
    seen(catalogue, shop, today - timedelta(days=1), AUDIENCE - 1)
    steer(wiring, shop, 1.0)
    assert shares(wiring, ask, asked=2) == 1.0
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert shelf.new_products == {NEW: 1}
    seen(catalogue, shop, today, 1)
    steer(wiring, shop, 0.0)
    steer(wiring, shop, 1.0)
    assert shares(wiring, ask, asked=2) == 0.0


@pytest.mark.parametrize("why", ["sold out", "unpublished", "in the cart", "bought lately", "old"])
def test_what_may_not_be_shown_is_not_shown_for_being_new(
    wiring: Web, shop: Shop, newcomer: int, catalogue: psycopg.Connection, ask: Ask, why: str
) -> None:
    changes = {
        "sold out": "UPDATE variants SET quantity = 0 WHERE product_id = 11",
        "unpublished": "UPDATE products SET published = false WHERE id = 11",
        "old": f"UPDATE products SET created_at = now() - interval '{NEW_FOR.days + 1} days' WHERE id = 11",
    }
    catalogue.execute(changes.get(why, "SELECT 1"))
    set_stock(catalogue, NEW, 0) if why == "sold out" else catalogue.commit()
    wiring.redis.incr(keys.catalog(shop.id))
    steer(wiring, shop, 1.0)
    asked: dict[str, object] = dict(HOME)
    if why == "in the cart":
        asked["cart"] = str(NEW)
    if why == "bought lately":
        visitor = "b" * 32
        moment = int(wiring.clock.now().timestamp() * 1000)
        wiring.redis.hset(keys.visitor(shop.id, visitor), "carted", f"{NEW}:{moment}")
        asked["visitor"] = visitor
    assert NEW not in products_of(ask(**asked))


def test_a_rail_that_says_what_it_holds_has_no_place_for_it(
    wiring: Web, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection, ask: Ask
) -> None:
    with pytest.raises(DomainError, match="says what it holds"):
        steer(wiring, shop, 1.0, Rail.ALSO_VIEWED)
    assert ProductId(NEW) not in products_of(ask(rail="also_viewed"))
