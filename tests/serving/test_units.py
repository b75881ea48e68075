"""Who is assigned where a customer comes on several browsers: the first assignment wins, and nobody else's is taken."""

from __future__ import annotations

import pytest
import redis

from app.adapters.clock import WallClock
from app.adapters.redis import keys
from app.adapters.redis.customers import RedisCustomers
from app.adapters.redis.erasable import LiveStatePlace
from app.adapters.redis.units import LIVES_S, MOST_BROWSERS, RENEWED_S
from app.core.experiments.types import Experiment
from app.core.ids import CustomerId, VisitorId
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import Subject
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.conftest import Ask
from tests.serving.running import decisions, start, visitor_in

ANN, BEN = "41", "42"


@pytest.fixture
def test(wiring: Web, shop: Shop, mapped: None) -> Experiment:
    (started,) = start(wiring, shop, experiment(0, rails=(Rail.BOUGHT_TOGETHER,)))
    return started


@pytest.fixture
def phone(test: Experiment) -> str:
    return visitor_in("control", test)


@pytest.fixture
def laptop(test: Experiment) -> str:
    return visitor_in("b1", test)


def variant(ask: Ask, visitor: str, customer: str = "") -> str:
    answer = ask(visitor=visitor, logged_in_customer_id=customer)
    assert answer.json is not None
    return str(answer.json["variant"])


def subject(customer: str, *visitors: str) -> Subject:
    return Subject(CustomerId(int(customer)), (), tuple(map(VisitorId, visitors)), ())


def stitches(wiring: Web) -> tuple[int, int]:
    totals = wiring.counters.totals()
    return totals["units_stitched"], totals["units_conflicting"]


def test_a_signed_in_customer_keeps_the_arm_of_the_first_browser_everywhere(
    wiring: Web, ask: Ask, phone: str, laptop: str
) -> None:
    assert variant(ask, phone, ANN) == "1:control"
    assert variant(ask, laptop) == "1:b1"
    assert variant(ask, laptop, ANN) == "1:control"
    assert variant(ask, laptop) == "1:control"
    assert [decision.unit for decision in decisions(wiring)] == [None, None, phone, phone]
    assert {decision.visitor for decision in decisions(wiring)} == {phone, laptop}


def test_browsers_that_become_one_are_counted_once_and_conflicts_where_their_arms_differed(
    wiring: Web, ask: Ask, test: Experiment, phone: str, laptop: str
) -> None:
    for visitor in (phone, laptop, laptop, phone):
        variant(ask, visitor, ANN)
    assert stitches(wiring) == (1, 1)
    same = next(f"{number:032x}" for number in range(100, 200) if variant(ask, f"{number:032x}") == "1:control")
    variant(ask, same, ANN)
    assert stitches(wiring) == (2, 1)


def test_a_browser_that_two_customers_share_stays_in_the_arm_of_the_first(ask: Ask, phone: str, laptop: str) -> None:
    variant(ask, phone, ANN)
    variant(ask, laptop, BEN)
    assert variant(ask, phone, BEN) == "1:control"
    assert variant(ask, laptop, ANN) == "1:b1"


def test_nobody_is_connected_where_no_experiment_runs_or_shopify_has_not_signed(
    wiring: Web, shop: Shop, mapped: None, ask: Ask, live_redis: redis.Redis
) -> None:
    variant(ask, "a" * 32, ANN)
    ask(logged_in_customer_id=ANN)
    start(wiring, shop, experiment(0, rails=(Rail.BOUGHT_TOGETHER,)))
    variant(ask, "a" * 32)
    ask(logged_in_customer_id=ANN)
    assert list(live_redis.scan_iter("attune:*:unit*")) == []


def test_asking_for_arms_connects_browsers_as_any_question_does(
    wiring: Web, shop: Shop, ask: Ask, phone: str, laptop: str
) -> None:
    variant(ask, phone, ANN)
    answer = ask(route="arms", visitor=laptop, logged_in_customer_id=ANN)
    assert answer.json == {"rails": {"bought_together": {"variant": "1:control", "show": "ours"}}}
    assert stitches(wiring) == (1, 1)


