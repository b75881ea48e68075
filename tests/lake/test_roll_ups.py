"""Figures by day: counted anew from the lake, by the shop's own days, whatever order and number events arrive in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.core.errors import Busy
from app.core.events import EventType
from app.core.ids import ClientId, ProductId
from app.core.shop_days import bounds, shop_days, zone_of
from app.core.shops import Shop
from app.services.roll_up_events import CLAIM, roll_up_events
from app.wiring.worker import Worker
from tests.devstore_fixture import environment
from tests.killing import dies
from tests.lake.conftest import ADA, AT, BOB, event, identity, store
from tests.lake.killed import roll_up
from tests.serving.catalogue import add_product, rows_of

DAY = date(2026, 3, 10)


def zone(wiring: Worker, shop: Shop, name: str) -> None:
    with wiring.database.shop(shop.id) as session:
        session.execute(
            text(
                "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at) "
                "VALUES (:shop, '', 'EUR', :zone, '', now()) ON CONFLICT (shop_id) DO UPDATE SET timezone = :zone"
            ),
            {"shop": shop.id, "zone": name},
        )


def counted(wiring: Worker, shop: Shop) -> dict[date, tuple[int, int]]:
    """Exposures and clicks by day."""
    found = wiring.reports.roll_up(shop.id, date(2025, 1, 1), date(2027, 1, 1))
    return {row.day: (row.exposures, row.clicks) for row in found}


def visits(wiring: Worker, shop: Shop) -> dict[date, tuple[int, int]]:
    """Visitors and sessions by day."""
    found = wiring.reports.visits(shop.id, date(2025, 1, 1), date(2027, 1, 1))
    return {row.day: (row.visitors, row.sessions) for row in found}


@pytest.fixture(autouse=True)
def _recently(wiring: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands a day after the events, so that no term of retention ends in a test that is run much later."""

    class Stopped:
        def now(self) -> datetime:
            return AT + timedelta(days=1)

    monkeypatch.setitem(wiring.__dict__, "clock", Stopped())


def test_events_are_counted_by_rail_and_type(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, *(event(f"e-{n}", EventType.EXPOSURE) for n in range(3)), event("e-9", EventType.CLICK))
    roll_up_events(shop, wiring.rolling_up)
    (row,) = wiring.reports.roll_up(shop.id, DAY, DAY)
    assert (row.placement, row.rail, row.exposures, row.clicks) == ("product", "bought_together", 3, 1)


def test_what_a_control_arm_would_have_shown_is_counted_apart(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.EXPOSURE), event("e-2", EventType.EXPOSURE, ghost=True))
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (1, 0)}
    with wiring.database.shop(shop.id) as session:
        rows = session.execute(text("SELECT type, count FROM event_counts ORDER BY type")).all()
    assert [tuple(row) for row in rows] == [("exposure", 1), ("ghost", 1)]


def test_impressions_of_new_products_are_counted_once_and_without_what_a_control_would_have_shown(
    wiring: Worker, shop: Shop
) -> None:
    with rows_of(wiring.database, shop.id) as connection:
        add_product(connection, shop.id, 1, created_at=AT - timedelta(days=59))
        add_product(connection, shop.id, 2, created_at=AT - timedelta(days=90))
        connection.commit()
    seen = [event(f"e-{n}", EventType.EXPOSURE) for n in range(3)]
    old = event("e-3", EventType.EXPOSURE, product_id=ProductId(2))
    store(wiring, shop, *seen, old, event("e-4", EventType.EXPOSURE, ghost=True), event("e-5", EventType.CLICK))
    store(wiring, shop, seen[0])
    for _ in range(2):
        roll_up_events(shop, wiring.rolling_up)
    assert wiring.pulse.impressions(shop.id, since=DAY) == {1: 3}
    store(wiring, shop, event("e-6", EventType.EXPOSURE, at=AT + timedelta(days=1)))
    roll_up_events(shop, wiring.rolling_up)
    assert wiring.pulse.impressions(shop.id, since=DAY) == {1: 4}
    assert wiring.pulse.impressions(shop.id, since=DAY + timedelta(days=1)) == {1: 1}


def test_what_is_delivered_again_in_another_batch_counts_once(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK), event("e-2", EventType.CLICK))
    store(wiring, shop, event("e-2", EventType.CLICK), event("e-3", EventType.CLICK))
    for _ in range(2):
        roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (0, 3)}


def test_a_late_event_of_yesterday_counts_yesterday(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK, at=datetime(2026, 3, 11, 0, 10, tzinfo=UTC)))
    roll_up_events(shop, wiring.rolling_up)
    store(wiring, shop, event("e-2", EventType.CLICK, at=datetime(2026, 3, 10, 23, 50, tzinfo=UTC)))
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (0, 1), date(2026, 3, 11): (0, 1)}
    # The visit that seemed to begin after midnight is now known to have begun before.
    assert visits(wiring, shop) == {DAY: (1, 1), date(2026, 3, 11): (1, 0)}


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Pacific/Auckland", date(2026, 3, 10), 24),
    ],
)
def test_a_day_is_the_shops_own_also_when_clocks_change(name: str, day: date, hours: int) -> None:
    since, until = bounds(day, zone_of(name))
    assert until - since == timedelta(hours=hours)
    assert since.astimezone(ZoneInfo(name)).date() == day
    assert (since - timedelta(seconds=1)).astimezone(ZoneInfo(name)).date() == day - timedelta(days=1)
    for moment in (since, until - timedelta(seconds=1)):
        assert day in shop_days(moment.astimezone(UTC).date(), zone_of(name))


