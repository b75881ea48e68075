"""A rail that is steered, over HTTP: another order, draws and their chances, what is ignored, and no mask undone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import psycopg
import pytest
import redis

from app.adapters.redis import keys
from app.adapters.redis.fresh import RedisFresh
from app.core.experiments.types import UNCHANGED, ArmKey, Treatment
from app.core.ids import ProductId, RequestId
from app.core.recommend.exploration import MOST_EPSILON, Exploration, fill, generator_of
from app.core.recommend.fresh import Fresh
from app.core.recommend.impressions import VISIT_S
from app.core.recommend.scoring import ItemModel
from app.core.recommend.steering import OFF, Steering
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.run_experiment import stop_experiment, take_back
from app.services.set_steering import set_steering
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.catalogue import add_product, set_stock
from tests.serving.conftest import Ask, products_of
from tests.serving.running import decisions, start, visitor_in

DRAWS = 400
BESIDE = (Rail.BOUGHT_TOGETHER,)
IN_ORDER = [2, 3, 4, 10, 9, 8, 7, 6, 5]
EVERYTHING = Steering(diversity=1, calibration=1, popularity=1, impressions=1, margin=1, stock=1)


def steered(wiring: Web, shop: Shop, steering: Steering, *rails: Rail) -> str:
    """A visitor in the arm that is steered so."""
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, Treatment(steering=steering), rails=rails or BESIDE))
    return visitor_in("b1", test)


def test_sliders_at_zero_leave_the_rail_as_everybody_has_it(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    visitor = steered(wiring, shop, OFF)
    assert products_of(ask(visitor=visitor, limit=9)) == products_of(ask(limit=9)) == IN_ORDER


@pytest.mark.parametrize("slider", ["diversity", "popularity"])
def test_a_slider_changes_the_order_and_not_what_may_be_shown(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask, slider: str
) -> None:
    visitor = steered(wiring, shop, Steering(**{slider: 1.0}))
    shown = products_of(ask(visitor=visitor, limit=9))
    assert shown != IN_ORDER
    assert sorted(shown) == sorted(IN_ORDER)
    assert wiring.counters.totals()["treatments_missed"] == 0


def test_calibration_brings_more_of_what_the_shopper_looked_at(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask, live_redis: redis.Redis
) -> None:
    """Products 1 and 8 are of one kind, and nobody else is."""
    visitor = steered(wiring, shop, Steering(calibration=1))
    live_redis.hset(keys.visitor(shop.id, visitor), "viewed", "1:1700000000000")
    assert products_of(ask(visitor=visitor, limit=9))[0] == 8


def test_what_is_sold_out_or_in_the_cart_does_not_come_back_and_the_rail_stays_full(
    wiring: Web, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection, ask: Ask
) -> None:
    visitor = steered(wiring, shop, EVERYTHING)
    set_stock(catalogue, 10, 0)
    wiring.redis.incr(keys.catalog(shop.id))
    wiring.shelves.refresh()
    shown = products_of(ask(visitor=visitor, limit=7, cart="3"))
    assert sorted(shown) == [2, 4, 5, 6, 7, 8, 9]


def test_draws_are_recorded_with_their_chances_and_can_be_drawn_again(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    visitor = steered(wiring, shop, Steering(exploration=1), Rail.FOR_YOU)
    shown = [products_of(ask(placement="home", visitor=visitor, limit=4)) for _ in range(40)]
    by_sales = list(range(10, 0, -1))
    assert len({tuple(products) for products in shown}) > 5
    assert {products[0] for products in shown} == {10}, "the first place is not drawn"
    good = [sold >= 5 for sold in by_sales]
    for decision, products in zip(decisions(wiring), shown, strict=True):
        generator = generator_of(Rail.FOR_YOU, RequestId(decision.request_id))
        again = fill(by_sales, 4, Exploration(MOST_EPSILON), generator, good=good)
        assert [item["product_id"] for item in decision.items] == products == list(again.items)
        assert [item["propensity"] for item in decision.items] == pytest.approx(again.propensities)


def test_what_a_shopper_keeps_ignoring_sinks_for_them_alone(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask, live_redis: redis.Redis
) -> None:
    visitor = steered(wiring, shop, Steering(impressions=1))
    assert products_of(ask(visitor=visitor, limit=3)) == [2, 3, 4]
    now = int(wiring.clock.now().timestamp()) // VISIT_S
    visits = ".".join(str(now - back) for back in range(8))
    live_redis.hset(keys.visitor(shop.id, visitor), "shown", f"2:{visits},3:{now}")
    assert products_of(ask(visitor=visitor, limit=3))[0] == 3
    assert 2 in products_of(ask(visitor=visitor, limit=9))
    live_redis.hset(keys.visitor(shop.id, visitor), "clicked", "2:1700000000000")
    assert products_of(ask(visitor=visitor, limit=3)) == [2, 3, 4], "a click is no ignoring"
    assert products_of(ask(limit=3)) == [2, 3, 4]


def test_what_was_shown_is_read_only_for_rails_that_make_use_of_it(
    wiring: Web, shop: Shop, full_model: ItemModel
) -> None:
    steered(wiring, shop, Steering(impressions=0.5), Rail.FOR_YOU)
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert shelf.experiments.showings == {Rail.FOR_YOU}


@pytest.fixture
def newcomer(wiring: Web, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection) -> int:
    """A product that no model knows, and that is like product 1."""
    add_product(catalogue, shop.id, 11)
    catalogue.commit()
    placed = {ProductId(11): ((ProductId(1), 1.0),)}
    RedisFresh(wiring.redis).put(shop.id, [Fresh(full_model.version, placed=placed)])
    wiring.redis.incr(keys.catalog(shop.id))
    wiring.shelves.refresh()
    return 11


@pytest.mark.parametrize("slider", ["popularity", "stock", "exploration", "new_products"])
def test_a_newcomer_keeps_the_place_that_it_has_without_sliders(
    wiring: Web, shop: Shop, newcomer: int, ask: Ask, slider: str
) -> None:
    unsteered = products_of(ask(limit=8))
    assert unsteered[-1] == newcomer
    visitor = steered(wiring, shop, Steering(**{slider: 1.0}))
    for _ in range(5):
        shown = products_of(ask(visitor=visitor, limit=8))
        assert shown[-1] == newcomer
        assert len(set(shown)) == 8


def test_a_rail_of_one_place_is_steered_like_any_other(wiring: Web, shop: Shop, newcomer: int, ask: Ask) -> None:
    visitor = steered(wiring, shop, replace(EVERYTHING, exploration=1, new_products=1))
    assert len(products_of(ask(visitor=visitor, limit=1))) == 1


def test_what_is_written_down_is_the_chance_with_which_it_was_drawn(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    """Whatever a place is to hold, its share of the answers, each weighed by one over its chance, comes to 1."""
    visitor = steered(wiring, shop, Steering(exploration=1, popularity=0.5), Rail.FOR_YOU)
    for _ in range(DRAWS):
        ask(placement="home", visitor=visitor, limit=3)
    logged = [one.items for one in decisions(wiring)]
    assert len(logged) == DRAWS
    second = Counter((items[1]["product_id"], round(items[1]["propensity"], 9)) for items in logged)
    assert len({product for product, _ in second}) == len(second) > 2, "after the same first place each has one chance"
    for (_, chance), seen in second.items():
        assert abs(seen - chance * DRAWS) < 4.5 * (chance * (1 - chance) * DRAWS) ** 0.5
    assert sum(chance for _, chance in second) == pytest.approx(1.0)


def test_a_look_is_left_as_it_was_put_together(wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask) -> None:
    visitor = steered(wiring, shop, EVERYTHING, Rail.COMPLETE_THE_LOOK)
    look = products_of(ask(rail="complete_the_look"))
    assert products_of(ask(visitor=visitor, rail="complete_the_look")) == look != []


def test_sliders_that_were_chosen_at_the_end_of_an_experiment_are_everybodys_until_taken_back(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    wanted = Treatment(steering=Steering(popularity=1))
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, wanted, rails=BESIDE))
    ports = wiring.running_experiments
    stop_experiment(shop, test.id, choice=ArmKey("b1"), by="Ada", ports=ports)
    wiring.shelves.refresh()
    assert products_of(ask(limit=9)) != IN_ORDER
    kept = wiring.steering.in_force(shop.id)[Rail.BOUGHT_TOGETHER]
    assert (kept.steering, kept.by, kept.experiment) == (wanted.steering, "Ada", test.id)
    take_back(shop, test.id, by="Ada", ports=ports)
    wiring.shelves.refresh()
    assert products_of(ask(limit=9)) == IN_ORDER


def test_sliders_that_were_moved_since_stay_when_an_experiment_is_taken_back(
    wiring: Web, shop: Shop, full_model: ItemModel
) -> None:
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, Treatment(steering=Steering(popularity=1)), rails=BESIDE))
    stop_experiment(shop, test.id, choice=ArmKey("b1"), by="Ada", ports=wiring.running_experiments)
    kept = wiring.steering.in_force(shop.id)[Rail.BOUGHT_TOGETHER]
    moved = Steering(diversity=0.5)
    set_steering(shop, kept.rail, moved, by="Ada", seen=kept.version, ports=wiring.setting_steering)
    take_back(shop, test.id, by="Ada", ports=wiring.running_experiments)
    assert wiring.steering.in_force(shop.id)[kept.rail].steering == moved
