"""The rail in the theme's cart drawer: from the app after consent, from the cards of the cart page without it."""

from __future__ import annotations

import pytest

from tests.browser.shop import HOSTILE, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

DRAWER = "cart-drawer"
RAIL = f"{DRAWER} attune-recommendations"


def open_drawer(visit: Visit, shop: Shop) -> None:
    """Put the page product into the cart, and open the drawer on a page without rails, by the keyboard."""
    visit.open(shop.home_url)
    visit.page.evaluate(shop.add(shop.page.id))
    visit.open(f"{shop.origin}/search")
    visit.page.locator("[data-drawer-open]").first.focus()
    visit.page.keyboard.press("Enter")
    visit.page.locator(f"{DRAWER}.active").wait_for()


def wait_for_drawer(visit: Visit, product_ids: list[int]) -> None:
    visit.until(lambda: visit.cards(RAIL) == product_ids, f"the drawer shows {product_ids}")


def answers(shop: Shop) -> list[int]:
    shop.app.ranking = shop.listed[::-1]
    return shop.listed[::-1][:6]


def test_without_consent_the_drawer_shows_the_cart_pages_own_cards(visit: Visit, shop: Shop) -> None:
    answers(shop)
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    assert visit.page.get_by_role("dialog").get_by_role("region", name="Goes well with your cart").is_visible()
    assert visit.sent_to_app == []
    assert visit.stored() == {}
    assert visit.page.evaluate("__devstore.published") == []
    assert visit.complaints == []


def test_it_needs_no_block_on_the_cart_page(visit: Visit, shop: Shop) -> None:
    shop.arrange(templates={"cart": []})
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    visit.open(shop.cart_url)
    assert visit.page.locator(".attune").count() == 0


def test_only_the_cart_page_carries_cards_for_the_drawer(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url)
    visit.page.evaluate(shop.add(shop.page.id))
    held = "document.querySelector('attune-tracker > template').content.querySelectorAll('li').length"
    assert visit.open(shop.page_url).page.evaluate(held) == 0
    assert visit.open(shop.cart_url).page.evaluate(held) == 6


def test_after_a_refusal_it_does_the_same(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url).consent(analytics=False, preferences=False)
    answers(shop)
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    assert visit.sent_to_app == []
    assert visit.stored() == {}


def test_with_consent_the_app_chooses(visit: Visit, shop: Shop) -> None:
    wanted = answers(shop)
    visit.open(shop.home_url).consent()
    open_drawer(visit, shop)
    wait_for_drawer(visit, wanted)
    asked = [question for question in shop.app.asked if question["placement"] == "cart"]
    assert len(asked) == 1
    assert (asked[0]["rail"], asked[0]["cart"], asked[0]["limit"]) == ("goes_well", str(shop.page.id), "6")
    visit.until(lambda: [e for e in shop.app.of("exposure") if e["placement"] == "cart"], "the drawer's cards are seen")
    event = next(event for event in shop.app.of("exposure") if event["placement"] == "cart")
    assert (event["rail"], event["request_id"]) == ("goes_well", shop.app.request_id)
    assert visit.complaints == []


def test_an_app_that_fails_leaves_the_cart_pages_cards(visit: Visit, shop: Shop) -> None:
    shop.app.status = 500
    visit.open(shop.home_url).consent()
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])


@pytest.mark.parametrize("consent", [True, False])
def test_the_rail_follows_the_cart_and_nothing_jumps(visit: Visit, shop: Shop, consent: bool) -> None:
    first, second = shop.listed[0], shop.listed[2]
    visit.open(shop.home_url).consent(analytics=consent, preferences=consent)
    if consent:
        answers(shop)
    open_drawer(visit, shop)
    expected = answers(shop) if consent else shop.listed[:6]
    wait_for_drawer(visit, expected)
    asked = len(shop.app.asked)
    visit.page.locator(f"{DRAWER} [data-step=more]").first.click()
    visit.page.locator(f"{DRAWER} .stepper").get_by_text("2", exact=True).wait_for()
    wait_for_drawer(visit, expected)
    # The same products: the rail that the theme threw away comes back as it was.
    assert len([q for q in shop.app.asked[asked:] if q["placement"] == "cart"]) == 0
    visit.page.evaluate(shop.add(first, second))
    visit.page.locator(f"{DRAWER} [data-step=more]").first.click()
    left = [product for product in expected if product not in (first, second)]
    visit.until(lambda: set(visit.cards(RAIL)) >= set(left) - {first, second}, "the rail has followed")
    visit.until(lambda: not {first, second} & set(visit.cards(RAIL)), "nothing in the cart is shown")
    assert visit.shifted() == 0
    assert visit.complaints == []


