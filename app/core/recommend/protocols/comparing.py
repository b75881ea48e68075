"""How much better one model is than another, question by question: a paired bootstrap.

Both have been asked the same questions, so the questions are drawn anew with replacement and both means are taken over
the same draw (Efron and Tibshirani, "An introduction to the bootstrap", 1993; percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.core.recommend.protocols.measures import Values

DRAWS = 2_000
BATCH = 100
SEED = 20100301
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Gain:
    """Relative: 0.05 is five per cent more. `low` and `high` bound it at 95 %."""

    gain: float
    low: float
    high: float
    questions: int


def paired_gain(ours: Values, theirs: Values) -> Gain | None:
    """Ours over theirs, over the questions to which the metric applies; None where theirs is 0.

    Args:
        ours, theirs: one value for every question, float64 [Q], NaN where the metric does not apply to it.
    """
    applies = ~(np.isnan(ours) | np.isnan(theirs))
    ours, theirs = ours[applies], theirs[applies]
    if not len(theirs) or theirs.mean() <= 0:
        return None
    generator = np.random.default_rng(SEED)
    gains = []
    for _ in range(DRAWS // BATCH):
        drawn = generator.multinomial(len(ours), np.full(len(ours), 1.0 / len(ours)), size=BATCH)
        below = drawn @ theirs
        # A draw without any success of the rival's says nothing of a ratio.
        gains.append((drawn @ ours)[below > 0] / below[below > 0] - 1.0)
    low, high = np.quantile(np.concatenate(gains), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Gain(float(ours.mean() / theirs.mean() - 1.0), float(low), float(high), len(ours))