def test_a_redis_that_has_forgotten_the_script_learns_it_again(
    ask: Ask, live_redis: redis.Redis, phone: str, laptop: str
) -> None:
    variant(ask, phone, ANN)
    live_redis.script_flush()
    assert variant(ask, laptop, ANN) == "1:control"


def test_without_redis_nobody_is_in_an_arm_as_it_may_be_another_ones(
    wiring: Web, shop: Shop, live_redis: redis.Redis, ask: Ask, phone: str, laptop: str
) -> None:
    live_redis.set(keys.unit(shop.id, laptop), phone)
    wiring.hot_redis.connection_pool.connection_kwargs["path"] = "/nonexistent/redis.sock"
    assert variant(ask, laptop) == "default"
    assert variant(ask, laptop, ANN) == "default"
    assert ask(route="arms", visitor=laptop).json == {}, "the browser keeps what it was told before"
    assert {(one.visitor, one.unit) for one in decisions(wiring)} == {(None, None)}


def test_of_one_customer_so_many_browsers_are_remembered_and_no_more(
    ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str, laptop: str
) -> None:
    variant(ask, phone, ANN)
    live_redis.set(keys.browsers_of_customer(shop.id, ANN), MOST_BROWSERS)
    for _ in range(2):
        assert variant(ask, laptop, ANN) == "1:control"
    assert variant(ask, phone, ANN) == variant(ask, phone) == "1:control"
    assert variant(ask, laptop) == "1:b1"
    assert not live_redis.exists(keys.unit(shop.id, laptop))


def test_what_is_remembered_ends_after_a_good_year_without_a_visit(
    ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str
) -> None:
    names = [name(shop.id, ANN) for name in (keys.unit_of_customer, keys.browsers_of_customer)]
    names.append(keys.unit(shop.id, phone))
    variant(ask, phone, ANN)
    for name in names:
        assert LIVES_S - 100 < int(live_redis.ttl(name)) <= LIVES_S
        live_redis.expire(name, RENEWED_S - 1)
    variant(ask, phone, ANN)
    assert all(int(live_redis.ttl(name)) > RENEWED_S for name in names)


def test_erasing_a_customer_lets_go_of_all_their_browsers(
    ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str, laptop: str
) -> None:
    variant(ask, phone, ANN)
    variant(ask, laptop, ANN)
    live_redis.hset(keys.visitor(shop.id, laptop), "viewed", "5:1700000000000")
    LiveStatePlace(live_redis, WallClock()).erase_customer(shop.id, subject(ANN, phone))
    assert list(live_redis.scan_iter("attune:*:unit*")) == []
    assert list(live_redis.scan_iter("attune:*:browsers*")) == []
    assert not live_redis.exists(keys.visitor(shop.id, laptop))
    assert variant(ask, laptop) == "1:b1"


def test_erasing_one_customer_keeps_the_others_connected(
    ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str, laptop: str, test: Experiment
) -> None:
    variant(ask, phone, ANN)
    variant(ask, laptop, BEN)
    LiveStatePlace(live_redis, WallClock()).erase_customer(shop.id, subject(ANN, phone))
    assert variant(ask, phone, BEN) == "1:b1"


def test_a_customer_who_objects_is_connected_no_more(
    ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str, laptop: str
) -> None:
    variant(ask, phone, ANN)
    variant(ask, laptop, ANN)
    RedisCustomers(live_redis).drop(shop.id, [CustomerId(int(ANN))])
    assert variant(ask, laptop) == "1:b1"
    assert variant(ask, laptop, ANN) == "1:b1"
    assert variant(ask, phone, ANN) == "1:control"
    assert list(live_redis.scan_iter("attune:*:unit:*")) == []


def test_erasing_the_shop_takes_units_with_it(ask: Ask, shop: Shop, live_redis: redis.Redis, phone: str) -> None:
    variant(ask, phone, ANN)
    LiveStatePlace(live_redis, WallClock()).erase_shop(shop.id)
    assert list(live_redis.scan_iter("attune:*:unit*")) == []
