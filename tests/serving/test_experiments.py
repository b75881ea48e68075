"""What experiments make of answers: arms told before a page is painted, controls, pages that did not know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.adapters.redis import keys
from app.core.experiments.types import UNCHANGED, Arm, Experiment, Place, Show, Status, Treatment
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import Change
from app.wiring.web import Web
from tests.experiments.running import A_TITLE, experiment, hold_out
from tests.serving.catalogue import set_stock
from tests.serving.conftest import VISITOR, Ask, products_of, signed
from tests.serving.running import AT, decisions, start, visitor_in

BESIDE = (Rail.BOUGHT_TOGETHER,)
NATIVE = "1:control:native"
"""What a page says whose control shows Shopify's own list."""


def arms(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    answer = client.get(f"/proxy/v1/arms?{signed(parameters)}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    rails: dict[str, Any] = answer.json["rails"]
    return rails


def body(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


@pytest.fixture
def held(wiring: Web, shop: Shop, mapped: None) -> Experiment:
    (started,) = start(wiring, shop, hold_out(0.2))
    return started


# -- told beforehand -------------------------------------------------------------------------------------------------


def test_a_browser_is_told_how_the_rails_look_that_experiments_touch(
    wiring: Web, shop: Shop, mapped: None, client: FlaskClient
) -> None:
    moved = Treatment(title="Picked for you", place=Place.ALTERNATIVE)
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, moved, rails=BESIDE))
    assert arms(client, visitor=visitor_in("control", test)) == {
        "bought_together": {"variant": "1:control", "show": "ours"}
    }
    assert arms(client, visitor=visitor_in("b1", test)) == {
        "bought_together": {
            "variant": "1:b1", "show": "ours", "title": "Picked for you", "place": "alternative",
        }
    }  # fmt: skip


def test_a_held_out_visitor_is_told_that_all_rails_stay_empty(client: FlaskClient, held: Experiment) -> None:
    told = arms(client, visitor=visitor_in("control", held))
    assert told == {str(rail): {"variant": "1:control", "show": "empty"} for rail in Rail}


def test_nothing_is_told_where_nothing_runs_or_nobody_has_consented(
    wiring: Web, mapped: None, shop: Shop, client: FlaskClient
) -> None:
    assert arms(client, visitor=VISITOR) == {}
    start(wiring, shop, hold_out(0.5))
    assert arms(client) == {}
    assert arms(client, logged_in_customer_id="7") == {}


def test_telling_arms_leaves_no_decision(wiring: Web, client: FlaskClient, held: Experiment) -> None:
    arms(client, visitor=visitor_in("control", held))
    assert decisions(wiring) == []
    assert wiring.counters.totals()["arms_answered"] == 1


def test_a_shop_that_is_not_in_memory_tells_arms_as_well(wiring: Web, shop: Shop, client: FlaskClient) -> None:
    (test,) = start(wiring, shop, hold_out(0.5))
    assert arms(client, visitor=visitor_in("control", test))["for_you"]["show"] == "empty"


@pytest.mark.parametrize(("parameters", "status"), [({"visitor": "x"}, 400), ({"signature": "forged"}, 401)])
def test_arms_are_told_only_to_who_asks_properly(
    shop: Shop, client: FlaskClient, parameters: dict[str, str], status: int
) -> None:
    query = signed(parameters)
    answer = client.get(f"/proxy/v1/arms?{query}" + ("0" if status == 401 else ""))
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


# -- controls --------------------------------------------------------------------------------------------------------


def test_a_control_gets_nothing_and_its_decision_says_what_it_would_have_got(
    wiring: Web, ask: Ask, held: Experiment
) -> None:
    visitor = visitor_in("control", held)
    answer = body(ask(visitor=visitor, arms="1:control", limit=3))
    assert (answer["show"], answer["items"], answer["variant"]) == ("empty", [], "1:control")
    assert "stale" not in answer
    (decision,) = decisions(wiring)
    assert (decision.variant, decision.show, decision.request_id) == ("1:control", "empty", answer["request_id"])
    assert [item["product_id"] for item in decision.items] == [2, 3, 4]
    totals = wiring.counters.totals()
    assert (totals["controls_answered"], totals["recommendations_empty"]) == (1, 0)


def test_the_hold_outs_other_arm_gets_ours_and_says_so(wiring: Web, ask: Ask, held: Experiment) -> None:
    answer = ask(visitor=visitor_in("b1", held), arms="1:b1", limit=3)
    assert products_of(answer) == [2, 3, 4]
    assert (body(answer)["show"], body(answer)["variant"]) == ("ours", "1:b1")
    (decision,) = decisions(wiring)
    assert (decision.variant, decision.show) == ("1:b1", "ours")


def test_a_visitor_outside_every_experiment_is_answered_as_ever(ask: Ask, held: Experiment) -> None:
    answer = ask(visitor=visitor_in(None, held), limit=3)
    assert products_of(answer) == [2, 3, 4]
    assert (body(answer)["variant"], "stale" in body(answer)) == ("default", False)


def test_a_controls_rail_as_liquid_holds_the_answer_and_no_card(ask: Ask, held: Experiment) -> None:
    answer = ask(route="rail", visitor=visitor_in("control", held), arms="1:control")
    assert answer.content_type == "application/liquid; charset=utf-8"
    (opening, request, closing) = answer.text.split('"', 2)[0], answer.text.split('"')[1], answer.text.split('"', 2)[2]
    assert opening == "{% layout none %}<template data-attune-answer data-request="
    assert len(request) == 16
    assert closing == ' data-show="empty"></template>'


def test_the_first_page_of_a_held_out_visitor_shows_ours_counts_nowhere_and_asks_for_arms(
    wiring: Web, ask: Ask, held: Experiment
) -> None:
    for visitor in (visitor_in("control", held), visitor_in("b1", held)):
        answer = ask(visitor=visitor, limit=3)
        assert products_of(answer) == [2, 3, 4]
        assert (body(answer)["stale"], body(answer)["variant"], body(answer)["show"]) == (True, "default", "ours")
    assert {decision.variant for decision in decisions(wiring)} == {"default"}
    assert wiring.counters.totals()["pages_stale"] == 2


def test_a_stale_rail_as_liquid_has_its_cards_behind_the_answer(ask: Ask, held: Experiment) -> None:
    text = ask(route="rail", visitor=visitor_in("control", held)).text
    assert text.startswith("{% layout none %}<template data-attune-answer ")
    assert ' data-show="ours" data-stale></template>' in text
    assert "assign handles = 'product-2,product-3" in text
    assert text.count("{% layout none %}") == 1


def test_a_rail_as_liquid_names_its_answer_in_every_arm(mapped: None, ask: Ask) -> None:
    assert 'data-show="ours"></template>' in ask(route="rail", visitor=VISITOR).text


def test_a_title_on_trial_counts_only_on_pages_that_had_it(wiring: Web, shop: Shop, mapped: None, ask: Ask) -> None:
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, A_TITLE, rails=BESIDE))
    for arm in ("control", "b1"):
        visitor = visitor_in(arm, test)
        assert body(ask(visitor=visitor, arms=f"1:{arm}"))["variant"] == f"1:{arm}"
        assert body(ask(visitor=visitor))["variant"] == "default"


