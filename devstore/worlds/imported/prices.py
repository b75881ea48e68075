"""The list price of every product over time, read from what its invoices show.

What one pays depends on the quantity, so invoices of one week show several prices. The list price is taken for a hidden
state that most invoices show and that seldom changes; the likeliest path through the weeks is found with Viterbi's
algorithm (Viterbi 1967, IEEE Transactions on Information Theory 13(2)). A price that falls and comes back within twelve
weeks was a sale; one that fell in the last twelve weeks is a sale that is still on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devstore.worlds.imported.log import Log
from devstore.worlds.imported.times import London

_CANDIDATES = 6
"""So many of a product's most shown prices may be its list price."""
_WEEKS_BETWEEN_CHANGES = 52.0
_EVIDENCE = 1.5
"""Log of how much likelier an invoice shows the list price than one certain other price."""
_SALE = 0.95
"""A sale takes off at least a twentieth."""
_SALE_LASTS = timedelta(weeks=12)
_IMPOSSIBLE = -1e9

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PricePath:
    """Moments at which a list price began, oldest first, and what is crossed out today where a sale is on."""

    steps: list[tuple[datetime, int]]
    compare_at: int | None


def price_paths(log: Log, clock: London, now: datetime) -> list[PricePath]:
    """One path per product, in the order of the stock codes."""
    columns = log.prices()
    names = ("product", "week", "price", "often")
    product, week, price, often = (np.asarray(columns[name], np.int64) for name in names)
    since = np.asarray(columns["since"]).astype("datetime64[s]")
    candidates = _candidates(product, price, often)
    shown = _shown(product, week, price, often, candidates)
    path = _likeliest(shown)
    begins = _begins(path, product, week, price, since, candidates)
    return [PricePath(steps, _compare_at(steps, now)) for steps in _steps(begins, clock)]


def _candidates(product: Ints, price: Ints, often: Ints) -> Ints:
    """(products, candidates) prices by how many invoices show them; 0 where there are fewer."""
    pairs, place = np.unique(np.stack([product, price], axis=1), axis=0, return_inverse=True)
    count = np.bincount(place.ravel(), weights=often)
    order = np.lexsort((-pairs[:, 1], -count, pairs[:, 0]))
    pairs = pairs[order]
    rank = np.arange(len(pairs)) - np.searchsorted(pairs[:, 0], pairs[:, 0])
    kept = rank < _CANDIDATES
    found = np.zeros((product.max() + 1, _CANDIDATES), np.int64)
    found[pairs[kept, 0], rank[kept]] = pairs[kept, 1]
    return found


def _shown(product: Ints, week: Ints, price: Ints, often: Ints, candidates: Ints) -> Floats:
    """(weeks, products, candidates): how many invoices show each candidate."""
    shown = np.zeros((week.max() + 1, *candidates.shape))
    matches = candidates[product] == price[:, None]
    row, place = np.nonzero(matches)
    shown[week[row], product[row], place] = often[row]
    return shown


def _likeliest(shown: Floats) -> Ints:
    """(weeks, products) place of the list price among the candidates; -1 in weeks without a sale."""
    weeks, products, candidates = shown.shape
    score = np.where(shown.sum(axis=0) > 0, 0.0, _IMPOSSIBLE)
    came_from = np.full((weeks, products, candidates), -1, np.int8)
    sold = shown.sum(axis=2) > 0
    seen_last = np.full(products, -np.inf)
    for week in range(weeks):
        change = np.log(-np.expm1(-(week - seen_last) / _WEEKS_BETWEEN_CHANGES))[:, None]
        best = score.argmax(axis=1)
        switched = np.take_along_axis(score, best[:, None], axis=1) + change
        here = sold[week][:, None]
        came_from[week] = np.where(here & (switched > score), best[:, None], np.arange(candidates))
        score = np.where(here, np.maximum(score, switched) + _EVIDENCE * shown[week], score)
        seen_last[sold[week]] = week
    return _backwards(score.argmax(axis=1), came_from, sold)


def _backwards(last: Ints, came_from: NDArray[np.int8], sold: NDArray[np.bool_]) -> Ints:
    path = np.full(sold.shape, -1, np.int64)
    state = last
    for week in range(len(sold) - 1, -1, -1):
        path[week] = np.where(sold[week], state, -1)
        state = came_from[week, np.arange(len(state)), state].astype(np.int64)
    return path


def _begins(
    path: Ints, product: Ints, week: Ints, price: Ints, since: NDArray[np.datetime64], candidates: Ints
) -> list[tuple[int, Any, int]]:
    """(product, moment, price) of every change, the first price included, by product and time."""
    order = np.lexsort((price, week, product))
    listed = np.where(path >= 0, candidates[np.arange(path.shape[1]), np.maximum(path, 0)], 0)
    shows = order[price[order] == listed[week[order], product[order]]]
    first = np.ones(len(shows), np.bool_)
    first[1:] = (product[shows][1:] != product[shows][:-1]) | (price[shows][1:] != price[shows][:-1])
    rows = shows[first]
    return list(zip(product[rows].tolist(), since[rows], price[rows].tolist(), strict=True))


def _steps(begins: list[tuple[int, Any, int]], clock: London) -> list[list[tuple[datetime, int]]]:
    moments = clock.utc(np.array([moment for _, moment, _ in begins], "datetime64[s]"))
    steps: list[list[tuple[datetime, int]]] = [[] for _ in range(begins[-1][0] + 1)]
    for (product, _, price), moment in zip(begins, moments, strict=True):
        steps[product].append((moment, price))
    return steps


def _compare_at(steps: list[tuple[datetime, int]], now: datetime) -> int | None:
    """The regular price, where today's is a sale's: it fell lately, maybe in several steps, and has not come back."""
    regular = steps[0][1]
    for place, (begin, price) in enumerate(steps[1:], start=1):
        end = steps[place + 1][0] if place + 1 < len(steps) else now
        if price > regular * _SALE or end - begin > _SALE_LASTS:
            regular = price
    return regular if steps[-1][1] <= regular * _SALE else None
