"""Fixtures of the browser tests: one Chromium for all, a shop and a visitor for each.

A page may send its last report after its test is over, so no test shares its shop with another.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from devstore.server import serving
from tests.browser.chromium import running_chromium
from tests.browser.shop import ScriptedApp, Shop, open_shop
from tests.browser.visit import Visit


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture
def shop() -> Iterator[Shop]:
    app = ScriptedApp()
    with serving(app.flask()) as app_origin:
        flask, store, page, listed = open_shop(app, app_origin)
        with serving(flask) as origin:
            yield Shop(origin, app, store, page, listed, app_origin)
        app.answer.set()


@pytest.fixture
def context(browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    """A browser's profile, closed before the shop is."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext, shop: Shop) -> Visit:
    """A visitor who has not been asked for consent yet, with the log of all that her browser sends."""
    return Visit(context, shop)
