"""Thousands of visits: orders follow the world's truth, and in a world without effect nothing that is shown sells."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import lru_cache

import numpy as np

from devstore.shoppers.crowd import Crowd
from devstore.shoppers.habits import HABITS
from devstore.shoppers.tally import Tally
from devstore.worlds import build
from devstore.worlds.taste import Tastes, tastes_of
from tests.devstore.shoppers.paper_shop import PaperShop

PEOPLE = replace(HABITS, accept=0.45, decline=0.5, declared_bots=0.0, hidden_bots=0.0, without_script=0.0)
BUYERS = replace(PEOPLE, mood=1.0)
"""In a null world mood has no say."""
RATE = 0.25
"""Higher than in any world, so that few visits tell much."""
STRONGER = 6.0
"""The small world's products are much alike; so they are told apart with few visits."""
SURE = 3.5
"""Standard errors; with the seed fixed it is exceeded always or never, by chance once in two thousand seeds."""


@lru_cache(maxsize=1)
def small() -> Tastes:
    tastes = tastes_of(build("small"))
    return replace(tastes, visit_converts=np.full(len(tastes.customers), RATE))


@lru_cache(maxsize=3)
def visited(*, effect: bool, good: bool, visits: int) -> Tally:
    """What shoppers did where our rail shows what most people like, or what they like least.

    One comes after the other: several at a time would make the outcome depend on the clock.
    """
    tastes = replace(small(), has_effect=effect, common=STRONGER * small().common)
    common = tastes.common[-1]
    ranked = [int(tastes.product_ids[row]) for row in np.argsort(-common) if np.isfinite(common[row])]
    shown = ranked if good else ranked[::-1]
    shop = PaperShop(tastes, lambda product: [other for other in shown if other != product][:4])
    crowd = Crowd(
        "http://shop.test", tastes, 1, seed=7, pace=1e6, most_visits=visits, habits=BUYERS, transport=shop.transport
    )
    asyncio.run(crowd.run(report=lambda _: None, stop=asyncio.Event()))
    assert (crowd.tally.errors, crowd.tally.refused) == (0, 0)
    assert crowd.tally.orders == shop.orders
    return crowd.tally


def off(successes: int, tries: int, others: int, other_tries: int) -> float:
    """The difference of two shares in standard errors."""
    pooled = (successes + others) / (tries + other_tries)
    error = np.sqrt(pooled * (1 - pooled) * (1 / tries + 1 / other_tries))
    return float(abs(successes / tries - others / other_tries) / error)


def test_in_a_null_world_orders_are_as_many_as_the_truth_says() -> None:
    tally = visited(effect=False, good=True, visits=600)
    error = np.sqrt(RATE * (1 - RATE) / tally.visits)
    assert abs(tally.orders / tally.visits - RATE) < SURE * error


def test_in_a_null_world_consent_sells_nothing() -> None:
    tally = visited(effect=False, good=True, visits=600)
    without = tally.visits - tally.consenting
    assert min(without, tally.consenting) > 150
    assert off(tally.consenting_orders, tally.consenting, tally.orders - tally.consenting_orders, without) < SURE


def test_in_a_null_world_our_rail_sells_nothing_and_is_clicked_like_chance() -> None:
    tally = visited(effect=False, good=True, visits=600)
    ours, chance = tally.row("attune:bought_together"), tally.row("random")
    assert min(ours.clicks, chance.clicks) > 50
    assert off(ours.clicks, ours.looked_at, chance.clicks, chance.looked_at) < SURE
    good, bad = tally, visited(effect=False, good=False, visits=600)
    assert off(good.orders, good.visits, bad.orders, bad.visits) < SURE


def test_where_tastes_count_a_rail_that_fits_them_is_clicked_and_sells_more_than_chance() -> None:
    tally = visited(effect=True, good=True, visits=400)
    ours, chance = tally.row("attune:bought_together"), tally.row("random")
    assert ours.clicks / ours.looked_at > chance.clicks / chance.looked_at
    assert off(ours.clicks, ours.looked_at, chance.clicks, chance.looked_at) > SURE
    assert ours.bought > 2 * chance.bought
