"""The true conversion of the generated world: how likely a shopper buys a product that she is looking at.

It follows from the two things that the history was drawn from, and adds no parameter: the utility by which wishes are
drawn, and each shopper's chance that a visit ends in an order. Not buying is one more option beside the product. Its
utility is set so that a product of the average attraction of its week converts at the shopper's own rate; from there
the odds of buying follow the same exponential of utility as the wishes do, so that for one shopper the odds of two
products stand in the ratio in which the two are wished for.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from devstore.model import World
from devstore.worlds.generated.arrays import Floats
from devstore.worlds.generated.timing import DAY, WEEK


def view_to_buy(world: World, shopper: int, product: int, price: int, *, at: datetime | None = None) -> float:
    """The probability that a view of `product` at `price` ends in buying it, as a wish of one's own.

    Args:
        shopper: the customer's id, or for a guest the row in ``truth["taste"]``, counted from -1 backwards.
        product: the product's id.
        price: in minor units, of the middle variant, as in ``truth["base_price"]``; 0 only for what is free anyway.
        at: a time within the history; without it the world's present, which counts as its last week.

    Returns:
        0 for what is not on sale in that week. What is needed again (`interval_days`) and what goes with the cart
        (`complements`) come on top of this and are not in it.
    """
    truth = world.truth
    week, quarter = _moment(world, at)
    row = shopper if shopper < 0 else int(np.searchsorted(truth["shopper_ids"][: len(world.customers)], shopper))
    place = int(np.searchsorted(truth["product_ids"], product))
    on_sale = (truth["first_week"] <= week) & (week <= truth["last_week"])
    if not on_sale[place]:
        return 0.0
    utility = _utilities(world, week, quarter, row)
    average = np.log(np.exp(utility[on_sale]).mean())
    base = truth["base_price"][place]
    dearer = np.log(price / base) - truth["log_relative_price"][week, place] if base and price else 0.0
    attraction = utility[place] - truth["price_response"][row] * dearer - average
    rate = truth["conversion"][row]
    odds = rate / (1 - rate) * np.exp(attraction)
    return float(odds / (1 + odds))


def _moment(world: World, at: datetime | None) -> tuple[int, int]:
    """The week of the tables and the quarter of the tastes."""
    seconds = int(((at or world.now) - world.truth["parameters"]["start"]).total_seconds())
    week = min(seconds // WEEK, len(world.truth["shock"]) - 1)
    quarter = min(seconds // (world.truth["quarter_days"] * DAY), len(world.truth["taste"]) - 1)
    return week, quarter


def _utilities(world: World, week: int, quarter: int, row: int) -> Floats:
    """Of every product at the price of that week, as in `baskets.Market`."""
    truth = world.truth
    common = truth["appeal"] + truth["season"][week, truth["collection"]] + truth["shock"][week]
    own = truth["style"] @ truth["taste"][quarter, row]
    return np.asarray(common + own - truth["price_response"][row] * truth["log_relative_price"][week])
