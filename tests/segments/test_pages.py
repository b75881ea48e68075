"""The pages of segments: a rule is built condition by condition, counted before it is saved, kept, renamed, deleted."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import httpx
import psycopg
import pytest

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import imported, rows, signed, text_of

__all__ = ["imported", "rows"]
PATH = "/admin/segments"
Work = Callable[[], None]


def send(app: RunningApp, devstore: DevStore, path: str, **form: str) -> httpx.Response:
    return app.http.post(path, data=form, headers=signed(devstore), follow_redirects=False)


def read(app: RunningApp, devstore: DevStore, path: str = PATH) -> str:
    return text_of(html.unescape(app.open(devstore, path).text))


def rule_in(address: str) -> str:
    return httpx.URL(address).params["rule"]


@pytest.fixture
def people(rows: psycopg.Connection, imported: Shop) -> None:
    """Every customer is a profile, whatever the import has already made of them."""
    rows.execute(
        "INSERT INTO profile_members (shop_id, kind, id, profile, standing) "
        "SELECT shop_id, 'customer', id::text, 'p' || id, 'own' FROM customers ON CONFLICT DO NOTHING"
    )


def added(app: RunningApp, devstore: DevStore, rule: str = "", **form: str) -> str:
    answer = send(app, devstore, f"{PATH}/new", rule=rule, **form)
    assert answer.status_code == 303, answer.text
    return rule_in(answer.headers["location"])


def test_before_the_first_count_the_page_says_what_to_do(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    shown = read(running_app, devstore)
    assert "None yet. A segment gathers" in shown
    assert "Count now" in shown


def test_a_rule_is_built_counted_saved_renamed_and_deleted(
    running_app: RunningApp, devstore: DevStore, imported: Shop, people: None, work: Work
) -> None:
    rule = added(running_app, devstore, figure="orders", least="1", time="ever", days="30")
    rule = added(running_app, devstore, rule, figure="orders", most="0", time="today", days="30")
    builder = read(running_app, devstore, f"{PATH}/new?rule={rule}")
    assert "Whoever ordered at least once and has not ordered today." in builder
    asked = send(running_app, devstore, f"{PATH}/previews", rule=rule)
    preview = httpx.URL(asked.headers["location"]).params["preview"]
    assert "Counting." in read(running_app, devstore, f"{PATH}/new?rule={rule}&preview={preview}")
    work()
    counted = read(running_app, devstore, f"{PATH}/new?rule={rule}&preview={preview}")
    found = re.search(r"([\d,]+) of ([\d,]+) customers", counted)
    assert found
    assert 0 < int(found[1].replace(",", "")) <= int(found[2].replace(",", ""))
    assert "has not ordered today" in counted
    saved = send(running_app, devstore, PATH, rule=rule, name="Came once")
    assert saved.status_code == 303
    work()
    address = saved.headers["location"]
    one = read(running_app, devstore, address)
    assert f"{found[1]} customer" in one
    assert "Because this customer" in one
    assert "Came" in one
    path = httpx.URL(address).path
    assert send(running_app, devstore, f"{path}/rename", name="Came back").status_code == 303
    assert "Came back" in read(running_app, devstore)
    assert send(running_app, devstore, f"{path}/delete").status_code == 303
    assert "Came back" not in read(running_app, devstore)
    assert running_app.open(devstore, path).status_code == 404


def test_conditions_are_taken_out_again_and_alternatives_join_the_last_one(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    rule = added(running_app, devstore, figure="views", least="3", time="today")
    rule = added(running_app, devstore, rule, figure="spent", least="49,90", time="days", days="90", joined="or")
    rule = added(running_app, devstore, rule, figure="stage", value="4")
    page = running_app.open(devstore, f"{PATH}/new?rule={rule}").text
    shown = text_of(html.unescape(page))
    assert "is at risk." in shown
    assert "or spent at least $49.90 USD in 90 days" in shown or "or spent at least" in shown
    first = html.unescape(re.findall(r'<s-button href="([^"]*)" variant="tertiary"', page)[0])
    assert "viewed a product" not in read(running_app, devstore, first)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"figure": "orders", "time": "ever"}, "least", "say how many"),
        ({"figure": "orders", "least": "many", "time": "ever"}, "least", "whole number"),
        ({"figure": "orders", "least": "5", "most": "2", "time": "ever"}, "least", "leaves nobody"),
        ({"figure": "orders", "least": "1", "time": "days", "days": "0"}, "days", "from 1 to 3650"),
        ({"figure": "spent", "least": "cheap", "time": "ever"}, "least", "an amount"),
        ({"figure": "recency", "most": "9"}, "most", "from 1 to 5"),
        ({"figure": "affinity", "least": "10"}, "about", "choose which"),
        ({"figure": "nonsense", "least": "10"}, "figure", "what it is about"),
    ],
)
def test_a_field_that_does_not_fit_is_refused_at_its_place(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, fields: dict[str, str], field: str, words: str
) -> None:
    answer = send(running_app, devstore, f"{PATH}/new", rule="", **fields)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert words in answer.json()["detail"]


def test_what_cannot_be_saved_is_said(running_app: RunningApp, devstore: DevStore, imported: Shop) -> None:
    rule = '{"figure":"orders","least":1}'
    assert send(running_app, devstore, PATH, rule=rule, name=" ").json()["field"] == "name"
    assert send(running_app, devstore, PATH, rule="", name="Nobody").json()["detail"] == "add a condition first"
    gone = '{"figure":"orders","about":{"kind":"collection","key":"404"},"least":1}'
    assert "no collection" in send(running_app, devstore, PATH, rule=gone, name="Gone").json()["detail"]
    assert send(running_app, devstore, PATH, rule=rule, name="Twice").status_code == 303
    again = send(running_app, devstore, PATH, rule=rule, name="twice")
    assert (again.status_code, "another segment" in again.json()["detail"]) == (409, True)
    broken = read(running_app, devstore, PATH + "/new?rule={broken")
    assert "This rule is not understood" in broken


def test_a_built_in_segment_can_be_copied_but_not_changed(
    running_app: RunningApp, devstore: DevStore, imported: Shop, people: None, work: Work
) -> None:
    send(running_app, devstore, f"{PATH}/count")
    work()
    one = next(each for each in running_app.wiring.segments.all(imported.id) if each.key == "champions")
    assert send(running_app, devstore, f"{PATH}/{one.id}/delete").status_code == 409
    page = running_app.open(devstore, f"{PATH}/{one.id}").text
    again = re.search(r'slot="secondary-actions" href="([^"]*)"', page)
    assert again
    assert "recency score of at least 4" in read(running_app, devstore, html.unescape(again[1]))
