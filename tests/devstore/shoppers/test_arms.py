"""Simulated shoppers in experiments: what a control's places count, and what people make of a place without cards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import httpx
import pytest

from devstore.shoppers.browser import AGENTS, Browser
from devstore.shoppers.crowd import Crowd
from devstore.shoppers.habits import HABITS
from devstore.shoppers.page import Answer, Card, Row
from devstore.shoppers.rails import paint, take
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally
from devstore.worlds import build
from devstore.worlds.taste import Tastes, tastes_of
from tests.devstore.shoppers.paper_shop import PaperShop

CONTROL = {"bought_together": {"variant": "1:control", "show": "empty"}}
TREATED = {"bought_together": {"variant": "1:attune", "show": "ours"}}
PEOPLE = replace(HABITS, accept=1.0, declared_bots=0.0, hidden_bots=0.0, without_script=0.0)
OURS = "attune:bought_together"


@lru_cache(maxsize=1)
def tastes() -> Tastes:
    return tastes_of(build("small"))


@pytest.fixture
def shop() -> PaperShop:
    return paper_shop()


def paper_shop() -> PaperShop:
    offered = [int(product) for product in tastes().product_ids]
    return PaperShop(tastes(), lambda product: [other for other in offered if other != product][:4])


def exposures(shop: PaperShop) -> list[dict[str, Any]]:
    return [event for _, events in shop.batches for event in events if event["type"] == "exposure"]


def two_pages(shop: PaperShop) -> Browser:
    """One browser looks at the rails of two product pages; on the first it accepts the banner."""

    async def run() -> Browser:
        async with httpx.AsyncClient(base_url="http://shop.test", transport=shop.transport) as http:
            browser = Browser(http, Tally(), AGENTS[1])
            scripts = Scripts(browser)
            for product in shop.products[:2]:
                page = await browser.open(f"/products/p{product}")
                accepted = browser.consent is None
                browser.answer_banner(accept=True)
                await scripts.load(page, allowed_here=accepted)
                for place in range(2):
                    scripts.seen(page.rows[0], place)
                await scripts.flush()
            return browser

    return asyncio.run(run())


def test_the_page_on_which_the_banner_is_accepted_is_not_told(shop: PaperShop) -> None:
    two_pages(shop)
    told = [event["type"] for _, events in shop.batches for event in events if event["type"] != "exposure"]
    assert told == ["identity", "identity", "page_view", "product_view"], (
        "the theme names the cart, the pixel its client"
    )


@pytest.mark.parametrize(("arms", "ghost"), [(CONTROL, True), (TREATED, None)])
def test_an_arm_that_looks_different_counts_from_the_second_page_on_in_every_arm_alike(
    shop: PaperShop, arms: dict[str, dict[str, str]], ghost: bool | None
) -> None:
    shop.arms = lambda _visitor: arms
    browser = two_pages(shop)
    assert browser.arms == arms
    assert [(event["position"], event.get("ghost")) for event in exposures(shop)] == [(0, ghost), (1, ghost)]


def test_a_change_of_arms_is_noticed_once_and_counts_from_the_next_page_on(shop: PaperShop) -> None:
    asked: list[str] = []

    def changing(visitor: str) -> dict[str, dict[str, str]]:
        asked.append(visitor)
        return TREATED

    shop.arms = changing
    two_pages(shop)
    # For the session and for the first page's rail, then for the second page's rail: asked for once.
    assert len(asked) == 3


def test_a_crowd_passes_by_a_controls_places_as_often_and_does_not_look_at_them() -> None:
    treated, control = (crowded(arms) for arms in (TREATED, CONTROL))
    seen = {len(treated.seen), len(control.seen)}
    # A click leads to one page more, where there is a card to be clicked; how crowds take turns is chance besides.
    assert max(seen) - min(seen) < 0.3 * max(seen)
    assert not any("ghost" in event for event in treated.seen)
    assert all(event["ghost"] is True for event in control.seen)
    # What is looked at on the page on which the banner is accepted counts nowhere, and is looked at all the same.
    assert treated.looked_at >= len(treated.seen) > 5 * control.looked_at
    assert treated.clicks > 0 == control.clicks


@dataclass(frozen=True, slots=True)
class Crowded:
    """What a crowd did that was in one arm as a whole."""

    seen: list[dict[str, Any]]
    clicks: int
    looked_at: int


def crowded(arms: dict[str, dict[str, str]]) -> Crowded:
    shop = paper_shop()
    shop.arms = lambda _visitor: arms
    transport = shop.transport
    group = Crowd(
        "http://shop.test", tastes(), 8, seed=3, pace=1e6, most_visits=400, habits=PEOPLE, transport=transport
    )
    asyncio.run(group.run(report=lambda _: None, stop=asyncio.Event()))
    assert group.tally.errors == 0
    clicks = [event for _, events in shop.batches for event in events if event["type"] == "click"]
    return Crowded(exposures(shop), len(clicks), group.tally.row(OURS).looked_at)


def rail(*products: str, place: str = "") -> Row:
    cards = [Card(f"p{product}", product) for product in products]
    return Row(OURS, {"rail": "bought_together"}, cards, place=place)


def test_shopifys_cards_take_the_places_of_ours_and_count_for_them() -> None:
    row = rail("1", "2", "3")
    paint([row], {"bought_together": {"variant": "1:control", "show": "native"}})
    take(row, Answer("r", "native", cards=(Card("p9", "9"), Card("p8", "8"))), [])
    assert [(card.product_id, card.held, card.ghost) for card in row.shown] == [
        ("9", False, "1"), ("8", False, "2"), ("3", True, None),
    ]  # fmt: skip
    assert row.counted == f"{OURS}:native"
    assert {card.request for card in row.shown} == {"r"}


@pytest.mark.parametrize("answer", [Answer("r", "ours"), Answer("r", "empty", stale=True)])
def test_an_answer_for_other_arms_changes_nothing_but_what_has_sold_out(answer: Answer) -> None:
    row = rail("1", "2", "3")
    paint([row], CONTROL)
    take(row, replace(answer, unavailable=frozenset("2")), [])
    assert ([card.product_id for card in row.shown], row.silent) == (["1", "3"], True)


def test_a_rail_shows_in_one_of_its_places_and_in_its_own_where_the_other_is_missing() -> None:
    moved = {"bought_together": {"variant": "2:b", "show": "ours", "place": "alternative"}}
    both = [rail("1", place="primary"), rail("1", place="alternative")]
    paint(both, moved)
    assert [row.hidden for row in both] == [True, False]
    paint(both, {})
    assert [row.hidden for row in both] == [False, True]
    alone = rail("1", place="primary")
    paint([alone], moved)
    assert not alone.hidden
