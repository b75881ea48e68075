"""When shoppers come, and what they come back for: recent orders tell how often, regular gaps tell what is used up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devstore.worlds.fitted.purchases import DAY, PERIOD_DAYS, Ints, Purchases
from devstore.worlds.taste import NEVER

_LEAST_GAPS = 30
_REGULAR = 0.9
"""Log gaps that spread less than so are regular; gaps that leave it to chance spread by 1.28 (π/√6)."""
_OVERDUE = 1.75
_CAUTION = 5.0
"""Every shopper counts as so many average purchases more."""

Floats = NDArray[np.float64]


def visits(purchases: Purchases) -> Floats:
    """(P, S) orders of each customer, weighted by half every 91 days; any guest may stand for the next one.

    Guests together come as often as they ordered, weighted alike. Without any order all come equally often.
    """
    guests = purchases.customers == 0
    found = np.zeros((purchases.periods, len(guests)))
    for period in range(purchases.periods):
        end = purchases.period_end(period)
        age = (end - purchases.order_time) / DAY
        weight = np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / PERIOD_DAYS), 0.0)
        found[period] = np.bincount(purchases.order_shopper, weights=weight, minlength=len(guests))
        found[period, guests] = found[period, guests].mean()
    found[found.sum(axis=1) == 0] = 1.0
    return found


def first_orders(purchases: Purchases) -> Ints:
    first = np.full(len(purchases.customers), NEVER, np.int64)
    np.minimum.at(first, purchases.order_shopper, purchases.order_time)
    return first


def intervals(purchases: Purchases) -> Floats:
    """(N,) median days between a customer's purchases of a product where they are regular, else 0."""
    _, product, _, gap = _gaps(purchases)
    order = np.lexsort((gap, product))
    edges = np.searchsorted(product[order], np.arange(len(purchases.product_ids) + 1))
    found = np.zeros(len(purchases.product_ids))
    for row, (begin, end) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        mine = gap[order[begin:end]]
        if len(mine) >= _LEAST_GAPS and np.log(mine).std() < _REGULAR:
            found[row] = np.median(mine)
    return found


def loyalty(purchases: Purchases, interval: Floats) -> Floats:
    """(S,) of what each used up, the share that was bought here again in time, drawn towards the shop's average."""
    shopper, product, begin, gap = _gaps(purchases, with_open=True)
    usual = interval[product]
    judged = (usual > 0) & (begin + _OVERDUE * usual * DAY <= purchases.end)
    again = judged & (gap <= _OVERDUE * usual)
    average = again.sum() / max(int(judged.sum()), 1)
    count = len(purchases.customers)
    needs, met = (np.bincount(shopper, weights=part, minlength=count) for part in (judged, again))
    return np.where(purchases.customers > 0, (met + _CAUTION * average) / (needs + _CAUTION), 0.0)


def _gaps(purchases: Purchases, *, with_open: bool = False) -> tuple[Ints, Ints, Ints, Floats]:
    """Shopper, product, second and days until the next purchase of it, a day at least.

    `with_open` also gives the last purchase of each, whose gap is infinite.
    """
    kept = np.flatnonzero(purchases.customers[purchases.shopper] > 0)
    shopper, product, time = purchases.shopper[kept], purchases.line_product[kept], purchases.time[kept]
    order = np.lexsort((time, product, shopper))
    shopper, product, time = shopper[order], product[order], time[order]
    follows = np.zeros(len(time), np.bool_)
    follows[:-1] = (shopper[1:] == shopper[:-1]) & (product[1:] == product[:-1])
    gap = np.full(len(time), np.inf)
    gap[:-1] = np.where(follows[:-1], np.diff(time) / DAY, np.inf)
    rows = np.flatnonzero((gap >= 1) & (follows | with_open))
    return shopper[rows], product[rows], time[rows], gap[rows]
