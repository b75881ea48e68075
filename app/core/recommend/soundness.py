"""Whether a model that was just trained can be served at all: the last look before it is written.

Checksums tell that files are as they were written, not that what was written makes sense. A training whose sums have
run over, or whose tables point nowhere, ends here, and the model in use goes on serving.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.neighbours import Neighbours
from app.core.recommend.scoring import ItemModel, Table


class Unsound(ValueError):
    """The model must not be published; the message says what is wrong with it."""


def check(model: ItemModel) -> None:
    """Look at every number that requests rank by.

    Raises:
        Unsound: the items are not in order, a number is not finite, or a table points beyond the items.
    """
    if not bool(np.all(np.diff(model.item_ids) > 0)):
        raise Unsound("the items are not in ascending order, each once")
    numbers = {
        "popularity": model.popularity,
        "what sells lately": model.lately,
        "factors": model.factors,
    }
    for name, values in numbers.items():
        if values is not None:
            _finite(name, values)
    if model.popularity.size and model.popularity.min() < 0:
        raise Unsound("popularity is below 0")
    tables = {Table.BOUGHT: model.neighbours, Table.VIEWED: model.viewed, Table.COMPLEMENTS: model.complementing}
    for table, rows in tables.items():
        if rows is not None:
            _points_at_items(table, rows, len(model.item_ids))
    try:
        ItemModel.of(model.version, model.arrays(), model.meta())
    except (ValueError, KeyError) as error:
        raise Unsound(f"it could not be read again: {error}") from error


def _finite(name: str, values: npt.NDArray[np.float32]) -> None:
    if not bool(np.isfinite(values).all()):
        raise Unsound(f"{name}: {int(np.count_nonzero(~np.isfinite(values)))} of {values.size} numbers are not finite")


def _points_at_items(table: Table, rows: Neighbours, items: int) -> None:
    there = rows["index"] >= 0
    _finite(table, rows["score"][there])
    if there.any() and rows["index"].max() >= items:
        raise Unsound(f"{table} points at items that there are not")
