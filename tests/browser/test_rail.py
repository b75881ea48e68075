"""The rail as Liquid draws it, before any script and without consent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.shop import HOSTILE, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def test_the_rail_fills_without_javascript(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.page_url)
    rail = page.get_by_role("region", name="Often bought together")
    assert rail.get_by_role("listitem").count() == 4
    assert (
        rail.get_by_role("link").first.get_attribute("href")
        == f"/products/{shop.store.products[shop.listed[0]].handle}"
    )
    context.close()


def test_only_what_can_be_bought_gets_a_card_and_the_surplus_is_hidden(visit: Visit, shop: Shop) -> None:
    visit.open()
    assert visit.all_cards() == shop.listed
    assert visit.cards() == shop.listed[:4]


def test_a_list_of_what_is_popular_says_so(visit: Visit, shop: Shop) -> None:
    visit.open(shop.url_of(shop.listed[2]))
    assert visit.page.get_by_role("region", name="Popular in this shop").is_visible()


def test_a_product_without_a_list_shows_nothing(visit: Visit, shop: Shop) -> None:
    visit.open(shop.url_of(shop.listed[0]))
    assert visit.page.locator(".attune").count() == 0
    assert visit.complaints == []


def test_what_lies_in_the_cart_is_not_recommended(visit: Visit, shop: Shop) -> None:
    variant = shop.store.products[shop.listed[0]].variants[0].id
    visit.open()
    visit.page.evaluate("id => fetch('/cart/add.js', { method: 'POST', body: new URLSearchParams({ id }) })", variant)
    visit.open()
    assert visit.cards() == shop.listed[1:5]


def test_a_hostile_title_is_shown_and_not_obeyed(visit: Visit, shop: Shop) -> None:
    visit.open().see_rail()
    assert HOSTILE in visit.link(shop.listed[1]).inner_text()
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator(".attune li script, .attune [onerror]").count() == 0


def test_images_have_their_size_and_wait_for_the_viewport(visit: Visit, shop: Shop) -> None:
    visit.open()
    images = visit.page.locator("attune-recommendations img")
    assert images.count() == len(shop.listed)
    for name in ("width", "height", "sizes", "srcset"):
        assert images.first.get_attribute(name)
    assert images.first.get_attribute("loading") == "lazy"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_does_not_scroll_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 844})
    visit.open().see_rail()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_every_card_and_shows_where_it_is(visit: Visit, shop: Shop) -> None:
    visit.open()
    visit.link(shop.listed[0]).focus()
    for product in shop.listed[1:4]:
        visit.page.keyboard.press("Tab")
        link = visit.page.locator(":focus")
        assert link.evaluate("link => link.closest('li').dataset.product") == str(product)
        assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
