"""A crowd in a served store: it comes, looks, buys, and reports only what the app may know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devstore.shoppers.__main__ import main
from devstore.shoppers.crowd import Crowd
from devstore.shoppers.habits import HABITS, Habits
from devstore.shoppers.tally import Tally
from devstore.worlds import build
from devstore.worlds.taste import tastes_of
from tests.devstore_fixture import DevStore

HURRIED = replace(HABITS, mood=1.0, completion=0.9, declared_bots=0.0, hidden_bots=0.0)


@pytest.fixture
def crowd(devstore: DevStore) -> Callable[..., Tally]:
    """Runs a crowd to its end and gives its tally."""

    def run(*, visits: int = 12, size: int = 4, habits: Habits = HURRIED, seed: int = 5) -> Tally:
        tastes = tastes_of(build("small"))
        group = Crowd(devstore.origin, tastes, size, seed=seed, pace=1000, most_visits=visits, habits=habits)
        asyncio.run(group.run(report=lambda _: None, stop=asyncio.Event()))
        return group.tally

    return run


def orders(devstore: DevStore) -> int:
    return int(devstore.get("state")["counts"]["orders"])


def test_shoppers_look_at_pages_and_their_orders_stand_in_the_store(
    crowd: Callable[..., Tally], devstore: DevStore
) -> None:
    before = orders(devstore)
    tally = crowd(visits=30)
    assert (tally.errors, tally.problems) == (0, [])
    assert tally.visits >= 30
    assert tally.pages > 60
    assert {"theme:home", "theme:collection", "native", "random"} <= tally.rows.keys()
    assert all(tally.row(name).looked_at > 0 for name in tally.rows)
    assert orders(devstore) - before == tally.orders > 0


def test_bots_fetch_many_pages_and_buy_nothing(crowd: Callable[..., Tally], devstore: DevStore) -> None:
    before = orders(devstore)
    group = replace(HABITS, declared_bots=1.0, bot_pages=5)
    tastes = tastes_of(build("small"))
    bots = Crowd(devstore.origin, tastes, 2, seed=1, pace=1000, habits=group)

    async def a_while() -> None:
        stop = asyncio.Event()
        await bots.run(report=lambda tally: stop.set() if tally.pages >= 10 else None, stop=stop)

    asyncio.run(a_while())
    assert (bots.tally.visits, bots.tally.orders) == (0, 0)
    assert bots.tally.bots > 0
    assert orders(devstore) == before


def test_the_program_writes_its_counts_and_prints_its_table(
    devstore: DevStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tastes_of(build("small")).save(tmp_path / "tastes.npz")
    files = ["--tastes", str(tmp_path / "tastes.npz"), "--summary", str(tmp_path / "did.json")]
    main(["--store", devstore.origin, "--shoppers", "2", "--pace", "1000", "--visits", "3", *files])
    did: dict[str, Any] = json.loads((tmp_path / "did.json").read_text())
    assert did["visits"] >= 3
    assert "simulated" in capsys.readouterr().out


def test_a_store_that_is_not_there_ends_the_program_with_a_sentence(tmp_path: Path) -> None:
    tastes_of(build("small")).save(tmp_path / "tastes.npz")
    with pytest.raises(SystemExit, match="ConnectError"):
        main(["--store", "http://127.0.0.1:9", "--tastes", str(tmp_path / "tastes.npz")])


@pytest.mark.parametrize("wrong", [["--pace", "0"], ["--pace", "-1"], ["--pace", "inf"], ["--shoppers", "0"]])
def test_absurd_numbers_are_refused(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--store", "http://127.0.0.1:9", "--tastes", str(tmp_path / "tastes.npz"), *wrong])
