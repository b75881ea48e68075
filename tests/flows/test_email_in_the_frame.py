"""The e-mail page as the merchant uses it, in a browser: one click, and nothing wider than its place."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from app.core.email.names import Trigger
from app.core.shops import Shop
from app.services.make_flows import make_flows
from tests.browser.chromium import running_chromium
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from tests.mail.conftest import Mails
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


def test_a_mail_is_shown_in_a_closed_frame_on_a_desk_and_a_phone(
    merchant: Merchant,
    mails: Mails,
    work: Work,
) -> None:
    mails.switch(*Trigger)
    make_flows(mails.shop, mails.wiring.making_flows)
    frame = merchant.open("/admin/email")
    frame.locator("s-search-field[name=q] input").fill(str(mails.customers[0]))
    frame.locator("s-button", has_text="Show the mail").click()
    expect(frame.locator("body")).to_contain_text("Klaviyo is filling in the mail")
    work()
    expect(frame.frame_locator("iframe").locator("h1")).to_contain_text("Good to have you here")
    frame.locator("s-button", has_text="Dark").click()
    page = frame.frame_locator("iframe").locator("table.page").first
    expect(page).to_have_css("background-color", "rgb(17, 18, 19)")
    path = next(urlsplit(one).path for one in merchant.addresses[::-1] if "/admin/email/previews/" in one)
    for width in (WIDE, NARROW):
        merchant.page.set_viewport_size({"width": width, "height": 900})
        frame = merchant.open(path.removesuffix(".json"))
        expect(frame.frame_locator("iframe").locator("h1")).to_be_visible()
        assert frame.locator("body").evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    assert merchant.complaints == []


def test_shopify_asks_for_the_blog_when_its_articles_are_wanted(
    merchant: Merchant, installed_shop: Shop, devstore: DevStore, work: Work
) -> None:
    work()
    granted = [scope for scope in devstore.get("state")["scopes"] if scope != "read_content"]
    devstore.post("scopes", granted=granted)
    frame = merchant.open("/admin/email")
    press = frame.locator("s-button", has_text="Offer the articles of my blog")
    press.click()
    merchant.page.get_by_role("button", name="Cancel").click()
    expect(frame.locator("[data-problem]:not([hidden])")).to_contain_text("A metafield works all the same")
    press.click()
    merchant.page.get_by_role("button", name="Update").click()
    expect(frame.locator("body")).to_contain_text("Being read from your store")
    work()
    expect(frame.locator("s-select[name=article]")).to_contain_text("How to look after your Chopping Board")
    expect(frame.locator("s-button", has_text="Read my articles again")).to_be_visible()
    assert merchant.complaints == []
