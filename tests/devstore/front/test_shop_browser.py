"""The theme at work in a browser: drawer, rails, suggestions, sorting, markets and the theme editor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import running_chromium
from tests.devstore.front.collector import PixelShop, pixel_shop

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
MUG = "/products/speckled-stoneware-mug"
SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.hadRecentInput) window.shifts += entry.value;
})).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture
def shop() -> Iterator[PixelShop]:
    with pixel_shop() as opened:
        yield opened


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, shop: PixelShop, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    opened.add_init_script(SHIFTS)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield opened
    context.close()
    assert complaints == []


def add_to_cart(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin + MUG)
    page.get_by_role("button", name="Decline").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("dialog", name="Your cart")).to_be_visible()


def test_what_is_added_shows_in_the_drawer_without_leaving_the_page(page: Page, shop: PixelShop) -> None:
    add_to_cart(page, shop)
    dialog = page.get_by_role("dialog", name="Your cart")
    expect(dialog).to_contain_text("Speckled Stoneware Mug")
    expect(page.locator("[data-cart-count]")).to_have_text("1")
    assert page.url == shop.origin + MUG
    dialog.get_by_role("button", name="One more of Speckled Stoneware Mug").click()
    expect(page.locator("[data-cart-count]")).to_have_text("2")
    expect(dialog).to_contain_text("$37.00 USD")
    dialog.get_by_role("link", name="Remove").click()
    expect(dialog).to_contain_text("Nothing in it yet.")


def test_the_keyboard_stays_in_the_drawer_and_escape_leads_back(page: Page, shop: PixelShop) -> None:
    add_to_cart(page, shop)
    inside = "document.querySelector('.drawer__inner').contains(document.activeElement)"
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:
        page.keyboard.press(key)
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Add to cart")).to_be_focused()
    page.keyboard.press("Tab")
    assert not page.evaluate(inside)


def test_what_cannot_be_added_is_said_beside_the_button(page: Page, shop: PixelShop, complaints: list[str]) -> None:
    page.goto(shop.origin + MUG)
    page.get_by_label("Quantity").fill("100000")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("alert").filter(has_text="You can only add")).to_be_visible()
    # The browser itself logs the answer 422.
    assert all("422" in said for said in complaints)
    complaints.clear()


def test_without_the_drawer_the_form_leads_to_the_cart(page: Page, shop: PixelShop) -> None:
    page.request.put(shop.origin + "/_dev/theme", data={"drawer": False})
    page.goto(shop.origin + MUG)
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart")
    expect(page.get_by_role("main")).to_contain_text("Speckled Stoneware Mug")


def test_a_shopper_without_javascript_finds_sorts_and_buys(browser: Browser, shop: PixelShop) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.origin)
    page.get_by_role("searchbox").fill("mug")
    page.get_by_role("banner").get_by_role("button", name="Search").click()
    page.get_by_label("Sort by").select_option("price-descending")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("main").get_by_role("link", name="Speckled Stoneware Mug").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="Check out").click()
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_native_rail_comes_without_moving_anything(page: Page, shop: PixelShop, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(shop.origin + MUG)
    rail = page.locator("product-recommendations")
    rail.scroll_into_view_if_needed()
    expect(rail.locator("ul[data-rail=native] li[data-product]")).to_have_count(4)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifts") == 0


def test_suggestions_come_while_typing_and_go_with_escape(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin)
    page.get_by_role("searchbox").press_sequentially("mug")
    suggestions = page.get_by_role("list", name="Suggestions")
    expect(suggestions.get_by_role("link", name="Speckled Stoneware Mug")).to_be_visible()
    page.keyboard.press("Escape")
    expect(suggestions).to_be_hidden()


def test_a_collection_is_sorted_by_choosing(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin + "/collections/all")
    page.get_by_label("Sort by").select_option("title-ascending")
    page.wait_for_url("**sort_by=title-ascending")
    expect(page.locator(".card-title").first).to_have_text("Ash Hand Trowel")


def test_the_footer_leads_to_the_other_market(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin + MUG)
    page.get_by_role("button", name="Decline").click()
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Change").first.click()
    page.wait_for_url(f"**/de{MUG}")
    page.get_by_role("button", name="In den Warenkorb").click()
    expect(page.get_by_role("dialog", name="Dein Warenkorb")).to_contain_text("17,02")


def test_the_editor_adds_moves_changes_and_removes_blocks(page: Page, shop: PixelShop) -> None:
    page.goto(f"{shop.origin}/admin/themes/current/editor?template=product")
    preview = page.frame_locator("#preview")
    expect(preview.get_by_role("heading", name="4 things")).to_be_visible()
    page.get_by_role("button", name="Settings of Rail").click()
    page.get_by_label("limit").fill("2")
    page.get_by_label("limit").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Rail changed")
    expect(preview.get_by_role("heading", name="2 things")).to_be_visible()
    page.get_by_role("button", name="Move Rail down").click()
    expect(page.locator("#blocks li").nth(1)).to_have_attribute("data-block", "rail")
    page.get_by_role("button", name="Remove Second").click()
    expect(page.locator("#blocks li")).to_have_count(1)
    expect(preview.get_by_text("Second block")).to_have_count(0)
    page.get_by_label("Add an app block").select_option("second")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(preview.get_by_text("Second block on product")).to_be_visible()


def test_the_editor_switches_embeds_and_the_themes_own_parts(page: Page, shop: PixelShop) -> None:
    page.goto(f"{shop.origin}/admin/themes/current/editor?context=apps&template=product")
    page.get_by_label("Beacon").uncheck()
    expect(page.get_by_role("status")).to_have_text("Beacon is off")
    page.get_by_role("tab", name="Theme").click()
    page.get_by_label("A rail of random products on product pages").check()
    expect(page.frame_locator("#preview").locator("ul[data-rail=random] li")).to_have_count(4)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_the_window(page: Page, shop: PixelShop, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    add_to_cart(page, shop)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for path in ("/search?q=mug", "/search?q=zzz", "/collections/kitchen", "/checkout", f"/de{MUG}", "/de/cart",
                 "/admin/themes/current/editor?template=product"):  # fmt: skip
        page.goto(shop.origin + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
