"""Ordering a head anew: each slider does what it says, off is exactly off, and no mask is ever undone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.recommend.diversify import HEAD, Floats, Head, head_of, mix_of, rerank
from app.core.recommend.steering import OFF, Steering

EVERYTHING = Steering(diversity=1, calibration=1, popularity=1, impressions=1, margin=1, stock=1)


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def kinds(*values: int) -> Head:
    return Head(len(values), kind=np.array(values, dtype=np.int32))


def order(head: Head, places: int, mix: dict[int, float] | None = None, **sliders: float) -> list[int]:
    found: list[int] = rerank(head, places, Steering(**sliders), mix).tolist()
    return found


def drawn_head(size: int, seed: int) -> Head:
    """A head of which everything is known, with some gaps."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(size, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[chance.random(size) < 0.1] = 0.0
    part = chance.random((4, size)).astype(np.float32)
    margin, cover = (
        np.where(chance.random(size) < 0.3, np.float32(np.nan), column) for column in (part[1], 60 * part[2])
    )
    kind = chance.integers(-1, 5, size).astype(np.int32)
    return Head(size, kind, vectors, 100 * part[0], np.maximum(part[3], np.float32(0.2)), margin, cover)


# -- Mask first, then the best ---------------------------------------------------------------------------------------

SCORES = st.lists(st.sampled_from([0.0, 0.0, 0.1, 0.5, 0.5, 0.9, -1.0, float("nan")]), min_size=0, max_size=60)


@given(SCORES, st.integers(0, 2**32 - 1), st.integers(0, 24), st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_a_rail_holds_nothing_masked_nothing_twice_and_is_short_only_where_too_little_is_eligible(
    scores: list[float], seed: int, places: int, most: int
) -> None:
    chance = np.random.default_rng(seed)
    allowed = chance.random(len(scores)) < chance.random()
    positions = head_of(floats(*scores), allowed, fallback=floats(*chance.integers(0, 4, len(scores))), most=most)
    assert len(positions) == min(most, np.count_nonzero(allowed))
    for steering in (OFF, EVERYTHING, Steering(diversity=1), Steering(calibration=0.5), Steering(popularity=0.5)):
        chosen = rerank(drawn_head(len(positions), seed), places, steering, {0: 0.7, 4: 0.3})
        rail = positions[chosen]
        assert len(rail) == min(places, len(positions))
        assert len(set(rail.tolist())) == len(rail)
        assert allowed[rail].all()


def test_what_no_signal_speaks_for_follows_by_what_sells_and_equals_by_their_position() -> None:
    scores = floats(0.0, 0.5, float("nan"), 0.5, 0.0, 0.9, -2.0)
    allowed = np.array([True, True, True, True, True, False, True])
    found = head_of(scores, allowed, fallback=floats(1, 0, 7, 0, 1, 9, 3), most=5)
    assert found.tolist() == [1, 3, 2, 6, 0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_the_head_is_what_sorting_the_whole_catalogue_would_give(seed: int, most: int) -> None:
    chance = np.random.default_rng(seed)
    scores = (chance.integers(0, 9, 300) / 8).astype(np.float32)
    allowed = chance.random(300) < 0.5
    ranked = [one for one in np.argsort(-scores, kind="stable").tolist() if allowed[one]]
    assert head_of(scores, allowed, most=most).tolist() == ranked[:most]


NOT_NUMBERS = np.array([np.nan, np.inf, -np.inf, -1e9, 1e30], dtype=np.float32)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 12))
@settings(max_examples=200, deadline=None)
def test_facts_that_are_no_numbers_neither_shorten_a_rail_nor_put_anything_there_twice(
    seed: int, size: int, places: int
) -> None:
    chance = np.random.default_rng(seed)

    def spoilt(values: Floats) -> Floats:
        bad = chance.random(values.shape) < 0.3
        return np.where(bad, chance.choice(NOT_NUMBERS, values.shape), values).astype(np.float32)

    head = drawn_head(size, seed)
    parts = {name: getattr(head, name) for name in ("vectors", "popularity", "ignored", "margin", "cover")}
    chosen = rerank(Head(size, head.kind, **{name: spoilt(part) for name, part in parts.items()}), places, EVERYTHING)
    assert len(chosen) == min(places, size)
    assert len(set(chosen.tolist())) == len(chosen)


def test_stock_below_zero_counts_as_none() -> None:
    assert order(Head(3, cover=floats(-1e6, 30, 30)), 3, stock=1) == [1, 2, 0]


# -- Off is off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 7, 100, 300])
def test_with_all_sliders_at_zero_the_order_stays_exactly_as_it_is(size: int) -> None:
    head = drawn_head(size, 1)
    assert rerank(head, 24, OFF, {1: 1.0}).tolist() == list(range(min(24, size)))


@pytest.mark.parametrize("slider", ["diversity", "calibration", "popularity", "impressions", "margin", "stock"])
def test_a_slider_without_the_facts_that_it_needs_changes_nothing(slider: str) -> None:
    assert order(Head(HEAD), 24, {1: 1.0}, **{slider: 1.0}) == list(range(24))


