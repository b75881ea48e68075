"""Prices over time and the unseen demand that moves them.

Merchants raise the price of what sells and discount what does not. That demand is unseen in the shop's data, so price
and sales are confounded, as they are in real shops; `shock` is kept so that an estimate can be judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from devstore.worlds.generated.arrays import Floats, Ints
from devstore.worlds.generated.catalogue import Catalogue, price_point
from devstore.worlds.generated.parameters import Parameters

SALES = ((1, 2), (16, 2), (28, 3), (47, 2))
"""First calendar week and length in weeks of the year's sales: January, spring, summer, Black Week."""


@dataclass(frozen=True, slots=True)
class Prices:
    price: Ints
    """(weeks, products) in minor units, of the middle variant."""
    regular: Ints
    """The same without sales."""
    relative: Floats
    """(weeks, products): log of the price over the first price."""
    shock: Floats
    """(weeks, products): unseen demand in logits."""


def weeks_of(params: Parameters) -> int:
    return -(-params.days // 7)


def make_prices(params: Parameters, goods: Catalogue, random: np.random.Generator) -> Prices:
    shock = _shocks(params, random)
    regular = _steps(params, shock, random)
    factor = regular * (1 - _sales(params, shock, random))
    base = goods.base_price.astype(np.float64)
    price, usual = price_point(base * factor), price_point(base * regular)
    for table in (price, usual):
        table[:, goods.gift_card], table[:, goods.sample] = base[goods.gift_card], 0
    relative = np.log(np.maximum(price, 1) / np.maximum(goods.base_price, 1))
    relative[:, goods.sample] = 0.0
    return Prices(price, usual, relative, shock)


def _shocks(params: Parameters, random: np.random.Generator) -> Floats:
    """A slowly changing demand per product and four weeks."""
    periods = weeks_of(params) // 4 + 1
    fresh = random.normal(0, params.shock, (periods, params.products))
    memory, news = params.shock_memory, np.sqrt(1 - params.shock_memory**2)
    for period in range(1, periods):
        fresh[period] = memory * fresh[period - 1] + news * fresh[period]
    return np.repeat(fresh, 4, axis=0)[: weeks_of(params)]


def _steps(params: Parameters, shock: Floats, random: np.random.Generator) -> Floats:
    """Lasting changes, multiplied up from the first week on."""
    happens = random.random(shock.shape) < params.steps / len(shock)
    size = random.normal(params.step_mean, params.step_spread, shock.shape) + params.shock_on_step * shock
    return np.asarray(np.cumprod(np.where(happens, 1 + size, 1.0), axis=0))


def _sales(params: Parameters, shock: Floats, random: np.random.Generator) -> Floats:
    """The share taken off in each week of a sale; what sells badly is chosen more often."""
    off = np.zeros(shock.shape)
    for week, length in _sale_weeks(params):
        logit = np.log(params.on_sale / (1 - params.on_sale)) + params.shock_on_sale * shock[week]
        chosen = random.random(params.products) < 1 / (1 + np.exp(-logit))
        off[week : week + length, chosen] = random.choice(params.sale_depths, chosen.sum())
    return off


def _sale_weeks(params: Parameters) -> list[tuple[int, int]]:
    lengths = dict(SALES)
    calendar = [(params.start + timedelta(weeks=week)).isocalendar().week for week in range(weeks_of(params))]
    return [(week, lengths[number]) for week, number in enumerate(calendar) if number in lengths]
