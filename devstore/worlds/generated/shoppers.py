"""The shoppers as the simulator knows them: tastes that drift, price response, needs, loyalty, and how long they stay.

Rows are the customers in the order of their ids, then the guests, who order once and leave no account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devstore.worlds.generated.arrays import Flags, Floats, Ints
from devstore.worlds.generated.parameters import Parameters

QUARTER_DAYS = 91


@dataclass(frozen=True, slots=True)
class Shoppers:
    customers: int
    join: Ints
    """Day of the history on which they find the shop."""
    leave: Ints
    """Day on which they silently stay away, at most the last one."""
    orders_at_all: Flags
    rate: Floats
    """Relative rate of repeat orders while they stay."""
    taste: Floats
    """(quarters, shoppers, dimensions)."""
    price_response: Floats
    need: Floats
    """Unseen: household size and the like, standard normal."""
    loyalty: Floats
    conversion: Floats
    """True probability that a visit of theirs ends in an order."""


def make_shoppers(params: Parameters, random: np.random.Generator) -> Shoppers:
    count = params.customers + params.guests
    join = _joins(params, random)
    need = random.normal(0, 1, count)
    stay = np.ceil(random.exponential(params.lifetime_days, count)).astype(np.int64)
    rate = random.gamma(params.rate_shape, 1 / params.rate_shape, count) * np.exp(params.need_on_rate * need)
    guest = np.arange(count) >= params.customers
    loyal = params.loyalty * params.loyalty_concentration
    logit = np.log(params.conversion / (1 - params.conversion)) + random.normal(0, params.conversion_spread, count)
    return Shoppers(
        customers=params.customers,
        join=join,
        leave=np.where(guest, join + 1, np.minimum(join + stay, params.days)),
        orders_at_all=guest | (random.random(count) >= params.never_ordered),
        rate=np.where(guest, 0.0, rate),
        taste=_tastes(params, count, random),
        price_response=params.price_response * np.exp(random.normal(0, params.price_response_spread, count)),
        need=need,
        loyalty=np.where(guest, 0.0, random.beta(loyal, params.loyalty_concentration - loyal, count)),
        conversion=1 / (1 + np.exp(-logit)),
    )


def _joins(params: Parameters, random: np.random.Generator) -> Ints:
    """The day on which each finds the shop; customers are numbered in the order in which they came."""
    count = params.customers + params.guests
    growth = np.log(1 + params.new_customers_growth) * params.days / 365
    quantile = np.log1p(random.random(count) * np.expm1(growth)) / growth
    join: Ints = (quantile * params.days).astype(np.int64)
    join[: params.customers].sort()
    return join


def _tastes(params: Parameters, count: int, random: np.random.Generator) -> Floats:
    """An autoregressive walk from quarter to quarter that keeps the spread of tastes as it is."""
    quarters = -(-params.days // QUARTER_DAYS)
    steps = random.standard_normal((quarters, count, params.dimensions), np.float32).astype(np.float64)
    memory, news = params.taste_memory, np.sqrt(1 - params.taste_memory**2)
    for quarter in range(1, quarters):
        steps[quarter] = memory * steps[quarter - 1] + news * steps[quarter]
    return steps * params.taste_strength
