"""The rails of the home and cart pages: Liquid's cards for everybody, and after consent others that Shopify renders."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext

from app.core.recommend.types import ReasonCode
from tests.browser.shop import HOSTILE, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def arrive(visit: Visit, shop: Shop, ranking: list[int]) -> Visit:
    """Open the home page as a visitor who consents, and whom the app answers with these products."""
    shop.app.ranking = ranking
    return visit.open(shop.home_url).see_rail().consent()


def fresh(shop: Shop) -> list[int]:
    """Products that may be recommended, in another order than Liquid's."""
    return [shop.page.id, *shop.listed[::-1]]


def test_home_is_filled_without_javascript(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.home_url)
    rail = page.get_by_role("region", name="Popular right now")
    assert rail.get_by_role("listitem").count() == 4
    context.close()


def test_the_cart_is_filled_without_javascript_by_each_of_its_products_in_turn(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    other = shop.listed[2]
    for product in (shop.page.id, other):
        variant = shop.store.products[product].variants[0].id
        context.request.post(f"{shop.origin}/cart/add", form={"id": str(variant)})
    page = context.new_page()
    page.goto(shop.cart_url)
    rail = page.get_by_role("region", name="Goes well with your cart")
    shown = rail.locator("li").evaluate_all("cards => cards.map(card => Number(card.dataset.product))")
    # The other product's list holds the page product alone, which is in the cart already, as it is itself.
    assert shown == [product for product in shop.listed if product != other]
    assert rail.get_by_role("listitem").count() == 4
    context.close()


def test_an_empty_cart_has_no_rail(visit: Visit, shop: Shop) -> None:
    visit.open(shop.cart_url)
    assert visit.page.locator(".attune").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_home_becomes_personal_and_nothing_jumps(visit: Visit, shop: Shop, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 844})
    visit.open(shop.home_url)
    assert visit.heading() == "Popular right now"
    assert visit.cards() == shop.listed[:4]
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    assert visit.heading() == "For you"
    assert visit.shifted() == 0
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == []


