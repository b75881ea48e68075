"""Small synthetic histories whose truth is known: pairs that are bought together, and noise around them."""

from __future__ import annotations

import itertools

import numpy as np

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy

TODAY = 20_000
VERSION = ModelVersion("test-1")


def planted_pairs(*, products: int = 120, orders: int = 4000, days: int = 120, seed: int = 1) -> Baskets:
    """Orders over `days` days up to TODAY: in two of three, a product 2n comes with its partner 2n + 1.

    Nobody is known; the same baskets serve as sessions of looking around.
    """
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


def tasteful(*, people: int = 700, tastes: int = 6, each: int = 25, days: int = 200, seed: int = 3) -> Baskets:
    """Customers of one taste each, who order one or two products a time, mostly of their taste and new to them."""
    generator = np.random.default_rng(seed)
    taste = generator.integers(tastes, size=people)
    rows = []
    for person in range(people):
        liked = generator.permutation(each) + each * taste[person]
        moments = np.sort(generator.integers(days, size=int(generator.integers(4, 9))))
        for number, moment in enumerate(moments.tolist()):
            for item in liked[2 * number : 2 * number + 2].tolist():
                any_item = int(generator.integers(tastes * each))
                rows.append((moment, person, item if generator.random() < 0.8 else any_item))
    return bought_by(rows, days)


def changed_minds(*, people: int = 300, tastes: int = 4, each: int = 24, days: int = 200, seed: int = 4) -> Baskets:
    """A world that fools every model of what belongs together, in which the floor is right.

    For months customers buy by taste, and guests buy one of two hits with something that nobody else takes. In the
    last 28 days every customer takes both hits, and one of the products that they have always bought.
    """
    generator = np.random.default_rng(seed)
    first = tastes * each
    hits, odd = [first, first + 1], first + 2
    rows = []
    for number, day in enumerate(generator.integers(days, size=2400).tolist()):
        rows += [(day, -1 - number, hits[number % 2]), (day, -1 - number, odd + number // 2 % 40)]
    for person in range(people):
        liked = each * int(generator.integers(tastes)) + generator.permutation(each)
        for day in generator.choice(days - 28, size=5, replace=False).tolist():
            rows += [(day, person, item) for item in generator.choice(liked, size=4, replace=False).tolist()]
        last = int(generator.integers(days - 28, days))
        rows += [(last, person, item) for item in (int(liked[0]), *hits)]
        rows += [(int(generator.integers(days - 28)), person, int(liked[0]))]
    return bought_by(rows, days)


def bought_by(rows: list[tuple[int, int, int]], days: int) -> Baskets:
    """Orders from (day, person, item): what a person buys on a day is one order; negative people are guests."""
    rows = sorted(rows)
    order = np.cumsum([0, *(before[:2] != row[:2] for before, row in itertools.pairwise(rows))])
    day, person, item = (np.array(column) for column in zip(*rows, strict=True))
    return baskets_of(order, 1000 + item, (TODAY - days + 1 + day).astype(np.int32), customer=np.maximum(1 + person, 0))


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
