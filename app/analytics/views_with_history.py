"""What visitors looked at before our own pixel was there, out of Google's records, in front of what our own events say.

The two never tell of the same moment (`app.core.sources.ga4.is_history`), so nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.analytics import expressions
from app.analytics.lake_views import sessions_of
from app.analytics.warehouse import Warehouse
from app.core.events import EventType
from app.core.ids import ShopId
from app.core.shop_days import utc_days
from app.ports import LakeReader, ViewedSessions, ViewHistory

READ: Final = ["event_id", "type", "at", "ga4", "product_id"]


class ViewsWithHistory:
    """Implements `app.ports.ViewHistory`.

    Args:
        own: what our own events say.
        first_own: when the shop's first event of our own was.
        left_out: Google's ids of browsers of which nothing may be learnt.
    """

    def __init__(
        self,
        own: ViewHistory,
        lake: LakeReader,
        warehouse: Warehouse,
        *,
        first_own: Callable[[ShopId], datetime | None],
        left_out: Callable[[ShopId], Collection[str]],
    ) -> None:
        self._own, self._lake, self._warehouse = own, lake, warehouse
        self._first_own, self._left_out = first_own, left_out

    def sessions(self, shop: ShopId, *, since: datetime, until: datetime) -> ViewedSessions:
        """Product views of consenting visitors in [since, until); Google's sessions come first."""
        own = self._own.sessions(shop, since=since, until=until)
        first = self._first_own(shop)
        end = until if first is None else min(until, first)
        before = self._history(shop, since, end) if since < end else None
        if before is None or not len(before.session):
            return own
        offset = int(before.session[-1]) + 1
        return ViewedSessions(
            np.concatenate([before.session, own.session + offset]),
            np.concatenate([before.product, own.product]),
            np.concatenate([before.day, own.day]),
        )

    def _history(self, shop: ShopId, since: datetime, until: datetime) -> ViewedSessions:
        left_out = pa.table({"id": pa.array(sorted(self._left_out(shop)), pa.string())})
        wanted = (pc.field("type") == EventType.PRODUCT_VIEW.value) & pc.field("product_id").is_valid()

        def work(records: Any) -> ViewedSessions:
            views = _as_events(records.to_table(columns=READ, filter=wanted))
            tables = {"events": views, "left_out": left_out}
            return sessions_of(self._warehouse.batches(expressions.sessions(since, until), tables))

        return self._lake.read(shop, *utc_days(since, until), work, kind="ga4")


def _as_events(views: pa.Table) -> pa.Table:
    """Under the names of our own events' columns: Google's browser in the visitor's place."""
    columns = {name: views[name] for name in READ if name != "ga4"} | {"visitor": views["ga4"]}
    types = {"ghost": pa.bool_(), "order_id": pa.int64()}
    empty = {
        name: pa.nulls(views.num_rows, types.get(name, pa.string()))
        for name in expressions.EVENTS.columns
        if name not in columns
    }
    return pa.table(columns | empty)
