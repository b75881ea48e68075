"""A rail's logged answers with the chances behind them and the clicks on them, as arrays for off-policy evaluation."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from app.analytics import experiment_logs
from app.analytics.experiment_logs import LATE
from app.analytics.warehouse import Warehouse
from app.core.experiments.replay import LeftOut, LoggedAnswers
from app.core.experiments.types import Show
from app.core.ids import ShopId
from app.core.recommend.types import Rail
from app.core.shop_days import utc_days
from app.ports import LakeReader

Clicks = Mapping[str, Collection[int]]


class LakeLoggedDecisions:
    """Implements `app.ports.LoggedDecisions`.

    Args:
        left_out: the visitor ids of a shop of which nothing may be learnt.
    """

    def __init__(self, lake: LakeReader, warehouse: Warehouse, left_out: Callable[[ShopId], Collection[str]]) -> None:
        self._lake, self._warehouse, self._left_out = lake, warehouse, left_out

    def answers(
        self, shop: ShopId, rail: Rail, *, since: datetime, until: datetime
    ) -> tuple[LoggedAnswers, Mapping[LeftOut, int]]:
        """The rail's answers in [since, until) that were partly drawn at random, and how many others there were.

        Memory: about 60 bytes a place, and 500 bytes for each answer's id and browser, as texts and as arrays.
        """
        clicks = self._clicks(shop, rail, since, until)
        left_out = pa.table({"id": pa.array(sorted(self._left_out(shop)), pa.string())})
        expression = experiment_logs.answers(rail.value, since, until)

        def work(events: Any, decisions: Any) -> _Columns:
            columns = _Columns(clicks)
            tables = {"events": events, "decisions": decisions, "left_out": left_out}
            for batch in self._warehouse.batches(expression, tables):
                columns.extend(batch.to_pylist())
            return columns

        # Either is read again when a file of its kind has gone meanwhile.
        columns = self._lake.read(
            shop,
            *utc_days(since, until + LATE),
            lambda events: self._lake.read(
                shop, *utc_days(since, until), lambda decisions: work(events, decisions), kind="decisions"
            ),
        )
        return columns.arrays(), dict(columns.left_out)

    def _clicks(self, shop: ShopId, rail: Rail, since: datetime, until: datetime) -> Clicks:
        expression = experiment_logs.clicked(rail.value, since, until)

        def work(events: Any) -> dict[str, set[int]]:
            found: dict[str, set[int]] = {}
            for row in self._warehouse.rows(expression, {"events": events}):
                found.setdefault(row["request_id"], set()).add(row["product_id"])
            return found

        return self._lake.read(shop, *utc_days(since, until + LATE), work)


@dataclass(slots=True)
class _Columns:
    """Answers as they come, packed, for there may be millions of places."""

    clicks: Clicks
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    question: array[int] = field(default_factory=lambda: array("q"))
    browser: list[str] = field(default_factory=list)
    request: list[str] = field(default_factory=list)
    places: array[int] = field(default_factory=lambda: array("q"))
    product: array[int] = field(default_factory=lambda: array("q"))
    propensity: array[float] = field(default_factory=lambda: array("d"))
    clicked: array[int] = field(default_factory=lambda: array("b"))

    def extend(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            items = orjson.loads(row["items"])
            if (reason := _reason(row, items)) is not None:
                self.left_out[reason] += 1
                continue
            clicks = self.clicks.get(row["request_id"], ())
            self.question.append(row["question"])
            self.browser.append(row["browser"])
            self.request.append(row["request_id"])
            self.places.append(len(items))
            self.product.extend(item["product_id"] for item in items)
            self.propensity.extend(item["propensity"] for item in items)
            self.clicked.extend(item["product_id"] in clicks for item in items)

    def arrays(self) -> LoggedAnswers:
        places = np.array(self.places, dtype=np.int64)
        answer = np.repeat(np.arange(len(places)), places)
        starts = np.cumsum(places) - places
        return LoggedAnswers(
            question=np.array(self.question, dtype=np.int64),
            browser=np.array(self.browser, dtype=np.str_),
            request=np.array(self.request, dtype=np.str_),
            answer=answer,
            place=np.arange(len(answer)) - starts[answer],
            product=np.array(self.product, dtype=np.int64),
            propensity=np.array(self.propensity, dtype=np.float64),
            clicked=np.array(self.clicked, dtype=np.bool_),
        )


def _reason(row: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> LeftOut | None:
    """Why the answer can't be used; None where it can."""
    return next(_reasons(row, items), None)


def _reasons(row: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Iterator[LeftOut]:
    if row["browser"] is None:
        yield LeftOut.NO_CONSENT
    if row["show"] != Show.OURS:
        yield LeftOut.NOT_OURS
    if not items:
        yield LeftOut.EMPTY
    if any("team" in item for item in items):
        yield LeftOut.INTERLEAVED
    if any("propensity" not in item for item in items):
        yield LeftOut.UNKNOWN
    elif all(item["propensity"] >= 1.0 for item in items):
        yield LeftOut.UNEXPLORED
    # Last, so that it is said of answers that would have told something.
    if not row["seen"]:
        yield LeftOut.UNSEEN
