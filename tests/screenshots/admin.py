"""The app's pages inside the Shopify admin, as the owner sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.screenshots.camera import HEIGHT, TALLEST, Camera

FRAME = "#app"
PAGES = {
    "admin-home": "",
    "admin-preview": "/admin/preview",
    "admin-shoppers": "/admin/shoppers",
    "admin-results": "/admin/results",
    "admin-experiments": "/admin/experiments",
    "admin-experiment": "/admin/experiments/1",
    "admin-experiment-new": "/admin/experiments/new?what=rail",
    "admin-steering": "/admin/steering",
    "admin-steering-one": "/admin/steering?rail=bought_together&diversity=60",
    "admin-segments": "/admin/segments",
    "admin-segment-new": "/admin/segments/new",
    "admin-audiences": "/admin/audiences",
    "admin-email": "/admin/email",
    "admin-klaviyo": "/admin/klaviyo",
    "admin-model": "/admin/model",
    "admin-data": "/admin/data",
    "admin-data-source": "/admin/data/shopify",
    "admin-privacy": "/admin/privacy",
    "admin-privacy-fields": "/admin/privacy/fields?who=people",
    "admin-privacy-access": "/admin/privacy/access",
    "admin-consent": "/admin/consent",
}
OPENS = {
    "admin-preview": (("s-list-item s-link", "admin-preview-one"),),
    "admin-shoppers": (
        ("s-list-item s-link", "admin-shoppers-one"),
        ("s-link[href*='shoppers/profile']", "admin-profile"),
    ),
    "admin-segments": (("s-table-cell s-link", "admin-segment"),),
    "admin-model": (("s-table-cell s-link", "admin-model-card"),),
    "admin-data": (("s-link[href*='data/delivery']", "admin-data-delivery"),),
    "admin-privacy": (("s-link[href*='privacy/receipt']", "admin-privacy-receipt"),),
}
"""Pages of which the first such link is followed, and from there the next, and what the pictures are called."""
SETTLED_MS = 2500


def photograph_admin(camera: Camera, store: str) -> Iterator[Path]:
    """Every page, one product's preview, one shopper, and the theme editor."""
    page = camera.page
    for name, path in PAGES.items():
        page.set_viewport_size({"width": camera.width, "height": HEIGHT})
        page.goto(f"{store}/admin/apps/attune{path}")
        _settle(page)
        yield _whole(camera, name)
        for link, opened in OPENS.get(name, ()):
            found = page.frame_locator(FRAME).locator(link)
            if not found.count():
                break
            found.first.click()
            page.frame_locator(FRAME).locator("[slot=breadcrumb-actions]").wait_for()
            _settle(page)
            yield _whole(camera, opened)
    page.set_viewport_size({"width": camera.width, "height": HEIGHT})
    page.goto(f"{store}/admin/themes/current/editor?template=product")
    _settle(page)
    yield camera.view("theme-editor")


def _settle(page: Page) -> None:
    page.wait_for_timeout(SETTLED_MS)


def _whole(camera: Camera, name: str) -> Path:
    """The frame in its full height: the admin scrolls inside it, so the window has to grow."""
    page = camera.page
    inside = page.frame_locator(FRAME).locator("body")
    inside.locator("s-page").wait_for()
    hidden = int(inside.evaluate("body => body.scrollHeight - window.innerHeight"))
    page.set_viewport_size({"width": camera.width, "height": min(HEIGHT + max(hidden, 0), TALLEST)})
    page.wait_for_timeout(300)
    return camera.view(name)
