"""Training as a use case: consent first, the exam decides, the register tells, and a roll-back goes back."""

from __future__ import annotations

import pytest

from app.adapters.artefacts import PACKED
from app.core.errors import Busy, NoConsent, NotEnoughData
from app.core.recommend.types import Rail, Strategy
from app.services.publish_lists import publish_lists
from app.services.roll_back_models import roll_back
from app.services.run_experiment import create_experiment, discard_draft
from app.services.train_models import KEPT_VERSIONS, train_models
from tests.models.store import Installed


def test_without_consent_nothing_is_trained(installed: Installed) -> None:
    installed.planted_orders(orders=300)
    with pytest.raises(NoConsent):
        train_models(installed.shop, installed.wiring.training)
    assert installed.wiring.models.history(installed.shop.id) == []
    assert installed.wiring.artefacts.versions(installed.shop.id) == []


def test_withdrawn_consent_is_no_consent(trained: Installed) -> None:
    trained.consent(granted=False)
    with pytest.raises(NoConsent):
        train_models(trained.shop, trained.wiring.training)


def test_consent_withdrawn_during_a_training_keeps_its_model_from_the_rails(trained: Installed) -> None:
    def withdraw(checkpoint: str) -> None:
        if checkpoint == "recorded":
            trained.consent(granted=False)

    with pytest.raises(NoConsent):
        train_models(trained.shop, trained.wiring.training, checkpoint=withdraw)
    assert trained.wiring.models.current(trained.shop.id) is None


def test_a_model_that_passes_the_exam_is_published_with_its_figures(trained: Installed) -> None:
    training = train_models(trained.shop, trained.wiring.training)
    newest = trained.wiring.models.history(trained.shop.id)[0]
    exam = newest.metrics["exam"]
    assert (training.strategy, newest.state, newest.strategy) == (Strategy.ITEM_ITEM, "published", "item_item")
    assert exam["item_item"]["hr@10"] > exam["trending"]["hr@10"]
    assert trained.wiring.models.current(trained.shop.id) == training.version == newest.version
    assert int(trained.wiring.redis.get(f"attune:{trained.shop.id}:model") or 0) == 1
    assert newest.metrics["rails"].keys() == set(Rail)
    for rail in newest.metrics["rails"].values():
        assert {"model", "floor", "questions", "passed", "strategy"} <= rail.keys()


def test_too_few_orders_publish_the_floor_and_say_so(installed: Installed) -> None:
    installed.planted_orders(orders=200)
    installed.consent()
    training = train_models(installed.shop, installed.wiring.training)
    runs = {run.strategy: run for run in installed.wiring.models.history(installed.shop.id)}
    assert training.strategy is Strategy.TRENDING
    assert "the exam needs 200 orders" in training.note
    assert (runs["item_item"].state, runs["trending"].state) == ("rejected", "published")
    assert "exam" in runs["item_item"].metrics
    assert installed.wiring.models.history(installed.shop.id)[0].strategy == "trending"


def test_a_shop_without_orders_has_nothing_to_learn_yet(installed: Installed) -> None:
    installed.consent()
    training = train_models(installed.shop, installed.wiring.training)
    assert training.version is None
    assert "nothing to learn yet" in installed.wiring.models.history(installed.shop.id)[0].note
    assert publish_lists(installed.shop, installed.wiring.publishing).version is None


@pytest.mark.parametrize("products", [0, 1])
def test_a_shop_with_no_or_one_product_is_trained_without_trouble(installed: Installed, products: int) -> None:
    kept = installed.products[:products]
    installed.execute("DELETE FROM variants WHERE NOT product_id = ANY(%s)", [(kept,)])
    installed.execute("DELETE FROM products WHERE NOT id = ANY(%s)", [(kept,)])
    installed.orders([(number, kept, 1.0) for number in range(1, 20)])
    installed.consent()
    training = train_models(installed.shop, installed.wiring.training)
    published = publish_lists(installed.shop, installed.wiring.publishing)
    assert training.products == products
    assert published.written == 0


def test_training_the_same_day_on_the_same_orders_changes_nothing(trained: Installed) -> None:
    first = train_models(trained.shop, trained.wiring.training)
    before = trained.state()
    assert train_models(trained.shop, trained.wiring.training).version == first.version
    assert trained.state() == before