# -- Shopify's own recommendations as the control --------------------------------------------------------------------


@pytest.fixture
def native(wiring: Web, shop: Shop, mapped: None) -> str:
    """A held-out visitor of a shop whose control is Shopify's own list."""
    (started,) = start(wiring, shop, hold_out(0.2, Show.NATIVE))
    return visitor_in("control", started)


def test_shopifys_own_list_is_drawn_with_exactly_its_products(wiring: Web, ask: Ask, native: str) -> None:
    text = ask(route="rail", visitor=native, arms=NATIVE, native="9,5,9,7", limit=3).text
    assert ' data-show="native"></template>' in text
    assert "assign handles = 'product-9,product-5,product-7'" in text
    assert "assign reasons = ',,'" in text
    (decision,) = decisions(wiring)
    assert decision.show == "native"
    assert [item["product_id"] for item in decision.items] == [2, 3, 4]
    assert decision.request_id in text


def test_what_cannot_be_bought_is_not_shown_in_shopifys_name_either(
    wiring: Web, shop: Shop, ask: Ask, native: str, catalogue: psycopg.Connection
) -> None:
    set_stock(catalogue, 5, 0)
    wiring.redis.incr(keys.catalog(shop.id))
    wiring.shelves.refresh()
    text = ask(route="rail", visitor=native, arms=NATIVE, native="9,5,999").text
    assert "assign handles = 'product-9'" in text


def test_what_is_in_the_cart_or_looked_at_is_not_shown_in_shopifys_name(ask: Ask, native: str) -> None:
    text = ask(route="rail", visitor=native, arms=NATIVE, native="9,1,5,7", cart="5,3").text
    assert "assign handles = 'product-9,product-7'" in text


def test_a_control_that_sees_something_else_from_now_on_makes_both_arms_pages_stale(
    wiring: Web, shop: Shop, ask: Ask, client: FlaskClient, held: Experiment
) -> None:
    now = replace(held, arms=hold_out(0.2, Show.NATIVE).arms)
    wiring.experiments.replace(shop.id, now, Change(AT, "a test", "Shopify's own list instead."))
    wiring.shelves.refresh()
    for arm in ("control", "b1"):
        visitor = visitor_in(arm, held)
        assert body(ask(visitor=visitor, arms=f"1:{arm}"))["stale"] is True
        told = arms(client, visitor=visitor)["bought_together"]["variant"]
        answer = body(ask(visitor=visitor, arms=told))
        assert (answer["variant"], "stale" in answer) == (f"1:{arm}", False)


def test_a_native_control_without_shopifys_list_is_told_so(ask: Ask, native: str) -> None:
    answer = body(ask(visitor=native, arms=NATIVE))
    assert (answer["show"], answer["items"]) == ("native", [])
    text = ask(route="rail", visitor=native, arms=NATIVE).text
    assert text.endswith(' data-show="native"></template>')


