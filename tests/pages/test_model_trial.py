"""The page of what was learnt while a new model is on trial, after it was taken back, and each version's card."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.core.ids import ModelVersion
from app.core.recommend.canary import Stage, Trial
from app.core.shops import Shop
from app.ports import ModelRecord
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import text_of

NEW = ModelVersion("20991231-new-item_item")


@pytest.fixture
def tried(running_app: RunningApp, trained: Shop) -> Trial:
    """A new version on trial for a tenth of the visitors, and what was counted of it."""
    wiring = running_app.wiring
    used, now = wiring.models.in_use(trained.id), wiring.clock.now()
    assert used is not None
    newer = now + timedelta(minutes=1)
    wiring.models.record(trained.id, ModelRecord(NEW, "training", "item_item", newer, 900, 40, {}, ""))
    trial = Trial(NEW, used.version, Stage.CANARY, 0.1, 20.0, newer, reason="Nothing speaks against it so far.")
    wiring.trials.start_canary(trained.id, trial)
    counts = {"visitors": 1234, "cards": 5000, "clicks": 250, "answers": 2000, "troubled": 20}
    figures = {"canary": counts, "incumbent": counts | {"visitors": 11_106}, "lift": {"low": -0.08, "high": 0.123}}
    wiring.trials.note(trained.id, NEW, {"canary": figures}, at=newer)
    return trial


def test_a_canary_stands_beside_the_model_in_use(running_app: RunningApp, devstore: DevStore, tried: Trial) -> None:
    read = text_of(running_app.open(devstore, "/admin/model").text)
    assert "A new model is on trial 10% of your visitors get it first" in read
    assert "New model 1,234 5,000 250 5.00% 1.0%" in read
    assert "Model in use 11,106 5,000 250 5.00% 1.0%" in read
    assert "against the model in use: -8.0% to +12.3%" in read
    assert re.search(r"On trial 900 40 .* In use 862 40", read)


def test_a_version_that_was_taken_back_is_said_first_with_the_reason(
    running_app: RunningApp, devstore: DevStore, tried: Trial, trained: Shop
) -> None:
    wiring = running_app.wiring
    assert wiring.trials.take_back(trained.id, NEW, at=wiring.clock.now(), reason="Its cards are clicked less.")
    read = text_of(running_app.open(devstore, "/admin/model").text)
    assert "A newer model was taken back Its cards are clicked less. The model before it serves your shoppers" in read
    assert "on trial" not in read
    assert "Taken back 900 40" in read


def test_every_training_leads_to_its_card(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    used = running_app.wiring.models.in_use(trained.id)
    assert used is not None
    assert f"/admin/model/card?version={used.version}" in running_app.open(devstore, "/admin/model").text
    read = text_of(running_app.open(devstore, f"/admin/model/card?version={used.version}").text)
    assert "Where it came from" in read
    assert re.search(r"Orders : 862, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", read)
    assert re.search(r"Often bought together : neighbours in orders: [\d.]+%, the floor: [\d.]+%", read)
    assert "The shop&#39;s first model." in read


def test_a_card_of_no_version_of_the_shop_is_not_there(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    assert running_app.open(devstore, "/admin/model/card?version=somebody-elses").status_code == 404
    assert running_app.open(devstore, "/admin/model/card").status_code == 404
