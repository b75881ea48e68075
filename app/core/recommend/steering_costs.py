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
            Cost(0.1, Change(-0.5, -1.0, 0.0), Change(-0.8, -3.6, 1.9), 0.265),
            Cost(0.25, Change(-1.4, -2.4, -0.5), Change(-5.6, -10.2, -0.9), 0.205),
            Cost(0.5, Change(-6.4, -7.9, -4.9), Change(-14.4, -21.2, -7.6), 0.127),
            Cost(1.0, Change(-12.7, -15.0, -10.4), Change(-21.7, -30.4, -13.1), 0.078),
        ),
        "calibration": (
            Cost(0.1, Change(0.7, 0.1, 1.3), Change(0.1, -2.1, 2.3), 2.008),
            Cost(0.25, Change(0.7, -0.4, 1.8), Change(-2.1, -6.1, 2.0), 1.72),
            Cost(0.5, Change(0.4, -1.2, 2.0), Change(-7.5, -14.5, -0.5), 1.497),
            Cost(1.0, Change(-2.0, -4.1, -0.0), Change(-12.9, -22.0, -3.8), 1.342),
        ),
        "popularity": (
            Cost(0.1, Change(0.2, -0.1, 0.6), Change(-1.2, -3.3, 0.9), 0.287),
            Cost(0.25, Change(1.0, 0.3, 1.7), Change(-2.9, -6.4, 0.6), 0.337),
            Cost(0.5, Change(1.4, 0.1, 2.7), Change(-8.5, -14.4, -2.5), 0.419),
            Cost(1.0, Change(-4.4, -6.8, -2.0), Change(-23.4, -32.8, -13.9), 0.472),
        ),
        "exploration": (
            Cost(0.1, Change(-0.2, -0.6, 0.1), Change(-0.5, -1.5, 0.4), 0.27),
            Cost(0.25, Change(-1.0, -1.7, -0.4), Change(-1.1, -2.9, 0.8), 0.271),
            Cost(0.5, Change(-2.4, -3.3, -1.5), Change(-1.6, -4.0, 0.7), 0.274),
            Cost(1.0, Change(-5.3, -6.6, -4.0), Change(-2.7, -5.9, 0.6), 0.272),
        ),
    }
)
