"""What units did before they were exposed makes the lift more precise, and never changes what it estimates."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.experiments.lift import lift
from app.core.experiments.sums import Floats, Sums, sums_of
from app.core.experiments.words import covariate

UNITS = 20_000


def visitors(seed: int, *, factor: float = 1.0, known: float = 1.0) -> tuple[Floats, Floats]:
    """What units spend before and after, correlated by 0.7; of those who are new nothing is known."""
    random = np.random.default_rng(seed)
    before, noise = random.normal(100, 20, UNITS), random.normal(100, 20, UNITS)
    after = factor * (0.7 * before + np.sqrt(1 - 0.7**2) * noise)
    return after, np.where(random.random(UNITS) < known, before, 0.0)


def arm(seed: int, *, factor: float = 1.0, known: float = 1.0) -> Sums:
    after, before = visitors(seed, factor=factor, known=known)
    return sums_of(after, covariates=before)


def test_the_variance_that_is_removed_is_the_square_of_the_correlation() -> None:
    found = lift(arm(1), arm(2), adjust=True)
    assert found.variance_removed == pytest.approx(0.49, abs=0.02)


def test_the_interval_is_narrower_by_the_root_of_what_is_left() -> None:
    plain, adjusted = (lift(arm(1), arm(2), adjust=adjust) for adjust in (False, True))
    ratio = (adjusted.difference_high - adjusted.difference_low) / (plain.difference_high - plain.difference_low)
    assert ratio == pytest.approx(np.sqrt(1 - adjusted.variance_removed))


def test_a_true_lift_is_found_with_and_without_it() -> None:
    found = lift(arm(3), arm(4, factor=1.05), adjust=True)
    assert found.relative == pytest.approx(0.05, abs=0.005)


def test_an_imbalance_that_was_there_before_is_taken_out() -> None:
    random = np.random.default_rng(5)
    before = random.normal(100, 20, UNITS)
    luckier = before + 2
    found = [
        lift(
            sums_of(before, covariates=before),
            sums_of(luckier + random.normal(0, 1, UNITS), covariates=luckier),
            adjust=adjust,
        )
        for adjust in (False, True)
    ]
    assert found[0].difference > 1.9
    assert abs(found[1].difference) < 0.05


def test_nothing_is_removed_where_everybody_is_new_and_the_page_says_so() -> None:
    found = lift(arm(1, known=0.0), arm(2, known=0.0), adjust=True)
    assert found.variance_removed == 0.0
    assert "All visitors were new" in covariate(found, known=0, new=2 * UNITS)


def test_the_page_says_that_nothing_is_explained_for_first_time_visitors() -> None:
    said = covariate(lift(arm(1), arm(2), adjust=True), known=300, new=1_700)
    assert said.startswith("What visitors had done before explains 4")
    assert said.endswith("for the 1,700 of 2,000 who were new it explains about 0.")


def test_a_ratio_is_never_adjusted() -> None:
    random = np.random.default_rng(6)
    arms = [
        sums_of(random.poisson(3, 500), denominators=random.poisson(9, 500), covariates=random.normal(size=500))
        for _ in range(2)
    ]
    assert lift(*arms, adjust=True) == lift(*arms)
