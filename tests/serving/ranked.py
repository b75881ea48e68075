"""A shop of sixty products whose home rail is ranked by blends: six aisles, along which people buy and look."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.blended import Blends
from app.core.recommend.histories import Histories
from app.core.recommend.models import blending
from app.core.recommend.models.ranked import purchases_of
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.scoring import ItemModel
from app.core.recommend.tasks import Task
from app.core.recommend.types import Rail, Strategy
from tests.models.histories import chains
from tests.models.worlds import bought_by

PRODUCTS = 60
IDS = np.arange(1, PRODUCTS + 1, dtype=np.int64)
SHELF = 10


@cache
def blends() -> Blends:
    """Learnt by the production code: from 150 customers, and from 300 visits."""
    visits = replace(chains(sessions=300, aisles=PRODUCTS // SHELF, shelf=SHELF, seed=1), items=IDS)
    bought = blending.fit(_purchases(), Task.TIME)
    return Blends(bought=bought, visit=blending.fit(visits, Task.SESSION))


def _purchases(people: int = 150) -> Histories:
    """Customers walk along the shelf of one aisle, one or two products an order, some weeks apart."""
    generator = np.random.default_rng(7)
    rows = []
    for person in range(people):
        at, day = SHELF * int(generator.integers(PRODUCTS // SHELF)), int(generator.integers(120))
        place = int(generator.integers(4))
        while place < SHELF and day < 200:
            taken = int(generator.integers(1, 3))
            rows += [(day, person, at + one) for one in range(place, min(place + taken, SHELF))]
            place, day = place + taken, day + int(generator.integers(10, 30))
    return replace(purchases_of(bought_by(rows, 200)), items=IDS)


def ranked_model(**changes: object) -> ItemModel:
    """A model whose home rail is the blends'; of the rest the higher number sells better."""
    made = ItemModel(
        ModelVersion("ranked"),
        Strategy.TRENDING,
        IDS,
        np.zeros((PRODUCTS, 0), dtype=NEIGHBOUR),
        IDS.astype(np.float32),
        rails=frozenset({Rail.FOR_YOU}),
        for_you=Strategy.RANKED,
        blends=blends(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def orders(*days_and_products: tuple[int, tuple[int, ...]]) -> tuple[PastOrder, ...]:
    """Orders, the newest first."""
    return tuple(PastOrder(day, tuple(map(ProductId, products))) for day, products in days_and_products)
