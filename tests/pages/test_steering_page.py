"""The sliders' page: tried before they are saved, saved for everybody, and taken back, with who did it and when."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from app.core.recommend.slider_exam import SliderExam
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
    assert "You would change: Less of what sells anyway from 0 % to 100 %, Trying other" in read
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
    assert "A good start here" in page
    read = text_of(page)
    assert "Variety within a row from 0 % to 25 %" in read
    assert "Shopify user" in read
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    assert save(running_app, devstore, rail="for_you", seen=seen[1], calibration="10")[0] == 303
    page = running_app.open(devstore, RAIL).text
    assert "A good start here" not in page
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
    assert "“Variety within a row” must be a number from 0 (off) to 100." in page
    assert in_force(running_app, imported) is None


def test_what_was_typed_stays_in_its_field_when_another_one_is_wrong(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    page = html.unescape(running_app.open(devstore, f"{RAIL}&diversity=many&popularity=30").text)
    assert 'name="diversity" value="many"' in page
    assert 'name="popularity" value="30"' in page
    assert "Save for all shoppers" not in page


def test_what_a_slider_costs_is_read_off_the_exam_of_this_store(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(html.unescape(running_app.open(devstore, "/admin/steering?rail=bought_together").text))
    model = running_app.wiring.models.in_use(trained.id)
    assert model is not None
    measured = SliderExam.of(model.metrics["rails"]["bought_together"])
    assert measured is not None
    assert f"Measured in your store: {measured.questions} orders" in read
    off = measured.off["coverage"]
    assert off is not None
    assert f"Off – {100 * off:.1f} %" in read
    for one in measured.settings:
        assert one.change is not None
        accuracy = "{:+.1f} % ({:+.1f} to {:+.1f})".format(*(round(100 * part, 1) + 0.0 for part in one.change))
        coverage = one.values["coverage"]
        assert coverage is not None
        assert f"{100 * one.setting:g} % {accuracy} {100 * coverage:.1f} %" in read
    assert "gift shop" not in read


def test_where_nothing_was_measured_in_this_store_the_page_says_so_and_whose_figures_it_shows(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(running_app.open(devstore, RAIL).text)
    assert "the exam of this rail needs 200 returning customers, and there were" in read
    assert "purchases of a gift shop" in read
    assert "Measured in your store" not in read


def test_before_the_first_training_the_page_says_what_it_takes(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    read = text_of(running_app.open(devstore, RAIL).text)
    assert "that takes a trained model" in read
    assert "Nothing can be recommended here now" in read


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
