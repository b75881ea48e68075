"""The app's pages inside the Shopify admin, as the owner sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.screenshots.camera import Camera

PAGES = {
    "admin-home": "",
    "admin-preview": "/admin/preview",
    "admin-shoppers": "/admin/shoppers",
    "admin-results": "/admin/results",
    "admin-learning": "/admin/consent",
}
TALL = 2600
SETTLED_MS = 2500


def photograph_admin(camera: Camera, store: str) -> Iterator[Path]:
    """Every page, one product's preview, one shopper, and the theme editor."""
    page = camera.page
    page.set_viewport_size({"width": camera.width, "height": TALL})
    for name, path in PAGES.items():
        page.goto(f"{store}/admin/apps/attune{path}")
        page.wait_for_timeout(SETTLED_MS)
        yield camera.view(name)
        if name in ("admin-preview", "admin-shoppers"):
            link = page.frame_locator("iframe").locator("s-list-item s-link").first
            if link.count():
                link.click()
                page.wait_for_timeout(SETTLED_MS)
                yield camera.view(f"{name}-one")
    page.goto(f"{store}/admin/themes/current/editor?template=product")
    page.wait_for_timeout(SETTLED_MS)
    yield camera.view("theme-editor")
