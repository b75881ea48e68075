"""What the element does after consent: it re-orders, reports, and carries a click into the cart."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from app.core.events import parse
from devstore.worlds.small import NOW
from tests.browser.shop import COLLECT_KEY, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def personal(visit: Visit, shop: Shop, ranking: list[int]) -> list[int]:
    """Open the page as a consenting visitor whom the app answers `ranking`; returns the four cards she then sees."""
    shop.app.ranking = ranking
    visit.open().consent().see_rail()
    first = [product for product in dict.fromkeys(ranking) if product in shop.listed]
    wanted = [*first, *(product for product in shop.listed if product not in first)][:4]
    visit.wait_for_order(wanted)
    return wanted


def test_cards_follow_the_answer_and_the_page_does_not_jump(visit: Visit, shop: Shop) -> None:
    shown = personal(visit, shop, shop.listed[::-1])
    assert visit.cards() == shown == shop.listed[::-1][:4]
    assert sorted(visit.all_cards()) == sorted(shop.listed)
    assert visit.shifted() == 0
    assert visit.complaints == []


def test_a_phone_sees_no_jump_either(visit: Visit, shop: Shop) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    personal(visit, shop, shop.listed[::-1])
    assert visit.shifted() == 0


def test_products_without_a_card_are_passed_over(visit: Visit, shop: Shop) -> None:
    stranger = shop.store.world.products[-1].id
    personal(visit, shop, [stranger, shop.listed[6], shop.page.id, shop.listed[6], shop.listed[5]])
    assert len(visit.all_cards()) == len(shop.listed)


def test_the_app_is_asked_with_product_visitor_and_cart(visit: Visit, shop: Shop) -> None:
    variant = shop.store.products[shop.listed[7]].variants[0].id
    visit.open()
    visit.page.evaluate("id => fetch('/cart/add.js', { method: 'POST', body: new URLSearchParams({ id }) })", variant)
    shop.app.ranking = shop.listed[4:6]
    visit.open().consent().see_rail()
    visit.wait_for_order([*shop.listed[4:6], *shop.listed[:2]])
    asked = shop.app.asked[-1]
    assert asked["placement"] == "product"
    assert asked["product_id"] == str(shop.page.id)
    assert asked["visitor"] == visit.stored()["attune:visitor"]
    assert asked["cart"] == str(shop.listed[7])
    assert asked["shop"] == shop.store.world.shop.domain


def test_the_app_is_not_asked_far_from_the_viewport(visit: Visit, shop: Shop) -> None:
    visit.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        "document.querySelector('.attune').style.marginTop = '4000px'; }, { once: true });"
    )
    visit.open().consent()
    visit.page.wait_for_timeout(300)  # Nothing is to happen: time for a request to leave.
    assert shop.app.asked == []


@pytest.mark.parametrize("fault", ["broken", "silent"])
def test_a_broken_or_silent_app_leaves_the_list_in_place(context: BrowserContext, shop: Shop, fault: str) -> None:
    visit = Visit(context, shop, patient=False)
    shop.app.ranking = shop.listed[::-1]
    if fault == "broken":
        shop.app.status = 500
    else:
        shop.app.answer.clear()
    visit.open().consent().see_rail()
    # Exposures are watched for only after the page has given up on an answer.
    assert shop.app.wait_for(4, "exposure")[0].get("request_id") is None
    assert len(shop.app.asked) == 1
    assert visit.cards() == shop.listed[:4]
    assert visit.shifted() == 0


def test_what_was_seen_is_reported_once(visit: Visit, shop: Shop) -> None:
    shown = personal(visit, shop, shop.listed[::-1])
    exposures = shop.app.wait_for(4, "exposure")
    assert sorted(int(event["product_id"]) for event in exposures) == sorted(shown)
    assert {event["request_id"] for event in exposures} == {shop.app.request_id}
    assert sorted(event["position"] for event in exposures) == [0, 1, 2, 3]
    visit.page.evaluate("scrollTo(0, 0)")
    visit.see_rail()
    visit.page.wait_for_timeout(2200)  # Nothing is to happen: a card counts after one second and is sent after two.
    assert len(shop.app.events) == 4
    for event in shop.app.events:
        assert parse(event, now=NOW).visitor == visit.stored()["attune:visitor"]
    batch = shop.app.batches[0]
    assert (batch["key"], batch["shop"]) == (COLLECT_KEY, shop.store.world.shop.domain)


def test_a_glance_is_no_exposure(visit: Visit, shop: Shop) -> None:
    visit.page.set_viewport_size({"width": 1280, "height": 500})
    shop.app.ranking = shop.listed[::-1]
    visit.take_clock().open().stop_time().consent().see_rail()
    visit.wait_for_order(shop.listed[::-1][:4])
    visit.let_pass(seconds=0.9)
    visit.look_away(shop.listed[-1])
    visit.let_pass(seconds=5)
    assert visit.sent_to_collect == []


def test_a_click_is_reported_and_reaches_the_cart(visit: Visit, shop: Shop) -> None:
    shown = personal(visit, shop, [shop.listed[2], *shop.listed[::-1]])
    visit.link(shown[0]).click()
    visit.page.wait_for_url(shop.url_of(shown[0]))
    click = shop.app.wait_for(1, "click")[0]
    assert (click["product_id"], click["request_id"], click["position"]) == (str(shown[0]), shop.app.request_id, 0)
    visit.page.get_by_role("button", name="Add to cart").click()
    visit.page.wait_for_selector("cart-drawer.active")
    assert visit.cart()[0]["properties"] == {"_attune": f"{shop.app.request_id}:0"}
    assert visit.complaints == []


def test_a_click_reaches_the_cart_of_a_theme_that_sends_its_form_by_fetch(visit: Visit, shop: Shop) -> None:
    shown = personal(visit, shop, [shop.listed[2], *shop.listed[::-1]])
    visit.link(shown[0]).click()
    visit.page.wait_for_url(shop.url_of(shown[0]))
    visit.page.wait_for_selector('[name="properties[_attune]"]', state="attached")
    visit.page.evaluate(
        """() => new Promise(done => {
          const form = document.querySelector('form[action="/cart/add"]');
          // A theme that has drawn its form anew, without what others had put into it.
          form.querySelectorAll('input[type=hidden]:not([name=id])').forEach(input => input.remove());
          form.addEventListener('submit', event => {
            event.preventDefault();
            fetch('/cart/add.js', { method: 'POST', body: new FormData(form) }).then(done);
          });
          form.requestSubmit();
        })"""
    )
    assert visit.cart()[0]["properties"] == {"_attune": f"{shop.app.request_id}:0"}


def test_without_a_click_nothing_is_put_into_the_form(visit: Visit, shop: Shop) -> None:
    personal(visit, shop, shop.listed[::-1])
    visit.page.get_by_role("button", name="Add to cart").click()
    visit.page.wait_for_selector("cart-drawer.active")
    assert not visit.cart()[0]["properties"]


def test_withdrawal_takes_the_click_out_of_the_form(visit: Visit, shop: Shop) -> None:
    shown = personal(visit, shop, [shop.listed[2], *shop.listed[::-1]])
    visit.link(shown[0]).click()
    visit.page.wait_for_url(shop.url_of(shown[0]))
    visit.page.wait_for_selector('[name="properties[_attune]"]', state="attached")
    visit.consent(analytics=False, preferences=False)
    assert visit.page.locator('[name="properties[_attune]"]').count() == 0


def test_nothing_moves_under_a_pointer_and_the_cards_belong_to_the_answer_all_the_same(
    visit: Visit, shop: Shop
) -> None:
    shop.app.ranking = shop.listed[::-1]
    visit.open().see_rail()
    visit.link(shop.listed[0]).hover()
    visit.consent()
    exposures = shop.app.wait_for(4, "exposure")  # Watched for only after the answer has been dealt with.
    assert {event["request_id"] for event in exposures} == {shop.app.request_id}
    assert {event["position"]: int(event["product_id"]) for event in exposures} == dict(enumerate(shop.listed[:4]))
    assert len(shop.app.asked) == 1
    assert visit.cards() == shop.listed[:4]


def test_a_place_is_the_one_at_which_the_card_was_seen(visit: Visit, shop: Shop) -> None:
    # The first of the answer has no card here, so the second is seen at the first place.
    personal(visit, shop, [shop.store.world.products[-1].id, shop.listed[6], shop.listed[5]])
    places = {event["product_id"]: event["position"] for event in shop.app.wait_for(4, "exposure")}
    assert (places[str(shop.listed[6])], places[str(shop.listed[5])]) == (0, 1)


def test_what_sold_out_after_the_page_was_rendered_goes_and_the_surplus_moves_up(visit: Visit, shop: Shop) -> None:
    shop.app.unavailable = [shop.listed[0], shop.listed[5]]
    shop.app.ranking = [shop.listed[3]]
    visit.open().consent().see_rail()
    left = [product for product in shop.listed if product not in shop.app.unavailable]
    visit.wait_for_order([shop.listed[3], shop.listed[1], shop.listed[2], shop.listed[4]])
    assert sorted(visit.all_cards()) == sorted(left)
    assert visit.shifted() == 0
    assert shop.app.asked[-1]["cards"] == ",".join(map(str, shop.listed))


def test_what_sold_out_goes_even_under_a_pointer_and_nothing_else_moves(visit: Visit, shop: Shop) -> None:
    shop.app.unavailable, shop.app.ranking = [shop.listed[1]], shop.listed[::-1]
    visit.open().see_rail()
    visit.link(shop.listed[0]).hover()
    visit.consent()
    visit.wait_for_order([shop.listed[0], *shop.listed[2:5]])


def test_a_rail_of_which_nothing_can_be_bought_any_more_disappears(visit: Visit, shop: Shop) -> None:
    shop.app.unavailable = shop.listed
    visit.open().see_rail().consent()
    visit.page.wait_for_selector(".attune", state="hidden")
    assert visit.complaints == []