def test_two_trainings_at_once_are_refused(trained: Installed) -> None:
    with trained.wiring.claims.hold(trained.shop.id, "train", seconds=60), pytest.raises(Busy):
        train_models(trained.shop, trained.wiring.training)


def retrain(installed: Installed, number: int) -> str:
    """A training on one more order, so that it is another version."""
    installed.order(10_000 + number, installed.products[:2], days_ago=0.01)
    version = train_models(installed.shop, installed.wiring.training).version
    assert version is not None
    return version


def test_only_the_newest_versions_stay_on_the_disk(trained: Installed) -> None:
    versions = [retrain(trained, number) for number in range(KEPT_VERSIONS + 2)]
    assert set(trained.wiring.artefacts.versions(trained.shop.id)) == set(versions[-KEPT_VERSIONS:])


def test_a_model_that_an_experiment_compares_stays_until_the_experiment_ends(trained: Installed) -> None:
    first = retrain(trained, 0)
    fields = {"tested": "model", "name": "Before and now", "rail_for_you": "on", "value_b": str(first)}
    ports = trained.wiring.running_experiments
    id = create_experiment(trained.shop, fields, by="Ada", salt="pepper", ports=ports)
    for number in range(1, KEPT_VERSIONS + 2):
        retrain(trained, number)
    assert first in trained.wiring.artefacts.versions(trained.shop.id)
    discard_draft(trained.shop, id, by="Ada", ports=ports)
    retrain(trained, KEPT_VERSIONS + 2)
    assert first not in trained.wiring.artefacts.versions(trained.shop.id)


def test_an_artefact_that_nobody_recorded_is_removed_by_the_next_training(trained: Installed) -> None:
    first = retrain(trained, 0)
    arrays, meta = trained.wiring.artefacts.read(trained.shop.id, first)  # type: ignore[arg-type]
    trained.wiring.artefacts.write(trained.shop.id, "orphan-1", arrays, meta)  # type: ignore[arg-type]
    second = retrain(trained, 1)
    assert set(trained.wiring.artefacts.versions(trained.shop.id)) == {first, second}


def test_roll_back_goes_one_version_back_and_its_lists_follow(trained: Installed) -> None:
    first = retrain(trained, 0)
    publish_lists(trained.shop, trained.wiring.publishing)
    before = trained.state()
    trained.execute("UPDATE orders SET cancelled_at = now() WHERE id % 2 = 0")
    second = retrain(trained, 1)
    assert publish_lists(trained.shop, trained.wiring.publishing).written > 0
    assert roll_back(trained.shop, trained.wiring.rolling_back) == first != second
    publish_lists(trained.shop, trained.wiring.publishing)
    after = trained.state()
    assert (after["cached"], after["metafields"]) == (before["cached"], before["metafields"])


def test_after_a_roll_back_the_register_tells_of_the_version_in_use(trained: Installed) -> None:
    first, second = retrain(trained, 0), retrain(trained, 1)
    roll_back(trained.shop, trained.wiring.rolling_back)
    used = trained.wiring.models.in_use(trained.shop.id)
    assert used is not None
    assert (used.version, used.state) == (first, "published")
    assert trained.wiring.models.history(trained.shop.id)[0].version == second


def test_roll_back_can_be_repeated_as_long_as_versions_are_kept(trained: Installed) -> None:
    versions = [retrain(trained, number) for number in range(3)]
    for expected in (versions[1], versions[0]):
        assert roll_back(trained.shop, trained.wiring.rolling_back) == expected
        publish_lists(trained.shop, trained.wiring.publishing)
    with pytest.raises(NotEnoughData):
        roll_back(trained.shop, trained.wiring.rolling_back)


def test_roll_back_passes_over_a_damaged_version(trained: Installed) -> None:
    versions = [retrain(trained, number) for number in range(3)]
    folder = trained.wiring.artefacts.root / str(trained.shop.id) / versions[1]
    (folder / PACKED).write_bytes(b"damaged")
    assert roll_back(trained.shop, trained.wiring.rolling_back) == versions[0]
