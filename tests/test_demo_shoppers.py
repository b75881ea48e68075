"""What the demo says of its simulated shoppers, read from the file that their program writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.demo_shoppers import SUMMARY, DemoShoppers
from devstore.shoppers.__main__ import _parser
from devstore.shoppers.tally import Tally


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    """What a crowd has counted, as its program writes it."""
    counted = Tally(visits=1200, bots=3, consenting=700, orders=40, consenting_orders=25, late=2)
    counted.sent(90, 202)
    counted.sent(4, 400)
    counted.row("attune:for_you").looked_at = 200
    counted.row("attune:for_you").clicks = 10
    return counted


def table(tmp_path: Path, tally: Tally) -> str:
    (tmp_path / SUMMARY).write_text(json.dumps(tally.as_json()))
    return DemoShoppers(tmp_path, 5).table()


def test_before_they_have_begun_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert (DemoShoppers(tmp_path, 5).table(), DemoShoppers(tmp_path, 5).events()) == ("", 0)


def test_the_table_tells_rows_visits_orders_and_events_and_that_they_are_simulated(
    tmp_path: Path, tally: Tally
) -> None:
    said = table(tmp_path, tally)
    assert said.startswith("simulated ")
    assert "attune:for_you" in said
    assert "5.0%" in said
    assert "1,200 visits (700 with consent), 3 runs of bots" in said
    assert "40 orders (25 with consent)" in said
    assert "90 events taken, 4 not, 2 rails asked in vain" in said
    assert "broken" not in said


def test_broken_answers_are_shown_once_each_the_most_frequent_first(tmp_path: Path, tally: Tally) -> None:
    for problem in ("GET /: 500", "POST /cart/add.js: 429", "POST /cart/add.js: 429"):
        tally.problem(problem)
    assert table(tmp_path, tally).endswith("3 broken answers, such as:\n  POST /cart/add.js: 429\n  GET /: 500")


def test_the_program_understands_how_it_is_started(tmp_path: Path) -> None:
    shoppers = DemoShoppers(tmp_path, 200)
    given = _parser().parse_args(shoppers.command("http://127.0.0.1:1")[3:])
    assert (given.shoppers, given.store, given.summary) == (200, "http://127.0.0.1:1", tmp_path / SUMMARY)
    assert str(given.tastes) in shoppers.store_arguments
