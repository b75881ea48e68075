"""The recommendations route, asked through the app proxy's door."""

from __future__ import annotations

import time

import psycopg
import pytest
import redis

from app.adapters.redis import keys
from app.adapters.shelves.shelf import CatalogShelf
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.wiring.web import Web
from tests.serving.catalogue import set_stock
from tests.serving.conftest import VISITOR, Ask, products_of


def test_neighbours_come_first_and_trending_fills_the_rail(mapped: None, ask: Ask) -> None:
    answer = ask(limit=6)
    assert products_of(answer) == [2, 3, 4, 10, 9, 8]
    assert answer.json is not None
    assert answer.json["strategy"] == "item_item"


def test_the_answer_has_the_promised_shape(mapped: None, ask: Ask) -> None:
    answer = ask(limit=1)
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert body is not None
    assert len(body.pop("request_id")) == 16
    assert body == {
        "placement": "product",
        "rail": "bought_together",
        "strategy": "item_item",
        "variant": "default",
        "show": "ours",
        "items": [
            {
                "product_id": "2",
                "variant_id": "201",
                "handle": "product-2",
                "title": "Product 2",
                "url": "/products/product-2",
                "image": "https://cdn.example.com/1.jpg",
                "position": 0,
                "score": 0.9,
                "reason": {
                    "code": "bought_together",
                    "text": "Often bought together with Product 1",
                    "because": ["1"],
                },
            }
        ],
    }


def test_what_is_in_the_cart_or_looked_at_is_not_shown(mapped: None, ask: Ask) -> None:
    assert not {1, 2, 9} & set(products_of(ask(cart="2,9", limit=10)))


def test_an_unknown_product_gets_what_sells(mapped: None, ask: Ask) -> None:
    answer = ask(product_id=999, limit=3)
    assert products_of(answer) == [10, 9, 8]
    assert answer.json is not None
    assert answer.json["strategy"] == "trending"


def test_explain_names_the_model_and_the_sources_that_had_nothing(mapped: None, ask: Ask) -> None:
    answer = ask(product_id=999, explain=1)
    assert answer.json is not None
    assert answer.json["explain"] == {"model_version": "v1", "skipped": ["item_item"], "mapped": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"placement": "sidebar"},
        {"placement": ""},
        {"product_id": ""},
        {"product_id": "x"},
        {"product_id": "-1"},
        {"product_id": "9" * 19},
        {"cart": "1,x"},
        {"cart": ",".join(["1"] * 101)},
        {"cards": "1,x"},
        {"cards": ",".join(["1"] * 25)},
        {"limit": "0"},
        {"limit": "25"},
        {"limit": "many"},
        {"visitor": "A" * 32},
        {"visitor": "abc"},
    ],
)
def test_bad_parameters_are_a_problem_document(mapped: None, ask: Ask, wrong: dict[str, str]) -> None:
    answer = ask(**wrong)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert next(iter(wrong)) in answer.json["detail"]


def test_a_visitors_clicks_fill_the_rail_before_what_sells(
    mapped: None, ask: Ask, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    live_redis.hset(keys.visitor(shop.id, VISITOR), "clicked", "5:1700000000000")
    answer = ask(visitor=VISITOR, limit=5)
    assert products_of(answer) == [2, 3, 4, 6, 10]


def test_an_unmapped_shop_is_answered_at_once_from_its_stored_list(
    ask: Ask, shop: Shop, model: ItemModel, live_redis: redis.Redis, catalogue: psycopg.Connection
) -> None:
    set_stock(catalogue, 7, 0)
    live_redis.hset(keys.lists(shop.id), "1", "bought_together,7,6,5")
    answer = ask(explain=1)
    assert products_of(answer) == [6, 5]
    assert answer.json is not None
    assert answer.json["strategy"] == "stored_list"
    assert answer.json["items"][0]["reason"]["text"] == "Often bought together with Product 1"
    assert not answer.json["explain"]["mapped"]


def test_the_first_question_has_the_shop_mapped_in_the_background(ask: Ask, model: ItemModel) -> None:
    ask()
    deadline = time.monotonic() + 10
    while not products_of(ask()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert products_of(ask(limit=3)) == [2, 3, 4]


def test_a_shop_without_products_or_model_gets_an_empty_list(ask: Ask, wiring: Web, live_redis: redis.Redis) -> None:
    assert products_of(ask()) == []


def test_when_everything_is_sold_out_nothing_is_shown(
    mapped: None, ask: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    for product in range(1, 11):
        set_stock(catalogue, product, 0)
    wiring.redis.incr(keys.catalog(shop.id))
    wiring.shelves.refresh()
    assert products_of(ask()) == []


def test_a_silent_redis_costs_the_visitors_state_and_nothing_else(mapped: None, ask: Ask, wiring: Web) -> None:
    wiring.hot_redis.connection_pool.connection_kwargs["path"] = "/nonexistent/redis.sock"
    wiring.hot_redis.connection_pool.disconnect()
    assert products_of(ask(visitor=VISITOR, limit=3)) == [2, 3, 4]
    assert wiring.counters.totals()["live_state_failed"] == 1


def test_a_failure_inside_ends_in_an_empty_list_and_is_counted(mapped: None, ask: Ask, wiring: Web, shop: Shop) -> None:
    broken = wiring.shelves.mapped(shop.id)
    assert isinstance(broken, CatalogShelf)
    broken._json.clear()
    answer = ask()
    assert products_of(answer) == []
    assert answer.json is not None
    assert answer.json["strategy"] == "none"
    assert wiring.counters.totals()["recommendations_failed"] == 1


def test_cards_of_the_page_that_cannot_be_bought_any_more_are_named(
    mapped: None, ask: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    set_stock(catalogue, 3, 0)
    wiring.redis.incr(keys.catalog(shop.id))
    wiring.shelves.refresh()
    answer = ask(cards="2,3,4,999")
    assert products_of(answer) == [2, 4, 10, 9]
    assert answer.json is not None
    assert answer.json["unavailable"] == ["3"]
    assert "unavailable" not in (ask(cards="2,4").json or {})


def test_an_unmapped_shop_also_knows_which_cards_cannot_be_bought(
    ask: Ask, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    set_stock(catalogue, 3, 0)
    answer = ask(cards="2,3,4,999")
    assert answer.json is not None
    assert answer.json["unavailable"] == ["3"]


def test_a_failure_inside_takes_no_card_away(mapped: None, ask: Ask, wiring: Web, shop: Shop) -> None:
    broken = wiring.shelves.mapped(shop.id)
    assert isinstance(broken, CatalogShelf)
    broken._json.clear()
    assert "unavailable" not in (ask(cards="2,3").json or {})
