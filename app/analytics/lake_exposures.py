"""What the lake knows of an experiment: who was exposed and what they did, as columns of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from ibis.expr import types as ir

from app.analytics import experiments
from app.analytics.experiments import BEFORE, DECIDED_BEFORE, Asked
from app.analytics.warehouse import Warehouse
from app.core.experiments.assign import BOTH
from app.core.experiments.counted import MICROSECOND, UNKNOWN_ARM, Exposed, Period, Steps
from app.core.experiments.interleave import Team
from app.core.experiments.types import Experiment, ExperimentId
from app.core.ids import OrderId, ShopId
from app.core.shop_days import SESSION_GAP, utc_days
from app.ports import LakeReader, T, TeamClick

NO_EXPERIMENT: Final = ExperimentId(0)
"""For questions in which no experiment is named."""
UNITS_AT_ONCE: Final = 250_000
"""Of so many units all events are put in order at a time, so that memory does not grow with the shop."""
GAP_US: Final = SESSION_GAP // MICROSECOND
Columns = dict[str, npt.NDArray[Any]]


class LakeExposures:
    """Implements `app.ports.Exposures`."""

    def __init__(self, lake: LakeReader, warehouse: Warehouse) -> None:
        self._lake, self._warehouse = lake, warehouse

    def exposed(self, shop: ShopId, experiment: Experiment, period: Period) -> Exposed:
        """Everybody who was exposed. Memory: about 200 bytes a unit, and what the warehouse may take."""
        asked = _asked(period, experiment.id)
        found = self._columns(shop, asked, experiments.exposed(asked))
        only = self._columns(shop, asked, experiments.only_in_windows(asked)) if asked.windows else None
        units = Exposed(
            unit=found["unit"],
            arm=_arms(found["arm"], experiment),
            first_at=found["first_at"],
            arms=found["arms"],
            exposures=found["exposures"],
            clicks=found["clicks"],
            only_in_windows=int(only["units"][0]) if only else 0,
            **dict.fromkeys(("events", "busiest_hour", "known_before"), np.zeros_like(found["arms"])),
        )
        return self._with_behaviour(shop, asked, units)

    def _with_behaviour(self, shop: ShopId, asked: Asked, units: Exposed) -> Exposed:
        """A question of its own, about these units alone: most visitors of a hold-out's shop are in no arm."""
        came_at, events, busiest = units.first_at.copy(), np.zeros_like(units.first_at), np.zeros_like(units.first_at)
        for begin in range(0, len(units.unit), UNITS_AT_ONCE):
            named = pa.table({"unit": pa.array(units.unit[begin : begin + UNITS_AT_ONCE], pa.string())})
            found = self._columns(shop, asked, experiments.behaviour(asked), units=named)
            places = units.places(found["unit"])
            came_at[places] = found["came_at"]
            events[places], busiest[places] = found["events"], found["busiest_hour"]
        known = (came_at < units.first_at - GAP_US).astype(np.int64)
        return replace(units, events=events, busiest_hour=busiest, known_before=known)

    def shown(self, shop: ShopId, experiment: Experiment, period: Period) -> tuple[Sequence[str], Steps]:
        """Clicks (numerator) on cards in view (denominator) by unit and hour; `Steps.unit` counts the units given."""
        asked = _asked(period, experiment.id)
        found = self._columns(shop, asked, experiments.shown(asked))
        units, places = _numbered(found["unit"])
        return units, Steps(places, found["at"], found["clicks"], found["exposures"])

    def carts(self, shop: ShopId, period: Period) -> tuple[Sequence[str], Steps]:
        """Carts that were left (denominator) and those of them that were bought later (numerator)."""
        asked = _asked(period)
        found = self._columns(shop, asked, experiments.carts(asked))
        units, places = _numbered(found["unit"])
        return units, Steps(places, found["at"], found["recovered"], np.ones_like(places))

    def purchases(self, shop: ShopId, period: Period) -> Mapping[OrderId, str]:
        """Order → unit of the browser that reported it first."""
        asked = _asked(period)
        found = self._columns(shop, asked, experiments.purchases(asked))
        return dict(zip(found["order_id"].tolist(), found["unit"].tolist(), strict=True))

    def team_clicks(self, shop: ShopId, experiment: Experiment, period: Period) -> Sequence[TeamClick]:
        """Clicks on cards of a rail that two rankings shared, with the ranking that had put the card there."""
        asked = _asked(period, experiment.id)

        def work(events: Any, decisions: Any) -> list[TeamClick]:
            tables = {"events": events, "decisions": decisions}
            rows = self._warehouse.rows(experiments.team_clicks(asked), tables)
            return [click for row in rows for click in _team_click(**row)]

        return self._read(shop, asked, work)

    def _columns(self, shop: ShopId, asked: Asked, expression: ir.Table, **tables: pa.Table) -> Columns:
        """The expression's columns: texts as objects, moments as microseconds since 1970, the others as integers."""

        def work(events: Any, decisions: Any) -> Columns:
            # Batch by batch: all of a million rows in Arrow beside the same in NumPy is what a reading's memory was.
            parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in expression.columns}
            for batch in self._warehouse.batches(expression, {"events": events, "decisions": decisions, **tables}):
                for name, found in parts.items():
                    found.append(_values(batch[name]))
            return {name: _joined(found) for name, found in parts.items()}

        return self._read(shop, asked, work)

    def _read(self, shop: ShopId, asked: Asked, work: Callable[[Any, Any], T]) -> T:
        """Do the work on events and decisions. Either is read again when a file of its kind has gone meanwhile."""
        events, decisions = (
            utc_days(asked.since - BEFORE, asked.until),
            utc_days(asked.since - DECIDED_BEFORE, asked.until),
        )
        return self._lake.read(
            shop,
            *events,
            lambda found: self._lake.read(shop, *decisions, lambda answers: work(found, answers), kind="decisions"),
        )


