"""How much of a customer's attention goes to certain products: points for what they do, in per cent of all points.

The points are those by which rails weigh interests (`app.core.recommend.shopper`), over the last year; each bought line
counts once, whatever its quantity.
"""

from __future__ import annotations

from typing import Final

from app.core.recommend import shopper
from app.core.segments.rules import Figure

DAYS: Final = 365
BOUGHT: Final = round(10 * shopper.BOUGHT)
POINTS: Final = {
    Figure.CARTS: round(10 * shopper.CARTED),
    Figure.CLICKS: round(10 * shopper.CLICKED),
    Figure.VIEWS: round(10 * shopper.VIEWED),
}


def share(of_them: int, of_all: int) -> int | None:
    """Whole per cent, rounded down; None where there is no attention at all."""
    return 100 * of_them // of_all if of_all > 0 else None


def price_level(levels: int, units: int) -> int | None:
    """1 to 3, by the mean level of the bought units: below 5/3, between, above 7/3; None where nothing was bought."""
    if units <= 0:
        return None
    return 1 if 3 * levels < 5 * units else 3 if 3 * levels > 7 * units else 2