def test_every_event_of_a_day_of_25_hours_is_counted_on_it(wiring: Worker, shop: Shop) -> None:
    zone(wiring, shop, "Europe/Berlin")
    since, until = bounds(date(2025, 10, 26), zone_of("Europe/Berlin"))
    moments = [since - timedelta(seconds=1), since, until - timedelta(seconds=1), until]
    store(wiring, shop, *(event(f"e-{n}", EventType.CLICK, at=moment) for n, moment in enumerate(moments)))
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {date(2025, 10, 25): (0, 1), date(2025, 10, 26): (0, 2), date(2025, 10, 27): (0, 1)}


def test_half_an_hour_without_an_event_ends_a_session(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, *(event(f"e-{n}", minutes=minutes) for n, minutes in enumerate((0, 30, 61, 200))))
    roll_up_events(shop, wiring.rolling_up)
    assert visits(wiring, shop) == {DAY: (1, 3)}


def test_a_browser_with_two_names_is_one_visitor(wiring: Worker, shop: Shop) -> None:
    store(
        wiring,
        shop,
        event("e-1"),
        event("e-2", visitor=None, client=ClientId("c-1"), minutes=1),
        identity("e-3", ADA, "c-1", minutes=2),
        event("e-4", visitor=BOB),
    )
    roll_up_events(shop, wiring.rolling_up)
    assert visits(wiring, shop) == {DAY: (2, 2)}


def test_when_all_is_counted_nothing_is_due(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    assert roll_up_events(shop, wiring.rolling_up) == 2  # The half hour after midnight belongs to the next day.
    assert wiring.roll_ups.changed_days(shop.id) == []
    assert not wiring.due_work.waits(shop.id, "roll_up")


def test_a_day_that_changes_while_it_is_counted_stays_due(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK))

    def meanwhile(reached: str) -> None:
        if reached == "counted" and len(wiring.roll_ups.changed_days(shop.id)) == 1:
            store(wiring, shop, event("e-2", EventType.CLICK), event("e-3", minutes=2 * 24 * 60))

    roll_up_events(shop, wiring.rolling_up, checkpoint=meanwhile)
    assert counted(wiring, shop) == {DAY: (0, 1)}
    assert [each.day for each in wiring.roll_ups.changed_days(shop.id)] == [DAY, DAY + timedelta(days=2)]
    assert wiring.due_work.waits(shop.id, "roll_up")
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (0, 2)}


@pytest.mark.parametrize("at", ["merged", "counted"])
def test_a_killed_count_stays_due_and_ends_as_if_nothing_had_happened(wiring: Worker, shop: Shop, at: str) -> None:
    for number in range(35):
        store(wiring, shop, event(f"e-{number}", EventType.CLICK), event(f"f-{number}", minutes=24 * 60))
    assert dies(roll_up, at, env=environment(wiring.settings))
    assert wiring.due_work.waits(shop.id, "roll_up")
    with wiring.database.shop(shop.id) as session:
        session.execute(text("DELETE FROM claims"))  # As if the dead worker's claim had run out.
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (0, 35)}
    assert visits(wiring, shop) == {DAY: (1, 1), DAY + timedelta(days=1): (1, 1)}
    assert not wiring.due_work.waits(shop.id, "roll_up")


def test_two_workers_do_not_count_the_same_shop_at_once(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    with wiring.claims.hold(shop.id, CLAIM, seconds=60), pytest.raises(Busy):
        roll_up_events(shop, wiring.rolling_up)
    assert wiring.due_work.waits(shop.id, "roll_up")


def test_a_corrected_time_zone_is_counted_by(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK, at=datetime(2026, 3, 10, 23, tzinfo=UTC)))
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {DAY: (0, 1)}
    zone(wiring, shop, "Europe/Berlin")
    assert wiring.roll_ups.mark_moved(shop.id) == 2
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {date(2026, 3, 11): (0, 1)}


def test_figures_of_days_whose_events_have_gone_stay(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK, at=AT - timedelta(days=500)))
    roll_up_events(shop, wiring.rolling_up)
    assert counted(wiring, shop) == {}
    assert wiring.roll_ups.changed_days(shop.id) == []


def test_a_day_of_many_small_files_is_merged_before_it_is_counted(wiring: Worker, shop: Shop) -> None:
    for number in range(40):
        store(wiring, shop, event(f"e-{number}", EventType.CLICK))
    roll_up_events(shop, wiring.rolling_up)
    assert len(wiring.lake_files.parts(shop.id, "events")) == 1
    assert counted(wiring, shop) == {DAY: (0, 40)}
