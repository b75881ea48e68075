"""Shoppers as points among the styles: the mean style of what each has bought, recent purchases counting more.

How strongly taste and habit speak is not chosen but fitted: a multinomial logit over all products explains the
purchases of the last four weeks by what was known before them, and its two coefficients maximise the likelihood.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from devstore.worlds.fitted.demand import log_shares
from devstore.worlds.fitted.purchases import DAY, Ints, Purchases
from devstore.worlds.fitted.styles import pairs, styles

HALF_LIFE_DAYS = 180.0
"""After so long a purchase tells half as much of a shopper."""
_SHRINKAGE = 1.0
"""Purchases of average style that are added to everybody's."""
_JUDGED_DAYS = 28
_MOST_SHOPPERS = 2000
_STEPS = 12
_CAUTION = 1e-3
"""Curvature of the prior on both coefficients, which keeps them finite where the log says nothing."""

Floats = NDArray[np.floating[Any]]


def tastes(purchases: Purchases, style: Floats) -> NDArray[np.float32]:
    """(P, S, D): what was bought until the end of each period; guests have one taste in all of them."""
    shopper, time = purchases.shopper, purchases.time
    customer = purchases.customers[shopper] > 0
    sums = np.zeros((len(purchases.customers), style.shape[1] + 1))
    _add(sums, purchases, style, np.flatnonzero(~customer), np.ones((~customer).sum()))
    guests = _mean(sums)
    sums[:] = 0
    found = np.zeros((purchases.periods, *guests.shape), np.float32)
    previous = purchases.start
    for period in range(purchases.periods):
        end = purchases.period_end(period)
        sums *= 0.5 ** ((end - previous) / DAY / HALF_LIFE_DAYS)
        new = np.flatnonzero(customer & (time >= previous) & (time < end))
        _add(sums, purchases, style, new, _decay(time[new], end))
        found[period] = _mean(sums) + guests
        previous = end
    return found


def own(purchases: Purchases) -> tuple[Ints, Ints, Ints, Floats]:
    """Each customer's products: where a shopper's part begins (S + 1,), product, last second, decayed purchases."""
    count, shoppers = max(len(purchases.product_ids), 1), len(purchases.customers)
    kept = purchases.customers[purchases.shopper] > 0
    codes, place = np.unique(purchases.shopper[kept] * count + purchases.line_product[kept], return_inverse=True)
    last = np.zeros(len(codes), np.int64)
    np.maximum.at(last, place, purchases.time[kept])
    decay = _decay(purchases.time[kept], purchases.end)
    weight = np.asarray(np.bincount(place, weights=decay, minlength=len(codes)), np.float64)
    own_from = np.searchsorted(codes // count, np.arange(shoppers + 1)).astype(np.int64)
    return own_from, np.asarray(codes % count, np.int64), last, weight


def strengths(purchases: Purchases) -> tuple[float, float]:
    """Utility per unit of taste · style, and per unit of log(1 + own purchases); neither is negative."""
    moment = purchases.end - _JUDGED_DAYS * DAY
    past = purchases.before(moment)
    first = int(np.searchsorted(purchases.time, moment))
    customer = purchases.customers[purchases.shopper] > 0
    later = np.flatnonzero((np.arange(len(customer)) >= first) & customer)
    judged = np.intersect1d(purchases.shopper[later], past.order_shopper)[:_MOST_SHOPPERS]
    if not len(judged):
        return 0.0, 0.0
    style = styles(pairs(past))
    likes = tastes(past, style)[-1, judged] @ style.T
    chosen = np.zeros(likes.shape, np.float32)
    rows = later[np.isin(purchases.shopper[later], judged)]
    chosen[np.searchsorted(judged, purchases.shopper[rows]), purchases.line_product[rows]] = 1
    return _most_likely(log_shares(past)[-1], likes, _habits(past, judged), chosen)


def _habits(past: Purchases, judged: Ints) -> NDArray[np.float32]:
    own_from, product, _, weight = own(past)
    found = np.zeros((len(judged), len(past.product_ids)), np.float32)
    for row, shopper in enumerate(judged.tolist()):
        mine = slice(int(own_from[shopper]), int(own_from[shopper + 1]))
        found[row, product[mine]] = np.log1p(weight[mine])
    return found


def _most_likely(shares: Floats, likes: Floats, habits: Floats, chosen: Floats) -> tuple[float, float]:
    """Newton's method on the log likelihood, which is concave; steps are halved until they gain something.

    Every shopper weighs the same.
    """
    reasons, beta = (likes, habits), np.zeros(2)
    chosen = chosen / chosen.sum(axis=1, keepdims=True)
    likelihood, chance = _explained(shares, reasons, beta, chosen)
    for _ in range(_STEPS):
        gap = chosen - chance
        gradient = np.array([(gap * reason).sum() for reason in reasons]) - _CAUTION * beta
        curvature = np.array([[_covariance(chance, left, right) for left in reasons] for right in reasons])
        step = np.linalg.solve(curvature + _CAUTION * np.eye(2), gradient)
        for _ in range(_STEPS):
            trial = np.maximum(beta + step, 0)
            reached, chance_there = _explained(shares, reasons, trial, chosen)
            if reached > likelihood:
                beta, likelihood, chance = trial, reached, chance_there
                break
            step = step / 2
        else:
            break
    return float(beta[0]), float(beta[1])


def _explained(
    shares: Floats, reasons: tuple[Floats, Floats], beta: NDArray[np.float64], chosen: Floats
) -> tuple[float, Floats]:
    """The log likelihood less the prior, and the (shoppers, N) chances."""
    utility = np.asarray(shares + beta[0] * reasons[0] + beta[1] * reasons[1], np.float32)
    utility -= utility.max(axis=1, keepdims=True)
    chance = np.exp(utility)
    whole = chance.sum(axis=1, keepdims=True)
    gained = float((chosen * (utility - np.log(whole))).sum(dtype=np.float64)) - _CAUTION / 2 * float(beta @ beta)
    return gained, chance / whole


def _covariance(chance: Floats, left: Floats, right: Floats) -> float:
    """Of two properties of the products under each shopper's chances, summed over shoppers."""
    return float(((chance * left * right).sum(1) - (chance * left).sum(1) * (chance * right).sum(1)).sum())


def _add(sums: NDArray[np.float64], purchases: Purchases, style: Floats, lines: Ints, weight: Floats) -> None:
    """Add the styles of `lines` to the rows of their shoppers, and their weights to the last column."""
    shopper, product = purchases.shopper[lines], purchases.line_product[lines]
    for column in range(style.shape[1]):
        sums[:, column] += np.bincount(shopper, weights=weight * style[product, column], minlength=len(sums))
    sums[:, -1] += np.bincount(shopper, weights=weight, minlength=len(sums))


def _mean(sums: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(sums[:, :-1] / (sums[:, -1:] + _SHRINKAGE), np.float32)


def _decay(time: Ints, now: int) -> NDArray[np.float64]:
    return np.asarray(0.5 ** ((now - time) / DAY / HALF_LIFE_DAYS))
