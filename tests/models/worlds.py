"""Small synthetic histories whose truth is known: pairs that are bought together, and noise around them."""

from __future__ import annotations

import numpy as np

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.scoring import NEIGHBOUR, ItemModel
from app.core.recommend.types import Strategy

TODAY = 20_000
VERSION = ModelVersion("test-1")


def planted_pairs(*, products: int = 120, orders: int = 4000, days: int = 120, seed: int = 1) -> Baskets:
    """Orders over `days` days up to TODAY: in two of three, a product 2n comes with its partner 2n + 1."""
    generator = np.random.default_rng(seed)
    popularity = generator.zipf(1.5, products).clip(max=50).astype(float)
    popularity /= popularity.sum()
    order, product, day = [], [], []
    for number in range(orders):
        first = int(generator.choice(products, p=popularity))
        other = first ^ 1 if generator.random() < 2 / 3 else int(generator.choice(products, p=popularity))
        for item in {first, other}:
            order.append(number)
            product.append(1000 + item)
            day.append(TODAY - days + 1 + number * days // orders)
    return baskets_of(np.array(order), np.array(product), np.array(day, dtype=np.int32))


def no_structure(*, products: int = 60, orders: int = 3000, days: int = 120, seed: int = 2) -> Baskets:
    """Orders of two products each, drawn one without regard to the other."""
    generator = np.random.default_rng(seed)
    popularity = 1.0 / np.arange(1, products + 1)
    popularity /= popularity.sum()
    pairs = [generator.choice(products, size=2, replace=False, p=popularity) for _ in range(orders)]
    order = np.repeat(np.arange(orders), 2)
    days_of = (TODAY - days + 1 + np.arange(orders) * days // orders).astype(np.int32)
    return baskets_of(order, 1000 + np.concatenate(pairs), np.repeat(days_of, 2))


def model_of(
    neighbours: dict[int, list[tuple[int, float]]], popularity: dict[int, float], *, version: ModelVersion = VERSION
) -> ItemModel:
    """An item model from plain dictionaries of product ids."""
    ids = np.array(sorted(popularity), dtype=np.int64)
    width = max((len(row) for row in neighbours.values()), default=0)
    table = np.zeros((len(ids), width), dtype=NEIGHBOUR)
    table["index"] = -1
    for product, row in neighbours.items():
        for place, (other, score) in enumerate(sorted(row, key=lambda pair: -pair[1])):
            table[int(np.searchsorted(ids, product)), place] = (int(np.searchsorted(ids, other)), score)
    scores = np.array([popularity[number] for number in ids.tolist()], dtype=np.float32)
    return ItemModel(version, Strategy.ITEM_ITEM if width else Strategy.TRENDING, ids, table, scores)


def product(number: int) -> ProductId:
    return ProductId(number)
