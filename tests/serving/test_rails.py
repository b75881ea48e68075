"""Every first rail, asked through the app proxy's door: what feeds it, what it leaves out, and why each item stands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pytest
import redis
from werkzeug.test import TestResponse

from app.adapters.redis import keys
from app.adapters.redis.round_trip import Command
from app.core.ids import ModelVersion
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.wiring.web import Web
from tests.serving.catalogue import publish, set_stock
from tests.serving.conftest import VISITOR, Ask, products_of

HOME: dict[str, object] = {"placement": "home", "product_id": ""}
CART: dict[str, object] = {"placement": "cart", "product_id": ""}


def remember(connection: redis.Redis, shop: Shop, **products: list[int]) -> None:
    """What the stream's reader would have folded for the visitor: the first product of each field is the newest."""
    now = int(time.time() * 1000)
    for field, done in products.items():
        state = ",".join(f"{product}:{now - place}" for place, product in enumerate(done))
        connection.hset(keys.visitor(shop.id, VISITOR), field, state)


def buy(connection: redis.Redis, shop: Shop, customer: int, *products: int) -> None:
    connection.rpush(keys.customer(shop.id, customer), *products)


def answered(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return dict(answer.json)


def reasons(answer: TestResponse) -> list[tuple[int, str, list[str]]]:
    """Product, code and the products behind it, for every item."""
    items = answered(answer)["items"]
    return [(int(item["product_id"]), item["reason"]["code"], item["reason"]["because"]) for item in items]


def serve(wiring: Web, shop: Shop, model: ItemModel, **changes: object) -> None:
    """Put a changed model into use."""
    changed: ItemModel = replace(model, **{"version": ModelVersion("changed"), **changes})  # type: ignore[arg-type]
    publish(wiring, shop.id, changed)
    wiring.shelves.refresh()


# -- For you -----------------------------------------------------------------------------------------------------------


def test_for_you_shows_strangers_what_sells_and_counts_no_source_as_failed(full_model: ItemModel, ask: Ask) -> None:
    answer = answered(ask(**HOME, limit=3, explain=1))
    assert [item["product_id"] for item in answer["items"]] == ["10", "9", "8"]
    assert (answer["rail"], answer["strategy"], answer["explain"]["skipped"]) == ("for_you", "trending", [])


def test_for_you_folds_in_what_the_visitor_looked_at(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[2])
    answer = ask(**HOME, visitor=VISITOR, limit=4)
    assert reasons(answer) == [(n, "because_viewed", ["2"]) for n in (5, 4, 3, 1)]
    assert answered(answer)["strategy"] == "als"
    assert answered(answer)["items"][0]["reason"]["text"] == "Because you looked at Product 2"


def test_for_you_knows_what_the_signed_in_customer_bought(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, shop, 77, 6)
    answer = ask(**HOME, logged_in_customer_id=77, limit=2)
    assert reasons(answer) == [(10, "because_bought", ["6"]), (9, "because_bought", ["6"])]
    assert answered(answer)["items"][0]["reason"]["text"] == "Because you bought Product 6"


def test_each_item_is_explained_by_what_really_brought_it(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, shop, 77, 6)
    remember(live_redis, shop, viewed=[2])
    answer = ask(**HOME, visitor=VISITOR, logged_in_customer_id=77, limit=8)
    behind = {product: (code, because) for product, code, because in reasons(answer)}
    assert behind[5] == ("because_viewed", ["2"])
    assert behind[10] == ("because_bought", ["6"])
    assert not {2, 6} & {product for product, (code, _) in behind.items() if code != "trending"}


def test_what_was_bought_or_carted_lately_is_not_for_you(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, shop, 77, 10)
    remember(live_redis, shop, carted=[9])
    shown = products_of(ask(**HOME, visitor=VISITOR, logged_in_customer_id=77, cart="8", limit=10))
    assert set(shown) == {1, 2, 3, 4, 5, 6, 7}


def test_neighbours_come_first_where_the_exam_said_so(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[5])
    assert products_of(ask(**HOME, visitor=VISITOR, limit=1)) == [4]
    serve(wiring, shop, full_model, for_you=Strategy.ITEM_ITEM)
    answer = ask(**HOME, visitor=VISITOR, limit=3)
    assert products_of(answer) == [6, 4, 3]
    assert answered(answer)["strategy"] == "item_item"


def test_where_no_personal_source_passed_the_exam_only_looking_counts(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    rails = full_model.rails - {Rail.FOR_YOU}
    serve(wiring, shop, full_model, for_you=Strategy.TRENDING, factors=None, fold_in=None, rails=rails)
    buy(live_redis, shop, 77, 6)
    assert products_of(ask(**HOME, logged_in_customer_id=77, limit=2)) == [10, 9]
    remember(live_redis, shop, viewed=[5])
    assert reasons(ask(**HOME, visitor=VISITOR, limit=2)) == [(6, "because_viewed", ["5"]), (10, "trending", [])]


# -- Who may be known --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["", "0", "abc", "-77", "9" * 19])
def test_without_a_signed_customer_nothing_bought_is_used(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis, who: str
) -> None:
    for customer in ("", "0", "77"):
        live_redis.rpush(f"attune:{shop.id}:customer:{customer}", 6)
    answer = ask(**HOME, visitor=VISITOR, logged_in_customer_id=who, limit=2)
    assert reasons(answer) == [(10, "trending", []), (9, "trending", [])]


def test_a_forged_visitor_id_sees_no_customers_data(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, shop, 77, 6)
    forged = f"{77:032x}"
    answer = ask(**HOME, visitor=forged, limit=3)
    assert reasons(answer) == [(10, "trending", []), (9, "trending", []), (8, "trending", [])]
    assert products_of(ask(visitor=forged, limit=3)) == [2, 3, 4]


def test_a_customer_of_another_shop_is_a_stranger_here(
    full_model: ItemModel, ask: Ask, other_shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, other_shop, 77, 6)
    assert reasons(ask(**HOME, logged_in_customer_id=77, limit=1)) == [(10, "trending", [])]


def test_a_changed_customer_breaks_the_signature(full_model: ItemModel, client: Any, shop: Shop) -> None:
    from tests.serving.conftest import signed

    query = signed({"placement": "home", "logged_in_customer_id": "77"})
    assert client.get(f"/proxy/v1/recommendations?{query}").status_code == 200
    forged = query.replace("logged_in_customer_id=77", "logged_in_customer_id=78")
    for route in ("recommendations", "rail"):
        assert client.get(f"/proxy/v1/{route}?{forged}").status_code == 401


def test_only_for_you_reads_what_a_customer_bought(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    buy(live_redis, shop, 77, 2)
    for question in ({}, {"rail": "also_viewed"}, {**CART, "cart": "1"}):
        stranger = products_of(ask(**question, limit=6))
        assert products_of(ask(**question, limit=6, logged_in_customer_id=77)) == stranger


# -- The product's page ------------------------------------------------------------------------------------------------


def test_also_viewed_shows_co_views_of_the_product_then_of_what_was_looked_at(
    full_model: ItemModel, ask: Ask, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[5])
    answer = ask(rail="also_viewed", visitor=VISITOR)
    assert reasons(answer) == [(7, "also_viewed", ["1"]), (8, "also_viewed", ["1"]), (9, "because_viewed", ["5"])]
    texts = [item["reason"]["text"] for item in answered(answer)["items"]]
    assert texts == [*["Often looked at together with Product 1"] * 2, "Because you looked at Product 5"]


def test_complete_the_look_shows_complements(full_model: ItemModel, ask: Ask) -> None:
    answer = ask(rail="complete_the_look")
    assert reasons(answer) == [(3, "completes_the_look", ["1"]), (9, "completes_the_look", ["1"])]
    assert answered(answer)["strategy"] == "complements"
    assert answered(answer)["items"][0]["reason"]["text"] == "Goes with Product 1"


def test_what_is_sold_out_brings_no_second_of_a_kind_into_a_look(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    table = np.zeros((10, 8), dtype=NEIGHBOUR)
    table["index"] = -1
    # Best first, the best of every kind before the second best of any: 2 and 6, 3 and 7, 4 and 8, 5 and 9 are alike.
    table[0] = [(place, 1.0 - place / 10) for place in range(1, 9)]
    groups = np.array([9, 0, 1, 2, 3, 0, 1, 2, 3, 9], dtype=np.int32)
    serve(wiring, shop, full_model, complementing=table, groups=groups)
    assert products_of(ask(rail="complete_the_look", limit=6)) == [2, 3, 4, 5, 6, 7]
    set_stock(catalogue, 5, 0)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(rail="complete_the_look", limit=6)) == [2, 3, 4, 9, 6, 7]
    set_stock(catalogue, 9, 0)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(rail="complete_the_look", limit=6)) == [2, 3, 4]


@pytest.mark.parametrize("rail", ["also_viewed", "complete_the_look"])
def test_a_rail_that_did_not_pass_its_exam_stays_empty(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, rail: str
) -> None:
    serve(wiring, shop, full_model, rails=full_model.rails - {Rail(rail)})
    answer = answered(ask(rail=rail))
    assert (answer["strategy"], answer["items"]) == ("none", [])


def test_what_the_pages_other_rails_hold_is_left_out(full_model: ItemModel, ask: Ask) -> None:
    assert products_of(ask(shown="2,10", limit=4)) == [3, 4, 9, 8]
    assert products_of(ask(rail="complete_the_look", shown="3")) == [9]


# -- The cart ----------------------------------------------------------------------------------------------------------


def test_goes_well_shows_complements_then_neighbours_then_what_sells(full_model: ItemModel, ask: Ask) -> None:
    answer = ask(**CART, cart="1", limit=6)
    assert reasons(answer) == [
        (3, "completes_the_look", ["1"]),
        (9, "completes_the_look", ["1"]),
        (2, "bought_together", ["1"]),
        (4, "bought_together", ["1"]),
        (10, "trending", []),
        (8, "trending", []),
    ]


def test_goes_well_adds_up_over_the_cart_and_never_shows_what_is_in_it(full_model: ItemModel, ask: Ask) -> None:
    answer = ask(**CART, cart="1,6,10", limit=10)
    behind = {product: (code, because) for product, code, because in reasons(answer)}
    assert behind[9] == ("completes_the_look", ["6", "1"])
    assert behind[2] == ("bought_together", ["1", "6"])
    assert not {1, 6, 10} & set(behind)


def test_complements_of_a_cart_show_another_type_than_the_carts_own_first(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop
) -> None:
    assert products_of(ask(**CART, cart="1,4", limit=2)) == [3, 9]
    assert full_model.groups is not None
    groups = full_model.groups.copy()
    groups[3 - 1] = groups[4 - 1]
    serve(wiring, shop, full_model, groups=groups)
    assert products_of(ask(**CART, cart="1,4", limit=2)) == [9, 3]


def test_neighbours_alone_stand_beside_a_cart_where_they_were_chosen(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop
) -> None:
    serve(wiring, shop, full_model, goes_well=Strategy.ITEM_ITEM)
    answer = ask(**CART, cart="1", limit=4)
    assert products_of(answer) == [2, 3, 4, 10]
    assert answered(answer)["strategy"] == "item_item"


def test_a_cart_whose_exam_was_not_passed_gets_what_sells(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop
) -> None:
    serve(wiring, shop, full_model, rails=full_model.rails - {Rail.GOES_WELL})
    assert products_of(ask(**CART, cart="1", limit=3)) == [10, 9, 8]


def test_an_empty_cart_gets_what_sells(full_model: ItemModel, ask: Ask) -> None:
    assert reasons(ask(**CART, limit=1)) == [(10, "trending", [])]


def test_an_unmapped_shop_answers_the_cart_from_the_first_products_list(
    ask: Ask, shop: Shop, model: ItemModel, live_redis: redis.Redis
) -> None:
    live_redis.hset(keys.lists(shop.id), "5", "bought_together,1,6,4")
    answer = ask(**CART, cart="5,1", explain=1)
    assert not answered(answer)["explain"]["mapped"]
    assert reasons(answer) == [(6, "bought_together", ["5"]), (4, "bought_together", ["5"])]
    assert answered(answer)["items"][0]["reason"]["text"] == "Often bought together with Product 5"


# -- Questions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["recommendations", "rail"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"rail": "sideways"},
        {"rail": "for_you"},
        {"placement": "cart", "rail": "for_you"},
        {"shown": "1,x"},
        {"shown": ",".join(["1"] * 101)},
        {"product_id": ""},
        {"limit": "25"},
    ],
)
def test_bad_parameters_are_a_problem_document(
    full_model: ItemModel, ask: Ask, wrong: dict[str, str], route: str
) -> None:
    answer = ask(**wrong, route=route)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("placement", ["home", "cart"])
def test_pages_without_a_product_need_none_and_ignore_one(full_model: ItemModel, ask: Ask, placement: str) -> None:
    assert 10 in products_of(ask(placement=placement, product_id=10, limit=8))


def test_one_round_trip_brings_all_that_is_known(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[int] = []
    made = wiring.hot_live_state._round_trip

    def counting(commands: Sequence[Command]) -> list[Any]:
        trips.append(len(commands))
        return made(commands)

    monkeypatch.setattr(wiring.hot_live_state, "_round_trip", counting)
    ask(**HOME, visitor=VISITOR, logged_in_customer_id=77)
    assert len(trips) == 1
