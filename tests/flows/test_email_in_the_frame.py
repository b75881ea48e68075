"""The e-mail page as the merchant uses it, in a browser: one click, and nothing wider than its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from app.core.shops import Shop
from tests.browser.chromium import running_chromium
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from tests.pages.conftest import Work
from tests.pages.test_in_the_frame import NARROW, WIDE, WIDER_THAN_ITS_PLACE, Merchant

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.fixture
def merchant(browser: Browser, devstore: DevStore, running_app: RunningApp) -> Iterator[Merchant]:
    context = browser.new_context(viewport={"width": WIDE, "height": 900})
    merchant = Merchant(context.new_page(), devstore.origin)
    yield merchant
    merchant.leave()
    context.close()
    devstore.flush()


def test_one_click_makes_drafts_and_the_page_shows_them(
    merchant: Merchant, klaviyo_shop: Shop, twin: Twin, work: Work
) -> None:
    frame = merchant.open("/admin/email")
    frame.locator("s-button", has_text="Make drafts in Klaviyo").click()
    expect(frame.locator("body")).to_contain_text("Being made in Klaviyo")
    work()
    for width in (WIDE, NARROW):
        merchant.page.set_viewport_size({"width": width, "height": 900})
        frame = merchant.open("/admin/email")
        expect(frame.locator("body")).to_contain_text("Look again, and make what is missing")
        assert frame.locator("body").evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    assert merchant.complaints == []