def test_the_app_is_asked_for_a_few_cards_more_than_show(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    asked = shop.app.asked[-1]
    assert (asked["placement"], asked["rail"], asked["limit"], asked["locale"]) == ("home", "for_you", "8", "en")
    assert asked["visitor"] == visit.stored()["attune:visitor"]
    assert len(shop.app.asked) == 1


def test_what_merely_sells_well_is_not_called_personal(visit: Visit, shop: Shop) -> None:
    shop.app.reason = ReasonCode.TRENDING
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    assert visit.heading() == "Popular right now"


def test_liquids_cards_fill_what_a_short_answer_leaves_open(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, [shop.page.id, shop.listed[1]])
    visit.wait_for_order([shop.page.id, shop.listed[1], shop.listed[0], shop.listed[2]])
    assert visit.shifted() == 0


@pytest.mark.parametrize("fault", ["broken", "silent", "empty"])
def test_a_broken_a_silent_and_an_empty_answer_leave_the_page_as_it_is(
    context: BrowserContext, shop: Shop, fault: str
) -> None:
    visit = Visit(context, shop, patient=False)
    if fault == "broken":
        shop.app.status = 500
    if fault == "silent":
        shop.app.answer.clear()
    arrive(visit, shop, [] if fault == "empty" else fresh(shop))
    # Exposures are watched for only after the page has done with the answer.
    answered = shop.app.request_id if fault == "empty" else None
    assert shop.app.wait_for(4, "exposure")[0].get("request_id") == answered
    assert visit.cards() == shop.listed[:4]
    assert visit.heading() == "Popular right now"
    assert visit.shifted() == 0


def test_nothing_is_exchanged_under_a_pointer(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = fresh(shop)
    visit.open(shop.home_url).see_rail()
    visit.link(shop.listed[0]).hover()
    visit.consent()
    # It counts as in a control, where nothing can be under a pointer.
    assert shop.app.wait_for(4, "exposure")[0]["request_id"] == shop.app.request_id
    assert visit.cards() == shop.listed[:4]
    assert visit.page.locator("li[data-request]").count() == 0


def test_what_is_seen_and_clicked_names_rail_and_answer(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    exposures = shop.app.wait_for(4, "exposure")
    assert {(event["placement"], event["rail"], event["request_id"]) for event in exposures} == {
        ("home", "for_you", shop.app.request_id)
    }
    visit.link(fresh(shop)[1]).click()
    click = shop.app.wait_for(1, "click")[0]
    assert (click["rail"], click["product_id"], click["position"]) == ("for_you", str(fresh(shop)[1]), 1)


def test_a_hostile_title_is_shown_and_not_obeyed_in_fetched_cards(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, [shop.listed[1], shop.page.id]).wait_for_order(
        [shop.listed[1], shop.page.id, shop.listed[0], shop.listed[2]]
    )
    assert HOSTILE in visit.link(shop.listed[1]).inner_text()
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator(".attune li script, .attune [onerror]").count() == 0


def test_two_rails_of_a_page_do_not_repeat_each_other(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url)
    visit.page.evaluate("""() => {
      const rail = document.querySelector('.attune');
      rail.after(rail.cloneNode(true));
    }""")
    shop.app.ranking = fresh(shop)
    visit.see_rail().consent()
    visit.until(lambda: len(shop.app.asked) == 2 and len(set(visit.cards())) == 8, "each product shows once")
    assert len(visit.cards()) == 8
    assert visit.shifted() == 0


def test_a_later_rail_says_what_the_page_shows_already(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    visit.page.evaluate("""() => {
      const rail = document.querySelector('.attune');
      rail.after(rail.cloneNode(true));
    }""")
    visit.until(lambda: len(shop.app.asked) == 2, "the second rail asks")
    assert shop.app.asked[1]["shown"] == ",".join(map(str, fresh(shop)[:4]))


def test_the_cart_page_asks_with_the_cart(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url)
    visit.page.evaluate(shop.add(shop.page.id))
    shop.app.ranking = shop.listed[::-1]
    visit.open(shop.cart_url).see_rail().consent().wait_for_order(shop.listed[::-1][:4])
    asked = shop.app.asked[-1]
    assert (asked["placement"], asked["rail"], asked["cart"]) == ("cart", "goes_well", str(shop.page.id))
    assert visit.heading() == "Goes well with your cart"
    assert visit.shifted() == 0


def test_a_rail_that_the_theme_draws_anew_asks_again(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    liquid = visit.page.request.get(shop.home_url).text()
    visit.page.evaluate(
        """html => {
          const drawn = new DOMParser().parseFromString(html, 'text/html').querySelector('.attune');
          document.querySelector('.attune').replaceWith(drawn);
        }""",
        liquid,
    )
    visit.wait_for_order(fresh(shop)[:4])
    assert len(shop.app.asked) == 2


def test_the_theme_editor_shows_liquid_alone(visit: Visit, shop: Shop) -> None:
    visit.page.add_init_script("window.Shopify = { designMode: true }")
    arrive(visit, shop, fresh(shop))
    visit.page.wait_for_timeout(300)  # Nothing is to happen: time for a request to leave.
    assert visit.cards() == shop.listed[:4]
    assert visit.sent_to_app == []
    assert visit.page.evaluate("customElements.get('attune-recommendations')") is None


# Why a product is shown


def test_each_chosen_card_says_why_it_is_there(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    card = visit.page.locator("attune-recommendations li").first
    control = card.get_by_label("Why am I seeing this?")
    text = card.get_by_text("Because of what you have looked at in this shop.")
    assert not text.is_visible()
    control.focus()
    visit.page.keyboard.press("Enter")
    assert text.is_visible()
    visit.page.keyboard.press("Escape")
    assert not text.is_visible()
    assert control.evaluate("control => control === document.activeElement")
    box = control.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24


def test_sizes_do_not_hang_on_the_themes_root(visit: Visit, shop: Shop) -> None:
    visit.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '10px';"
        " document.body.style.fontSize = '16px'; })"
    )
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    control = visit.page.locator(".attune-why summary").first
    control.click()
    box = control.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    size = visit.page.locator(".attune-why__text").first.evaluate("text => parseFloat(getComputedStyle(text).fontSize)")
    assert size >= 12


def test_a_long_reason_stays_within_its_card(visit: Visit, shop: Shop) -> None:
    visit.page.set_viewport_size({"width": 320, "height": 800})
    flat = {"image_ratio": "landscape", "show_price": False}
    shop.arrange(templates={"index": [{"block": "for-you", "settings": flat}]})
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    visit.page.locator(".attune-why summary").first.click()
    text = visit.page.locator(".attune-why__text").first
    text.evaluate("text => { text.textContent = 'Because of what you have looked at in this shop. '.repeat(4) }")
    assert text.is_visible()
    assert visit.page.locator(".attune__cards").first.evaluate("list => list.scrollHeight <= list.clientHeight")


def test_cards_that_were_merely_listed_have_no_such_control(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url).see_rail()
    assert visit.page.locator(".attune-why").count() == 0


def test_asking_why_is_no_click_on_the_product(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    visit.page.locator(".attune-why summary").nth(1).click()
    visit.page.locator(".attune-why summary").nth(2).click()
    assert visit.page.locator(".attune-why[open]").count() == 1
    assert visit.page.url == shop.home_url
    shop.app.wait_for(4, "exposure")
    assert shop.app.of("click") == []
    assert visit.shifted() == 0


# The end of consent


def test_withdrawal_takes_the_answer_off_the_cards(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    visit.consent(analytics=False, preferences=False)
    assert visit.page.locator(".attune-why, li[data-request]").count() == 0
    visit.link(fresh(shop)[0]).click()
    assert visit.stored() == {}
    assert shop.app.of("click") == []


def test_withdrawal_in_another_tab_counts_here(visit: Visit, context: BrowserContext, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    Visit(context, shop).open(shop.home_url).consent(analytics=False, preferences=False)
    visit.page.wait_for_selector("li[data-request]", state="detached")
    assert visit.stored() == {}


def test_a_page_that_comes_back_from_the_cache_asks_for_consent_again(visit: Visit, shop: Shop) -> None:
    arrive(visit, shop, fresh(shop)).wait_for_order(fresh(shop)[:4])
    visit.page.evaluate("""() => {
      document.cookie = '_tracking_consent=; path=/; max-age=0';
      window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    }""")
    assert visit.stored() == {}
    assert visit.page.locator("li[data-request]").count() == 0
