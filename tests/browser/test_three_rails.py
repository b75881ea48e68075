"""A product page with all its rails: each fills by itself, none repeats another, and each is personal for itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.shop import HOSTILE, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

NAMES = {
    "bought_together": "Often bought together",
    "also_viewed": "Others also looked at",
    "complete_the_look": "Complete the look",
}


def lists(shop: Shop) -> dict[str, list[int]]:
    """What the metafields of the rich product hold, less what may not be recommended."""
    first, second, third, fourth, fifth, sixth, seventh, _ = shop.listed
    return {
        "bought_together": [first, second],
        "also_viewed": [third, fourth, fifth],
        "complete_the_look": [sixth, seventh, shop.page.id],
    }


def shown(visit: Visit) -> dict[str, list[int]]:
    return {rail: visit.cards(f"attune-recommendations[data-rail={rail}]") for rail in NAMES}


def test_three_rails_fill_without_javascript(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.rich_url)
    for rail, products in lists(shop).items():
        assert page.get_by_role("region", name=NAMES[rail]).get_by_role("listitem").count() == len(products)
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_each_rail_is_ordered_for_itself_and_nothing_jumps(visit: Visit, shop: Shop, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 844})
    shop.app.ranking = [shop.page.id, *shop.listed[::-1]]
    visit.open(shop.rich_url).consent()
    wanted = {rail: [p for p in shop.app.ranking if p in products] for rail, products in lists(shop).items()}
    for rail in NAMES:
        visit.page.locator(f"[data-rail={rail}]").scroll_into_view_if_needed()
    visit.until(lambda: shown(visit) == wanted, f"the rails show {wanted}")
    assert sorted(question["rail"] for question in shop.app.asked) == sorted(NAMES)
    assert visit.shifted() == 0
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []


def test_a_later_rail_names_the_cards_of_those_above(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = shop.listed
    visit.open(shop.rich_url).consent().see_rail()
    visit.page.locator("[data-rail=complete_the_look]").scroll_into_view_if_needed()
    visit.until(lambda: len(shop.app.asked) == len(NAMES), "each rail has asked")
    places = visit.page.eval_on_selector_all("attune-recommendations", "rails => rails.map(rail => rail.dataset.rail)")
    asked = {question["rail"]: question for question in shop.app.asked}
    last = set(asked[places[-1]]["shown"].split(","))
    above = {str(product) for rail in places[:-1] for product in lists(shop)[rail]}
    assert last == above


def test_hostile_titles_do_nothing_in_any_rail(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = shop.listed
    visit.open(shop.rich_url).consent().see_rail()
    shop.app.wait_for(1, "exposure")
    assert HOSTILE in visit.link(shop.listed[1]).inner_text()
    assert visit.page.evaluate("window.hacked") is None
    assert visit.complaints == []
