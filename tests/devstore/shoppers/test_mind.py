"""What a shopper makes of what she sees, in a world that answers to it and in one that does not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from devstore.shoppers.habits import HABITS
from devstore.shoppers.mind import Mind
from devstore.worlds import build
from devstore.worlds.taste import Tastes, tastes_of

EAGER = replace(HABITS, mood=1.0)
TRIES = 400
NOW = build("small").now


@lru_cache(maxsize=1)
def answering() -> Tastes:
    return tastes_of(build("small"))


@lru_cache(maxsize=1)
def indifferent() -> Tastes:
    return replace(answering(), has_effect=False)


def mind(tastes: Tastes, row: int = 0, seed: int = 1) -> Mind:
    return Mind(tastes, row, EAGER, np.random.default_rng(seed), at=NOW)


def dearest_and_least(tastes: Tastes, row: int = 0) -> tuple[int, int]:
    utility = tastes.utilities(row, NOW)
    offered = np.flatnonzero(np.isfinite(utility))
    ranked = offered[np.argsort(utility[offered])]
    return int(tastes.product_ids[ranked[-1]]), int(tastes.product_ids[ranked[0]])


def clicks(tastes: Tastes, product: int) -> int:
    one = mind(tastes)
    return sum(one.clicks(product, ()) for _ in range(TRIES))


def test_what_she_likes_is_clicked_more_often() -> None:
    liked, disliked = dearest_and_least(answering())
    assert clicks(answering(), liked) > 2 * clicks(answering(), disliked)


def test_where_nothing_has_an_effect_all_cards_are_clicked_alike() -> None:
    liked, disliked = dearest_and_least(indifferent())
    assert clicks(indifferent(), liked) == clicks(indifferent(), disliked)


def test_where_nothing_has_an_effect_only_what_she_came_for_is_bought() -> None:
    tastes = replace(indifferent(), visit_converts=np.full(len(answering().customers), 1.0))
    one = mind(tastes)
    assert len(one.came_for) == 1
    wanted = [product for product in tastes.product_ids.tolist() if one.wants(product, ())]
    assert wanted == list(one.came_for)


def test_nobody_puts_the_same_product_into_the_cart_twice() -> None:
    liked, _ = dearest_and_least(answering())
    assert not any(mind(answering(), seed=seed).wants(liked, [liked]) for seed in range(50))


def test_what_goes_with_the_cart_attracts_more() -> None:
    tastes = answering()
    held = next(product for product in tastes.product_ids.tolist() if tastes.complements(product))
    along = tastes.complements(held)[0][0]
    one, other = mind(tastes), mind(tastes)
    with_it = sum(one.clicks(along, [held]) for _ in range(TRIES))
    assert with_it > sum(other.clicks(along, ()) for _ in range(TRIES))


def test_a_row_is_looked_at_from_its_first_card_on() -> None:
    looked = [list(mind(answering(), seed=seed).places(8)) for seed in range(100)]
    assert all(places == list(range(len(places))) for places in looked)
    assert 3 < np.mean([len(places) for places in looked]) < 7


def test_who_only_looks_buys_nothing() -> None:
    tastes = answering()
    looking = Mind(tastes, 0, replace(HABITS, mood=0.0), np.random.default_rng(1), at=NOW)
    assert not any(looking.wants(product, ()) for product in tastes.product_ids.tolist())


@pytest.mark.parametrize("product", [1, 2**40])
def test_a_product_that_came_later_is_as_attractive_as_the_average(product: int) -> None:
    share = np.mean([mind(answering(), seed=seed).clicks(product, ()) for seed in range(TRIES)])
    assert share == pytest.approx(HABITS.click, abs=0.03)


def due_by_all() -> Tastes:
    """Every customer has bought a product that ran out just now, and buys what ran out here."""
    tastes, shoppers = answering(), len(answering().customers)
    return replace(
        tastes,
        loyalty=np.ones(shoppers),
        own_from=np.arange(shoppers + 1),
        own_product=np.zeros(shoppers, np.int64),
        own_last=np.full(shoppers, int(NOW.timestamp()) - 30 * 86_400),
        own_days=np.full(shoppers, 30.0),
        own_weight=np.ones(shoppers),
    )


def test_what_ran_out_is_come_for_unless_it_was_bought_since() -> None:
    tastes = due_by_all()
    product = int(tastes.product_ids[0])
    assert mind(tastes).came_for == (product,)
    assert Mind(tastes, 0, EAGER, np.random.default_rng(1), at=NOW, bought={product}).came_for == ()


def test_in_a_null_world_what_ran_out_does_not_add_to_the_orders() -> None:
    tastes = replace(due_by_all(), has_effect=False, visit_converts=np.full(len(answering().customers), 0.2))
    share = np.mean([bool(mind(tastes, seed=seed).came_for) for seed in range(TRIES)])
    assert share == pytest.approx(0.2, abs=0.06)
