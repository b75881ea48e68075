"""What sliders cost in a shop of its own: asked of what its rails show, and kept beside the exams."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.training import learn
from app.core.recommend.slider_exam import MOST_ASKED, SliderExam
from app.core.recommend.tradeoff import SETTINGS, SLIDERS
from app.core.recommend.types import Rail
from tests.models.worlds import TODAY, no_structure, planted_pairs


def kinds_of(orders: Baskets) -> Groups:
    """Partners are of one kind."""
    return (np.arange(len(orders.items)) // 2 % 10).astype(np.int32)


def examined(orders: Baskets, groups: Groups | None, rail: Rail = Rail.BOUGHT_TOGETHER) -> SliderExam | None:
    exam = learn(Material(orders, groups=groups), today=TODAY).exams[rail]
    # As the register keeps it, which knows no NaN.
    return SliderExam.of(orjson.loads(orjson.dumps(exam.as_json())))


@pytest.fixture(scope="module")
def pairs() -> SliderExam:
    orders = planted_pairs(orders=2500)
    found = examined(orders, kinds_of(orders))
    assert found is not None
    return found


def test_every_slider_is_measured_at_every_setting(pairs: SliderExam) -> None:
    assert [(one.slider, one.setting) for one in pairs.settings] == [
        (slider, setting) for slider in SLIDERS for setting in SETTINGS
    ]
    assert LEAST_QUESTIONS <= pairs.questions <= MOST_ASKED
    for one in pairs.settings:
        assert one.change is not None
        mean, low, high = one.change
        assert low <= mean <= high


def test_what_a_slider_takes_and_gives_is_what_it_took_and_gave(pairs: SliderExam) -> None:
    """A partner stands first already, so variety behind it is cheap; best sellers are what is bought besides."""
    strong = {one.slider: one for one in pairs.settings if one.setting == 1.0}
    assert strong["popularity"].change is not None
    assert strong["popularity"].change[2] < 0.0, "the loss is none of chance"
    for slider, figure, sign in (("popularity", "novelty", 1), ("popularity", "gini", -1), ("diversity", "kinds", 1)):
        before, after = pairs.off[figure], strong[slider].values[figure]
        assert before is not None
        assert after is not None
        assert sign * (after - before) > 0.0, (slider, figure)


def test_without_kinds_only_what_needs_none_is_measured() -> None:
    found = examined(planted_pairs(orders=1500), None)
    assert found is not None
    assert {one.slider for one in found.settings} == {"popularity", "exploration"}
    assert found.off["kinds"] is None


def test_what_shows_best_sellers_after_its_exam_is_measured_with_best_sellers() -> None:
    orders = no_structure(orders=1500)
    outcome = learn(Material(orders), today=TODAY).exams[Rail.BOUGHT_TOGETHER]
    assert not outcome.passed
    found = SliderExam.of(outcome.as_json())
    assert found is not None
    assert found.off["coverage"] is not None
    assert found.off["coverage"] <= 12 / len(orders.items), "everybody is shown the same ten"


@pytest.mark.parametrize("rail", [Rail.BOUGHT_TOGETHER, Rail.FOR_YOU, Rail.ALSO_VIEWED])
def test_of_a_few_orders_nothing_is_claimed(rail: Rail) -> None:
    assert examined(planted_pairs(orders=200), None, rail) is None


def test_what_was_trained_before_sliders_were_measured_says_nothing() -> None:
    assert SliderExam.of({"passed": True}) is None
