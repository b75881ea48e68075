"""Ad spend out of CSV files: amounts as people write them, corrections, days that come twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.core.shops import Shop
from app.core.sources.contract import Source
from app.ports.sources import SourceDelivery
from app.wiring.worker import Worker
from tests.sources.conftest import table

Bring = Callable[..., SourceDelivery]


def spent(day: str = "2026-03-01", channel: str = "Meta", cost: object = "10.50", **facts: object) -> dict[str, object]:
    return {"Date": day, "Channel": channel, "Campaign name": "Spring", "Amount spent": cost, "Clicks": "12", **facts}


def costs(wiring: Worker, shop: Shop) -> dict[tuple[str, str], int]:
    with wiring.database.shop(shop.id) as session:
        rows = session.execute(text("SELECT day, channel, cost FROM ad_spend ORDER BY day, channel")).all()
    return {(str(row.day), row.channel): row.cost for row in rows}


@pytest.mark.parametrize(
    ("written", "cents"),
    [("10.50", 1050), ("10,50", 1050), ("1.234,56 €", 123456), ("$1,234.56", 123456), ("1,234", 123400), ("0", 0)],
)
def test_amounts_are_read_as_people_write_them(
    bring: Bring, wiring: Worker, stocked: Shop, written: str, cents: int
) -> None:
    bring(Source.AD_SPEND, table([spent(cost=written)], delimiter=";"))
    assert costs(wiring, stocked) == {("2026-03-01", "Meta"): cents}


def test_a_later_file_corrects_and_a_repeated_one_changes_nothing(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    bring(Source.AD_SPEND, table([spent(), spent(channel="Google", cost="3")]))
    again = bring(Source.AD_SPEND, table([spent(), spent("2026-03-02")]), name="next")
    assert (again.report["taken"], again.report["again"], again.report["changed"]) == (1, 1, 0)
    corrected = bring(Source.AD_SPEND, table([spent(cost="11")]), name="corrected")
    assert (corrected.report["taken"], corrected.report["changed"]) == (1, 1)
    assert costs(wiring, stocked) == {
        ("2026-03-01", "Google"): 300,
        ("2026-03-01", "Meta"): 1100,
        ("2026-03-02", "Meta"): 1050,
    }


def test_two_rows_of_a_file_that_contradict_each_other_are_named(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    done = bring(Source.AD_SPEND, table([spent(), spent(), spent(cost="99")]))
    assert (done.report["taken"], done.report["again"]) == (1, 1)
    assert [problem["row"] for problem in done.report["problems"]] == [4]
    assert costs(wiring, stocked) == {("2026-03-01", "Meta"): 1050}


def test_what_cannot_be_is_refused(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    rows: list[dict[str, Any]] = [
        spent("2026-03-11"),
        spent(cost="-4"),
        spent(cost="much"),
        spent(channel=""),
        spent("2026-02-30"),
        {**spent(), "Clicks": "1.5"},
    ]
    done = bring(Source.AD_SPEND, table(rows))
    assert (done.report["taken"], sum(done.report["refused"].values())) == (0, 6)
    assert costs(wiring, stocked) == {}
