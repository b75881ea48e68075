"""The web pixel's sandbox in a real browser: what a pixel is told, when, and what it cannot reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import running_chromium
from tests.devstore.front.collector import PixelShop, pixel_shop
from tests.patience import eventually

pytestmark = pytest.mark.browser
MUG = "/products/speckled-stoneware-mug"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture
def shop() -> Iterator[PixelShop]:
    with pixel_shop() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, shop: PixelShop) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def accept(page: Page) -> None:
    page.get_by_role("region", name="Cookie consent").get_by_role("button", name="Accept").click()


def consented(page: Page, shop: PixelShop, path: str) -> None:
    page.goto(shop.origin + path)
    accept(page)


def log(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("kind => __devstore.pixels.log.filter(l => l.kind === kind)", kind)
    return found


def test_nothing_is_loaded_before_consent_and_then_what_happened_is_replayed(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin + MUG)
    page.evaluate("Shopify.analytics.publish('tiny:early', { n: 1 })")
    page.wait_for_timeout(500)  # Nothing is to happen: time for a frame to load.
    assert page.locator("iframe").count() == 0
    assert shop.collector.bodies == []
    accept(page)
    opened, viewed, early = map(shop.collector.wait_for, ("page_viewed", "product_viewed", "tiny:early"))
    assert early["customData"] == {"n": 1}
    assert early["type"] == "custom"
    assert viewed["data"]["productVariant"]["product"]["title"] == "Speckled Stoneware Mug"
    assert [event["seq"] for event in (opened, viewed, early)] == [0, 1, 2]


def test_a_part_of_what_the_pixel_needs_is_not_enough(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin)
    banner = page.get_by_role("region", name="Cookie consent")
    banner.get_by_role("button", name="Choose").click()
    banner.get_by_label("Understand visits").check()
    banner.get_by_role("button", name="Save choice").click()
    page.wait_for_timeout(500)  # Nothing is to happen: time for a frame to load.
    assert page.locator("iframe").count() == 0
    page.get_by_role("button", name="Cookie preferences").click()
    banner.get_by_label("Show what suits you").check()
    banner.get_by_role("button", name="Save choice").click()
    shop.collector.wait_for("page_viewed")


def test_the_pixel_lives_apart_from_the_page(page: Page, shop: PixelShop) -> None:
    consented(page, shop, "/")
    shop.collector.wait_for("page_viewed")
    assert shop.collector.origins == {"null"}
    page.evaluate("Shopify.analytics.publish('tiny:ask', { word: 'hello' })")
    eventually(lambda: shop.collector.of("asked"), "the pixel has asked the page")
    assert shop.collector.of("asked")[0] == {
        "kind": "asked", "found": ["hello", "hello"], "page": "undefined", "client": "",
    }  # fmt: skip
    inside = "() => { try { return document.querySelector('iframe').contentDocument } catch (e) { return 'shut' } }"
    assert page.evaluate(inside) is None


def test_the_client_id_stays_with_the_pixel(page: Page, shop: PixelShop) -> None:
    consented(page, shop, "/")
    first = shop.collector.wait_for("page_viewed")["clientId"]
    assert re.fullmatch(UUID, first)
    page.goto(shop.origin + MUG)
    assert shop.collector.wait_for("product_viewed")["clientId"] == first
    assert first not in page.evaluate("document.cookie + JSON.stringify(__devstore.pixels) + document.body.innerHTML")
    stolen = page.evaluate("fetch('/_sandbox/77').then(async answer => [answer.status, await answer.text()])")
    assert stolen[0] == 403
    assert first not in stolen[1]


def test_a_subscriber_that_throws_is_logged_and_harms_nobody(page: Page, shop: PixelShop) -> None:
    consented(page, shop, "/")
    shop.collector.wait_for("page_viewed")
    eventually(lambda: log(page, "error"), "the error is logged", pause=lambda s: page.wait_for_timeout(s * 1000))
    assert log(page, "error")[0]["message"] == "a subscriber that throws"


def test_a_change_of_mind_is_told_to_the_pixel_and_ends_it_on_the_next_page(page: Page, shop: PixelShop) -> None:
    consented(page, shop, "/")
    shop.collector.wait_for("page_viewed")
    page.get_by_role("button", name="Cookie preferences").click()
    page.get_by_role("button", name="Decline").click()
    eventually(lambda: shop.collector.of("privacy"), "the pixel knows")
    assert shop.collector.of("privacy")[-1]["customerPrivacy"] == {
        "analyticsProcessingAllowed": False, "marketingAllowed": False,
        "preferencesProcessingAllowed": False, "saleOfDataAllowed": False,
    }  # fmt: skip
    page.goto(shop.origin + MUG)
    page.wait_for_timeout(500)  # Nothing is to happen: time for a frame to load.
    assert shop.collector.events("product_viewed") == []


def test_a_visit_is_told_from_the_search_to_the_order(page: Page, shop: PixelShop) -> None:
    consented(page, shop, "/search?q=mug&type=product")
    found = shop.collector.wait_for("search_submitted")["data"]["searchResult"]
    assert (found["query"], found["productVariants"][0]["product"]["title"]) == ("mug", "Speckled Stoneware Mug")
    page.goto(shop.origin + "/collections/kitchen")
    assert shop.collector.wait_for("collection_viewed")["data"]["collection"]["title"] == "Kitchen"
    page.goto(shop.origin + MUG)
    shop.collector.wait_for("product_viewed")
    page.get_by_role("button", name="Add to cart").click()
    line = shop.collector.wait_for("product_added_to_cart")["data"]["cartLine"]
    assert (line["quantity"], line["cost"]["totalAmount"]) == (1, {"amount": 18.5, "currencyCode": "USD"})
    page.get_by_role("dialog").get_by_role("button", name="One more of Speckled Stoneware Mug").click()
    shop.collector.wait_for("product_added_to_cart", 2)
    page.goto(shop.origin + "/cart")
    assert shop.collector.wait_for("cart_viewed")["data"]["cart"]["totalQuantity"] == 2
    page.get_by_role("button", name="Check out").click()
    started = shop.collector.wait_for("checkout_started")["data"]["checkout"]
    assert (started["order"], started["totalPrice"]["amount"], started["lineItems"][0]["quantity"]) == (None, 37.0, 2)
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_role("button", name="Place the order").click()
    done = shop.collector.wait_for("checkout_completed")["data"]["checkout"]
    order = list(shop.store.orders.values())[-1]
    assert done["order"] == {"id": str(order.id), "customer": {"id": str(order.customer_id), "isFirstOrder": True}}
    assert done["token"] == started["token"] == order.cart_token


def test_what_leaves_the_cart_by_a_plain_link_is_told_by_the_next_page(page: Page, shop: PixelShop) -> None:
    consented(page, shop, MUG)
    page.get_by_role("button", name="Add to cart").click()
    shop.collector.wait_for("product_added_to_cart")
    page.goto(shop.origin + "/cart")
    page.locator("main").get_by_role("link", name="Remove").click()
    assert shop.collector.wait_for("product_removed_from_cart")["data"]["cartLine"]["quantity"] == 1


def test_where_no_consent_is_needed_the_pixel_runs_until_the_visitor_declines(page: Page, shop: PixelShop) -> None:
    page.request.put(shop.origin + "/_dev/theme", data={"consent_free": ["home"]})
    page.goto(shop.origin)
    shop.collector.wait_for("page_viewed")
    assert not page.get_by_role("region", name="Cookie consent").is_visible()
    page.get_by_role("button", name="Cookie preferences").click()
    page.get_by_role("button", name="Decline").click()
    page.goto(shop.origin + MUG)
    page.wait_for_timeout(500)  # Nothing is to happen: time for a frame to load.
    assert shop.collector.events("product_viewed") == []
    page.goto(shop.origin + "/de")
    assert page.evaluate("__devstore.privacy.getRegion()") == "DE"


def test_standard_events_cannot_be_published_and_visitor_is_not_faked(page: Page, shop: PixelShop) -> None:
    page.goto(shop.origin)
    assert page.evaluate("Shopify.analytics.publish('checkout_completed', {})") is False
    assert page.evaluate("typeof Shopify.analytics.visitor") == "undefined"


def test_a_pixel_that_is_not_connected_is_not_loaded(page: Page, shop: PixelShop) -> None:
    shop.store.web_pixel = None
    consented(page, shop, "/")
    page.wait_for_timeout(500)  # Nothing is to happen: time for a frame to load.
    assert page.locator("iframe").count() == 0
