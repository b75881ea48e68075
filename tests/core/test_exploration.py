"""Drawing places: every place is drawn with exactly the chance that is written down, and only where that is safe."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.experiments.explore import MOST_CANDIDATES, Drawn
from app.core.ids import RequestId
from app.core.recommend.diversify import Head
from app.core.recommend.exploration import AUDIENCE, Exploration, fill, generator_of, owed, worth_drawing
from app.core.recommend.steered import Steered, steer
from app.core.recommend.steering import OFF, Steering

RANKED = list(range(40))


def seen_often(ranked: list[int], places: int, how: Exploration, new: dict[int, int], good: list[bool]) -> None:
    """Each rail must come as often as its propensities multiply to."""
    generator, draws = Random(1), 12_000
    chances: dict[tuple[int, ...], float] = {}
    seen: Counter[tuple[int, ...]] = Counter()
    for _ in range(draws):
        drawn = fill(ranked, places, how, generator, new=new, good=good)
        seen[drawn.items] += 1
        whole = 1.0
        for chance in drawn.propensities:
            whole *= chance
        assert chances.setdefault(drawn.items, whole) == pytest.approx(whole)
    assert sum(chances.values()) == pytest.approx(1.0, abs=0.02), "all that can come has come"
    for items, chance in chances.items():
        assert abs(seen[items] - draws * chance) < 5 * (draws * chance) ** 0.5 + 5


def test_rails_come_as_often_as_their_propensities_say() -> None:
    seen_often([1, 2, 3, 4], 3, Exploration(0.5, first_drawn=0), {}, [True] * 4)
    seen_often([1, 2, 3, 4], 3, Exploration(0.5), {}, [True, True, True, False])


def test_so_do_rails_with_new_products_whichever_way_those_come_in() -> None:
    how = Exploration(epsilon=0.4, for_new=0.7)
    seen_often([1, 2, 3, 4, 5], 5, how, {5: 300, 9: 100}, [True, True, True, False, True])


def test_the_first_place_is_never_drawn_unless_asked() -> None:
    asked, usual = (
        {fill(RANKED, 8, Exploration(1.0, 1.0, first), Random(seed), new={99: 9}).items[0] for seed in range(200)}
        for first in (0, 1)
    )
    assert usual == {0}
    assert len(asked) > 10


def test_nothing_is_drawn_that_scores_far_below_the_best() -> None:
    scores = [1.0, 0.9, 0.6, 0.4, 0.9]
    assert worth_drawing(scores) == [True, True, True, False, False], "past a bad one another source has begun"
    for seed in range(200):
        assert set(fill(RANKED[:5], 3, Exploration(1.0), Random(seed), good=worth_drawing(scores)).items) == {0, 1, 2}


def test_scores_without_a_zero_are_judged_between_the_last_and_the_best() -> None:
    assert worth_drawing([3.0, 1.1, 0.9, -1.0]) == [True, True, False, False]
    assert worth_drawing([]) == []
    assert worth_drawing([0.0, 0.0]) == [True, True]


def test_a_new_product_gets_the_places_kept_for_it_and_no_other_until_its_audience_is_there() -> None:
    drawn = fill(RANKED, 24, Exploration(for_new=1.0), Random(1), new={91: 5, 92: 5, 93: 5, 94: 5})
    kept = [place for place, item in enumerate(drawn.items) if item > 90]
    assert kept == [3, 11, 19]
    assert (owed(0), owed(AUDIENCE - 1), owed(AUDIENCE), owed(10 * AUDIENCE)) == (AUDIENCE, 1, 0, 0)


def test_new_products_are_drawn_as_often_as_impressions_are_owed_to_them() -> None:
    generator = Random(2)
    seen = Counter(
        fill(RANKED, 8, Exploration(for_new=1.0), generator, new={91: 300, 92: 100}).items[3] for _ in range(4000)
    )
    assert seen[91] / seen[92] == pytest.approx(3.0, rel=0.15)


@given(
    st.integers(0, 60),
    st.integers(0, 30),
    st.sets(st.integers(50, 70)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 99),
)
@settings(max_examples=300, deadline=None)
def test_a_rail_is_full_and_holds_nothing_twice_and_only_candidates(
    candidates: int, places: int, new: set[int], epsilon: float, for_new: float, seed: int
) -> None:
    ranked, generator = list(range(candidates)), Random(seed)
    good = [generator.random() < 0.5 for _ in ranked]
    drawn = fill(ranked, places, Exploration(epsilon, for_new), generator, new=dict.fromkeys(new, 7), good=good)
    assert len(drawn.items) == len(drawn.propensities) == min(places, len({*ranked, *new}))
    assert len(set(drawn.items)) == len(drawn.items)
    assert {*drawn.items} <= {*ranked, *new}
    assert all(0.0 < chance <= 1.0 + 1e-9 for chance in drawn.propensities)


def test_without_exploration_the_order_stays_and_is_certain() -> None:
    assert fill(RANKED, 30, Exploration(), Random(1)) == Drawn(tuple(range(30)), (1.0,) * 30)


@pytest.mark.parametrize("chances", [(-0.1, 0.0), (0.0, 1.1), (float("nan"), 0.0)])
def test_what_is_no_chance_is_refused(chances: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a chance must be from 0 to 1"):
        Exploration(*chances)


# -- Together with the other sliders ---------------------------------------------------------------------------------


def drawn(salt: str, request: str, steering: Steering) -> Steered:
    return steer(Head(60), 8, steering, generator=generator_of(salt, RequestId(request)), new={60: 9, 61: 9})


def test_a_decision_can_be_drawn_again_from_the_shops_salt_and_the_requests_id() -> None:
    much = Steering(exploration=1, new_products=1)
    assert drawn("salt", "one", much) == drawn("salt", "one", much)
    assert len({drawn(salt, request, much) for salt in "ab" for request in "cdefg"}) > 5


def test_sliders_at_zero_draw_nothing_and_write_no_chances() -> None:
    assert drawn("salt", "one", OFF) == Steered(tuple(range(8)))


def test_draws_reach_behind_the_rail_but_never_past_the_first_candidates() -> None:
    found = {one for number in range(300) for one in drawn("s", str(number), Steering(exploration=1)).order}
    assert set(range(12)) < found <= set(range(MOST_CANDIDATES))
