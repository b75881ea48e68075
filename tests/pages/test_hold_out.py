"""The hold-out comes by itself with the first model, and only with the merchant's consent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.config import Settings
from app.core.shops import Shop
from app.core.training_consent import CURRENT
from app.services.hold_out import hold_out, share_of
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import Work, decide, text_of


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As it is unless an operator says otherwise: one visitor in twenty is held out."""
    return replace(settings, hold_out_share=0.05)


def test_the_first_model_brings_the_hold_out_which_the_first_page_then_shows(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    kept = hold_out(trained, running_app.wiring.experiments)
    assert kept is not None
    assert share_of(kept.experiment) == 0.05
    assert kept.changes[0].by == "Attune"
    read = text_of(running_app.open(devstore).text)
    assert "With Attune and without Nothing has been counted yet" in read


def test_training_again_leaves_the_merchants_hold_out_as_it_is(
    running_app: RunningApp, devstore: DevStore, trained: Shop, work: Work
) -> None:
    before = running_app.wiring.experiments.all(trained.id)
    assert decide(running_app, devstore, decision="grant", text_version=CURRENT.version) == 303
    work()
    assert running_app.wiring.experiments.all(trained.id) == before


def test_without_consent_nobody_is_held_out(running_app: RunningApp, imported: Shop) -> None:
    assert running_app.wiring.experiments.all(imported.id) == []
