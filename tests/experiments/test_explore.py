"""Exploration: every place is drawn with exactly the chance that is written down."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from random import Random

import pytest

from app.core.experiments.explore import MOST_CANDIDATES, draw, generator_of
from app.core.ids import RequestId

MANY = list(range(40))


def chance_of(order: tuple[int, ...], candidates: list[int], epsilon: float) -> float:
    """By the definition: each place gets any that is left with chance epsilon, else the best that is left."""
    chance, left = 1.0, list(candidates)
    for item in order:
        chance *= epsilon / len(left) + (1 - epsilon) * (item == left[0])
        left.remove(item)
    return chance


def test_the_propensities_of_a_rail_multiply_to_the_chance_of_the_whole_order() -> None:
    for seed in range(200):
        drawn = draw(MANY[:5], 3, 0.4, Random(seed))
        product = drawn.propensities[0] * drawn.propensities[1] * drawn.propensities[2]
        assert product == pytest.approx(chance_of(drawn.items, MANY[:5], 0.4))


def test_orders_come_as_often_as_their_propensities_say() -> None:
    generator, draws = Random(1), 40_000
    seen = Counter(draw(MANY[:4], 2, 0.5, generator).items for _ in range(draws))
    for order in permutations(MANY[:4], 2):
        expected = draws * chance_of(order, MANY[:4], 0.5)
        assert abs(seen[order] - expected) < 5 * expected**0.5


def test_a_request_can_be_drawn_again() -> None:
    first, again, other = (draw(MANY, 8, 0.5, generator_of(RequestId(name))) for name in ("one", "one", "two"))
    assert first == again != other


def test_without_exploration_the_order_stays_and_is_certain() -> None:
    drawn = draw(MANY, 8, 0.0, Random(1))
    assert drawn.items == tuple(range(8))
    assert set(drawn.propensities) == {1.0}


def test_only_the_first_candidates_are_drawn_from_and_the_rest_follow_in_order() -> None:
    for seed in range(50):
        drawn = draw(MANY, 30, 1.0, Random(seed))
        assert sorted(drawn.items[:MOST_CANDIDATES]) == MANY[:MOST_CANDIDATES]
        assert drawn.items[MOST_CANDIDATES:] == tuple(MANY[MOST_CANDIDATES:30])
        assert drawn.propensities[MOST_CANDIDATES - 1 :] == (1.0,) * 7


@pytest.mark.parametrize("candidates", [[], [7], [7, 8]])
def test_few_candidates_make_a_short_rail(candidates: list[int]) -> None:
    drawn = draw(candidates, 8, 0.5, Random(1))
    assert sorted(drawn.items) == candidates
    assert len(drawn.propensities) == len(candidates)


def test_a_chance_must_be_one() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        draw(MANY, 8, 1.2, Random(1))
