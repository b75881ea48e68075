"""Buy again: there only for a signed-in customer who is due for something, with the times that say why."""

from __future__ import annotations

import re

import pytest

from app.core.recommend.types import Again
from tests.browser.shop import Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
RAIL = "attune-recommendations[data-rail=buy_again]"
SECTION = "section[data-attune-rail=buy_again]"
OWN = Again(days_ago=42.0, usual=35.0, is_own=True)
MOST = Again(days_ago=20.0, usual=16.0, is_own=False)


@pytest.fixture
def customer(visit: Visit, shop: Shop) -> Visit:
    """A visit of somebody who is signed in, and is due for two products."""
    shop.app.again = {shop.listed[5]: OWN, shop.listed[6]: MOST}
    number = next(iter(shop.store.customers))
    visit.page.context.request.get(f"{shop.origin}/account/login?customer_id={number}")
    return visit


def due(shop: Shop) -> list[int]:
    return list(shop.app.again)


def wait_for(visit: Visit, products: list[int]) -> None:
    visit.until(lambda: visit.cards(RAIL) == products, f"the rail holds {products}")


def asked(shop: Shop, rail: str) -> list[dict[str, str]]:
    return [one for one in shop.app.asked if one["rail"] == rail]


def test_a_guest_has_nothing_of_it_in_the_page(visit: Visit, shop: Shop) -> None:
    shop.app.again = {shop.listed[5]: OWN}
    visit.open(shop.home_url).see_rail().consent()
    shop.app.wait_for(4, "exposure")
    assert visit.page.locator(SECTION).count() == 0
    assert asked(shop, "buy_again") == []


def test_a_customer_who_has_not_consented_sees_none_of_it_and_nothing_is_asked(customer: Visit, shop: Shop) -> None:
    customer.open(shop.home_url)
    customer.page.wait_for_timeout(300)  # Nothing is to happen: time for a request to leave.
    assert shop.app.asked == []
    assert customer.page.locator(SECTION).is_hidden()


@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_due_stands_there_with_its_times_and_nothing_jumps(customer: Visit, shop: Shop, width: int) -> None:
    customer.page.set_viewport_size({"width": width, "height": 844})
    customer.open(shop.home_url).consent()
    wait_for(customer, due(shop))
    section = customer.page.locator(SECTION)
    assert section.get_by_role("heading").inner_text() == "Buy again"
    section.scroll_into_view_if_needed()
    first = section.get_by_role("listitem").first
    first.locator("summary").click()
    assert first.get_by_text("You bought it 6 weeks ago; you usually come back after 5 weeks").is_visible()
    last = section.get_by_role("listitem").last
    assert "You bought it 3 weeks ago; others usually come back after 2 weeks" in (last.text_content() or "")
    assert customer.shifted() == 0
    assert customer.page.evaluate("document.documentElement.scrollWidth") <= width
    assert customer.complaints == []


def test_it_shows_no_more_than_it_has_room_for(customer: Visit, shop: Shop) -> None:
    shop.app.again = dict.fromkeys(shop.listed[:6], OWN)
    customer.open(shop.home_url).consent()
    wait_for(customer, due(shop)[:4])
    assert asked(shop, "buy_again")[0]["limit"] == "8"


def test_a_rail_without_anything_due_is_not_there_and_counts_for_nothing(customer: Visit, shop: Shop) -> None:
    shop.app.again = {}
    customer.open(shop.home_url).consent()
    customer.until(lambda: asked(shop, "buy_again"), "the rail asked")
    customer.page.locator("section[data-attune-rail=for_you]").scroll_into_view_if_needed()
    exposures = shop.app.wait_for(4, "exposure")
    assert {event["rail"] for event in exposures} == {"for_you"}
    assert customer.page.locator(SECTION).is_hidden()


def test_the_rail_below_does_not_repeat_it(customer: Visit, shop: Shop) -> None:
    shop.app.again = {shop.listed[0]: OWN, shop.listed[1]: OWN}
    shop.app.ranking = shop.listed
    customer.open(shop.home_url).consent()
    wait_for(customer, due(shop))
    customer.page.locator("section[data-attune-rail=for_you]").scroll_into_view_if_needed()
    rail = "attune-recommendations[data-rail=for_you]"
    customer.until(lambda: customer.cards(rail) == shop.listed[2:6], "the other rail holds others")
    assert asked(shop, "for_you")[0]["shown"] == ",".join(map(str, due(shop)))


def test_what_is_seen_and_clicked_names_rail_and_answer(customer: Visit, shop: Shop) -> None:
    customer.open(shop.home_url).consent()
    wait_for(customer, due(shop))
    customer.page.locator(SECTION).scroll_into_view_if_needed()
    shop.app.wait_for(2, "exposure")
    customer.page.locator(f"{RAIL} a").first.click()
    (click,) = shop.app.wait_for(1, "click")
    assert (click["placement"], click["rail"], click["product_id"]) == ("home", "buy_again", str(due(shop)[0]))
    assert click["request_id"] == shop.app.request_id


def test_it_goes_with_the_consent(customer: Visit, shop: Shop) -> None:
    customer.open(shop.home_url).consent()
    wait_for(customer, due(shop))
    customer.consent(analytics=False, preferences=False)
    customer.page.locator(SECTION).wait_for(state="hidden")
    assert customer.page.locator(f"{RAIL} li").count() == 0


def test_a_control_keeps_the_place_and_counts_what_would_have_been_seen(customer: Visit, shop: Shop) -> None:
    look = {"variant": "1:control", "show": "empty"}
    shop.app.arms = {"buy_again": look, "for_you": look}
    customer.open(shop.home_url).consent()
    customer.until(lambda: shop.app.arms_asked, "the arms were asked")
    customer.open(shop.home_url)
    section = customer.page.locator(SECTION)
    customer.until(lambda: section.evaluate("one => !one.hidden"), "the place is kept")
    assert section.evaluate("one => getComputedStyle(one).visibility") == "hidden"
    assert section.evaluate("one => one.inert && one.offsetHeight > 100")
    assert "You bought it" not in section.inner_html()
    section.evaluate("one => one.scrollIntoView()")

    def ghosts() -> set[int]:
        seen = [event for event in shop.app.of("exposure") if event["rail"] == "buy_again"]
        assert all(event["ghost"] for event in seen)
        return {int(event["product_id"]) for event in seen}

    customer.until(lambda: ghosts() == set(due(shop)), "what would have been seen is counted")


def test_the_theme_editor_says_what_will_stand_there(shop: Shop, visit: Visit) -> None:
    page = visit.page.context.request.get(f"{shop.origin}/?_design_mode=1").text()
    assert re.search(r"Buy again.*only while they are due to buy something again", page, re.DOTALL)
