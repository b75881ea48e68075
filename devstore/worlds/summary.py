"""What a world is like, in figures: sizes, rhythm, popularity, baskets, and how hard its next item is to guess.

The two recommenders here (trending, and plain co-occurrence) are yardsticks for whoever reads a world; they share
nothing with the app's models.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from devstore.model import Order, World

EXAM_DAYS = 28
HALF_LIFE_DAYS = 30.0
TOP = 10

Row = tuple[str, str]


def describe(world: World) -> list[Row]:
    """Label and value of every figure."""
    return [*_sizes(world), *_rhythm(world), *_popularity(world), *_exam(world)]


def _sizes(world: World) -> list[Row]:
    variants = list(chain.from_iterable(product.variants for product in world.products))
    lines = sum(len(order.lines) for order in world.orders)
    empty = sum(variant.tracked and variant.quantity <= 0 for variant in variants)
    archived = sum(product.status == "ARCHIVED" for product in world.products)
    reduced = sum(variant.compare_at_price is not None for variant in variants)
    rows, rejected = (
        ", ".join(f"{reason} {count:,}" for reason, count in counts.items())
        for counts in (world.truth.get("rows", {}), world.rejected)
    )
    return [
        ("shop", f"{world.shop.name} ({world.shop.domain}, {world.shop.currency})"),
        ("now", world.now.isoformat()),
        ("products / variants", f"{len(world.products):,} / {len(variants):,}"),
        ("variants out of stock / reduced", f"{empty:,} / {reduced:,}"),
        ("products archived", f"{archived:,}"),
        ("collections", ", ".join(f"{c.title} {len(c.product_ids)}" for c in world.collections)),
        ("customers", f"{len(world.customers):,}"),
        ("orders / lines", f"{len(world.orders):,} / {lines:,}"),
        ("price changes", f"{len(world.price_changes):,}"),
        *([("rows", rows)] if rows else []),
        *([("rejected", rejected)] if rejected else []),
    ]


def _rhythm(world: World) -> list[Row]:
    if not world.orders:
        return []
    count = len(world.orders)
    since = world.now - timedelta(days=EXAM_DAYS)
    recent = [order for order in world.orders if order.created_at >= since]
    pairs = sum(len(_items(order)) > 1 for order in recent)
    buyers: dict[int, int] = {}
    for order in world.orders:
        if order.customer_id is not None:
            buyers[order.customer_id] = buyers.get(order.customer_id, 0) + 1
    again = sum(number > 1 for number in buyers.values())
    return [
        ("first / last order", f"{world.orders[0].created_at:%Y-%m-%d} / {world.orders[-1].created_at:%Y-%m-%d %H:%M}"),
        (
            "orders of the last 28 days",
            f"{len(recent):,} ({len(recent) / count:.1%}), {pairs:,} of two products or more",
        ),
        ("mean products per order", f"{sum(len(_items(order)) for order in world.orders) / count:.2f}"),
        ("guest orders", f"{sum(order.customer_id is None for order in world.orders) / count:.1%}"),
        ("buyers who came back", f"{again / max(len(buyers), 1):.1%} of {len(buyers):,}"),
        ("orders with a code", f"{sum(bool(order.discount_codes) for order in world.orders) / count:.1%}"),
        ("orders with refunds", f"{sum(bool(order.refunds) for order in world.orders) / count:.1%}"),
        ("orders cancelled", f"{sum(order.cancelled_at is not None for order in world.orders) / count:.1%}"),
    ]


def _popularity(world: World) -> list[Row]:
    place = {product.id: number for number, product in enumerate(world.products)}
    sold = np.zeros(len(place), np.int64)
    for order in world.orders:
        for item in _items(order):
            sold[place[item]] += 1
    if not sold.sum():
        return []
    curve = np.sort(sold)[::-1]
    ranks = [rank for rank in (1, 10, 100, 500, 1000, 2000, 3000) if rank <= len(curve)]
    points = ", ".join(f"#{rank} {curve[rank - 1]:,}" for rank in ranks)
    top = curve[: max(len(curve) // 10, 1)].sum() / curve.sum()
    return [("orders by rank", points), ("share of the top tenth", f"{top:.1%}")]


def _exam(world: World) -> list[Row]:
    """HR@10: given one product of a later order, is another one of it among the ten recommended?

    Large baskets have many products to ask about and are easily hit, so the mean over orders stands beside that over
    all questions: in a wholesaler's log the two differ widely.
    """
    place = {product.id: number for number, product in enumerate(world.products)}
    since = world.now - timedelta(days=EXAM_DAYS)
    learn = [order for order in world.orders if order.created_at < since]
    tests = [order for order in world.orders if order.created_at >= since and len(_items(order)) > 1]
    if not learn or not tests:
        return []
    baskets = [np.array([place[item] for item in _items(order)]) for order in tests]
    trend = _trend(learn, place, world)
    counts = _together(learn, place)
    size = np.sqrt(np.maximum(counts.diagonal(), 1))
    nudge = 1e-9 * trend / trend.max()
    return [
        ("HR@10 by order / by question", "each order counts once / each product asked about counts once"),
        ("  trending", _hit_rate(np.tile(trend, (len(place), 1)), baskets)),
        ("  co-occurrence counts", _hit_rate(counts + nudge, baskets)),
        ("  co-occurrence cosine", _hit_rate(counts / size[:, None] / size + nudge, baskets)),
    ]


def _items(order: Order) -> set[int]:
    return {line.product_id for line in order.lines if line.product_id is not None}


def _trend(orders: list[Order], place: dict[int, int], world: World) -> NDArray[np.float64]:
    score = np.zeros(len(place))
    for order in orders:
        weight = 0.5 ** ((world.now - order.created_at).days / HALF_LIFE_DAYS)
        for item in _items(order):
            score[place[item]] += weight
    return score


def _together(orders: list[Order], place: dict[int, int]) -> NDArray[np.float64]:
    """In how many orders two products stand; the diagonal counts the orders of each."""
    counts = np.zeros((len(place), len(place)))
    for order in orders:
        items = np.array([place[item] for item in _items(order)], np.int64)
        counts[np.ix_(items, items)] += 1
    return counts


def _hit_rate(scores: NDArray[np.float64], baskets: list[NDArray[np.int64]]) -> str:
    np.fill_diagonal(scores, -1.0)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    hits = [[bool(np.isin(best[item], basket).any()) for item in basket] for basket in baskets]
    by_order = np.mean([np.mean(order) for order in hits])
    return f"{by_order:.4f} / {np.mean(list(chain.from_iterable(hits))):.4f}"