@pytest.mark.parametrize("slider", ["diversity", "calibration", "popularity", "impressions", "margin", "stock"])
def test_every_slider_changes_something_and_twice_the_same(slider: str) -> None:
    head = drawn_head(100, 3)
    found = order(head, 12, {1: 0.6, 2: 0.4}, **{slider: 1.0})
    assert found != list(range(12))
    assert found == order(head, 12, {1: 0.6, 2: 0.4}, **{slider: 1.0})


# -- Each slider -----------------------------------------------------------------------------------------------------


def test_at_most_a_quarter_of_the_places_is_of_one_kind_while_there_are_others() -> None:
    head = kinds(*[0] * 20, 1, 1, 1, 1, 2, 2, 3, -1, -1)
    shown = [head.kind[one] for one in order(head, 8, diversity=1)] if head.kind is not None else []
    assert max(shown.count(kind) for kind in (0, 1, 2, 3)) <= 2


def test_a_cap_is_relaxed_in_the_order_of_the_ranking_rather_than_leave_a_rail_short() -> None:
    assert order(kinds(0, 0, 0, 0, 0, 1), 6, diversity=1) == [0, 5, 1, 2, 3, 4]
    assert order(kinds(*[0] * 10), 6, diversity=1) == list(range(6))


def test_of_two_that_are_alike_the_second_makes_room_for_something_else() -> None:
    twin, other = [1.0, 0.0], [0.0, 1.0]
    head = Head(3, vectors=np.array([twin, twin, other], dtype=np.float32))
    assert order(head, 3, diversity=1) == [0, 2, 1]
    assert order(head, 3, diversity=0.01) == [0, 1, 2]


def test_two_of_a_kind_are_alike_however_little_their_vectors_say_so() -> None:
    """Factors tell who buys what, and nobody buys two teapots."""
    teapots = Head(5, kind=np.array([7, 7, 7, 1, 2], dtype=np.int32), vectors=np.eye(5, dtype=np.float32))
    assert order(teapots, 4, diversity=0.4) == [0, 1, 3, 2]
    assert order(teapots, 4, diversity=1)[:3] == [0, 3, 4]
    nameless = Head(3, kind=np.array([-1, -1, 1], dtype=np.int32), vectors=np.eye(3, dtype=np.float32))
    assert order(nameless, 3, diversity=1) == [0, 1, 2], "what has no kind is of no one's kind"


def test_the_best_candidate_keeps_the_first_place_however_much_variety_is_wanted() -> None:
    assert all(order(drawn_head(50, seed), 8, diversity=1)[0] == 0 for seed in range(30))


def test_calibration_brings_the_kinds_that_the_shopper_chose_in_their_proportions() -> None:
    head = kinds(*[0] * 12, *[1] * 6, *[2] * 6)
    assert head.kind is not None
    shown = head.kind[order(head, 8, {1: 0.75, 2: 0.25}, calibration=1)]
    assert np.count_nonzero(shown == 1) > np.count_nonzero(shown == 2) >= 1
    assert order(head, 8, {}, calibration=1) == list(range(8)), "of somebody unknown there is no mix to keep to"


def test_a_rail_comes_nearer_to_a_mix_and_never_passes_it() -> None:
    head = kinds(*[0] * 20, *[1] * 20)
    assert head.kind is not None
    for calibration, least in ((0.25, 1), (0.5, 2), (1.0, 3)):
        shown = head.kind[order(head, 10, {0: 0.5, 1: 0.5}, calibration=calibration)]
        assert least <= np.count_nonzero(shown == 1) <= 5


def test_best_sellers_stand_further_back_the_more_they_sell() -> None:
    head = Head(3, popularity=floats(10_000, 100, 1))
    assert order(head, 3, popularity=1) == [2, 1, 0]
    assert order(head, 3, popularity=0.01) == [0, 1, 2]
    assert order(Head(3, popularity=floats(0, 0, 0)), 3, popularity=1) == [0, 1, 2]


def test_what_earns_more_and_what_lasts_stands_further_in_front_and_the_unknown_stays_in_between() -> None:
    unknown = float("nan")
    assert order(Head(4, margin=floats(0.1, unknown, 0.1, 0.9)), 4, margin=1) == [0, 3, 1, 2]
    assert order(Head(3, cover=floats(30, float("inf"), 365)), 3, stock=1) == [0, 1, 2], "all of it lasts"
    assert order(Head(3, cover=floats(0.5, 30, unknown)), 3, stock=1) == [1, 0, 2]
    assert order(Head(3, cover=floats(unknown, unknown, unknown)), 3, stock=1) == [0, 1, 2]


def test_a_mix_counts_weights_and_leaves_the_unknown_out() -> None:
    assert mix_of(np.array([4, -1, 2, 4], dtype=np.int32), floats(1, 9, 2, 1)) == {2: 0.5, 4: 0.5}
    assert mix_of(np.array([-1], dtype=np.int32)) == {}
