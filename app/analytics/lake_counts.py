"""Figures of one of the shop's days, counted over the lake."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.analytics import expressions
from app.analytics.warehouse import Warehouse
from app.core.ids import ProductId, ShopId
from app.core.shop_days import SESSION_GAP, utc_days
from app.ports import DayCounts, EventCount, LakeReader


class LakeCounts:
    """Implements `app.ports.EventCounts`."""

    def __init__(self, lake: LakeReader, warehouse: Warehouse) -> None:
        self._lake, self._warehouse = lake, warehouse

    def count(self, shop: ShopId, since: datetime, until: datetime) -> DayCounts:
        """Count the shop's events in [since, until), each once; a visit counts where it began."""

        def work(events: Any) -> DayCounts:
            tables = {"events": events}
            (visits,) = self._warehouse.rows(expressions.visits(since, until), tables)
            rows = self._warehouse.rows(expressions.counts(since, until), tables)
            seen = self._warehouse.rows(expressions.impressions(since, until), tables)
            impressions = {ProductId(row["product"]): int(row["count"]) for row in seen}
            counts, sessions = [EventCount(**row) for row in rows], int(visits["sessions"] or 0)
            return DayCounts(counts, visits["visitors"], sessions, impressions)

        return self._lake.read(shop, *utc_days(since - SESSION_GAP, until), work)
