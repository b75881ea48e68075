"""The model of revenue tells buyers from spending, holds what it was made from, and is tamer than the plain mean."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.experiments.heavy import RATE_SD, SIZE_SD, SPREAD_SD, heavy
from app.core.experiments.lift import Unreadable, Why, lift
from app.core.experiments.sums import NOTHING, Sums, sums_of
from tests.experiments.figures import rate, spent


def arm(seed: int, *, units: int = 20_000, share: float = 0.04, factor: float = 1.0, spread: float = 1.0) -> Sums:
    return sums_of(spent(np.random.default_rng(seed), units, share, factor=factor, spread=spread))


def test_more_buyers_are_told_from_dearer_orders() -> None:
    more = heavy(arm(1, units=100_000), arm(2, units=100_000, share=0.05))
    dearer = heavy(arm(1, units=100_000), arm(2, units=100_000, factor=1.25))
    assert (more.buyers.low, dearer.spending.low) > (0.1, 0.1)
    assert more.spending.low < 0 < more.spending.high
    assert dearer.buyers.low < 0 < dearer.buyers.high


def test_its_interval_holds_the_truth_where_lifts_are_as_they_are_believed_to_be() -> None:
    random, held, runs = np.random.default_rng(3), 0, 300
    for _ in range(runs):
        rate_lift, size_lift = np.exp(random.normal(0, RATE_SD)), np.exp(random.normal(0, SIZE_SD))
        spread = np.sqrt(1 + 2 * random.normal(0, SPREAD_SD))
        control = sums_of(spent(random, 4_000, 0.05))
        other = sums_of(spent(random, 4_000, 0.05 * rate_lift, factor=size_lift, spread=spread))
        found, truth = heavy(control, other), rate_lift * size_lift * np.exp((spread**2 - 1) / 2) - 1
        held += found.revenue.low <= truth <= found.revenue.high
    assert 0.91 <= held / runs <= 0.99


def test_it_is_surer_than_the_plain_mean_where_spending_is_log_normal() -> None:
    control, other = arm(4, spread=1.5), arm(5, spread=1.5)
    plain, model = lift(control, other), heavy(control, other).revenue
    assert model.high - model.low < plain.high - plain.low


def test_the_expected_loss_is_what_drawing_from_the_posterior_gives() -> None:
    found = heavy(arm(6, units=5_000), arm(7, units=5_000, factor=1.1))
    middle, far = np.log1p(found.revenue.relative), np.log1p(found.revenue.high)
    drawn = np.random.default_rng(8).normal(middle, (far - middle) / 1.959964, 400_000)
    assert found.expected_loss == pytest.approx(np.maximum(-np.expm1(drawn), 0).mean(), abs=0.001)
    assert found.chance_to_win == pytest.approx((drawn > 0).mean(), abs=0.003)


@pytest.mark.parametrize(
    ("control", "why"),
    [
        (NOTHING, Why.ARM_EMPTY),
        (sums_of([10.0, 20.0, 0.0]), Why.FEW_BUYERS),
        (rate(1_000, 80), Why.NO_VARIANCE),
        (sums_of([0.7] * 900 + [0.0]), Why.NO_VARIANCE),
    ],
)
def test_what_says_too_little_is_refused_with_its_reason(control: Sums, why: Why) -> None:
    with pytest.raises(Unreadable) as refused:
        heavy(control, arm(1))
    assert refused.value.code is why
