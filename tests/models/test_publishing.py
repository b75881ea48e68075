"""Lists in the store: what stands in the metafields is what the cascade allows now, and only changes travel."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from app.core.errors import Busy, NoConsent
from app.core.ids import ModelVersion, ProductId, number_of
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy
from app.errors import Retryable
from app.services import publish_lists as publish_lists_module
from app.services.forget_models import forget_models
from app.services.publish_lists import Published, publish_lists
from app.services.record_consent import record_consent
from app.services.train_models import train_models
from tests.models.store import Installed


@pytest.fixture
def modelled(trained: Installed) -> Installed:
    train_models(trained.shop, trained.wiring.training)
    return trained


def publish(installed: Installed, **options: Any) -> Published:
    return publish_lists(installed.shop, installed.wiring.publishing, **options)


def listed(installed: Installed, product: int) -> list[int]:
    """The products in the store's metafield of `product`."""
    return [number_of(reference) for reference in orjson.loads(installed.metafields(product).get("recs", "[]"))]


def test_every_active_product_gets_a_list_of_what_can_be_bought_now(modelled: Installed) -> None:
    published = publish(modelled)
    buyable = set(modelled.products)
    active = {product.id for product in modelled.store.products.values() if product.status == "ACTIVE"}
    assert published.written == len(active)
    for product in active:
        shown = listed(modelled, product)
        assert 0 < len(shown) <= 24
        assert set(shown) <= buyable - {product}
        assert len(shown) == len(set(shown))


def test_a_list_names_its_reason_in_the_store_and_beside_the_hot_path(modelled: Installed) -> None:
    publish(modelled)
    first = next(one for one in modelled.products if modelled.metafields(one)["recs_reason"] == "bought_together")
    stored = modelled.wiring.redis.hget(f"attune:{modelled.shop.id}:lists", str(first))
    expected = ",".join([modelled.metafields(first)["recs_reason"], *map(str, listed(modelled, first))])
    assert stored == expected.encode()
    state = modelled.wiring.live_state.read(modelled.shop.id, None, list_of=ProductId(first))
    assert state.stored is not None
    assert list(state.stored.products) == listed(modelled, first)


def test_the_home_page_has_a_list_that_follows_what_sells_and_can_be_bought(modelled: Installed) -> None:
    assert publish(modelled).home_changed
    home = modelled.home()
    handles = {product.handle: product.id for product in modelled.store.products.values()}
    assert home is not None
    assert home["reason"] == "trending"
    assert 0 < len(home["handles"]) <= 20
    assert {handles[handle] for handle in home["handles"]} <= set(modelled.products)
    assert not publish(modelled).home_changed
    gone = handles[home["handles"][0]]
    modelled.execute(f"UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE product_id = {gone}")
    assert publish(modelled).home_changed
    after = modelled.home()
    assert after is not None
    assert home["handles"][0] not in after["handles"]


def with_looks(installed: Installed, *, passed: bool) -> None:
    """Put a model in use whose looks are every product's next four in the catalogue, all of different kinds."""
    models, artefacts, shop = installed.wiring.models, installed.wiring.artefacts, installed.shop.id
    version = models.current(shop)
    assert version is not None
    model = ItemModel.of(version, *artefacts.read(shop, version))
    number = len(model.item_ids)
    looks = np.zeros((number, 4), dtype=NEIGHBOUR)
    looks["index"] = (np.arange(number)[:, np.newaxis] + np.arange(1, 5)) % number
    rails = frozenset({Rail.COMPLETE_THE_LOOK}) if passed else frozenset()
    changed = replace(
        model, complementing=looks, groups=np.arange(number, dtype=np.int32), rails=rails, strategy=Strategy.TRENDING
    )
    other = ModelVersion(f"looks-{passed}")
    artefacts.write(shop, other, changed.arrays(), changed.meta())
    models.publish(shop, other, at=installed.wiring.clock.now())


def test_all_lists_of_a_product_travel_together_and_what_ends_is_taken_away(modelled: Installed) -> None:
    with_looks(modelled, passed=True)
    first = publish(modelled)
    fields = [modelled.metafields(product) for product in modelled.products]
    looking = [one for one in fields if "complete_the_look" in one]
    assert looking
    for one in looking:
        look, recs = (set(orjson.loads(one[key])) for key in ("complete_the_look", "recs"))
        assert not look & recs
    with_looks(modelled, passed=False)
    second = publish(modelled)
    assert (second.refused, second.removed) == (0, 0)
    assert 0 < second.written <= first.written
    assert all({"recs", "recs_reason"} == modelled.metafields(product).keys() for product in modelled.products)
    assert publish(modelled).written == 0


def test_lists_of_a_publishing_that_was_killed_go_with_the_withdrawal(modelled: Installed) -> None:
    def die(checkpoint: str) -> None:
        if checkpoint == "lists_written":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(modelled, checkpoint=die)
    assert any(modelled.metafields(product) for product in modelled.products)
    modelled.consent(granted=False)
    forget_models(modelled.shop, modelled.wiring.forgetting)
    assert not any(modelled.metafields(product) for product in modelled.products)


def test_only_changed_lists_travel(modelled: Installed) -> None:
    first = publish(modelled)
    second = publish(modelled)
    assert (second.written, second.unchanged) == (0, first.written)
    gone = listed(modelled, modelled.products[0])[0]
    modelled.execute(f"UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE product_id = {gone}")
    third = publish(modelled)
    assert 0 < third.written < first.written + 1
    assert not any(gone in listed(modelled, product) for product in modelled.store.products)


