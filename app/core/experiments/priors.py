"""What is believed of a lift before anything is measured, and how it is learnt from a shop's finished tests.

A prior is on the relative lift, e.g. 0.1 for ten per cent more. It pulls small, noisy experiments towards no
difference; large ones hardly notice it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal prior on the relative lift; `sd` None is the flat one, under which only the data speak."""

    mean: float = 0.0
    sd: float | None = None


FLAT = Prior()
STATED = Prior(0.0, 0.3)
"""Where nothing is known of the shop: nine lifts in ten lie within ±50 %. GrowthBook recommends the same."""
ENOUGH_TESTS = 5
LEAST_SD = 0.02
"""A learnt prior is never so sure that an experiment could not change its mind."""


def learn(past: Sequence[tuple[float, float]]) -> Prior:
    """The prior of the next lift, from the (relative lift, its standard error) of tests that have ended.

    The spread of true lifts around 0 is what the measured ones vary more than their errors explain: the estimator of
    DerSimonian & Laird (1986) with a known mean. Tests with a low error weigh more. With fewer than `ENOUGH_TESTS`
    the stated prior stays.

    Raises:
        ValueError: a standard error is not above 0.
    """
    if any(error <= 0 for _, error in past):
        raise ValueError("a standard error must be above 0")
    if len(past) < ENOUGH_TESTS:
        return STATED
    weights = [error**-2 for _, error in past]
    spread = sum(weight * lift**2 for weight, (lift, _) in zip(weights, past, strict=True))
    return Prior(0.0, max(sqrt(max(spread - len(past), 0.0) / sum(weights)), LEAST_SD))
