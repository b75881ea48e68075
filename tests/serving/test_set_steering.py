"""The sliders that a merchant has set: for everybody, on the next request, under experiments, and never past a mask."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import psycopg
import pytest
import redis
from sqlmodel import SQLModel

from app.adapters.db.tables import Order, OrderLine, SteeringVersion
from app.adapters.redis import keys
from app.core.errors import DomainError
from app.core.experiments.types import UNCHANGED, Treatment
from app.core.ids import ProductId
from app.core.recommend.scoring import ItemModel
from app.core.recommend.steering import OFF, TITLES, Steering
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.set_steering import set_steering, take_back
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.patience import eventually
from tests.serving.catalogue import add_product, set_stock
from tests.serving.conftest import Ask, products_of
from tests.serving.running import decisions, start, visitor_in

BESIDE = Rail.BOUGHT_TOGETHER
IN_ORDER = [2, 3, 4, 10, 9, 8, 7, 6, 5]
BY = "Shopify user 7"


def move(wiring: Web, shop: Shop, rail: Rail = BESIDE, **sliders: float) -> None:
    kept = wiring.steering.in_force(shop.id).get(rail)
    seen = kept.version if kept else 0
    set_steering(shop, rail, Steering(**sliders), by=BY, seen=seen, ports=wiring.setting_steering)


def look(wiring: Web) -> None:
    wiring.shelves.refresh()
    wiring.shelves.refresh_pulse()


# -- who gets it, and when -------------------------------------------------------------------------------------------


def test_it_acts_for_everybody_without_anybodys_doing_as_in_a_web_process(
    wiring: Web, shop: Shop, model: ItemModel, ask: Ask
) -> None:
    eventually(lambda: wiring.shelves.mapped(shop.id) is not None, "the shop is in memory")
    before = products_of(ask(limit=9))
    move(wiring, shop, popularity=1.0)
    eventually(lambda: products_of(ask(limit=9)) != before, "the slider acts")
    assert sorted(products_of(ask(limit=9))) == sorted(before)


@pytest.mark.parametrize("slider", sorted(TITLES))
def test_a_rail_whose_sliders_are_all_back_at_0_is_as_it_was(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask, slider: str
) -> None:
    before = {rail: products_of(ask(placement="home", rail=rail)) for rail in ("for_you",)}
    if slider != "margin":
        move(wiring, shop, Rail.FOR_YOU, **{slider: 1.0})
    move(wiring, shop, Rail.FOR_YOU)
    look(wiring)
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert (shelf.experiments.adopted, shelf.experiments.sliders) == ({}, frozenset())
    assert {rail: products_of(ask(placement="home", rail=rail)) for rail in before} == before


def test_another_rail_and_another_shop_are_left_alone(
    wiring: Web, shop: Shop, other_shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    move(wiring, shop, Rail.GOES_WELL, popularity=1.0)
    look(wiring)
    assert products_of(ask(limit=9)) == IN_ORDER
    assert wiring.steering.in_force(other_shop.id) == {}


def test_an_experiments_arm_goes_before_it_and_its_control_is_as_everybody_has_it(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    move(wiring, shop, popularity=1.0)
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, Treatment(steering=OFF), rails=(BESIDE,)))
    look(wiring)
    assert products_of(ask(visitor=visitor_in("b1", test), limit=9)) == IN_ORDER
    control = products_of(ask(visitor=visitor_in("control", test), limit=9))
    assert control == products_of(ask(limit=9)) != IN_ORDER


def test_what_is_drawn_is_recorded_with_its_chance_for_whoever_has_no_id(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    move(wiring, shop, Rail.FOR_YOU, exploration=1.0)
    look(wiring)
    for _ in range(5):
        ask(placement="home", limit=4)
    for one in decisions(wiring):
        assert one.items[0]["propensity"] == 1.0
        assert 0.0 < min(item["propensity"] for item in one.items[1:]) < 1.0


def test_sliders_of_a_newer_release_are_left_out_and_the_rail_is_answered(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    row = SteeringVersion(shop_id=shop.id, rail="for_you", sliders={"charm": 1}, at=wiring.clock.now(), by=BY)
    with wiring.database.shop(shop.id) as session:
        session.add(row)
    move(wiring, shop, popularity=1.0)
    look(wiring)
    assert list(wiring.steering.in_force(shop.id)) == [BESIDE]
    assert products_of(ask(limit=9)) != IN_ORDER


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_every_version_is_kept_with_who_and_when_and_can_be_gone_back_to(wiring: Web, shop: Shop) -> None:
    move(wiring, shop, diversity=0.25)
    move(wiring, shop, diversity=0.5)
    newest, oldest = wiring.steering.history(shop.id, BESIDE, limit=9)
    assert (newest.by, newest.steering, oldest.steering) == (BY, Steering(diversity=0.5), Steering(diversity=0.25))
    assert newest.at >= oldest.at
    take_back(shop, BESIDE, oldest.version, by=BY, seen=newest.version, ports=wiring.setting_steering)
    now = wiring.steering.in_force(shop.id)[BESIDE]
    assert (now.steering, now.why) == (oldest.steering, "Taken back")
    take_back(shop, BESIDE, 0, by=BY, seen=now.version, ports=wiring.setting_steering)
    assert wiring.steering.in_force(shop.id)[BESIDE].steering == OFF
    assert len(wiring.steering.history(shop.id, BESIDE, limit=9)) == 4
    with pytest.raises(DomainError, match="not kept any more"):
        take_back(shop, BESIDE, 10**6, by=BY, seen=0, ports=wiring.setting_steering)


def test_nothing_is_kept_where_nothing_was_moved(wiring: Web, shop: Shop) -> None:
    move(wiring, shop)
    move(wiring, shop, diversity=0.5)
    move(wiring, shop, diversity=0.5)
    assert len(wiring.steering.history(shop.id, BESIDE, limit=9)) == 1


def test_of_two_who_move_the_same_sliders_the_second_is_told(wiring: Web, shop: Shop) -> None:
    move(wiring, shop, diversity=0.25)
    with pytest.raises(DomainError, match="somebody else"):
        set_steering(shop, BESIDE, Steering(diversity=0.5), by=BY, seen=0, ports=wiring.setting_steering)
    assert wiring.steering.in_force(shop.id)[BESIDE].steering == Steering(diversity=0.25)


@pytest.mark.parametrize(
    ("rail", "sliders", "sentence"),
    [
        (Rail.COMPLETE_THE_LOOK, {"diversity": 0.5}, "has no sliders"),
        (Rail.FOR_YOU, {"margin": 0.5}, "is not known"),
        (Rail.ALSO_VIEWED, {"new_products": 0.5}, "says what it holds"),
    ],
)
def test_a_slider_that_could_do_nothing_is_refused(
    wiring: Web, shop: Shop, rail: Rail, sliders: dict[str, float], sentence: str
) -> None:
    with pytest.raises(DomainError, match=sentence):
        move(wiring, shop, rail, **sliders)


# -- how long the stock lasts ----------------------------------------------------------------------------------------


def sold(wiring: Web, shop: Shop, product: int, units: int) -> None:
    """So many units a week ago, in one order."""
    at = wiring.clock.now() - timedelta(days=7)
    rows: list[SQLModel] = [
        Order(shop_id=shop.id, id=product, customer_id=None, created_at=at, updated_at=at),
        OrderLine(
            shop_id=shop.id, id=product, order_id=product, product_id=product, quantity=units, current_quantity=units,
            unit_price=1,
        ),
    ]  # fmt: skip
    with wiring.database.shop(shop.id) as session:
        for row in rows:
            session.add(row)
            session.flush()


@pytest.fixture
def selling(wiring: Web, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection) -> None:
    """Products 2 and 3 sell one a day; all have ten units."""
    for product in (2, 3):
        sold(wiring, shop, product, 56)


def test_what_runs_out_soon_gives_way_and_what_is_sold_out_is_not_shown(
    wiring: Web, shop: Shop, selling: None, catalogue: psycopg.Connection, ask: Ask
) -> None:
    catalogue.execute("UPDATE variants SET quantity = 500 WHERE product_id = 3")
    set_stock(catalogue, 2, 1)
    wiring.redis.incr(keys.catalog_epoch(shop.id))
    look(wiring)
    assert products_of(ask(limit=9)) == IN_ORDER
    move(wiring, shop, stock=1.0)
    look(wiring)
    shown = products_of(ask(limit=9))
    assert shown.index(ProductId(3)) == 0 < shown.index(ProductId(2))
    set_stock(catalogue, 2, 0)
    wiring.redis.incr(keys.catalog(shop.id))
    look(wiring)
    assert products_of(ask(limit=9)) == [3, 4, 10, 9, 8, 7, 6, 5]


@pytest.mark.parametrize("why", ["oversell = true", "tracked = false"])
def test_what_sells_on_or_is_not_counted_is_never_short(
    wiring: Web, shop: Shop, selling: None, catalogue: psycopg.Connection, ask: Ask, why: str
) -> None:
    catalogue.execute(f"UPDATE variants SET {why} WHERE product_id = 2")
    catalogue.execute("UPDATE variants SET quantity = 500 WHERE product_id = 3")
    set_stock(catalogue, 2, 0)
    wiring.redis.incr(keys.catalog_epoch(shop.id))
    move(wiring, shop, stock=1.0)
    look(wiring)
    assert products_of(ask(limit=9)) == IN_ORDER
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert shelf.cover(ProductId(2)) == float("inf")
    assert shelf.cover(ProductId(3)) == pytest.approx(1000.0, rel=0.01)


def test_while_no_slider_asks_nothing_is_summed_up(wiring: Web, shop: Shop, selling: None) -> None:
    look(wiring)
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert str(shelf.cover(ProductId(2))) == "nan"
    move(wiring, shop, stock=0.1)
    look(wiring)
    assert shelf.cover(ProductId(2)) == pytest.approx(10.0, rel=0.01)
    move(wiring, shop)
    look(wiring)
    assert str(shelf.cover(ProductId(2))) == "nan"


# -- rules before ranking --------------------------------------------------------------------------------------------

EVERY = {name: 1.0 for name in TITLES if name != "margin"}


def test_no_slider_brings_back_what_is_masked_and_no_rail_is_short_while_anything_may_be_shown(
    wiring: Web, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection, ask: Ask, live_redis: redis.Redis
) -> None:
    """Sixty random shops: what is sold out, what is asked, what the shopper has done, and where the sliders stand."""
    add_product(catalogue, shop.id, 11, created_at=wiring.clock.now())
    catalogue.commit()
    wiring.redis.incr(keys.catalog(shop.id))
    draw = Random(7)
    for number in range(60):
        sliders: dict[str, Any] = {name: draw.choice([0.0, draw.random(), 1.0]) for name in EVERY}
        rail = draw.choice([Rail.FOR_YOU, Rail.BOUGHT_TOGETHER, Rail.GOES_WELL])
        move(wiring, shop, rail, **sliders)
        sold_out = set(draw.sample(range(1, 12), draw.randrange(0, 11)))
        for product in range(1, 12):
            catalogue.execute(
                "UPDATE variants SET quantity = %s WHERE product_id = %s", [int(product not in sold_out), product]
            )
        catalogue.execute("UPDATE products SET changed_at = clock_timestamp()")
        catalogue.commit()
        wiring.redis.incr(keys.catalog(shop.id))
        look(wiring)
        visitor = f"{number:032x}"
        carted = draw.sample(range(1, 11), draw.randrange(0, 3))
        if carted:
            live_redis.hset(
                keys.visitor(shop.id, visitor), "carted", ",".join(f"{one}:1700000000000" for one in carted)
            )
        limit = draw.randrange(1, 12)
        placement = {Rail.FOR_YOU: "home", Rail.BOUGHT_TOGETHER: "product", Rail.GOES_WELL: "cart"}[rail]
        cart = ",".join(map(str, carted)) if rail is Rail.GOES_WELL else ""
        shown = products_of(ask(placement=placement, rail=rail.value, visitor=visitor, limit=limit, cart=cart))
        known = {1} if rail is Rail.BOUGHT_TOGETHER else set(carted)
        eligible = set(range(1, 11)) - sold_out - known
        assert len(shown) == len(set(shown))
        assert set(shown) <= set(range(1, 12)) - sold_out - known, (number, rail, sliders)
        assert len(shown) >= min(limit, len(eligible)), (number, rail, sliders, sold_out)
