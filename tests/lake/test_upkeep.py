"""Many files become few and old ones go; readers see each record once at every moment, also after a kill."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.lake import upkeep
from app.core.ids import CustomerId, OrderId
from app.core.shops import Shop
from app.services.checkpoints import carry_on
from app.services.compact_lake import compact_lake
from app.wiring.worker import Worker
from tests.devstore_fixture import environment
from tests.killing import dies
from tests.lake.conftest import ADA, AT, decision, event, rows, store, stored
from tests.lake.killed import TODAY, store_half, tidy

MARCH = AT.date()


def scattered(wiring: Worker, shop: Shop) -> list[str]:
    """Events in several files on several days of March, one of them twice; returns their ids."""
    for day in range(3):
        for batch in range(3):
            names = (f"e-{day}-{batch}", f"e-{day}-{batch + 1}")
            moments = [24.0 * 60 * day + int(name[-1]) for name in names]
            store(wiring, shop, *(event(n, minutes=m) for n, m in zip(names, moments, strict=True)))
    store(wiring, shop, decision("r-1"))
    store(wiring, shop, decision("r-1"), decision("r-2"))
    return sorted({f"e-{day}-{number}" for day in range(3) for number in range(4)})


def files(wiring: Worker, shop: Shop, kind: str = "events") -> list[str]:
    return [part.path.split("/kind=")[1].rpartition("/")[0] for part in wiring.lake_files.parts(shop.id, kind)]


def test_closed_days_become_one_file_each_and_doubles_go(wiring: Worker, shop: Shop) -> None:
    names = scattered(wiring, shop)
    assert len(stored(wiring, shop)) > len(names)
    gone = wiring.lake_upkeep.tidy(shop.id, today=MARCH + timedelta(days=5), checkpoint=carry_on)
    assert gone == 9 + 2
    assert files(wiring, shop) == [f"events/day=2026-03-{day}" for day in (10, 11, 12)]
    assert stored(wiring, shop) == names


def test_a_day_that_may_still_get_events_is_left_alone(wiring: Worker, shop: Shop) -> None:
    scattered(wiring, shop)
    wiring.lake_upkeep.tidy(shop.id, today=MARCH + timedelta(days=3), checkpoint=carry_on)
    assert Counter(files(wiring, shop)) == {
        "events/day=2026-03-10": 1,
        "events/day=2026-03-11": 3,
        "events/day=2026-03-12": 3,
    }


def test_a_small_shops_month_becomes_one_file_and_takes_late_events_in(wiring: Worker, shop: Shop) -> None:
    names = scattered(wiring, shop)
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert files(wiring, shop) == ["events/month=2026-03"]
    assert files(wiring, shop, "decisions") == ["decisions/month=2026-03"]
    store(wiring, shop, event("late"), event("e-0-0"))
    assert wiring.lake.read(shop.id, MARCH, MARCH, lambda dataset: dataset.count_rows()) == len(names) + 2
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert files(wiring, shop) == ["events/month=2026-03"]
    assert stored(wiring, shop) == sorted([*names, "late"])


def test_a_large_shop_keeps_its_days(wiring: Worker, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    scattered(wiring, shop)
    monkeypatch.setattr(upkeep, "SMALL", 1)
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert len(files(wiring, shop)) == 3


def test_merging_changes_no_value(wiring: Worker, shop: Shop) -> None:
    scattered(wiring, shop)
    before = {row["event_id"]: row for row in rows(wiring, shop)}
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert {row["event_id"]: row for row in rows(wiring, shop)} == before


@pytest.mark.parametrize(("at", "times"), [("merged", 1), ("merged", 4), ("part_deleted", 1), ("part_deleted", 2)])
def test_a_kill_while_merging_loses_nothing_and_the_next_night_goes_on(
    wiring: Worker, shop: Shop, at: str, times: int
) -> None:
    names = scattered(wiring, shop)
    before = {row["event_id"]: row for row in rows(wiring, shop)}
    assert dies(tidy, at, times, env=environment(wiring.settings))
    assert {row["event_id"]: row for row in rows(wiring, shop)} == before
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert stored(wiring, shop) == names
    assert files(wiring, shop) == ["events/month=2026-03"]


def test_a_consumer_killed_between_file_and_commit_has_its_batch_counted_once(wiring: Worker, shop: Shop) -> None:
    assert dies(store_half, env=environment(wiring.settings))
    assert stored(wiring, shop) == ["e-1", "e-2"]
    assert wiring.roll_ups.changed_days(shop.id) == []
    store(wiring, shop, event("e-1"), event("e-2"))
    assert stored(wiring, shop) == ["e-1", "e-2"]
    assert [each.day for each in wiring.roll_ups.changed_days(shop.id)] == [MARCH]


def test_readers_see_every_event_while_files_are_merged(wiring: Worker, shop: Shop) -> None:
    names = set(scattered(wiring, shop))
    over = threading.Event()
    seen: list[set[str]] = []

    def look() -> None:
        while not over.is_set():
            seen.append(set(stored(wiring, shop)))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for round in range(5):
            wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=lambda _name: time.sleep(0.002))
            store(wiring, shop, *(event(name) for name in sorted(names)[round : round + 2]))
    finally:
        over.set()
        reader.join()
    assert seen
    assert all(found == names for found in seen)


def test_a_damaged_file_is_set_aside_and_the_rest_is_read(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    store(wiring, shop, event("e-2"))
    first = wiring.lake_files.parts(shop.id, "events")[0]
    content = Path(first.path).read_bytes()
    lost = {row["event_id"] for row in rows(wiring, shop)}
    Path(first.path).write_bytes(content[: len(content) // 2])
    left = stored(wiring, shop)
    assert len(left) == 1
    assert set(left) < lost
    (aside,) = wiring.lake_files.damaged(shop.id)
    assert aside.path.endswith(f"/damaged-{first.path.rpartition('/')[2]}")
    assert stored(wiring, shop) == left


def test_a_file_damaged_inside_does_not_stop_the_merging(wiring: Worker, shop: Shop) -> None:
    for number in range(3):
        store(wiring, shop, *(event(f"e-{number}-{n}", query=f"{n * 7919 % 1000}") for n in range(200)))
    damaged = Path(wiring.lake_files.parts(shop.id, "events")[1].path)
    content = bytearray(damaged.read_bytes())
    content[100:600] = bytes(500)
    damaged.write_bytes(content)
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert len(stored(wiring, shop)) == 400
    assert len(wiring.lake_files.damaged(shop.id)) == 1


def test_what_is_older_than_the_term_goes_to_the_minute(wiring: Worker, shop: Shop) -> None:
    scattered(wiring, shop)
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    store(wiring, shop, event("younger", minutes=24 * 60 * 40))
    assert wiring.lake_upkeep.forget_before(shop.id, AT + timedelta(days=1, minutes=2)) == 4 + 2 + 2
    assert stored(wiring, shop) == ["e-1-2", "e-1-3", "e-2-0", "e-2-1", "e-2-2", "e-2-3", "younger"]
    assert wiring.lake_upkeep.forget_before(shop.id, AT + timedelta(days=60)) == 7
    assert files(wiring, shop) == []


def test_the_night_heeds_the_shops_own_term(wiring: Worker, shop: Shop) -> None:
    now = wiring.clock.now()
    store(wiring, shop, event("old", at=now - timedelta(days=91)), event("young", at=now - timedelta(days=89)))
    with wiring.database.shop(shop.id) as session:
        statement = "INSERT INTO settings (shop_id, name, value, updated_at) VALUES (:shop, 'retention', :value, now())"
        session.execute(text(statement), {"shop": shop.id, "value": '{"days": 90}'})
    assert compact_lake(shop, wiring.compacting)["forgotten"] == 1
    assert stored(wiring, shop) == ["young"]


def test_a_damaged_file_goes_with_its_term(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    (part,) = wiring.lake_files.parts(shop.id, "events")
    wiring.lake_files.set_aside(part.path)
    wiring.lake_upkeep.forget_before(shop.id, AT)
    assert len(wiring.lake_files.damaged(shop.id)) == 1
    wiring.lake_upkeep.forget_before(shop.id, AT + timedelta(days=1))
    assert wiring.lake_files.damaged(shop.id) == []


def test_decisions_leave_postgres_after_weeks_but_not_those_that_orders_refer_to(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, decision("r-1"), decision("r-2"))
    with wiring.database.shop(shop.id) as session:
        session.execute(
            text(
                "INSERT INTO orders (shop_id, id, name, currency, total, discounts, refunded, source_name, test, "
                "created_at, updated_at) VALUES (:shop, 77, '', 'EUR', 1, 0, 0, 'web', false, :at, :at)"
            ),
            {"shop": shop.id, "at": AT},
        )
        session.execute(
            text(
                "INSERT INTO order_lines (shop_id, id, order_id, quantity, current_quantity, unit_price, discount, "
                "request_id) VALUES (:shop, 1, 77, 1, 1, 1, 0, 'r-1')"
            ),
            {"shop": shop.id},
        )
    assert wiring.retention.apply(shop.id, now=AT + timedelta(days=44))["decisions"] == 0
    assert wiring.retention.apply(shop.id, now=AT + timedelta(days=46))["decisions"] == 1
    assert compact_lake(shop, wiring.compacting)["linked"] == 1
    with wiring.database.shop(shop.id) as session:
        session.execute(text("DELETE FROM decisions"))
    assert wiring.privacy.subject(shop.id, CustomerId(0), [OrderId(77)]).visitors == (ADA,)
    assert wiring.lake_files.parts(shop.id, "decisions"), "the lake has them all"


def test_halves_of_killed_writers_are_cleared_away_once_they_are_old(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    folder = Path(wiring.lake_files.parts(shop.id, "events")[0].folder)
    for name, age in (("old", 7 * 3600), ("young", 60)):
        half = folder / f".writing-{name}"
        half.write_bytes(b"PAR1")
        os.utime(half, (time.time() - age, time.time() - age))
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert [path.name for path in folder.glob(".writing-*")] == [".writing-young"]


def test_the_newest_event_is_known(wiring: Worker, shop: Shop) -> None:
    assert wiring.lake_upkeep.newest(shop.id) is None
    scattered(wiring, shop)
    assert wiring.lake_upkeep.newest(shop.id) == AT + timedelta(days=2, minutes=3)


def test_a_day_read_alone_brings_no_other(wiring: Worker, shop: Shop) -> None:
    scattered(wiring, shop)
    day = date(2026, 3, 11)
    found = wiring.lake.read(shop.id, day, day, lambda dataset: dataset.to_table(columns=["at"]).to_pylist())
    assert {row["at"].date() for row in found} == {day}
