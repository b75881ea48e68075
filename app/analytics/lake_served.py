"""What shoppers did with what models recommended, counted over the lake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ibis.expr import types as ir

from app.analytics import model_watch
from app.analytics.model_watch import LATE
from app.analytics.warehouse import Warehouse
from app.core.experiments.sums import Sums
from app.core.experiments.types import ExperimentId
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.canary import Served
from app.core.recommend.watched_days import Day
from app.core.shop_days import utc_days
from app.ports import LakeReader

Rows = list[dict[str, Any]]


class LakeServed:
    """Implements `app.ports.ModelsServed`."""

    def __init__(self, lake: LakeReader, warehouse: Warehouse) -> None:
        self._lake, self._warehouse = lake, warehouse

    def of_versions(
        self,
        shop: ShopId,
        versions: Sequence[ModelVersion],
        *,
        since: datetime,
        until: datetime,
        apart: Collection[ExperimentId] = (),
    ) -> Mapping[ModelVersion, Served]:
        """By version; visitors who got several count for the first of them, those in experiments `apart` for none."""
        rows = self._rows(shop, model_watch.of_versions(versions, since, until, apart=apart), since, until)
        return {versions[int(row["place"])]: _served(row) for row in rows}

    def by_day(self, shop: ShopId, *, at: datetime, first: int, until: datetime) -> Sequence[Day]:
        """By 24 hours counted from `at`, from day `first` on."""
        since = at + timedelta(days=first)
        rows = self._rows(shop, model_watch.by_day(at, since, until), since, until)
        # An engine may count in decimals.
        return [Day(**{name: int(value) for name, value in row.items()}) for row in rows]

    def _rows(self, shop: ShopId, expression: ir.Table, since: datetime, until: datetime) -> Rows:
        def work(events: Any, decisions: Any) -> Rows:
            return self._warehouse.rows(expression, {"events": events, "decisions": decisions})

        # Either is read again when a file of its kind has gone meanwhile.
        return self._lake.read(
            shop,
            *utc_days(since, until + LATE),
            lambda events: self._lake.read(
                shop, *utc_days(since, until), lambda decisions: work(events, decisions), kind="decisions"
            ),
        )


def _served(row: Mapping[str, Any]) -> Served:
    sums = {name: float(row[name]) for name in ("x", "xx", "d", "dd", "xd")}
    clicks = Sums(n=int(row["seen"]), **sums, positive=int(row["positive"]), is_ratio=True)
    return Served(clicks, *(int(row[name]) for name in ("units", "answers", "troubled", "troubled_units")))
