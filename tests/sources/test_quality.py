"""How good a source is: by the weekday, by what is empty, repeated and unknown; measured, shown, told by the doctor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from app.cli.doctor_sources import sources
from app.core.findings import Grade
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.quality import Judged, Measured, expected, judge
from app.ports.sources import SourceDelivery
from app.services.data_quality import measure_sources
from app.wiring.worker import Worker
from tests.lake.conftest import event, store
from tests.sources.conftest import ADA, NOW, lines, table
from tests.sources.test_ga4 import hit
from tests.sources.test_tickets import ticket

Bring = Callable[..., SourceDelivery]
TODAY = NOW.date()


def by_weekday(weekday: int, weekend: int, *, weeks: int = 9) -> dict[date, int]:
    days = (TODAY - timedelta(days=back) for back in range(1, 7 * weeks))
    return {day: weekend if day.weekday() >= 5 else weekday for day in days}


def line(judged: list[Judged], check: str) -> Judged:
    return next(one for one in judged if one.check == check)


def test_a_sunday_is_compared_with_sundays() -> None:
    days = by_weekday(1000, 100)
    sunday = TODAY - timedelta(days=TODAY.weekday() + 1)
    low, high = expected(days, sunday) or (0, 0)
    assert low < 100 < high < 1000
    assert expected(days, sunday + timedelta(days=1)) != (low, high)


def test_nothing_is_expected_of_a_source_that_is_new() -> None:
    assert expected(by_weekday(10, 10, weeks=2), TODAY - timedelta(days=1)) is None
    assert expected({}, TODAY) is None


def test_a_day_that_fell_out_fails_and_half_a_day_is_warned_of() -> None:
    days = by_weekday(1000, 1000)
    yesterday = TODAY - timedelta(days=1)
    for count, grade in ((1000, Grade.PASS), (400, Grade.WARN), (2500, Grade.WARN), (0, Grade.FAIL)):
        measured = Measured(Source.STOREFRONT, newest=NOW, days={**days, yesterday: count}, rows=28_000)
        assert line(judge(measured, NOW), "volume").grade is grade, count


def test_shares_are_judged_with_the_remedy() -> None:
    measured = Measured(
        Source.KLAVIYO,
        newest=NOW - timedelta(days=40),
        days={TODAY - timedelta(days=40): 100},
        rows=100,
        empty={"email_hash": 70, "klaviyo": 0},
        repeated=50,
        naming={"customers": 30},
        unmatched={"customers": 30},
        refused=3,
    )
    judged = judge(measured, NOW)
    grades = {one.check: one.grade for one in judged}
    assert grades == {
        "freshness": Grade.WARN,
        "volume": Grade.PASS,
        "empty fields": Grade.FAIL,
        "repeated rows": Grade.WARN,
        "unknown customers": Grade.WARN,
        "refused rows": Grade.WARN,
    }
    assert all(bool(one.remedy) is (one.grade is not Grade.PASS) for one in judged)


def test_a_source_that_nobody_uses_is_no_alarm() -> None:
    (only,) = judge(Measured(Source.GA4), NOW)
    assert (only.grade, only.detail) == (Grade.PASS, "nothing has come yet")


def test_what_is_stored_is_measured_as_it_is(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    strange = [hit(after_us=100 + number, items=[{"item_id": "GONE"}]) for number in range(5)]
    bring(Source.GA4, lines([*(hit(after_us=number) for number in range(30)), *strange]))
    bring(Source.GA4, lines([hit(after_us=number) for number in range(10)]), name="again")
    rows = [ticket(number, **{"Requester email": ADA if number % 2 else ""}) for number in range(20)]
    bring(Source.TICKETS, table([*rows, ticket(99, **{"Created at": "never"})]))
    bring(Source.STOCK, table([{"sku": "VASE", "available": 1}, {"sku": "GONE", "available": 1}]))
    views = [event(f"e{number}", at=NOW - timedelta(days=1), product_id=1 + number % 4) for number in range(40)]
    store(wiring, stocked, *views)
    store(wiring, stocked, *views[:4], event("late", at=NOW))
    ports = wiring.measuring_sources
    found = {
        one.source: one for each in ports.measures for one in each.measure(stocked.id, now=NOW, since=date(2026, 1, 1))
    }
    ga4, desk, own, stock = (found[one] for one in (Source.GA4, Source.TICKETS, Source.STOREFRONT, Source.STOCK))
    assert (ga4.rows, ga4.days, ga4.repeated) == (35, {date(2026, 3, 1): 35}, 10)
    assert (ga4.naming, ga4.unmatched) == ({"products": 30}, {"products": 0}), "what is unknown is named in the report"
    assert (desk.rows, desk.empty["email_hash"], desk.refused, desk.naming) == (20, 10, 1, {"customers": 10})
    assert (own.rows, own.repeated, own.unmatched) == (41, 4, {"products": 20})
    assert own.days == {date(2026, 3, 9): 40, date(2026, 3, 10): 1}
    assert (stock.naming, stock.unmatched) == ({"variants": 2}, {"variants": 1})
    assert found[Source.SHOPIFY].newest == NOW


def test_the_doctor_says_what_was_measured(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    bring(Source.TICKETS, table([ticket(1), ticket(2, **{"Created at": "never"})]))
    measure_sources(stocked, wiring.measuring_sources)
    lines = {one.subject: one for one in sources(wiring, stocked)}
    assert lines["Customer service: refused rows"].grade is Grade.WARN
    assert "the delivery's page lists rows and reasons" in lines["Customer service: refused rows"].remedy
    assert lines["Google Analytics 4: freshness"].grade is Grade.PASS
    at, judged = wiring.source_quality.latest(stocked.id)
    assert (at, len(judged)) == (NOW, len(lines))


def test_the_doctor_measures_what_nobody_has_measured(wiring: Worker, stocked: Shop) -> None:
    assert wiring.source_quality.latest(stocked.id)[0] is None
    assert any(one.subject == "Shopify: freshness" for one in sources(wiring, stocked))
    assert isinstance(wiring.source_quality.latest(stocked.id)[0], datetime)
