"""The history of all orders: wishes first, then what runs out and is bought again, wave after wave.

A consumable's interval has noise, some shoppers stay loyal to it, some switch to a substitute, and what runs out just
before another order waits for that one. More orders come about than the parameters ask for; a random surplus is
dropped, as if bought elsewhere, so that the observed cycles have holes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devstore.worlds.generated.arrays import Flags, Ints
from devstore.worlds.generated.baskets import NOTHING, REPLENISHMENT, Market, Occasions
from devstore.worlds.generated.catalogue import Catalogue
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.shoppers import Shoppers
from devstore.worlds.generated.timing import DAY, Clock

_WAVES = 30
_DECEMBER = 12
_SPAN = 10_000 * DAY
_SEVERAL = 0.22
"""Chance of a second and of a third piece of a consumable."""


@dataclass(frozen=True, slots=True)
class History:
    """Orders by time, and their lines by order."""

    occasions: Occasions
    order: Ints
    product: Ints
    quantity: Ints
    origin: Ints


@dataclass(frozen=True, slots=True)
class _Lines:
    order: Ints
    product: Ints
    quantity: Ints
    origin: Ints


def make_history(
    params: Parameters, goods: Catalogue, shoppers: Shoppers, market: Market, random: np.random.Generator
) -> History:
    clock = Clock(params, random)
    wished = _wished_occasions(params, shoppers, clock, random)
    lines = _to_lines(*market.fill(wished), goods, 0, random)
    occasions, batches, fresh = wished, [lines], lines
    for _ in range(_WAVES):
        due = _due(params, goods, shoppers, occasions, fresh, random)
        occasions, fresh = _replenish(params, goods, market, occasions, due, random, clock)
        if not len(fresh.order):
            break
        batches.append(fresh)
    return _observed(params, occasions, _joined(batches), random)


def _wished_occasions(params: Parameters, shoppers: Shoppers, clock: Clock, random: np.random.Generator) -> Occasions:
    """Everybody's first order on the day they join, and repeat orders by rate and time left, busy days more often."""
    first = np.flatnonzero(shoppers.orders_at_all)
    weight = shoppers.rate * clock.exposure(shoppers.join, shoppers.leave) * shoppers.orders_at_all
    again = np.repeat(np.arange(len(weight)), random.multinomial(params.repeats, weight / weight.sum()))
    first_time = clock.at_some_hour(shoppers.join[first])
    again_time = clock.between(shoppers.join[again], shoppers.leave[again])
    shopper, time = np.concatenate([first, again]), np.concatenate([first_time, again_time])
    code = np.concatenate([_welcome(params, first, random), _newsletter(params, shoppers, again, again_time, random)])
    return _ordered(Occasions(shopper, time, _recipients(params, shopper, time, random), code))


def _welcome(params: Parameters, shopper: Ints, random: np.random.Generator) -> Ints:
    """Those who join get a code, guests do not."""
    return ((random.random(len(shopper)) < params.welcome_code) & (shopper < params.customers)).astype(np.int64)


