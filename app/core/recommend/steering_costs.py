"""What the sliders cost and bring, as it was measured: the figures of docs/steering.md, for pages that show them.

Sliders that are not here could not be measured on a public log, which does not tell what was shown, earned or in stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Change:
    """The change of NDCG@10 in per cent, and the 95 % interval of the paired differences."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cost:
    """One setting of one slider. `retail`, `beauty`: accuracy on the logs of a gift shop and of cosmetics.

    `brings`: the figure of `BRINGS` on the gift shop's log.
    """

    setting: float
    retail: Change
    beauty: Change
    brings: float


BRINGS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "diversity": ("alike", 0.291),
        "calibration": ("off_mix", 2.244),
        "popularity": ("coverage", 0.27),
        "exploration": ("coverage", 0.27),
    }
)
"""For each slider the column of the table that it is there for, and what it is with all sliders off."""
MEASURED: Mapping[str, tuple[Cost, ...]] = MappingProxyType(
    {
        "diversity": (
            Cost(0.1, Change(-0.5, -1.1, -0.0), Change(-0.8, -3.6, 1.9), 0.265),
            Cost(0.25, Change(-1.6, -2.5, -0.6), Change(-5.1, -9.6, -0.5), 0.205),
            Cost(0.5, Change(-7.2, -8.8, -5.6), Change(-16.0, -23.1, -9.0), 0.118),
            Cost(1.0, Change(-16.1, -18.7, -13.5), Change(-23.7, -32.9, -14.6), 0.044),
        ),
        "calibration": (
            Cost(0.1, Change(0.7, 0.1, 1.3), Change(0.1, -2.1, 2.3), 2.003),
            Cost(0.25, Change(0.5, -0.6, 1.7), Change(-1.6, -6.2, 3.1), 1.696),
            Cost(0.5, Change(0.1, -1.5, 1.7), Change(-8.1, -15.8, -0.3), 1.414),
            Cost(1.0, Change(-3.2, -5.3, -1.1), Change(-15.4, -25.8, -5.0), 1.186),
        ),
        "popularity": (
            Cost(0.1, Change(0.2, -0.1, 0.6), Change(-1.2, -3.3, 0.9), 0.287),
            Cost(0.25, Change(1.0, 0.3, 1.7), Change(-2.9, -6.4, 0.6), 0.338),
            Cost(0.5, Change(0.7, -0.7, 2.0), Change(-8.2, -14.6, -1.7), 0.473),
            Cost(1.0, Change(-11.7, -14.6, -8.8), Change(-25.3, -35.8, -14.8), 0.609),
        ),
        "exploration": (
            Cost(0.1, Change(-0.2, -0.6, 0.1), Change(-0.5, -1.5, 0.4), 0.27),
            Cost(0.25, Change(-1.0, -1.7, -0.4), Change(-1.1, -2.9, 0.8), 0.271),
            Cost(0.5, Change(-2.4, -3.3, -1.5), Change(-1.6, -4.0, 0.7), 0.274),
            Cost(1.0, Change(-5.3, -6.6, -4.0), Change(-2.7, -5.9, 0.6), 0.272),
        ),
    }
)
