"""The sliders' page: tried before they are saved, saved for everybody, and taken back, with who did it and when."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from app.core.recommend.steering import Steering
from app.core.recommend.steering_costs import BRINGS, MEASURED
from app.core.recommend.types import Rail
from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import signed, text_of

RAIL = "/admin/steering?rail=for_you"
DOCUMENT = Path(__file__).parents[2] / "docs" / "steering.md"


def save(app: RunningApp, devstore: DevStore, path: str = "/admin/steering", **form: str) -> tuple[int, str]:
    answer = app.http.post(path, data=form, headers=signed(devstore), follow_redirects=False)
    return answer.status_code, answer.text


def in_force(app: RunningApp, shop: Shop) -> Steering | None:
    kept = app.wiring.steering.in_force(shop.id).get(Rail.FOR_YOU)
    return kept.steering if kept else None


def test_what_is_tried_is_shown_beside_what_is_and_is_not_saved(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    rail = "/admin/steering?rail=bought_together"
    assert "With these sliders" not in running_app.open(devstore, rail).text
    tried = running_app.open(devstore, f"{rail}&popularity=100&exploration=20").text
    read = text_of(tried)
    assert "You would change: Less of what sells anyway 0 % → 100 %, Trying other products 0 % → 20 %." in read
    assert "With these sliders" in read
    assert "Places that are drawn are not shown here" in read
    rows = re.findall(r"<s-table-cell>(\d+)</s-table-cell>\s*<s-table-cell>([^<]*)</s-table-cell>", tried)
    assert [int(place) for place, _ in rows] == list(range(1, 9))
    assert '<s-text type="strong">' in tried, "some place holds another product"
    assert running_app.wiring.steering.in_force(trained.id) == {}


def test_what_was_tried_is_saved_with_who_did_it_and_can_be_taken_back(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    assert save(running_app, devstore, rail="for_you", seen="0", diversity="25")[0] == 303
    assert in_force(running_app, trained) == Steering(diversity=0.25)
    page = running_app.open(devstore, RAIL).text
    assert 'name="diversity" value="25"' in page
    read = text_of(page)
    assert "Variety within a row 0 % → 25 %" in read
    assert "Shopify user" in read
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    back = {"rail": "for_you", "seen": seen[1], "to": "0"}
    assert save(running_app, devstore, "/admin/steering/take-back", **back)[0] == 303
    assert in_force(running_app, trained) == Steering()
    assert "Taken back" in text_of(running_app.open(devstore, RAIL).text)


@pytest.mark.parametrize("text", ["101", "-1", "many", "nan", "1e400"])
def test_a_number_that_does_not_fit_is_refused_at_its_field(
    running_app: RunningApp, devstore: DevStore, imported: Shop, text: str
) -> None:
    status, answer = save(running_app, devstore, rail="for_you", seen="0", diversity=text)
    assert (status, '"field":"diversity"' in answer) == (400, True)
    page = html.unescape(running_app.open(devstore, f"{RAIL}&diversity={text}").text)
    assert "as a number from 0 (off) to 100" in page
    assert in_force(running_app, imported) is None


def test_what_a_rail_cannot_use_is_said_and_has_no_field(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    page = running_app.open(devstore, "/admin/steering?rail=also_viewed").text
    assert "What your products cost you is not read from your store" in html.unescape(page)
    assert "no place for products of which nothing is known" in html.unescape(page)
    assert 'name="margin"' not in page
    assert 'name="new_products"' not in page.split('method="post"')[0]
    assert save(running_app, devstore, rail="for_you", seen="0", margin="50")[0] == 409
    assert running_app.open(devstore, "/admin/steering?rail=complete_the_look").status_code == 404
    assert save(running_app, devstore, rail="nonsense", seen="0")[0] == 400


def test_the_figures_on_the_page_are_those_of_the_document() -> None:
    document = DOCUMENT.read_text()
    retail = document[document.index("Online Retail, all items:") : document.index("The same among items")]
    beauty = document[document.index("The same among items") : document.index("How far to trust it")]
    columns = [one.strip() for one in retail.split("\n| sliders |")[1].split("\n")[0].split("|")[:-1]]
    off = _line(retail, "none")
    for name, costs in MEASURED.items():
        figure, none = BRINGS[name]
        assert float(off[columns.index(figure)]) == pytest.approx(none)
        for one in costs:
            found, others = (_line(part, f"{name} {one.setting:g}") for part in (retail, beauty))
            assert float(found[columns.index(figure)]) == pytest.approx(one.brings), one
            for cell, change in ((found[0], one.retail), (others[3], one.beauty)):
                assert f"({change.mean:+.1f}: {change.low:+.1f} to {change.high:+.1f})" in cell


def _line(table: str, name: str) -> list[str]:
    """The cells of the table's line behind its name."""
    line = next(line for line in table.split("\n") if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]