def test_no_card_comes_under_a_pointer_but_what_is_in_the_cart_goes(visit: Visit, shop: Shop) -> None:
    wanted = answers(shop)
    visit.open(shop.home_url).consent()
    open_drawer(visit, shop)
    wait_for_drawer(visit, wanted)
    # The new line of the cart pushes the rail down, yet not from under a pointer on its lower edge.
    visit.page.locator(f"{RAIL} .attune-card__price").first.hover()
    visit.page.evaluate(shop.add(wanted[1]))
    visit.page.locator(f"{DRAWER} [data-step=more]").first.evaluate("button => button.click()")
    wait_for_drawer(visit, [product for product in wanted if product != wanted[1]])
    visit.page.mouse.move(5, 5)
    visit.until(lambda: len(visit.cards(RAIL)) == 6, "the rail is filled again once the pointer has left")


def test_the_drawer_does_not_repeat_the_rail_of_the_page(visit: Visit, shop: Shop) -> None:
    answers(shop)
    visit.open(shop.page_url).consent().see_rail()
    visit.wait_for_order(shop.listed[::-1][:4])
    visit.page.get_by_role("button", name="Add to cart").click()
    wait_for_drawer(visit, shop.listed[::-1][4:])
    assert shop.app.asked[-1]["shown"] == ",".join(map(str, shop.listed[::-1][:4]))


def test_an_empty_cart_has_no_rail_in_the_drawer(visit: Visit, shop: Shop) -> None:
    answers(shop)
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    visit.page.locator(f"{DRAWER} [data-step=remove]").first.click()
    visit.until(lambda: not visit.page.locator(RAIL).is_visible(), "the rail goes")


def test_withdrawal_while_the_drawer_is_open_brings_back_the_cart_pages_cards(visit: Visit, shop: Shop) -> None:
    wanted = answers(shop)
    visit.open(shop.home_url).consent()
    open_drawer(visit, shop)
    wait_for_drawer(visit, wanted)
    visit.consent(analytics=False, preferences=False)
    wait_for_drawer(visit, shop.listed[:6])
    assert visit.page.locator(f"{DRAWER} [data-request]").count() == 0
    assert visit.stored() == {}


def test_a_closed_drawer_costs_no_request(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url)
    visit.page.evaluate(shop.add(shop.page.id))
    visit.open(shop.home_url)
    visit.page.wait_for_timeout(500)  # Nothing is to happen: time for a request to leave.
    assert not {f"GET {shop.origin}/cart.js", f"GET {shop.cart_url}"} & set(visit.sent)


def test_the_keyboard_reaches_the_drawers_cards_and_escape_still_closes(visit: Visit, shop: Shop) -> None:
    answers(shop)
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    link = visit.page.locator(f"{RAIL} a").first
    link.focus()
    assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    visit.page.keyboard.press("Escape")
    visit.page.locator(f"{DRAWER}.active").wait_for(state="detached")


def test_a_hostile_title_is_not_obeyed_in_the_drawer(visit: Visit, shop: Shop) -> None:
    answers(shop)
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[:6])
    assert HOSTILE in visit.page.locator(RAIL).inner_text()
    assert visit.page.evaluate("window.hacked") is None


def test_a_click_in_the_drawer_is_reported_and_tied_to_the_cart(visit: Visit, shop: Shop) -> None:
    wanted = answers(shop)
    visit.open(shop.home_url).consent()
    open_drawer(visit, shop)
    wait_for_drawer(visit, wanted)
    visit.page.locator(f"{RAIL} a").first.click()
    visit.page.wait_for_url(shop.url_of(wanted[0]))
    click = shop.app.wait_for(1, "click")[0]
    assert (click["placement"], click["rail"], click["product_id"]) == ("cart", "goes_well", str(wanted[0]))
    assert visit.stored()["attune:clicks"] == f'{{"{wanted[0]}":"{shop.app.request_id}:0"}}'


def test_another_themes_drawer_is_found_by_the_merchants_selector(visit: Visit, shop: Shop) -> None:
    answers(shop)
    visit.open(shop.page_url)
    visit.page.evaluate(shop.add(shop.page.id))
    visit.page.add_init_script("""document.addEventListener('DOMContentLoaded', () => {
      document.querySelector('cart-drawer')?.remove();
      document.querySelector('attune-tracker').dataset.drawer = '#sidebar';
      document.body.insertAdjacentHTML('beforeend',
        '<aside id="sidebar" style="position:fixed;inset:0 0 0 auto;width:300px;transform:translateX(100%)"></aside>');
    })""")
    visit.open(shop.page_url)
    visit.page.evaluate("document.getElementById('sidebar').style.transform = 'none'")
    visit.until(lambda: visit.cards("#sidebar") == shop.listed[:6], "the sidebar shows the rail")


@pytest.mark.parametrize("selector", ["((", "", "#nowhere"])
def test_a_selector_that_finds_nothing_breaks_nothing(visit: Visit, shop: Shop, selector: str) -> None:
    visit.page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => {"
        f"document.querySelector('attune-tracker').dataset.drawer = '{selector}' }})"
    )
    open_drawer(visit, shop)
    visit.page.wait_for_timeout(300)  # Nothing is to happen: time for a rail to appear.
    assert visit.page.locator(RAIL).count() == 0
    assert visit.complaints == []
