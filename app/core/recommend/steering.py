"""How a merchant steers a rail: eight sliders from 0 to 1, each of which leaves the rail exactly as it is at 0.

What a slider costs and brings was measured (docs/steering.md); how it works stands in `diversify`, `exploration` and
`impressions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import inf, isfinite
from types import MappingProxyType
from typing import Any

from app.core.errors import DomainError
from app.core.recommend.types import Rail

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "diversity": "Variety within a row",
        "calibration": "The shopper's own mix of kinds",
        "popularity": "Less of what sells anyway",
        "exploration": "Trying other products",
        "new_products": "A first audience for new products",
        "impressions": "Less of what a shopper keeps ignoring",
        "margin": "More of what earns more",
        "stock": "Less of what runs out soon",
    }
)


STEERED = frozenset(Rail) - {Rail.COMPLETE_THE_LOOK, Rail.BUY_AGAIN}
"""A look is put together of different kinds already, and its first places say so; “buy again” holds only what the
shopper chose before."""
SHOWS_NEW = STEERED - {Rail.ALSO_VIEWED}
"""Rails that may hold a product of which nothing is known: those that also hold what sells."""


class BadSteering(DomainError):
    """A slider stands where it cannot stand; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Steering:
    """The sliders of one rail.

    Raises:
        BadSteering: a slider is not a number from 0 to 1.
    """

    diversity: float = 0.0
    """Products unlike each other, and few of one kind."""
    calibration: float = 0.0
    """Kinds of products in the proportions in which the shopper has chosen them so far."""
    popularity: float = 0.0
    """Best sellers stand further back."""
    exploration: float = 0.0
    """Places are now and then drawn among the good candidates, with a chance that is written down."""
    new_products: float = 0.0
    """The chance with which a place that is kept for them holds a new product."""
    impressions: float = 0.0
    """What the shopper was shown again and again, and never clicked, stands further back."""
    margin: float = 0.0
    """What earns more stands further in front."""
    stock: float = 0.0
    """What runs out soon stands further back."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise BadSteering(f"“{TITLES[name]}” ({name}) must be a number from 0 to 1, not {value!r}.")
            if not 0.0 <= value <= 1.0:
                raise BadSteering(f"“{TITLES[name]}” ({name}) must be from 0 (off) to 1, not {value:g}.")

    @property
    def reorders(self) -> bool:
        """Whether any slider changes the order in which candidates come before anything is drawn."""
        return any((self.diversity, self.calibration, self.popularity, self.impressions, self.margin, self.stock))

    @property
    def draws(self) -> bool:
        """Whether chance has a say, so that propensities are written down."""
        return self.exploration > 0.0 or self.new_products > 0.0

    @property
    def moved(self) -> frozenset[str]:
        """The names of the sliders that are above 0."""
        return frozenset(name for name, value in asdict(self).items() if value > 0.0)

    def as_json(self) -> dict[str, float]:
        return {name: float(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Steering:
        """What `as_json` gave; a slider that is not named is off.

        Raises:
            BadSteering: a slider is unknown, or not a number from 0 to 1.
        """
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(stored) - known)
        if unknown:
            raise BadSteering(f"There is no slider {unknown[0]!r}; there are {', '.join(sorted(known))}.")
        return cls(**stored)


def days_of_cover(stock: int | None, sold_per_day: float) -> float:
    """For how many days the stock lasts: for ever where it never runs out (`stock` is None), or nothing is sold."""
    return inf if stock is None or sold_per_day <= 0.0 else stock / sold_per_day


OFF = Steering()
PROPOSED: Mapping[Rail, Steering] = MappingProxyType({Rail.FOR_YOU: Steering(calibration=0.1)})
"""What a merchant is invited to try; everything stands at 0 until somebody moves it. With the blend of a shop's own
customers it changed accuracy by nothing that could be measured, and brought rails nearer to shoppers' mixes
(docs/steering.md)."""
