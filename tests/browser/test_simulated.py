"""Simulated shoppers tell the app what real browsers tell it.

The same visit is made by both, with the extension's own code in Chromium, and what reached the app is compared.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.core.events import parse
from devstore.shoppers.browser import AGENTS, Browser
from devstore.shoppers.page import Page, Row
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally
from devstore.worlds.small import NOW
from tests.browser.shop import ScriptedApp, Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
SEARCH = "/search?q=mug&type=product"


@dataclass(frozen=True, slots=True)
class Heard:
    """What an app was told and asked: events by type with their field names, and questions by their parameters."""

    fields: set[tuple[str, frozenset[str]]]
    counts: Counter[str]
    questions: set[frozenset[str]]
    events: list[dict[str, Any]]
    envelopes: set[frozenset[str]]

    @classmethod
    def of(cls, app: ScriptedApp) -> Heard:
        events = list(app.events)
        fields = {(event["type"], frozenset(event)) for event in events}
        asked = {frozenset({*question, question["placement"]}) for question in app.asked}
        envelopes = {frozenset(batch) for batch in app.batches}
        return cls(fields, Counter(event["type"] for event in events), asked, events, envelopes)


@pytest.mark.parametrize("fetches", [False, True])
def test_the_same_visit_is_told_alike(visit: Visit, shop: Shop, fetches: bool) -> None:
    shop.app.fetches = fetches
    shop.connect_pixel()
    shop.app.ranking = [shop.listed[place] for place in (3, 1, 0, 2, 5, 4)]
    collection = next(iter(shop.store.collections.values()))
    steps = ["/", f"/collections/{collection.handle}", SEARCH]
    in_chromium(visit, shop, steps)
    real = Heard.of(shop.app)
    shop.app.batches.clear()
    shop.app.asked.clear()
    with ThreadPoolExecutor(1) as apart:  # Playwright has a loop of its own in this thread.
        apart.submit(asyncio.run, simulated(shop, steps)).result()
    theirs = Heard.of(shop.app)
    assert theirs.fields == real.fields
    assert theirs.counts.keys() == real.counts.keys()
    alike = real.counts.keys() - {"exposure"}  # How many cards are in view depends on the window.
    assert {kind: theirs.counts[kind] for kind in alike} == {kind: real.counts[kind] for kind in alike}
    assert theirs.questions == real.questions
    assert theirs.envelopes == real.envelopes
    assert values(theirs) == values(real)
    for event in theirs.events:
        parse(event, now=NOW)


@pytest.mark.parametrize("show", ["empty", "native"])
def test_a_visit_in_a_control_is_told_alike(visit: Visit, shop: Shop, show: str) -> None:
    shop.app.ranking = shop.listed[::-1]
    rails = {"for_you": "empty", "bought_together": show, "goes_well": "empty"}
    shop.app.arms = {rail: {"variant": "7:control", "show": look} for rail, look in rails.items()}
    held_out_in_chromium(visit, shop)
    real, real_arms = Heard.of(shop.app), shop.app.arms_asked
    shop.app.batches.clear()
    shop.app.asked.clear()
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, held_out_simulated(shop)).result()
    theirs = Heard.of(shop.app)
    assert theirs.fields == real.fields
    assert theirs.counts.keys() == real.counts.keys() == {"exposure"}
    assert ghosts(theirs) == ghosts(real)
    assert theirs.questions == real.questions
    assert shop.app.arms_asked == 2 * real_arms


def ghosts(heard: Heard) -> set[tuple[str, str, str]]:
    """Rail, product and answer of the first place of each rail."""
    first = [event for event in heard.events if event["position"] == 0]
    assert all(event["ghost"] is True for event in first)
    return {(event["rail"], event["product_id"], event["request_id"]) for event in first}


def held_out_in_chromium(visit: Visit, shop: Shop) -> None:
    """Consents on a page with a rail, then passes by the places of home, product page and drawer."""
    app = shop.app
    visit.open(shop.home_url).consent().see_rail()
    visit.until(lambda: "attune:arms" in visit.stored() and app.asked, "the page has asked for arms and cards")

    def seen(rail: str) -> bool:
        return any(event["rail"] == rail for event in app.of("exposure"))

    visit.open(shop.home_url).see_rail()
    visit.until(lambda: seen("for_you"), "home was seen")
    visit.open(shop.page_url).see_rail()
    visit.until(lambda: seen("bought_together"), "the product's rail was seen")
    visit.page.get_by_role("button", name="Add to cart").click()
    visit.page.locator("cart-drawer attune-recommendations li").first.wait_for(state="attached")
    visit.page.locator("cart-drawer attune-recommendations").scroll_into_view_if_needed()
    visit.until(lambda: seen("goes_well"), "the drawer's rail was seen")
    assert visit.complaints == []


async def held_out_simulated(shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=shop.origin, follow_redirects=True, trust_env=False) as http:
        browser = Browser(http, Tally(), AGENTS[1])
        scripts = Scripts(browser)
        page = await browser.open("/")
        browser.answer_banner(accept=True)
        await scripts.load(page, allowed_here=True)
        page = await browser.open("/")
        await scripts.load(page)
        scripts.seen(ours(page), 0)
        page = await browser.open(f"/products/{shop.page.handle}")
        await scripts.load(page)
        scripts.seen(ours(page), 0)
        await browser.send("/cart/add.js", {**page.form, "quantity": "1"})
        drawer = await scripts.drawer(page)
        assert drawer is not None
        assert all(card.held for card in drawer.shown)
        scripts.seen(drawer, 0)
        await scripts.flush()
        assert (browser.tally.errors, browser.tally.refused, browser.tally.problems) == (0, 0, [])


def in_chromium(visit: Visit, shop: Shop, steps: list[str]) -> None:
    """Looks around, clicks on a card of the page product's rail, buys what it leads to."""
    page, app = visit.page, shop.app
    visit.open(shop.origin + steps[0])
    page.get_by_role("region", name="Cookie consent").get_by_role("button", name="Accept").click()
    app.wait_for(1, "identity")
    visit.see_rail().until(
        lambda: "attune:arms" in visit.stored() and app.asked, "the page has asked for arms and cards"
    )
    visit.open(shop.origin + steps[0]).see_rail()  # Told from here on: what was before consent is not.
    app.wait_for(1, "exposure")
    for number, step in enumerate(steps[1:], 2):
        visit.open(shop.origin + step)
        app.wait_for(number, "page_view")
    app.wait_for(1, "search")
    visit.open(shop.page_url).see_rail()
    app.wait_for(1, "product_view")
    first = shop.app.ranking[0]
    visit.until(lambda: visit.cards()[:1] == [first], "the rail is personal")
    visit.link(first).first.click()
    app.wait_for(2, "product_view")
    page.get_by_role("button", name="Add to cart").click()
    app.wait_for(1, "add_to_cart")
    visit.until(lambda: [q for q in app.asked if q["placement"] == "cart"], "the drawer has asked")
    visit.open(shop.cart_url)
    app.wait_for(1, "cart_view")
    page.goto(f"{shop.origin}/checkout")
    app.wait_for(1, "checkout_started")
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_role("button", name="Place the order").click()
    app.wait_for(1, "purchase")


