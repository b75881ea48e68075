"""Whoever opts out of the use of their data is answered as a stranger, signed in or not."""

from __future__ import annotations

import psycopg
import redis

from app.adapters.redis import keys
from app.config import Settings
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.services.ask_opt_outs import drop_objectors
from app.wiring.worker import Worker
from tests.serving.conftest import Ask


def codes(ask: Ask, customer: int) -> set[str]:
    answer = ask(placement="home", product_id="", logged_in_customer_id=customer, limit=3)
    assert answer.json is not None
    return {item["reason"]["code"] for item in answer.json["items"]}


def test_the_answer_after_an_opt_out_knows_nothing_that_was_bought(
    full_model: ItemModel,
    ask: Ask,
    shop: Shop,
    live_redis: redis.Redis,
    catalogue: psycopg.Connection,
    settings: Settings,
) -> None:
    for customer in (77, 78):
        live_redis.rpush(keys.customer(shop.id, customer), 6)
        assert codes(ask, customer) == {"because_bought"}
    catalogue.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, 77, 1, 0, '', true)",
        [shop.id],
    )
    catalogue.commit()
    worker = Worker(settings)
    drop_objectors(shop, worker.opt_out_asking)
    worker.close()
    assert codes(ask, 77) == {"trending"}
    assert codes(ask, 78) == {"because_bought"}
