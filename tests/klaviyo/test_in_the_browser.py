"""The Klaviyo page in the merchant's browser, through Klaviyo's page of agreement and back, at both widths."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from app.core.shops import Shop
from tests.browser.chromium import running_chromium
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from tests.pages.test_in_the_frame import WIDER_THAN_ITS_PLACE, Merchant

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture(params=[1280, 390])
def merchant(
    browser: Browser, devstore: DevStore, running_app: RunningApp, request: pytest.FixtureRequest
) -> Iterator[Merchant]:
    context = browser.new_context(viewport={"width": request.param, "height": 900}, reduced_motion="reduce")
    merchant = Merchant(context.new_page(), devstore.origin)
    yield merchant
    merchant.leave()
    context.close()


def test_the_merchant_agrees_at_klaviyo_and_finds_the_account_connected(
    merchant: Merchant, installed_shop: Shop, work: Callable[[], None], twin: Twin
) -> None:
    work()
    merchant.open("/admin/klaviyo").locator("s-button", has_text="Connect Klaviyo").click()
    # In the browser's own window: which store it is about, before Klaviyo is shown.
    expect(merchant.page.get_by_role("heading", name="Connect a Klaviyo account")).to_contain_text(
        installed_shop.domain
    )
    assert merchant.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0
    merchant.page.get_by_role("button", name="Go on to Klaviyo").click()
    merchant.page.get_by_role("button", name="Allow").click()
    merchant.frame.locator("s-spinner").wait_for()
    work()
    expect(merchant.frame.locator("s-badge", has_text="Connected")).to_be_attached()
    body = merchant.frame.locator("body")
    assert body.evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    merchant.frame.locator("s-button", has_text="Disconnect").click()
    merchant.frame.locator("s-spinner").wait_for()
    work()
    expect(merchant.frame.locator("s-password-field")).to_be_attached()
    assert merchant.complaints == []
