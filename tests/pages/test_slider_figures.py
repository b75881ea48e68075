"""When a proposal is withdrawn, and what is said where a figure is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.ids import ModelVersion
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail
from app.ports import ModelRecord
from app.web.admin.slider_figures import NO_MODEL, NOT_SHOWN, TOO_OLD, OwnFigures, own_figures

VALUES = {"coverage": 0.25, "gini": 0.9, "novelty": 10.0, "off_mix": None}


def figures(exam: Mapping[str, Any], rail: Rail = Rail.FOR_YOU) -> OwnFigures:
    metrics = {"rails": {rail.value: exam}}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return own_figures(ModelRecord(ModelVersion("v"), "published", "ranked", at, 1, 1, metrics, ""), rail)


def measured(*changes: tuple[float, float, float] | None) -> dict[str, Any]:
    """Calibration at 10 %, 25 % and so on, with these changes."""
    settings = [
        {"slider": "calibration", "setting": setting, "change": change, "values": VALUES}
        for setting, change in zip((0.1, 0.25, 0.5, 1.0), changes, strict=False)
    ]
    return {"questions": 900, "passed": True, "sliders": {"questions": 300, "off": VALUES, "settings": settings}}


@pytest.mark.parametrize(("high", "costs"), [(-0.001, True), (0.001, False)])
def test_what_cost_accuracy_beyond_chance_in_this_store_is_not_proposed(high: float, costs: bool) -> None:
    found = figures(measured((-0.01, -0.02, high), (-0.5, -0.6, -0.4)))
    assert found.costs_for_sure(Steering(calibration=0.1)) is costs
    assert found.costs_for_sure(Steering(calibration=0.3)), "so far, and all that lies before"
    assert not found.costs_for_sure(Steering(diversity=1.0)), "of it nothing is known"


def test_a_figure_that_is_missing_is_a_dash_and_its_column_stays_away() -> None:
    (table,) = figures(measured(None)).tables
    assert table.columns == ["Catalogue shown", "Concentration", "Novelty"]
    assert [(line.setting, line.accuracy) for line in table.lines] == [("Off", "–"), ("10 %", "–")]
    assert table.lines[1].figures == ["25.0 %", "0.900", "10.00 bits"]


def test_the_sentence_at_a_field_is_of_a_quarter_of_the_way() -> None:
    found = figures(measured((0.0, 0.0, 0.0), (-0.016, -0.025, -0.006)))
    assert found.sentences == {
        "calibration": "In your store’s exam 25 % of it changed accuracy by -1.6 % (-2.5 to -0.6)."
    }


def test_why_there_is_nothing_is_said() -> None:
    assert own_figures(None, Rail.FOR_YOU).lacking == NO_MODEL
    assert "needs 200 returning customers, and there were 12" in figures({"questions": 12, "passed": False}).lacking
    assert figures({"questions": 500, "passed": True}).lacking == TOO_OLD
    assert figures({}).lacking == TOO_OLD
    assert figures({"questions": 500, "passed": False}, Rail.ALSO_VIEWED).lacking == NOT_SHOWN
