"""The block “Your preferences” in a browser: what is known is listed, each wish goes out and is drawn as answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.chromium import running_chromium
from tests.extensions.node import RECOMMENDATIONS

pytestmark = pytest.mark.browser
SHOP = "https://shop.test"
VISITOR = "a" * 32
STRINGS = json.loads((RECOMMENDATIONS / "locales/en.default.json").read_text())["preferences"]
CONSENTED = """
window.Shopify = {
  customerPrivacy: { analyticsProcessingAllowed: () => %s, preferencesProcessingAllowed: () => %s },
  loadFeatures: (_features, done) => done(),
};
localStorage.setItem('attune:visitor', '%s');
"""


def block() -> str:
    """The block's Liquid as Shopify draws it for a visitor who is not signed in."""
    text = (RECOMMENDATIONS / "blocks/preferences.liquid").read_text().partition("{% schema %}")[0]
    text = re.sub(r"{%-?\s*comment.*?endcomment\s*-?%}|{%-?\s*if customer.*?endif\s*-?%}", "", text, flags=re.DOTALL)
    text = text.replace(
        "{% render 'config', config: app.metafields.attune.config.value %}", 'data-proxy="/apps/attune"'
    )
    text = text.replace("{{ block.settings.heading | default: heading | escape }}", STRINGS["heading"])
    text = re.sub(r"{{ 'preferences\.(\w+)' \| t(?: \| escape)? }}", lambda found: STRINGS[found[1]], text)
    return re.sub(r"{[%{].*?[%}]}", "", text)


class App:
    """The app behind the proxy, at the socket: answers with what it holds, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.wishes: list[Any] = []
        self.visitors: list[str] = []
        self.fails = False
        self.hidden: list[dict[str, str]] = []

    def answer(self, route: Route) -> None:
        self.visitors.append(re.findall(r"visitor=(\w*)", route.request.url)[0])
        if route.request.method == "POST":
            self.wishes.append(route.request.post_data_json)
            if self.fails:
                route.fulfill(status=503, body="{}")
                return
            if "hide" in self.wishes[-1]:
                self.hidden = [{"product_id": "6", "title": "Linen sheet", "handle": "linen-sheet"}]
        viewed = [{"product_id": "6", "title": "Linen <b>sheet</b>", "handle": "linen-sheet"}]
        body = {
            "settings": {"personalise": None, "remember": None, "email": None},
            "known": [{"kind": "viewed", "because": "…", "products": viewed}],
            "hidden": {"products": self.hidden, "kinds": []},
        }
        route.fulfill(json=body)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture
def app() -> App:
    return App()


def opened(browser: Browser, app: App, *, consents: bool, width: int = 390) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said = "true" if consents else "false"
    page.add_init_script(CONSENTED % (said, said, VISITOR))
    style = (RECOMMENDATIONS / "assets/attune-preferences.css").read_text()
    html = (
        f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><style>{style}</style>'
        f'<attune-tracker data-key="k" data-collect="/collect" data-proxy="/apps/attune"></attune-tracker>{block()}'
        '<script src="/assets/attune.js"></script></html>'
    )
    page.route(f"{SHOP}/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(
        f"{SHOP}/assets/*",
        lambda route: route.fulfill(path=RECOMMENDATIONS / "assets" / route.request.url.rpartition("/")[2]),
    )
    page.route(f"{SHOP}/apps/attune/v1/preferences?*", app.answer)
    page.goto(f"{SHOP}/")
    return page


def test_what_is_known_is_listed_and_each_wish_is_sent_and_drawn(browser: Browser, app: App) -> None:
    page = opened(browser, app, consents=True)
    row = page.locator('section[data-kind="viewed"] li')
    expect(row.locator("a")).to_have_text("Linen <b>sheet</b>")
    expect(page.get_by_text(STRINGS["nobody"])).to_be_hidden()
    row.get_by_role("button").click()
    expect(page.locator('section[data-kind="hidden"] li a')).to_have_text("Linen sheet")
    expect(page.get_by_role("status")).to_have_text(STRINGS["saved"])
    page.get_by_label(STRINGS["personalise"]).uncheck()
    page.get_by_role("button", name=STRINGS["forget"]).click()
    page.wait_for_function("document.querySelector('form').getAttribute('aria-busy') === null")
    assert app.wishes == [{"hide": {"product": "6"}}, {"personalise": False}, {"forget": True}]
    assert set(app.visitors) == {VISITOR}
    page.close()


def test_a_wish_that_could_not_be_kept_is_said_and_shown_as_it_stands(browser: Browser, app: App) -> None:
    page = opened(browser, app, consents=True)
    box = page.get_by_label(STRINGS["remember"])
    expect(box).to_be_checked()
    app.fails = True
    box.click()
    expect(page.get_by_role("status")).to_have_text(STRINGS["failed"])
    expect(box).to_be_checked()
    page.close()


def test_without_consent_nothing_is_asked_and_a_sentence_says_why(browser: Browser, app: App) -> None:
    page = opened(browser, app, consents=False)
    expect(page.get_by_text(STRINGS["nobody"])).to_be_visible()
    expect(page.locator("form")).to_be_hidden()
    assert app.visitors == []
    page.close()


def test_it_fits_a_phone(browser: Browser, app: App) -> None:
    page = opened(browser, app, consents=True)
    expect(page.locator('section[data-kind="viewed"] li')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    heights = page.locator("form button, form label").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert min(heights) >= 44, "a thumb needs room"
    page.close()
