"""What is believed of a lift before anything is measured, and how it is learnt from a shop's finished tests.

A prior is on the relative lift, e.g. 0.1 for ten per cent more. It pulls small, noisy experiments towards no
difference; large ones hardly notice it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal prior on the relative lift; `sd` None is the flat one, under which only the data speak."""

    mean: float = 0.0
    sd: float | None = None


FLAT = Prior()
STATED_SD = 0.3
STATED = Prior(0.0, STATED_SD)
"""Where nothing is known of the shop: nine lifts in ten lie within ±50 %. GrowthBook recommends the same."""
ENOUGH_TESTS = 5
SPREADS: Final = np.linspace(0.0025, 1.4975, 300)
"""The spreads that are thought possible, in the middle of steps of half a per cent."""


def learn(past: Sequence[tuple[float, float]]) -> Prior:
    """The prior of the next lift, from the (relative lift, its standard error) of tests that have ended.

    How far true lifts spread around 0 is known badly from a few tests. So every spread is weighed by how well it
    explains the measured lifts, and by a half-normal prior around the stated spread (Gelman, Bayesian Data Analysis,
    section 5.7, on hierarchical models of few groups); the prior of the next lift has their mean variance. A single
    best spread would often be 0 and make the next interval far too sure: of those after five tests, two in three held.
    With fewer than `ENOUGH_TESTS` the stated prior stays.

    Raises:
        ValueError: a standard error is not above 0.
    """
    if any(error <= 0 for _, error in past):
        raise ValueError("a standard error must be above 0")
    if len(past) < ENOUGH_TESTS:
        return STATED
    lifts, errors = np.array(past).T
    variances = np.square(SPREADS)[:, None] + np.square(errors)
    fits = (np.log(variances) + np.square(lifts) / variances).sum(axis=1) + np.square(SPREADS / STATED_SD)
    weights = np.exp(-0.5 * (fits - fits.min()))
    return Prior(0.0, float(np.sqrt(np.average(np.square(SPREADS), weights=weights))))