def test_only_a_native_control_gets_cards_of_the_products_that_it_names(ask: Ask, held: Experiment) -> None:
    for arm in ("control", "b1"):
        text = ask(route="rail", visitor=visitor_in(arm, held), arms=f"1:{arm}", native="9,7", limit=2).text
        assert "product-9" not in text


# -- experiments come and go -----------------------------------------------------------------------------------------


def test_a_change_reaches_a_mapped_shop_by_its_counter_alone(wiring: Web, shop: Shop, mapped: None, ask: Ask) -> None:
    (test,) = start(wiring, shop, experiment(0, rails=BESIDE))
    assert body(ask(visitor=visitor_in("b1", test)))["variant"] == "1:b1"
    ended = replace(test, status=Status.STOPPED)
    wiring.experiments.replace(shop.id, ended, Change(AT, "a test", "Stopped."))
    wiring.shelves.refresh()
    assert body(ask(visitor=visitor_in("b1", test)))["variant"] == "default"


def test_an_unmapped_shop_keeps_its_controls_empty(
    wiring: Web, shop: Shop, ask: Ask, model: ItemModel, live_redis: redis.Redis
) -> None:
    (test,) = start(wiring, shop, hold_out(0.2))
    live_redis.hset(keys.lists(shop.id), "1", "bought_together,7,6,5")
    held_out = visitor_in("control", test)
    assert body(ask(visitor=held_out, arms="1:control", explain=1))["explain"]["mapped"] is False
    assert body(ask(visitor=held_out, arms="1:control"))["items"] == []


class Unreadable:
    """A register whose rows cannot be read while there is trouble."""

    def __init__(self, wiring: Web) -> None:
        self._in_force = wiring.experiments.in_force
        self.trouble = True

    def in_force(self, shop: Any) -> Any:
        if self.trouble:
            raise Retryable("no rows now")
        return self._in_force(shop)


def test_experiments_that_cannot_be_read_keep_no_shop_from_being_answered(
    wiring: Web, shop: Shop, ask: Ask, model: ItemModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (test,) = start(wiring, shop, hold_out(0.2))
    troubled = Unreadable(wiring)
    monkeypatch.setattr(wiring.experiments, "in_force", troubled.in_force)
    wiring.shelves.map_now(shop.id)
    visitor = visitor_in("control", test)
    assert products_of(ask(visitor=visitor, arms="1:control", limit=3)) == [2, 3, 4]
    assert wiring.counters.totals()["experiments_unread"] == 1
    troubled.trouble = False
    wiring.shelves.refresh()
    assert products_of(ask(visitor=visitor, arms="1:control")) == []
    troubled.trouble = True
    wiring.redis.incr(keys.experiments(shop.id))
    wiring.shelves.refresh()
    assert products_of(ask(visitor=visitor, arms="1:control")) == []


@pytest.mark.parametrize("in_memory", [True, False])
def test_while_experiments_cannot_be_read_browsers_keep_what_they_were_told(
    wiring: Web, shop: Shop, client: FlaskClient, model: ItemModel, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    """An answer without rails would have a held-out visitor see ours for the rest of the session."""
    (test,) = start(wiring, shop, hold_out(0.2))
    monkeypatch.setattr(wiring.experiments, "in_force", Unreadable(wiring).in_force)
    if in_memory:
        wiring.shelves.map_now(shop.id)
    answer = client.get(f"/proxy/v1/arms?{signed({'visitor': visitor_in('control', test)})}")
    assert (answer.status_code, answer.json) == (200, {})


def test_a_failure_inside_answers_as_without_experiments(
    wiring: Web, shop: Shop, ask: Ask, client: FlaskClient, held: Experiment
) -> None:
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    shelf.experiments = None  # type: ignore[assignment]
    assert body(ask(visitor=VISITOR, arms="1:control"))["show"] == "ours"
    assert client.get(f"/proxy/v1/arms?{signed({'visitor': VISITOR})}").json == {}
    assert wiring.counters.totals()["recommendations_failed"] == 2


def test_an_arm_named_twice_in_the_page_or_garbage_is_stale_and_nothing_worse(ask: Ask, held: Experiment) -> None:
    for page in ("1:control,1:control", "%00", "x" * 500, "1:b1" * 20):
        assert body(ask(visitor=visitor_in("control", held), arms=page))["stale"] is True


def test_arms_of_one_experiment_are_split_by_their_weights(wiring: Web, shop: Shop, mapped: None, ask: Ask) -> None:
    uneven = experiment(0, rails=BESIDE)
    heavy = replace(uneven, arms=(uneven.arms[0], Arm(uneven.arms[1].key, "B", 3, UNCHANGED)))
    start(wiring, shop, heavy)
    variants = [body(ask(visitor=f"{number:032x}"))["variant"] for number in range(200)]
    assert 110 <= variants.count("1:b1") <= 185
    assert set(variants) == {"1:control", "1:b1"}
