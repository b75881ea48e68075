"""A canary as shoppers meet it: a share of visitors gets it, the others and damaged files change nothing."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import redis

from app.adapters.artefacts import PACKED
from app.adapters.redis import keys
from app.core.experiments.types import UNCHANGED, Treatment, Unit
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.canary import Canary, Stage, Trial
from app.core.recommend.fresh import Fresh
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import ModelRecord
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.catalogue import publish
from tests.serving.conftest import Ask, products_of
from tests.serving.running import decisions, start

AT = datetime(2026, 1, 2, tzinfo=UTC)
V1, V2 = ModelVersion("v1"), ModelVersion("v2")
OLD, NEW = [2, 3, 4], [9, 8, 7]


def newer(model: ItemModel) -> ItemModel:
    neighbours = model.neighbours.copy()
    neighbours[0] = [(8, 0.9), (7, 0.5), (6, 0.25)]
    return replace(model, version=V2, neighbours=neighbours)


@pytest.fixture
def canary(wiring: Web, shop: Shop, model: ItemModel, mapped: None) -> Canary:
    """`v2` for a quarter of the visitors beside `v1`; every process knows it."""
    made = newer(model)
    wiring.artefacts.write(shop.id, V2, made.arrays(), made.meta())
    wiring.models.record(shop.id, ModelRecord(V2, "training", made.strategy, AT, 100, 10, {}, ""))
    wiring.trials.start_canary(shop.id, Trial(V2, V1, Stage.CANARY, 0.25, 20.0, AT))
    told(wiring, shop)
    return Canary(V2, 0.25)


def told(wiring: Web, shop: Shop) -> None:
    wiring.redis.incr(keys.model(shop.id))
    wiring.shelves.refresh()


def visitors(number: int = 200) -> list[str]:
    return [f"{one:032x}" for one in range(number)]


def one_of(canary: Canary, *, taken: bool) -> str:
    return next(visitor for visitor in visitors() if canary.takes(Unit(visitor)) is taken)


def damage(wiring: Web, shop: Shop, version: ModelVersion) -> None:
    (wiring.artefacts.root / str(shop.id) / version / PACKED).write_bytes(b"damaged")


def test_the_canarys_share_of_visitors_gets_it_and_decisions_say_so(wiring: Web, ask: Ask, canary: Canary) -> None:
    answers = {visitor: products_of(ask(visitor=visitor, limit=3)) for visitor in visitors()}
    expected = {visitor: NEW if canary.takes(Unit(visitor)) else OLD for visitor in visitors()}
    assert answers == expected
    assert 30 <= sum(answer == NEW for answer in answers.values()) <= 70
    versions = {decision.visitor: decision.model_version for decision in decisions(wiring)}
    assert versions == {visitor: V2 if answers[visitor] == NEW else V1 for visitor in visitors()}
    assert {decision.variant for decision in decisions(wiring)} == {"default"}


def test_what_was_just_learnt_beside_the_canary_is_for_its_visitors_alone(
    wiring: Web, shop: Shop, ask: Ask, canary: Canary
) -> None:
    """Each version has the news since its own training."""
    of_canary = Fresh(V2, {ProductId(1): ((ProductId(5), 0.9), (ProductId(6), 0.5), (ProductId(7), 0.1))})
    of_the_other = Fresh(V1, {ProductId(1): ((ProductId(4), 0.9), (ProductId(3), 0.5), (ProductId(2), 0.1))})
    wiring.fresh.put(shop.id, [of_canary, of_the_other])
    wiring.shelves.refresh()
    assert products_of(ask(visitor=one_of(canary, taken=True), limit=3)) == [5, 6, 7]
    assert products_of(ask(visitor=one_of(canary, taken=False), limit=3)) == [4, 3, 2]
    wiring.fresh.forget(shop.id)
    wiring.shelves.refresh()
    assert products_of(ask(visitor=one_of(canary, taken=True), limit=3)) == NEW


def test_nobody_without_consent_is_a_canary(ask: Ask, canary: Canary) -> None:
    assert products_of(ask(limit=3)) == OLD


def test_a_page_with_cards_of_its_own_goes_on_ordering_those(ask: Ask, canary: Canary) -> None:
    answer = ask(visitor=one_of(canary, taken=True), cards="2,8,9", limit=3)
    assert answer.json is not None
    assert "fetch" not in answer.json


def test_an_experiment_that_compares_versions_has_its_visitors_to_itself(
    wiring: Web, shop: Shop, ask: Ask, canary: Canary
) -> None:
    compared = experiment(0, UNCHANGED, Treatment(model_version=V1), rails=(Rail.BOUGHT_TOGETHER,))
    start(wiring, shop, compared)
    assert products_of(ask(visitor=one_of(canary, taken=True), limit=3)) == OLD


def test_a_canary_that_was_taken_back_is_gone_at_once(wiring: Web, shop: Shop, ask: Ask, canary: Canary) -> None:
    visitor = one_of(canary, taken=True)
    assert products_of(ask(visitor=visitor, limit=3)) == NEW
    assert wiring.trials.take_back(shop.id, V2, at=AT, reason="It was clicked less.")
    told(wiring, shop)
    assert products_of(ask(visitor=visitor, limit=3)) == OLD


def test_a_canary_that_was_promoted_is_everybodys(wiring: Web, shop: Shop, ask: Ask, canary: Canary) -> None:
    assert wiring.trials.promote(shop.id, V2, at=AT, reason="Its time was over.")
    told(wiring, shop)
    assert products_of(ask(visitor=one_of(canary, taken=False), limit=3)) == NEW
    assert products_of(ask(limit=3)) == NEW


def test_a_canary_with_damaged_files_costs_its_visitors_nothing(
    wiring: Web, shop: Shop, ask: Ask, canary: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    damage(wiring, shop, V2)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(visitor=one_of(canary, taken=True), limit=3)) == OLD
    assert f"model v2 of shop {shop.id} cannot be read" in caplog.text


# -- a damaged model that everybody should get -----------------------------------------------------------------------


def test_a_damaged_newest_version_is_refused_by_name_and_the_earlier_one_goes_on_serving(
    wiring: Web, shop: Shop, ask: Ask, model: ItemModel, mapped: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert products_of(ask(limit=3)) == OLD
    publish(wiring, shop.id, newer(model))
    damage(wiring, shop, V2)
    with caplog.at_level(logging.WARNING):
        wiring.shelves.refresh()
    assert products_of(ask(limit=3)) == OLD
    assert f"model v2 of shop {shop.id} cannot be read" in caplog.text
    assert "is not as long as what was published" in caplog.text
    assert wiring.counters.totals()["models_unread"] == 1


def test_a_process_that_starts_then_serves_the_earlier_version_too(
    wiring: Web, shop: Shop, ask: Ask, model: ItemModel
) -> None:
    publish(wiring, shop.id, newer(model))
    damage(wiring, shop, V2)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(limit=3)) == OLD


def test_one_changed_byte_is_enough_to_refuse_a_version(wiring: Web, shop: Shop, ask: Ask, model: ItemModel) -> None:
    publish(wiring, shop.id, newer(model))
    path = wiring.artefacts.root / str(shop.id) / V2 / PACKED
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(limit=3)) == OLD


def test_where_no_earlier_version_is_whole_the_stored_lists_serve(
    wiring: Web, shop: Shop, ask: Ask, model: ItemModel, live_redis: redis.Redis
) -> None:
    damage(wiring, shop, V1)
    live_redis.hset(keys.lists(shop.id), "1", "bought_together,7,6,5")
    wiring.shelves.map_now(shop.id)
    assert products_of(ask(limit=3)) == [ProductId(7), ProductId(6), ProductId(5)]