def _newsletter(params: Parameters, shoppers: Shoppers, shopper: Ints, time: Ints, random: np.random.Generator) -> Ints:
    """Newsletters run in the first ten days of each quarter; those in need use the code more, and would buy anyway."""
    campaign = (time // DAY) % 91 < 10
    logit = params.newsletter_code + params.need_on_codes * shoppers.need[shopper]
    return np.where(campaign & (random.random(len(time)) < 1 / (1 + np.exp(-logit))), 2, 0)


def _recipients(params: Parameters, shopper: Ints, time: Ints, random: np.random.Generator) -> Ints:
    """Whose taste counts: one's own, or, for a gift, that of somebody else."""
    months = (np.datetime64(params.start.replace(tzinfo=None), "s") + time).astype("datetime64[M]").astype(np.int64)
    december = months % 12 + 1 == _DECEMBER
    gift = random.random(len(time)) < np.where(december, params.gifts_in_december, params.gifts)
    return np.where(gift, random.integers(0, params.customers, len(time)), shopper)


def _ordered(occasions: Occasions) -> Occasions:
    rows = np.argsort(occasions.time, kind="stable")
    return _take(occasions, rows)


def _take(occasions: Occasions, rows: Ints) -> Occasions:
    return Occasions(occasions.shopper[rows], occasions.time[rows], occasions.recipient[rows], occasions.code[rows])


def _to_lines(baskets: Ints, origins: Ints, goods: Catalogue, offset: int, random: np.random.Generator) -> _Lines:
    """Baskets as rows of lines; consumables are sometimes bought in twos and threes."""
    order, place = np.nonzero(baskets != NOTHING)
    product = baskets[order, place]
    several = np.where(goods.interval[product] > 0, _SEVERAL, 0.1)
    quantity = 1 + random.binomial(2, several)
    return _Lines(order + offset, product, quantity, origins[order, place])


@dataclass(frozen=True, slots=True)
class _Due:
    """What runs out: whose, what instead of it, and when."""

    shopper: Ints
    product: Ints
    time: Ints


def _due(
    params: Parameters, goods: Catalogue, shoppers: Shoppers, occasions: Occasions, lines: _Lines,
    random: np.random.Generator,
) -> _Due:  # fmt: skip
    """The next need for each consumable that was bought for oneself, if the shopper stays loyal and is still here."""
    shopper, interval = occasions.shopper[lines.order], goods.interval[lines.product]
    own = occasions.recipient[lines.order] == shopper
    keep = (interval > 0) & own & (random.random(len(shopper)) < shoppers.loyalty[shopper])
    shopper, product, interval = shopper[keep], lines.product[keep], interval[keep]
    days = interval * lines.quantity[keep] ** 0.85 * np.exp(random.normal(0, params.interval_noise, len(shopper)))
    time = occasions.time[lines.order[keep]] + (np.maximum(days, 3) * DAY).astype(np.int64)
    here = time < shoppers.leave[shopper] * DAY
    return _Due(shopper[here], _substituted(params, goods, product[here], random), time[here])


def _substituted(params: Parameters, goods: Catalogue, product: Ints, random: np.random.Generator) -> Ints:
    """Some switch to another product of the same kind (kinds are contiguous, the two specials apart)."""
    kind = goods.kind[:-2]
    start, stop = np.searchsorted(kind, goods.kind[product]), np.searchsorted(kind, goods.kind[product], side="right")
    other = start + (random.random(len(product)) * (stop - start)).astype(np.int64)
    return np.where(random.random(len(product)) < params.switches, other, product)


def _replenish(
    params: Parameters, goods: Catalogue, market: Market, occasions: Occasions, due: _Due, random: np.random.Generator,
    clock: Clock,
) -> tuple[Occasions, _Lines]:  # fmt: skip
    """Put what is due into an order that comes soon anyway, or into new trips; returns all orders and the new lines."""
    due = _rows(due, market.on_sale[due.time // (7 * DAY), due.product])
    host = _soon(occasions, due, params.joins_within_days)
    joining, leading = _rows(due, host != NOTHING), _rows(due, host == NOTHING)
    trip, follows = _shared_trips(leading, params.joins_within_days)
    new, baskets, origins = _trips(market, _rows(leading, ~follows), clock)
    parts = [
        _refill(host[host != NOTHING], joining.product, random),
        _refill(trip[follows] + len(occasions.time), leading.product[follows], random),
        _to_lines(baskets, origins, goods, len(occasions.time), random),
    ]
    return _appended(occasions, new), _joined(parts)


def _rows(due: _Due, keep: Flags) -> _Due:
    return _Due(due.shopper[keep], due.product[keep], due.time[keep])


def _refill(order: Ints, product: Ints, random: np.random.Generator) -> _Lines:
    return _Lines(order, product, 1 + random.binomial(2, _SEVERAL, len(order)), np.full(len(order), REPLENISHMENT))


def _soon(occasions: Occasions, due: _Due, days: float) -> Ints:
    """The order of the same shopper that follows soonest within `days`, or NOTHING."""
    key = occasions.shopper * _SPAN + occasions.time
    order = np.argsort(key)
    place = np.searchsorted(key[order], due.shopper * _SPAN + due.time)
    candidate = order[np.minimum(place, len(order) - 1)]
    wait = occasions.time[candidate] - due.time
    near = (occasions.shopper[candidate] == due.shopper) & (wait >= 0) & (wait <= days * DAY) & (place < len(order))
    return np.where(near, candidate, NOTHING)


def _shared_trips(due: _Due, days: float) -> tuple[Ints, Flags]:
    """The trip of each need, and which only follow: what runs out in the same days is bought on one trip."""
    spell = due.shopper * _SPAN + due.time // int(days * DAY)
    _, leader, trip = np.unique(spell, return_index=True, return_inverse=True)
    follows = np.ones(len(spell), np.bool_)
    follows[leader] = False
    # Trips are numbered in the order in which their leaders stand, which is that of `_rows(due, ~follows)`.
    rank = np.argsort(np.argsort(leader))
    return rank[trip], follows


def _trips(market: Market, due: _Due, clock: Clock) -> tuple[Occasions, Ints, Ints]:
    """New orders for what is due, at a usual hour of that day."""
    none = np.zeros(len(due.time), np.int64)
    new = Occasions(due.shopper, clock.at_some_hour(due.time // DAY), due.shopper, none)
    if not len(due.time):
        empty = np.zeros((0, 1), np.int64)
        return new, empty, empty
    baskets, origins = market.fill(new, due.product)
    return new, baskets, origins


def _appended(left: Occasions, right: Occasions) -> Occasions:
    return Occasions(
        np.concatenate([left.shopper, right.shopper]),
        np.concatenate([left.time, right.time]),
        np.concatenate([left.recipient, right.recipient]),
        np.concatenate([left.code, right.code]),
    )


def _joined(parts: list[_Lines]) -> _Lines:
    return _Lines(
        np.concatenate([part.order for part in parts]),
        np.concatenate([part.product for part in parts]),
        np.concatenate([part.quantity for part in parts]),
        np.concatenate([part.origin for part in parts]),
    )


def _observed(params: Parameters, occasions: Occasions, lines: _Lines, random: np.random.Generator) -> History:
    """Keep `params.orders` orders at random, in the order of time, each product once per order."""
    kept = random.permutation(len(occasions.time))[: params.orders]
    kept = kept[np.argsort(occasions.time[kept], kind="stable")]
    place = np.full(len(occasions.time), NOTHING)
    place[kept] = np.arange(len(kept))
    code = place[lines.order] * params.products + lines.product
    _, unique = np.unique(np.where(place[lines.order] == NOTHING, NOTHING, code), return_index=True)
    unique = unique[place[lines.order[unique]] != NOTHING]
    return History(
        _take(occasions, kept), place[lines.order[unique]], lines.product[unique], lines.quantity[unique],
        lines.origin[unique],
    )  # fmt: skip
