"""A merchant makes a segment in the admin's frame, in a real browser, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import imported, rows
from tests.pages.test_in_the_frame import (
    NARROW,
    WIDE,
    WIDER_THAN_ITS_PLACE,
    Merchant,
    browser,
    merchant,
    width,
)
from tests.segments.test_pages import PATH, people, send

pytestmark = pytest.mark.browser
__all__ = ["NARROW", "WIDE", "browser", "imported", "merchant", "people", "rows", "width"]
Work = Callable[[], None]


def fits(one: Merchant) -> bool:
    one.page.wait_for_timeout(300)
    return bool(one.frame.locator("body").evaluate(WIDER_THAN_ITS_PLACE) == [0, []])


def test_a_segment_is_made_counted_and_shown(
    merchant: Merchant,
    running_app: RunningApp,
    devstore: DevStore,
    imported: Shop,
    rows: psycopg.Connection,
    people: None,
    work: Work,
) -> None:
    frame = merchant.open(PATH)
    assert fits(merchant)
    frame.locator("s-button", has_text="New segment").click()
    merchant.heading("New segment")
    frame.locator("s-link", has_text="Orders").first.click()
    frame.locator('s-text-field[name="least"] input').fill("1")
    assert fits(merchant)
    frame.locator("s-button", has_text="Add to the rule").click()
    frame.locator("s-text", has_text="Whoever ordered at least once in 30 days.").wait_for()
    frame.locator("s-button", has_text="Count them").click()
    frame.locator("[data-waits]").wait_for()
    work()
    frame.locator("s-text", has_text="customers").filter(has_text=" of ").wait_for()
    assert fits(merchant)
    frame.locator('s-text-field[name="name"] input').fill("Bought this month")
    frame.locator("s-button", has_text="Save the segment").click()
    merchant.heading("Bought this month")
    work()
    merchant.open(str(merchant.page.frames[-1].url).partition("?")[0].partition("/admin")[2].join(["/admin", ""]))
    merchant.heading("Bought this month")
    assert fits(merchant)
    send(running_app, devstore, f"{PATH}/count")
    work()
    merchant.open(PATH)
    frame.locator("s-link", has_text="Champions").wait_for()
    assert fits(merchant)
    assert merchant.complaints == []
