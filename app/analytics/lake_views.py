"""What visitors looked at, as arrays for models: sessions of product views, without anybody's name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.analytics import expressions
from app.analytics.warehouse import Warehouse
from app.core.ids import ShopId
from app.core.shop_days import utc_days
from app.ports import LakeReader, ViewedSessions

DAY_US: Final = 24 * 3600 * 1_000_000


class LakeViews:
    """Implements `app.ports.ViewHistory`.

    Args:
        left_out: the visitor and client ids of a shop of which nothing may be learnt.
    """

    def __init__(self, lake: LakeReader, warehouse: Warehouse, left_out: Callable[[ShopId], Collection[str]]) -> None:
        self._lake, self._warehouse, self._left_out = lake, warehouse, left_out

    def sessions(self, shop: ShopId, *, since: datetime, until: datetime) -> ViewedSessions:
        """Product views of consenting visitors in [since, until); 30 minutes without a view end a session.

        Memory: the arrays returned (20 bytes a view), once more while they are joined, and what the warehouse may take.
        """
        left_out = pa.table({"id": pa.array(sorted(self._left_out(shop)), pa.string())})
        expression = expressions.sessions(since, until)

        def work(events: Any) -> ViewedSessions:
            return sessions_of(self._warehouse.batches(expression, {"events": events, "left_out": left_out}))

        return self._lake.read(shop, *utc_days(since, until), work)


def sessions_of(batches: Iterable[pa.RecordBatch]) -> ViewedSessions:
    """The rows of `expressions.sessions` as arrays; sessions are numbered from 0."""
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    for batch in batches:
        moments = batch["at"].cast(pa.int64()).to_numpy()
        numbers = batch["session"].cast(pa.int64()).to_numpy() - 1
        parts.append((numbers, batch["product"].to_numpy(), (moments // DAY_US).astype(np.int32)))
    return ViewedSessions(*(_joined(parts, place) for place in range(3)))


def _joined(parts: list[tuple[npt.NDArray[Any], ...]], place: int) -> npt.NDArray[Any]:
    kind = np.int32 if place == 2 else np.int64
    return np.concatenate([np.empty(0, dtype=kind), *(part[place] for part in parts)])
