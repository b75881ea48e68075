"""`attune report`: what the hold-out measured, beside what followed a click, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli.report import command
from app.cli.report_lift import document, show
from app.config import Settings
from app.core.experiments.types import Status
from app.core.shops import Shop
from app.ports import Change
from app.services.report_lift import LiftReport, report_lift
from app.services.roll_up_events import roll_up_events
from app.wiring.worker import Worker
from tests.devstore_fixture import environment
from tests.experiments.register import SetClock
from tests.experiments.store import DRAFT, HOLD_OUT, PROFILE, START, ObservedStore, moment

FIRST, LAST = START.date(), START.date() + timedelta(days=20)
VISITORS = 120
"""In each arm; every third of the control's buys, every second of the others."""


@pytest.fixture
def store(settings: Settings, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObservedStore]:
    wiring = Worker(settings)
    monkeypatch.setitem(wiring.__dict__, "clock", SetClock(START + timedelta(days=20)))
    with wiring.database.shop(shop.id) as session:
        session.execute(text(PROFILE), {"shop": shop.id, "zone": "Europe/Berlin"})
    yield ObservedStore(wiring, shop, wiring.clock)  # type: ignore[arg-type]
    wiring.close()


def live(store: ObservedStore) -> None:
    """Three weeks of a hold-out in which those with Attune buy more often; every tenth of them after a click."""
    store.run(HOLD_OUT)
    for number in range(VISITORS):
        hours = number * 4.0
        store.see(2 * number, "control", hours, ghost=True)
        request = store.see(2 * number + 1, "attune", hours)
        if number % 3 == 0:
            store.buy(2 * number, hours + 1, 1000 + number)
        if number % 2 == 0:
            clicked = number % 10 == 0
            if clicked:
                store.click(2 * number + 1, request, hours)
            store.buy(2 * number + 1, hours + 1, 1000 + number, request=request if clicked else None)
    store.settle()


def measured(store: ObservedStore, first: date = FIRST, last: date = LAST) -> LiftReport:
    return report_lift(store.shop, store.wiring.reading, first=first, last=last)


def test_the_hold_out_tells_lift_beside_what_followed_a_click(store: ObservedStore) -> None:
    live(store)
    made = measured(store)
    assert made.hold_out is not None
    assert (made.hold_out.control.units, made.hold_out.treated.units) == (VISITORS, VISITORS)
    lift = made.hold_out.verdict.arms[0].lifts["conversion"]  # type: ignore[index]
    assert lift is not None
    assert (lift.control_value, lift.value) == (40 / VISITORS, 60 / VISITORS)
    assert lift.low < lift.relative < lift.high
    assert made.hold_out.reading.clicked_revenue["attune"] == sum(1000 + n for n in range(0, VISITORS, 10))  # type: ignore[index]


def test_only_the_orders_of_the_reports_days_count(store: ObservedStore) -> None:
    live(store)
    whole, part = measured(store).hold_out, measured(store, last=FIRST + timedelta(days=4)).hold_out
    later = measured(store, first=FIRST + timedelta(days=5)).hold_out
    assert whole is not None
    assert part is not None
    assert later is not None
    assert part.treated.orders + later.treated.orders == whole.treated.orders == 60
    assert 0 < part.treated.orders < 60


def draft(store: ObservedStore) -> None:
    store.wiring.experiments.add(store.shop.id, HOLD_OUT, Change(START, "Alice", "Proposed."))


def ended(store: ObservedStore) -> None:
    id = store.run(HOLD_OUT, start=START - timedelta(days=30))
    stopped = replace(HOLD_OUT, id=id, status=Status.STOPPED)
    store.wiring.experiments.replace(store.shop.id, stopped, Change(START - timedelta(days=3), "Alice", "Stopped."))


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda store: None, "there is no hold-out"),
        (lambda store: store.run(HOLD_OUT), "nobody was seen in the hold-out"),
        (lambda store: store.run(HOLD_OUT, start=moment(30 * 24)), "the hold-out began on 2026-04-01"),
        (draft, "has not been started"),
        (ended, "the hold-out ended on 2026-02-"),
    ],
)
def test_what_is_missing_is_said(store: ObservedStore, prepare: Any, words: str) -> None:
    prepare(store)
    made = measured(store)
    assert made.hold_out is None
    assert words in made.missing


