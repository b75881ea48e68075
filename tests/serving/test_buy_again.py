"""Buy again, asked through the app proxy's door: only the signed-in customer is told what they bought and when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient

from app.adapters.redis.customers import RedisCustomers
from app.core.experiments.types import Show, Treatment
from app.core.ids import CustomerId, ModelVersion, ProductId
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.signals.intervals import Intervals
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.explain_rail import explain_rail
from app.services.preview_rail import Who, in_use, known_of, preview_rail
from app.services.preview_shopper import customer_due, shopper_overview
from app.web.rail_liquid import EMPTY
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.catalogue import publish, set_stock
from tests.serving.conftest import VISITOR, Ask, products_of, signed
from tests.serving.running import decisions, start, visitor_in
from tests.serving.test_preview import order

ANN, BOB = CustomerId(5), CustomerId(6)
HERS: dict[str, object] = {"placement": "home", "rail": "buy_again", "product_id": "", "logged_in_customer_id": ANN}
WHY = "You bought it 6 weeks ago; others usually come back after 5 weeks"


def float_array(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.full(10, value, dtype=np.float32)


AGAIN = ReplenishSignal(
    Intervals(
        float_array(float(np.log(35.0))),
        float_array(0.5),
        float_array(0.8),
        float_array(100.0),
        weight=0.5,
        again_weight=2.0,
        own_spread=0.2,
    ),
    28.0,
)


@pytest.fixture
def model(wiring: Web, shop: Shop, full_model: ItemModel) -> ItemModel:
    """Every product is bought again after five weeks."""
    made = replace(full_model, version=ModelVersion("again"), again=AGAIN)
    publish(wiring, shop.id, made)
    wiring.shelves.refresh()
    return made


@pytest.fixture
def due(wiring: Web, shop: Shop, model: ItemModel) -> list[ProductId]:
    """What Ann is due for, the most likely first: she bought both six weeks ago, and 7 yesterday."""
    keep(wiring, shop, ANN, (1, 7), (42, 2), (42, 4))
    return [ProductId(2), ProductId(4)]


def keep(wiring: Web, shop: Shop, customer: CustomerId, *orders: tuple[int, int]) -> None:
    """(days ago, product), as the keyed store has them."""
    today = int(wiring.clock.now().timestamp() // 86_400)
    kept = [PastOrder(today - ago, (ProductId(product),)) for ago, product in orders]
    RedisCustomers(wiring.redis).renew(shop.id, [(customer, kept)])


def texts(answer: Any) -> set[str]:
    return {item["reason"]["text"] for item in answer.json["items"]}


def test_the_signed_in_customer_is_told_when_they_bought_it_and_what_is_usual(ask: Ask, due: list[ProductId]) -> None:
    answer = ask(**HERS)
    assert products_of(answer) == due
    assert texts(answer) == {WHY}
    assert answer.json is not None
    assert (answer.json["rail"], answer.json["strategy"]) == ("buy_again", "replenish")
    assert answer.json["items"][0]["reason"]["code"] == "buy_again"


def test_it_is_said_in_the_language_of_the_page(ask: Ask, due: list[ProductId]) -> None:
    assert texts(ask(**HERS, locale="de-CH")) == {"Vor 6 Wochen gekauft; andere kaufen es meist nach 5 Wochen wieder"}


def test_the_cards_bring_the_sentence_with_them(ask: Ask, due: list[ProductId]) -> None:
    text = ask(**HERS, route="rail").text
    assert f"assign whys = '{WHY}|{WHY}' | split: '|'" in text
    assert "'product-2,product-4'" in text
    assert "assign whys = ''" in ask(placement="home", product_id="", route="rail", logged_in_customer_id=ANN).text


@pytest.mark.parametrize("who", ["", "0", str(BOB), "abc"])
def test_nobody_else_is_told_anything(ask: Ask, due: list[ProductId], who: str) -> None:
    asked = {**HERS, "logged_in_customer_id": who, "visitor": VISITOR}
    assert products_of(ask(**asked)) == []
    assert re.fullmatch(re.escape(EMPTY) + rb"<template [^>]*></template>", ask(**asked, route="rail").data)


def test_a_changed_customer_breaks_the_signature(client: FlaskClient, due: list[ProductId]) -> None:
    query = signed({name: str(value) for name, value in HERS.items()})
    forged = query.replace("logged_in_customer_id=5", "logged_in_customer_id=6")
    assert client.get(f"/proxy/v1/recommendations?{forged}").status_code == 401


def test_a_customer_of_another_shop_is_a_stranger_here(
    wiring: Web, ask: Ask, other_shop: Shop, model: ItemModel
) -> None:
    keep(wiring, other_shop, ANN, (42, 2))
    assert products_of(ask(**HERS)) == []


def test_what_cannot_be_bought_or_is_in_the_cart_is_left_out(
    wiring: Web, shop: Shop, ask: Ask, due: list[ProductId], catalogue: psycopg.Connection
) -> None:
    assert products_of(ask(**HERS, cart="2")) == [4]
    set_stock(catalogue, 4, 0)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(**HERS)) == [2]
    assert products_of(ask(**HERS, cart="2")) == []


def test_a_rail_that_did_not_pass_its_exam_is_not_there(
    wiring: Web, shop: Shop, ask: Ask, due: list[ProductId], model: ItemModel
) -> None:
    publish(wiring, shop.id, replace(model, version=ModelVersion("v9"), rails=model.rails - {Rail.BUY_AGAIN}))
    wiring.shelves.refresh()
    assert products_of(ask(**HERS)) == []


def test_for_you_holds_nothing_of_it(ask: Ask, due: list[ProductId]) -> None:
    home = products_of(ask(placement="home", product_id="", logged_in_customer_id=ANN, limit=10))
    assert home
    assert not {*due} & {*home}


def test_that_nothing_is_due_is_no_answer_in_trouble(wiring: Web, ask: Ask, model: ItemModel) -> None:
    assert products_of(ask(**HERS, visitor=VISITOR)) == []
    assert decisions(wiring) == []
    assert wiring.counters.totals()["recommendations_empty"] == 0


def test_what_is_shown_is_recorded(wiring: Web, ask: Ask, due: list[ProductId]) -> None:
    answer = ask(**HERS, visitor=VISITOR).json
    (decision,) = decisions(wiring)
    assert answer is not None
    assert (decision.request_id, decision.rail) == (answer["request_id"], "buy_again")
    assert [(item["product_id"], item["reason"]) for item in decision.items] == [(one, "buy_again") for one in due]


def test_a_control_keeps_its_place_with_cards_that_say_nothing(
    wiring: Web, shop: Shop, ask: Ask, due: list[ProductId]
) -> None:
    (test,) = start(wiring, shop, experiment(0, Treatment(show=Show.EMPTY), Treatment(), rails=(Rail.BUY_AGAIN,)))
    asked = {**HERS, "visitor": visitor_in("control", test), "arms": "1:control"}
    answer = ask(**asked)
    assert answer.json is not None
    assert (answer.json["show"], answer.json["items"]) == ("empty", [])
    text = ask(**asked, route="rail").text
    assert "'product-2,product-4'" in text
    assert "bought it" not in text
    assert "buy_again" not in text
    assert {(decision.variant, decision.show) for decision in decisions(wiring)} == {("1:control", "empty")}


def test_staff_sees_it_in_the_overview_before_for_you_claims_anything(
    wiring: Web, shop: Shop, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    bought_six_weeks_ago(wiring, shop, catalogue)
    rails = shopper_overview(shop, Who(customer=ANN), wiring.previewing).rails
    (item,) = rails[Rail.BUY_AGAIN].ranking.items
    assert item.product_id == 2
    assert rails[Rail.BUY_AGAIN].reason(item) == WHY
    assert 2 not in [one.product_id for one in rails[Rail.FOR_YOU].ranking.items]
    assert not shopper_overview(shop, Who(), wiring.previewing).rails[Rail.BUY_AGAIN].ranking.items


def test_an_explanation_names_the_source_and_its_chance(
    wiring: Web, shop: Shop, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    bought_six_weeks_ago(wiring, shop, catalogue)
    ports, who = wiring.previewing, Who(customer=ANN)
    preview = preview_rail(shop, Question(Rail.BUY_AGAIN), ports, who=who)
    served = in_use(shop, ports)
    assert served is not None
    (one,) = explain_rail(shop, preview, known_of(shop, who, ports), served, ports)
    assert (one.source, one.chance) == ("replenish", 1.0)
    assert 0 < one.added["replenish"] < 1


def test_the_customer_with_most_to_buy_again_can_be_found(
    wiring: Web, shop: Shop, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    assert customer_due(shop, wiring.previewing) is None
    order(wiring, shop, 2, BOB, 3)
    order(wiring, shop, 3, BOB, 5)
    bought_six_weeks_ago(wiring, shop, catalogue)
    assert customer_due(shop, wiring.previewing) == BOB


def bought_six_weeks_ago(wiring: Web, shop: Shop, catalogue: psycopg.Connection) -> None:
    order(wiring, shop, 1, ANN, 2)
    catalogue.execute("UPDATE orders SET created_at = %s - interval '42 days'", [datetime.now(UTC)])
    catalogue.commit()
