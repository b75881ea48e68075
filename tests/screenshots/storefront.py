"""The shop as shoppers see it: every page and every rail, before consent and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.screenshots.camera import Camera

RAIL = "attune-recommendations[data-rail='{}']"
SETTLED_MS = 1500
TRIED = 30


def photograph_storefront(camera: Camera, store: str) -> Iterator[Path]:
    """Walk through the shop once, as one visitor."""
    page = camera.page
    page.goto(f"{store}/")
    page.wait_for_timeout(SETTLED_MS)
    yield camera.view("consent-banner")
    page.locator("[data-consent='accept']").first.click()
    product = _product(page, store)
    yield from _product_page(camera, product)
    for _ in range(3):
        page.goto(_product(page, store))
        page.wait_for_timeout(SETTLED_MS)
    yield from _home(camera, store)
    yield from _cart(camera, product, store)
    yield from _buy_again(camera, store)
    page.goto(f"{store}/search?q=wool&type=product")
    yield camera.whole("search")
    page.goto(f"{store}/collections/all")
    yield camera.whole("collection")


def _product(page: Page, store: str) -> str:
    """The address of a product that the home page or its rails name; another one each time."""
    if not page.url.startswith(f"{store}/products/"):
        return str(page.locator("main li[data-product] a, main .grid a").first.evaluate("link => link.href"))
    rails = page.locator("attune-recommendations li:not([hidden]) a")
    return str(rails.first.evaluate("link => link.href"))


def _product_page(camera: Camera, product: str) -> Iterator[Path]:
    page = camera.page
    page.goto(product)
    page.wait_for_timeout(SETTLED_MS)
    yield camera.whole("product-page")
    for rail in ("bought_together", "also_viewed", "complete_the_look"):
        section = page.locator(f"section:has(> {RAIL.format(rail)})")
        if section.count():
            yield camera.part(f"rail-{rail.replace('_', '-')}", section)


def _home(camera: Camera, store: str) -> Iterator[Path]:
    page = camera.page
    page.goto(f"{store}/")
    rail = page.locator(f"section:has(> {RAIL.format('for_you')})")
    if rail.count():
        rail.first.scroll_into_view_if_needed()
        page.wait_for_timeout(SETTLED_MS)
        yield camera.part("rail-for-you", rail)
    yield camera.whole("home")


def _buy_again(camera: Camera, store: str) -> Iterator[Path]:
    """Sign in as one customer after the other until one of them is due to buy something again; and out again."""
    page = camera.page
    page.goto(f"{store}/account/login")
    people: list[str] = page.locator(".people a").evaluate_all("links => links.map(link => link.href)")
    section = page.locator(f"section:has(> {RAIL.format('buy_again')})")
    for person in people[:TRIED]:
        page.goto(person)
        page.goto(f"{store}/")
        page.wait_for_timeout(SETTLED_MS)
        if section.is_visible():
            section.scroll_into_view_if_needed()
            section.locator("summary").first.click()
            yield camera.part("rail-buy-again", section)
            break
    page.goto(f"{store}/account/logout")


def _cart(camera: Camera, product: str, store: str) -> Iterator[Path]:
    page = camera.page
    page.goto(product)
    page.locator("button[name='add']").first.click()
    page.wait_for_timeout(2 * SETTLED_MS)
    yield camera.view("cart-drawer")
    page.goto(f"{store}/cart")
    page.wait_for_timeout(SETTLED_MS)
    rail = page.locator(f"main section:has(> {RAIL.format('goes_well')})")
    if rail.count():
        yield camera.part("rail-goes-well", rail)
    yield camera.whole("cart")