def test_days_that_have_not_come_or_are_forgotten_are_called_so(store: ObservedStore) -> None:
    live(store)
    coming = measured(store, first=LAST + timedelta(days=9), last=LAST + timedelta(days=10))
    assert "have not come yet" in coming.missing
    store.keep_for(10)
    assert "what visitors did before 2026-03-12 is no longer kept" in measured(store, last=FIRST).missing


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
def test_the_hold_outs_days_are_the_shops_own(
    store: ObservedStore, zone: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with store.wiring.database.shop(store.shop.id) as session:
        session.execute(text(PROFILE), {"shop": store.shop.id, "zone": zone})
    live(store)
    show(store.shop, measured(store, FIRST + timedelta(days=2), FIRST + timedelta(days=4)), simulated=False)
    assert "against its hold-out, 2026-03-04 to 2026-03-06" in capsys.readouterr().out


def test_running_experiments_say_their_sentence(store: ObservedStore) -> None:
    store.run(DRAFT)
    (said,) = measured(store).experiments
    assert said.verdict.decision.sentence.startswith("Keep running: nobody has seen")


@pytest.fixture
def commanded(store: ObservedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command's output and its document."""
    for name, value in environment(store.wiring.settings).items():
        monkeypatch.setenv(name, value)

    def run() -> tuple[str, Any]:
        roll_up_events(store.shop, store.wiring.rolling_up)
        file = tmp_path / "report.json"
        asked = ["alice", "--from", str(FIRST), "--to", str(LAST), "--json", str(file)]
        ran = CliRunner().invoke(command, asked, env={"COLUMNS": "200"})
        assert ran.exit_code == 0, ran.output
        return ran.output, orjson.loads(file.read_bytes())

    return run


def test_the_command_prints_lifts_with_their_intervals(store: ObservedStore, commanded: Any) -> None:
    live(store)
    output, written = commanded()
    assert "alice.myshopify.com against its hold-out" in output
    for words in ("conversion", "33.3 %", "50.0 %", "revenue per visitor", "95 % interval", "Chance to win"):
        assert words in output
    assert "Attributed after a click: €126.60 EUR; measured lift: " in output
    assert "per 1,000 visitors (95 % interval" in output
    assert "simulated" not in output
    lift = written["hold_out"]["lifts"]["attune"]["conversion"]
    assert lift["low"] < lift["relative"] < lift["high"]
    assert written["hold_out"]["incremental"]["units"] == VISITORS
    assert (written["simulated"], written["hold_out_missing"]) == (False, "")


def test_lift_of_a_simulated_shop_is_called_simulated(
    store: ObservedStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    live(store)
    made = measured(store)
    show(store.shop, made, simulated=True)
    printed = capsys.readouterr().out
    for words in ("its hold-out (simulated)", "Hold-out (simulated): ", "measured lift (simulated): "):
        assert words in printed
    assert document(made, simulated=True)["simulated"] is True


def test_the_command_says_what_is_missing(store: ObservedStore, commanded: Any) -> None:
    output, written = commanded()
    assert "there is no hold-out" in output
    assert written["hold_out"] is None


def test_ghosts_are_no_exposures_of_the_table(store: ObservedStore, commanded: Any) -> None:
    store.run(HOLD_OUT)
    store.see(1, "control", cards=3, ghost=True)
    store.see(2, "attune", cards=2)
    store.settle()
    _, written = commanded()
    assert [row["exposures"] for row in written["totals"]] == [2]
