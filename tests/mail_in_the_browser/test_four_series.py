"""The four series in the inboxes of three shoppers each: different products, each to be had, each with its reason.

Shoppers do in browsers what shoppers do in a store, and their mails are read in browsers. One story is told once, and
all tests read what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import running_chromium
from tests.mail_in_the_browser.house import EVERYTHING, MailHouse, mail_house
from tests.mail_in_the_browser.inbox import PHONE, Inbox, Shown
from tests.mail_in_the_browser.shopper import Shopper
from tests.patience import PATIENCE_S
from tests.services import TestServices

pytestmark = pytest.mark.browser

TASTES = ("speckled-stoneware-mug", "tooth-tablets-3-month-tin", "copper-watering-can")
NEWCOMERS = tuple(f"newcomer{number}@example.com" for number in (1, 2, 3))
SERIES = ("Attune: Welcome", "Attune: Abandoned cart", "Attune: After the order", "Attune: Win-back")


@dataclass(frozen=True)
class Story:
    """`readers` are the addresses of three shoppers for each flow."""

    house: MailHouse
    browser: Browser
    readers: Mapping[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def house(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHouse]:
    with mail_house(services, tmp_path_factory.mktemp("mails")) as opened:
        yield opened


@pytest.fixture(scope="module")
def story(house: MailHouse, browser: Browser) -> Story:
    """Three sign up; three others leave a cart, order it after all, and then stay away for months."""
    regulars = house.subscribers(len(TASTES))
    known = {}
    for email, taste in zip(NEWCOMERS, TASTES, strict=True):
        newcomer = Shopper(browser, house)
        newcomer.look_at(taste)
        newcomer.sign_up(email)
        known[newcomer.id] = email
        newcomer.leave()
    shoppers = {email: Shopper(browser, house) for email in regulars}
    for (email, shopper), taste in zip(shoppers.items(), TASTES, strict=True):
        shopper.sign_in(email)
        shopper.put_into_cart(taste)
        known[shopper.id] = email
    house.know(known)
    house.later(hours=2)
    house.later(hours=2)
    for shopper in shoppers.values():
        shopper.check_out()
        shopper.leave()
    house.sweep()
    house.later()
    house.later(days=1, hours=2)
    house.pass_time(days=100)
    house.segment()
    house.later()
    return Story(house, browser, {SERIES[0]: NEWCOMERS, **dict.fromkeys(SERIES[1:], tuple(regulars))})


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_S * 1000)
    yield opened
    context.close()


@pytest.mark.parametrize("series", SERIES)
def test_three_shoppers_read_a_series_with_products_of_their_own(story: Story, page: Page, series: str) -> None:
    inbox, shown = Inbox(page, story.house), dict[str, list[Shown]]()
    for email in story.readers[series]:
        inbox.open(email, series)
        shown[email] = inbox.products()
    for products in shown.values():
        assert 2 <= len({one.handle for one in products}) == len(products)
        assert all(one.title and one.price and one.reason and one.request for one in products)
        assert [one.handle for one in products if not story.house.can_be_bought(one.handle)] == []
    assert len({frozenset(one.handle for one in products) for products in shown.values()}) == 3, shown


@pytest.mark.parametrize("series", SERIES)
def test_on_a_phone_at_night_nothing_is_wider_than_the_screen(story: Story, page: Page, series: str) -> None:
    page.set_viewport_size(PHONE)
    inbox = Inbox(page, story.house, scheme="dark")
    inbox.open(story.readers[series][0], series)
    assert inbox.sideways() == (0, 0)
    assert inbox.background() == "rgb(29, 31, 32)"


def test_a_click_leads_to_the_product_which_can_be_put_into_the_cart(story: Story, page: Page) -> None:
    inbox = Inbox(page, story.house)
    inbox.open(story.readers["Attune: Win-back"][0], "Attune: Win-back")
    [first, *_] = inbox.products()
    inbox.follow(inbox.letter.get_by_role("link", name=first.title).first)
    assert first.title in page.locator("h1").first.inner_text()
    page.locator("button[name=add]").first.click()
    page.locator("cart-drawer.active").wait_for(state="visible")


def test_the_way_back_fills_the_cart_in_another_browser_too(story: Story, page: Page) -> None:
    inbox = Inbox(page, story.house)
    inbox.open(story.readers["Attune: Abandoned cart"][0], "Attune: Abandoned cart")
    inbox.follow(inbox.letter.get_by_role("link", name="Back to your cart"))
    assert urlsplit(page.url).path == "/cart"
    cart = page.evaluate("fetch('/cart.js').then(answer => answer.json())")
    assert [(item["handle"], item["quantity"]) for item in cart["items"]] == [(TASTES[0], 1)]


def test_a_shopper_of_the_control_group_reads_the_merchants_own_words(story: Story, page: Page) -> None:
    """A dozen sign up while half of all are held out; both kinds are among them."""
    house, words = story.house, "Come and see what is new with us."
    house.submit("/admin/email/look", {"colour": "#1f4f46", "logo": "", "static": words})
    house.submit("/admin/email/make", {})
    house.submit("/admin/email/settings", {**EVERYTHING, "hold_out": "50"})
    emails = [f"visitor{number}@example.com" for number in range(12)]
    house.sign_up(*emails)
    house.later()
    told = {email: house.properties(email) for email in emails}
    control = [email for email, properties in told.items() if properties["attune_email_arm"] == "control"]
    assert 0 < len(control) < len(emails)
    inbox = Inbox(page, house)
    inbox.open(control[0], "Attune: Welcome")
    assert inbox.products() == []
    assert words in inbox.letter.locator("body").inner_text()
    inbox.open(next(email for email in emails if email not in control), "Attune: Welcome")
    assert inbox.products()
    assert words not in inbox.letter.locator("body").inner_text()
