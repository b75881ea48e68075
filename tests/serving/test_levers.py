"""What an arm can change of a ranking: the first source, the model, the weight of what sells, draws, two in one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import redis

from app.adapters.redis import keys
from app.core.experiments.explore import draw, generator_of
from app.core.experiments.types import UNCHANGED, ArmKey, Experiment, Kind, Show, Status, Treatment
from app.core.ids import ModelVersion, ProductId, RequestId
from app.core.recommend.factors import weighted_blend
from app.core.recommend.live import FactorsSource
from app.core.recommend.rails import CHOICES, Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Rail, ReasonCode, Strategy
from app.core.shops import Shop
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.conftest import Ask, products_of
from tests.serving.ranked import ranked_model
from tests.serving.running import decisions, start, visitor_in

BESIDE = (Rail.BOUGHT_TOGETHER,)


def tried(wiring: Web, shop: Shop, treatment: Treatment, *rails: Rail) -> str:
    """A visitor in the arm that tries this."""
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, treatment, rails=rails or BESIDE))
    return visitor_in("b1", test)


def missed(wiring: Web) -> int:
    return wiring.counters.totals()["treatments_missed"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (Strategy.ITEM_ITEM, [2, 3, 4, 10, 9]),
        (Strategy.CO_VIEW, [7, 8, 2, 3, 4]),
        (Strategy.COMPLEMENTS, [3, 9, 2, 4, 10]),
        (Strategy.TRENDING, [10, 9, 8, 7, 6]),
    ],
)
def test_another_source_leads_and_the_others_fill_up(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask, strategy: Strategy, expected: list[int]
) -> None:
    visitor = tried(wiring, shop, Treatment(strategy=strategy))
    answer = ask(visitor=visitor, limit=5)
    assert products_of(answer) == expected
    assert answer.json is not None
    assert answer.json["strategy"] == strategy
    assert products_of(ask(limit=5)) == [2, 3, 4, 10, 9]
    assert missed(wiring) == 0


def test_where_rankings_are_compared_every_arm_fetches_its_cards(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    """The page's own cards are one ranking's: to order them would compare that ranking with itself."""
    (test,) = start(wiring, shop, experiment(0, UNCHANGED, Treatment(strategy=Strategy.CO_VIEW), rails=BESIDE))
    for arm in ("control", "b1"):
        answer = ask(visitor=visitor_in(arm, test), cards="2,3")
        assert (products_of(answer), (answer.json or {})["fetch"]) == ([], True)
        assert "product-" in ask(route="rail", visitor=visitor_in(arm, test)).text
    assert "fetch" not in (ask(cards="2,3").json or {})
    assert "fetch" not in (ask(visitor=visitor_in("b1", test), rail="also_viewed").json or {})


def test_an_answer_that_only_says_where_the_cards_are_leaves_no_record(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    """Nobody sees what it would hold: to an estimate it would be an answer that nobody liked."""
    visitor = tried(wiring, shop, Treatment(explore=0.5))
    ask(visitor=visitor, cards="2,3")
    assert decisions(wiring) == []
    ask(route="rail", visitor=visitor)
    assert len(decisions(wiring)) == 1
    assert wiring.counters.totals()["recommendations_empty"] == 0


def test_a_control_that_shows_nothing_fetches_nothing_and_is_recorded(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    shows = experiment(7, Treatment(show=Show.EMPTY), UNCHANGED, rails=BESIDE)
    ranks, seen = start(wiring, shop, experiment(0, rails=BESIDE), shows)
    visitor = visitor_in("control", seen, (ranks, "b1"))
    answer = ask(visitor=visitor, cards="2,3", arms="2:control").json or {}
    assert (answer["show"], answer["variant"], "fetch" in answer) == ("empty", "1:b1,2:control", False)
    assert [one.show for one in decisions(wiring)] == ["empty"]


def test_a_source_that_passed_no_exam_changes_nothing_and_is_counted(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(strategy=Strategy.CO_VIEW))
    assert products_of(ask(visitor=visitor, limit=4)) == [2, 3, 4, 10]
    assert missed(wiring) == 1


def test_a_rail_that_says_what_it_is_holds_nothing_else(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(strategy=Strategy.TRENDING), Rail.ALSO_VIEWED)
    assert products_of(ask(visitor=visitor, rail="also_viewed")) == [7, 8]
    assert missed(wiring) == 1


def test_what_needs_a_shopper_is_not_missed_where_nobody_is_known(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(strategy=Strategy.ITEM_ITEM, trend=0.5), Rail.FOR_YOU)
    assert products_of(ask(placement="home", visitor=visitor, limit=3)) == [10, 9, 8]
    totals = wiring.counters.totals()
    assert (totals["treatments_missed"], totals["sources_skipped"]) == (0, 0)


def test_every_choice_of_a_rail_can_lead_it_with_a_model_that_passed_every_exam(full_model: ItemModel) -> None:
    factors, blends = ServedModel.of(full_model), ServedModel.of(ranked_model())
    offered = {rail: {*factors.leads[rail]} for rail in CHOICES}
    offered[Rail.FOR_YOU] |= {*blends.leads[Rail.FOR_YOU]}
    assert offered == {rail: set(strategies) for rail, strategies in CHOICES.items()}
    assert Strategy.RANKED not in factors.leads[Rail.FOR_YOU]


# -- models ----------------------------------------------------------------------------------------------------------


def test_an_older_version_answers_the_arm_that_names_it(
    wiring: Web, shop: Shop, model: ItemModel, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(model_version=ModelVersion("v1")))
    assert products_of(ask(product_id=6, visitor=visitor, limit=2)) == [10, 9]
    assert products_of(ask(product_id=6, limit=2)) == [2, 10]
    first, second = decisions(wiring)
    assert (first.model_version, second.model_version) == ("v1", "full")
    assert missed(wiring) == 0


def test_a_version_that_is_gone_leaves_the_rail_as_it_is_and_is_counted(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(model_version=ModelVersion("lost")))
    assert products_of(ask(visitor=visitor, limit=3)) == [2, 3, 4]
    assert decisions(wiring)[0].model_version == "full"
    assert missed(wiring) == 1


def test_no_version_is_used_any_more_once_the_merchant_has_withdrawn(
    wiring: Web, shop: Shop, model: ItemModel, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(model_version=ModelVersion("v1")))
    wiring.models.forget(shop.id)
    wiring.redis.incr(keys.model(shop.id))
    wiring.shelves.refresh()
    assert products_of(ask(visitor=visitor)) == []


# -- the weight of what sells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "expected"), [(0.0, [5, 4, 3]), (1.0, [10, 9, 8])])
def test_the_weight_of_what_sells_goes_from_taste_alone_to_sales_alone(
    wiring: Web,
    shop: Shop,
    full_model: ItemModel,
    ask: Ask,
    live_redis: redis.Redis,
    weight: float,
    expected: list[int],
) -> None:
    visitor = tried(wiring, shop, Treatment(trend=weight), Rail.FOR_YOU)
    live_redis.hset(keys.visitor(shop.id, visitor), "viewed", "1:1700000000000")
    answer = ask(placement="home", visitor=visitor, limit=3)
    assert products_of(answer) == expected
    assert answer.json is not None
    codes = {item["reason"]["code"] for item in answer.json["items"]}
    assert codes == {ReasonCode.TRENDING if weight else ReasonCode.BECAUSE_VIEWED}
    assert missed(wiring) == 0


def test_the_more_weight_what_sells_has_the_more_it_sells(full_model: ItemModel) -> None:
    looked = Question(Rail.FOR_YOU).for_shopper(Shopper(viewed=(ProductId(1),)))
    sold = []
    for weight in np.linspace(0, 1, 6):
        found = list(FactorsSource(full_model, full_model.blended(float(weight))).candidates(looked))
        sold.append(sum(one.product_id for one in found[:4]))  # The higher the number, the better it sells.
    assert sold == sorted(sold)
    assert sold[0] < sold[-1]


def test_a_rail_without_a_blend_has_no_weight_to_change(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(trend=1.0))
    assert products_of(ask(visitor=visitor, limit=3)) == [2, 3, 4]
    assert missed(wiring) == 1


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_is_a_share(weight: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        weighted_blend(np.ones(3, dtype=np.float32), weight)


def test_a_blend_leaves_other_requests_as_they_are(full_model: ItemModel) -> None:
    served = ServedModel.of(full_model)
    shopper = Shopper(viewed=(ProductId(1),))
    before = served.sources(Rail.FOR_YOU, shopper)
    served.arranged(Rail.FOR_YOU, shopper, first=Strategy.TRENDING, trend=0.3)
    assert served.sources(Rail.FOR_YOU, shopper) == before
    assert served.arranged(Rail.FOR_YOU, NOBODY, first=None, trend=None).sources == served.sources(Rail.FOR_YOU, NOBODY)


# -- draws and two rankings in one -----------------------------------------------------------------------------------


def test_draws_are_recorded_with_their_chances_and_can_be_drawn_again(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    visitor = tried(wiring, shop, Treatment(explore=0.5))
    shown = [products_of(ask(visitor=visitor, limit=4)) for _ in range(30)]
    assert len({tuple(products) for products in shown}) > 5
    in_order = [2, 3, 4, 10, 9, 8, 7, 6, 5]
    for decision, products in zip(decisions(wiring), shown, strict=True):
        again = draw(in_order, 4, 0.5, generator_of(RequestId(decision.request_id)))
        assert [item["product_id"] for item in decision.items] == products == list(again.items)
        assert [item["propensity"] for item in decision.items] == pytest.approx(again.propensities)
        assert all(0.0 < item["propensity"] < 1.0 for item in decision.items)


def test_without_exploration_each_place_was_sure(wiring: Web, shop: Shop, mapped: None, ask: Ask) -> None:
    ask(limit=3)
    assert [item["propensity"] for item in decisions(wiring)[0].items] == [1.0, 1.0, 1.0]


def interleaved(*treatments: Treatment) -> Experiment:
    return replace(experiment(0, *treatments, rails=BESIDE), kind=Kind.INTERLEAVING)


def test_two_rankings_share_a_rail_and_each_item_knows_its_side(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    start(wiring, shop, interleaved(UNCHANGED, Treatment(strategy=Strategy.TRENDING)))
    first = Counter[int]()
    for number in range(30):
        products = products_of(ask(visitor=f"{number:032x}", limit=4))
        assert len(set(products)) == 4
        first[products[0]] += 1
    assert set(first) == {2, 10}
    for decision in decisions(wiring):
        assert decision.variant == "1:both"
        assert Counter(item["team"] for item in decision.items) == {"a": 2, "b": 2}
        assert {item["product_id"] for item in decision.items if item["team"] == "b"} == {9, 10}


def test_a_side_that_is_not_to_be_had_leaves_the_rail_as_it_is_and_credits_nobody(
    wiring: Web, shop: Shop, mapped: None, ask: Ask
) -> None:
    start(wiring, shop, interleaved(UNCHANGED, Treatment(strategy=Strategy.CO_VIEW)))
    assert products_of(ask(visitor="0" * 32, limit=4)) == [2, 3, 4, 10]
    assert all("team" not in item for item in decisions(wiring)[0].items)
    assert missed(wiring) == 1


def test_what_was_chosen_at_the_end_is_served_to_everybody(
    wiring: Web, shop: Shop, full_model: ItemModel, ask: Ask
) -> None:
    by_sales = Treatment(strategy=Strategy.TRENDING)
    ended = experiment(0, UNCHANGED, by_sales, rails=BESIDE, status=Status.STOPPED, adopted=ArmKey("b1"))
    start(wiring, shop, ended)
    for visitor in ("f" * 32, ""):
        answer = ask(visitor=visitor, limit=5)
        assert products_of(answer) == [10, 9, 8, 7, 6]
        assert (answer.json or {})["variant"] == "default"
        assert (ask(visitor=visitor, cards="2,3").json or {})["fetch"] is True
