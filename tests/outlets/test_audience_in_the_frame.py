"""Segments are told to Shopify from the admin's frame: the merchant presses, Shopify asks for access, it is done."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.outlets.test_audience_page import agreed, best, imported, rows
from tests.pages.conftest import Work
from tests.pages.test_in_the_frame import WIDE, WIDER_THAN_ITS_PLACE, Merchant, browser, merchant, width

__all__ = ["agreed", "best", "browser", "imported", "merchant", "rows", "width"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE])
def test_shopify_asks_for_access_when_it_is_switched_on(
    merchant: Merchant, devstore: DevStore, running_app: RunningApp, agreed: Shop, best: list[str], work: Work
) -> None:
    granted = [scope for scope in devstore.get("state")["scopes"] if scope != "write_customers"]
    devstore.post("scopes", granted=granted)
    frame = merchant.open("/admin/audiences")
    press = frame.locator("s-button", has_text="Write segments to customers")
    press.click()
    merchant.page.get_by_role("button", name="Cancel").click()
    expect(frame.locator("[data-problem]:not([hidden])")).to_contain_text("Nothing was changed")
    press.click()
    merchant.page.get_by_role("button", name="Update").click()
    expect(frame.locator("s-button", has_text="Switch off and remove it all")).to_be_visible()
    assert "write_customers" in devstore.get("state")["scopes"]
    devstore.flush()
    work()
    merchant.open("/admin/audiences")
    expect(frame.locator("body")).to_contain_text("carry it.")
    assert merchant.complaints == []


def test_nothing_is_wider_than_its_place(
    merchant: Merchant, running_app: RunningApp, agreed: Shop, best: list[str], rows: object
) -> None:
    segment = running_app.wiring.segments.all(agreed.id)[0].id
    for path in ("/admin/audiences", f"/admin/segments/{segment}"):
        body = merchant.open(path).locator("body")
        merchant.page.wait_for_timeout(300)
        assert body.evaluate(WIDER_THAN_ITS_PLACE) == [0, []], path
    assert merchant.complaints == []