async def simulated(shop: Shop, steps: list[str]) -> None:
    """The same steps, by the parts of which a simulated visit is made."""
    async with httpx.AsyncClient(base_url=shop.origin, follow_redirects=True, trust_env=False) as http:
        browser = Browser(http, Tally(), AGENTS[1])
        scripts = Scripts(browser)

        async def opened(path: str) -> Page:
            page = await browser.open(path)
            accepted = browser.consent is None
            browser.answer_banner(accept=True)
            await scripts.load(page, allowed_here=accepted)
            await scripts.flush()
            return page

        await opened(steps[0])
        home, *_ = [await opened(step) for step in steps]
        scripts.seen(ours(home), 0)
        await scripts.flush()
        page = await opened(f"/products/{shop.page.handle}")
        rail = ours(page)
        assert [card.product_id for card in rail.shown][:1] == [str(shop.app.ranking[0])]
        scripts.seen(rail, 0)
        scripts.clicked(rail, 0)
        await scripts.flush()
        next_page = await opened(f"/products/{rail.shown[0].handle}")
        tag = scripts.tag(shop.app.ranking[0])
        added, happened = await browser.send("/cart/add.js", {**next_page.form, "quantity": "1", **tag})
        assert added["properties"] == {"_attune": f"{shop.app.request_id}:0"}
        scripts.happened(happened)
        await scripts.drawer(next_page)
        await scripts.flush()
        await opened("/cart")
        await opened("/checkout")
        thanks = await browser.submit("/checkout", {"email": "mia@example.com"})
        assert thanks.thanks
        await scripts.load(thanks)
        await scripts.flush()
        assert (browser.tally.errors, browser.tally.refused, browser.tally.problems) == (0, 0, [])


def ours(page: Page) -> Row:
    return next(row for row in page.rows if row.name.startswith("attune:"))


def values(heard: Heard) -> dict[str, set[str]]:
    """What events say, but for ids of their own, ages, and whose they are."""
    own = {"id", "age_ms", "visitor", "client_id", "order_id", "cart", "checkout"}
    said: dict[str, set[str]] = {}
    for event in heard.events:
        if event["type"] not in ("exposure", "purchase"):
            said.setdefault(event["type"], set()).add(repr(sorted((k, v) for k, v in event.items() if k not in own)))
    return said
