"""How often a product is clicked in a place of a rail: the model that helps `replay` where the log alone says little.

A click rate is the place's own rate times how much likelier than usual the product is to be clicked on that page,
whatever it stands beside. Where little is known of a product on a page it is taken to be as on other pages, and a
product of which little is known at all as usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STRENGTH: Final = 5.0
"""What is counted is taken together with so many clicks that went as expected. Chosen by judgement, not measured."""

ROUNDS: Final = 20
"""By then figures are within a ten-thousandth of what they end at, in simulated logs of sixty products."""


@dataclass(frozen=True, slots=True)
class ClickModel:
    """The position-based model: Craswell, Zoeter, Taylor and Ramsey, "An experimental comparison of click position-bias
    models", WSDM 2008, with the products' own rates shrunk.
    """

    by_place: Floats
    """Shape (places,): clicks a showing of a product that is as usual."""
    by_pair: Floats
    """Shape (pairs,), of a product and a page: how much likelier than usual; 1 is as usual."""

    @classmethod
    def fit(
        cls, place: Ints, pair: Ints, clicked: npt.NDArray[np.bool_], *, places: int, product_of_pair: Ints
    ) -> ClickModel:
        """Learn from showings.

        Places and products are told apart by turns: good products stand in good places, and either one alone would be
        taken for both.

        Args:
            place, pair, clicked: shape (n,), n above 0; places and pairs are numbered from 0.
            product_of_pair: shape (pairs,), products numbered from 0; pairs that were never shown may be among them.
        """
        by_place, by_pair = np.ones(places), np.ones(len(product_of_pair))
        of_places, of_pairs = np.bincount(place, clicked, places), np.bincount(pair, clicked, len(by_pair))
        of_products = np.bincount(product_of_pair, of_pairs)
        for _ in range(ROUNDS):
            usual = np.bincount(place, by_pair[pair], places)
            by_place = of_places / np.where(usual > 0.0, usual, 1.0)
            expected = np.bincount(pair, by_place[place], len(by_pair))
            by_product = (of_products + STRENGTH) / (np.bincount(product_of_pair, expected) + STRENGTH)
            by_pair = (of_pairs + STRENGTH * by_product[product_of_pair]) / (expected + STRENGTH)
            # The average showing is as usual; without that the two factors would drift apart for hundreds of rounds.
            by_pair /= by_pair[pair].mean()
        return cls(by_place, by_pair)

    def rate(self, place: Ints, pair: Ints) -> Floats:
        """Shape (n,), the chance of a click; 0 where `pair` is below 0, because nothing stands there."""
        return np.where(pair >= 0, np.minimum(self.by_place[place] * self.by_pair[pair], 1.0), 0.0)