def _asked(period: Period, experiment: ExperimentId = NO_EXPERIMENT) -> Asked:
    return Asked(experiment, period.since, period.until, period.windows)


def _joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _values(column: pa.Array) -> npt.NDArray[Any]:
    if pa.types.is_string(column.type):
        # Equal texts become one object: arms, and units that stand in several rows.
        words = column.dictionary_encode()
        texts: npt.NDArray[Any] = _objects(words.dictionary)[words.indices.to_numpy()]
        return texts
    # A copy: what Arrow holds is given back with the batch.
    numbers: npt.NDArray[Any] = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers.copy()


def _objects(texts: pa.Array) -> npt.NDArray[Any]:
    return np.array(texts.to_pylist(), dtype=object)


def _arms(keys: npt.NDArray[Any], experiment: Experiment) -> npt.NDArray[np.int64]:
    """Places of arms; whoever sees both of two rankings stands with the first."""
    places = {arm.key: place for place, arm in enumerate(experiment.arms)} | {BOTH.key: 0}
    return np.fromiter((places.get(key, UNKNOWN_ARM) for key in keys), dtype=np.int64, count=len(keys))


def _numbered(units: npt.NDArray[Any]) -> tuple[Sequence[str], npt.NDArray[np.int64]]:
    """The distinct ones of sorted units, and which of them each row is."""
    if not len(units):
        return [], np.empty(0, dtype=np.int64)
    begins = np.concatenate([[True], units[1:] != units[:-1]])
    return units[begins].tolist(), np.cumsum(begins, dtype=np.int64) - 1


def _team_click(unit: str, at: Any, product_id: int | None, items: str) -> list[TeamClick]:
    teams = {item.get("product_id"): item.get("team") for item in orjson.loads(items)}
    team = teams.get(product_id)
    return [TeamClick(unit, at, Team(team))] if team else []