def test_when_everything_is_sold_out_the_lists_are_taken_away(modelled: Installed) -> None:
    first = publish(modelled)
    modelled.execute("UPDATE variants SET quantity = 0, tracked = true, oversell = false")
    second = publish(modelled)
    assert (second.removed, second.written) == (first.written, 0)
    assert modelled.state()["published"] == []
    assert not any(modelled.metafields(product) for product in modelled.store.products)
    assert modelled.state()["cached"] == {}


def test_products_deleted_in_the_store_are_forgotten_without_a_call(modelled: Installed) -> None:
    publish(modelled)
    gone = modelled.products[0]
    modelled.execute(f"UPDATE products SET deleted_at = now() WHERE id = {gone}")
    publish(modelled)
    assert gone not in {product for product, _, _ in modelled.state()["published"]}


def test_a_refused_line_is_recorded_and_tried_again_the_next_time(modelled: Installed) -> None:
    missing = modelled.products[0]
    record = modelled.store.products.pop(missing)  # deleted in the store, and the webhook has not come yet
    published = publish(modelled)
    problems = modelled.execute("SELECT error FROM published_lists WHERE error <> ''")
    assert published.refused == len(problems) > 0
    assert any(str(missing) in reason for (reason,) in problems)
    assert set(modelled.wiring.published_lists.standing(modelled.shop.id)).isdisjoint({missing})
    modelled.store.products[missing] = record
    assert publish(modelled).written == published.refused


@pytest.mark.parametrize("mode", ["garbage", "fail"])
def test_a_broken_bulk_operation_is_made_good_by_the_next_run(modelled: Installed, mode: str) -> None:
    origin = modelled.env["SHOPIFY_TEST_ORIGIN"]
    httpx.post(f"{origin}/_dev/faults", json={"bulk": {"mode": mode, "count": 1, "at_line": 5}}).raise_for_status()
    try:
        assert publish(modelled).refused > 0
    except Retryable:
        assert modelled.state()["due"] == [("publish_lists", "train")]
    publish(modelled)
    lists = {product: listed(modelled, product) for product in modelled.products}
    assert all(lists.values())
    assert len(modelled.state()["published"]) == len(modelled.state()["cached"])


def test_publishing_settles_what_the_training_left_due(modelled: Installed) -> None:
    assert modelled.state()["due"] == [("publish_lists", "train")]
    publish(modelled)
    assert modelled.state()["due"] == []


def test_two_publishings_at_once_are_refused(modelled: Installed) -> None:
    with modelled.wiring.claims.hold(modelled.shop.id, "publish_lists", seconds=60), pytest.raises(Busy):
        publish(modelled)


# -- forgetting ------------------------------------------------------------------------------------------------------


def test_withdrawal_removes_model_register_and_every_list(modelled: Installed) -> None:
    publish(modelled)
    modelled.consent(granted=False)
    removed = forget_models(modelled.shop, modelled.wiring.forgetting)
    state = modelled.state()
    assert removed > 0
    assert [state[name] for name in ("pointer", "runs", "artefacts", "published", "due")] == [[]] * 5
    assert (state["cached"], state["home"], state["customers"]) == ({}, None, {})
    assert not any(state["metafields"].values())
    assert int(modelled.wiring.redis.get(f"attune:{modelled.shop.id}:model") or 0) == 2


def test_a_consent_given_again_before_the_job_ran_keeps_the_models(modelled: Installed) -> None:
    publish(modelled)
    before = modelled.state()
    modelled.consent(granted=False)
    modelled.consent()
    assert forget_models(modelled.shop, modelled.wiring.forgetting) == 0
    assert modelled.state() == before


def test_forgetting_waits_for_a_training(modelled: Installed) -> None:
    modelled.consent(granted=False)
    with modelled.wiring.claims.hold(modelled.shop.id, "train", seconds=60), pytest.raises(Busy):
        forget_models(modelled.shop, modelled.wiring.forgetting)
    assert ("forget_models", "") in modelled.state()["due"]


def test_after_a_withdrawal_no_list_is_published_any_more(modelled: Installed) -> None:
    modelled.consent(granted=False)
    with pytest.raises(NoConsent):
        publish(modelled)
    assert not any(modelled.state()["metafields"].values())


def test_a_withdrawal_stops_the_rails_at_once_while_a_training_still_holds_the_models(modelled: Installed) -> None:
    publish(modelled)
    wiring = modelled.wiring
    with wiring.claims.hold(modelled.shop.id, "train", seconds=60):
        record_consent(
            modelled.shop, granted=False, by="the owner", text_version="2026-11", ports=wiring.recording_consent
        )
        state = modelled.state()
    assert (state["pointer"], state["cached"]) == ([], {})
    assert int(wiring.redis.get(f"attune:{modelled.shop.id}:model") or 0) == 2


def test_a_publishing_of_any_length_keeps_its_claim(modelled: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_lists_module, "CLAIM_S", 0.3)

    def linger(checkpoint: str) -> None:
        if checkpoint == "lists_cached":
            time.sleep(0.6)
            with pytest.raises(Busy):
                publish(modelled)

    assert publish(modelled, checkpoint=linger).written > 0


def test_lists_that_shopify_refuses_to_take_away_stay_due(modelled: Installed) -> None:
    publish(modelled)
    modelled.consent(granted=False)
    origin = modelled.env["SHOPIFY_TEST_ORIGIN"]
    fault = {"bulk": {"mode": "garbage", "count": 1, "at_line": 5}}
    httpx.post(f"{origin}/_dev/faults", json=fault).raise_for_status()
    with pytest.raises(Retryable):
        forget_models(modelled.shop, modelled.wiring.forgetting)
    assert ("forget_models", "") in modelled.state()["due"]
    forget_models(modelled.shop, modelled.wiring.forgetting)
    assert modelled.state()["due"] == []
    assert not any(modelled.state()["metafields"].values())
