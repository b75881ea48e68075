"""Two arms that grow by the day, and whether the always-valid interval ever tells them apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.core.experiments.lift import estimate
from app.core.experiments.sequence import sequence
from app.core.experiments.sums import Floats, sums_of
from app.core.experiments.verdict import LEAST_POSITIVE


def excludes_nothing(control: Callable[[], Floats], treatment: Callable[[], Floats], *, days: int) -> bool:
    """Whether on any day the interval excludes that there is no difference; both callables give a day's units."""
    arms: tuple[list[Floats], list[Floats]] = ([], [])
    for _ in range(days):
        for arm, draw in zip(arms, (control, treatment), strict=True):
            arm.append(draw())
        sums = [sums_of(np.concatenate(arm)) for arm in arms]
        if min(one.positive for one in sums) < LEAST_POSITIVE:
            continue
        low, high = sequence(estimate(*sums))
        if low > 0 or high < 0:
            return True
    return False
