"""Fixtures of the browser tests: one Chromium and one shop a module, a fresh visitor a test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from devstore.server import serving
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.shop import ScriptedApp, Shop, open_shop
from tests.browser.visit import Visit


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium.path, args=ARGUMENTS, env={**os.environ, **chromium.environment}
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def _shop() -> Iterator[Shop]:
    app = ScriptedApp()
    with serving(app.flask()) as app_origin:
        flask, store, page, listed = open_shop(app, app_origin)
        with serving(flask) as origin:
            yield Shop(origin, app, store, page, listed)


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.app.reset()
    return _shop


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def visit(context: BrowserContext, shop: Shop) -> Visit:
    """A visitor who has not been asked for consent yet, with the log of all that her browser sends."""
    return Visit(context, shop)
