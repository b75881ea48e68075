"""What the merchant has set the rails' sliders to, and what is known of products for the sliders that ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.experiments.types import ExperimentId
    from app.core.ids import ProductId, ShopId
    from app.core.recommend.steering import Steering
    from app.core.recommend.types import Rail


@dataclass(frozen=True, slots=True)
class KeptSteering:
    """A rail's sliders from `at` on, until the next version of the same rail."""

    version: int
    rail: Rail
    steering: Steering
    at: datetime
    by: str
    why: str = ""
    """In words, where they were not set by hand."""
    experiment: ExperimentId | None = None
    """The experiment whose winner brought them."""


class SteeringRegister(Protocol):
    """The sliders of a shop's rails; versions are only added. A change bumps what web processes look at, after it."""

    def in_force(self, shop: ShopId) -> Mapping[Rail, KeptSteering]:
        """The newest version of each rail that has any; sliders that nobody understands any more are left out."""

    def history(self, shop: ShopId, rail: Rail, *, limit: int) -> Sequence[KeptSteering]:
        """The newest first."""

    def keep(self, shop: ShopId, new: KeptSteering, *, instead_of: int) -> int:
        """Put it in force, and return its number; `new.version` is not looked at.

        Args:
            instead_of: the version that was in force when this was decided, 0 where there was none.

        Raises:
            DomainError: another one has been put in force meanwhile.
        """


class ProductPulse(Protocol):
    """How the shop's products do lately; read in the background, for shops whose sliders ask."""

    def impressions(self, shop: ShopId, *, since: date) -> Mapping[ProductId, int]:
        """How often each new product's card was in view since that day, counted about a minute behind."""

    def sold_per_day(self, shop: ShopId, *, now: datetime) -> Mapping[ProductId, float]:
        """Units of the last weeks; products that sold none are left out."""
