"""What all shoppers share: how much each product is asked for week by week, at which price, and what price does.

The price response compares the orders of a product in the four weeks before and after a lone change of its price, the
shop's own ups and downs taken off. A merchant also lowers the price of what no longer sells, so the log shows less of a
response than there is; what it does not show at all counts as none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devstore.model import World
from devstore.worlds.fitted.purchases import DAY, WEEK, Ints, Purchases

_MEMORY_WEEKS = 4.0
"""Orders of neighbouring weeks count less by a factor of e every so many weeks."""
_PRIOR = 20.0
"""Lines that are added to each week, spread as over the whole log."""
_AROUND_DAYS = 28
_LEAST_ORDERS = 5
_SMALLEST_CHANGE = 0.02
_STEPS = 20

Floats = NDArray[np.floating[Any]]


def log_shares(purchases: Purchases) -> NDArray[np.float64]:
    """(W, N) log of each product's smoothed share of the lines."""
    count = len(purchases.product_ids)
    week = (purchases.time - purchases.start) // WEEK
    lines = np.bincount(week * count + purchases.line_product, minlength=purchases.weeks * count)
    lines = lines[: purchases.weeks * count].reshape(purchases.weeks, count)
    weeks = np.arange(purchases.weeks)
    nearness = np.exp(-np.abs(weeks[:, None] - weeks) / _MEMORY_WEEKS)
    whole = lines.sum(axis=0) + 0.5
    shares = nearness @ lines + _PRIOR * whole / max(whole.sum(), 1.0)
    return np.asarray(np.log(shares / shares.sum(axis=1, keepdims=True)))


def on_sale(world: World, purchases: Purchases) -> NDArray[np.bool_]:
    """(W, N) whether the product could be bought in that week; a time without stock is none, except the last."""
    start = purchases.start + np.arange(purchases.weeks) * WEEK
    found = np.ones((purchases.weeks, len(world.products)), np.bool_)
    last = np.zeros(len(world.products), np.int64)
    np.maximum.at(last, purchases.line_product, purchases.time)
    for column, product in enumerate(world.products):
        if product.published_at is None:
            found[:, column] = False
        else:
            found[start + WEEK <= product.published_at.timestamp(), column] = False
        if product.status == "ARCHIVED":
            found[start > last[column], column] = False
    gaps = (world.truth.get(f"stock_gap_{name}", ()) for name in ("product", "from", "until"))
    for number, begin, end in zip(*gaps, strict=True):
        column = int(np.searchsorted(purchases.product_ids, number))
        found[(start > begin) & (start + WEEK <= end), column] = False
    return found


def prices(world: World, purchases: Purchases) -> tuple[Ints, NDArray[np.float64]]:
    """(W, N) the price at the end of each week of the first variant, and its log over the first price."""
    column_of = {product.variants[0].id: row for row, product in enumerate(world.products)}
    ends = purchases.start + (np.arange(purchases.weeks) + 1) * WEEK
    first = np.array([product.variants[0].price for product in world.products], np.int64)
    table = np.tile(first, (purchases.weeks, 1))
    seen: set[int] = set()
    for change in world.price_changes:
        column = column_of.get(change.variant_id)
        if column is None:
            continue
        since = 0 if column not in seen else int(np.searchsorted(ends, change.at.timestamp(), side="right"))
        if column not in seen:
            first[column] = change.price
        seen.add(column)
        table[since:, column] = change.price
    relative = np.log(np.maximum(table, 1) / np.maximum(first, 1))
    return table, np.where((table > 0) & (first > 0), relative, 0.0)


def price_response(world: World, purchases: Purchases) -> float:
    """Utility lost per unit of log price, at least 0: maximum likelihood over the price changes.

    Of a product's orders around a change, those after it are binomial with the shop's own share of orders after it,
    shifted by the response times the change of the log price.
    """
    before, after, change, offset = _changes(world, purchases)
    if not len(change):
        return 0.0
    response = 0.0
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(offset - response * change)))
        slope = (-(after - (before + after) * chance) * change).sum()
        response += slope / max(((before + after) * chance * (1 - chance) * change**2).sum(), 1e-9)
    return max(float(response), 0.0)


def _changes(world: World, purchases: Purchases) -> tuple[Floats, Floats, Floats, Floats]:
    """Orders before and after each price change, the change of the log price, and the shop's log odds of after."""
    column_of = {product.variants[0].id: row for row, product in enumerate(world.products)}
    everything = purchases.time
    order = np.lexsort((everything, purchases.line_product))
    sold = everything[order]
    edges = np.searchsorted(purchases.line_product[order], np.arange(len(world.products) + 1))
    span, rows = _AROUND_DAYS * DAY, []
    for variant, at, step in _lone_changes(world, purchases.start, purchases.end, span):
        column = column_of.get(variant)
        if column is None:
            continue
        mine = sold[edges[column] : edges[column + 1]]
        ours, theirs = (np.diff(np.searchsorted(times, [at - span, at, at + span])) for times in (mine, everything))
        if min(ours) >= _LEAST_ORDERS and min(theirs) > 0:
            rows.append((ours[0], ours[1], step, np.log(theirs[1] / theirs[0])))
    columns = np.array(rows, np.float64).reshape(-1, 4)
    return columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3]


def _lone_changes(world: World, start: int, end: int, span: int) -> Iterator[tuple[int, int, float]]:
    """Variant, second and change of the log price, where the same price held for `span` before and after it."""
    paths: dict[int, list[tuple[int, int]]] = {}
    for change in world.price_changes:
        paths.setdefault(change.variant_id, []).append((int(change.at.timestamp()), change.price))
    for variant, path in paths.items():
        ends = [at for at, _ in path[1:]] + [end]
        for ((begin, old), (at, new)), until in zip(pairwise(path), ends[1:], strict=True):
            held = at - max(begin, start) >= span and until - at >= span
            if held and old and new and abs(np.log(new / old)) >= _SMALLEST_CHANGE:
                yield variant, at, float(np.log(new / old))
