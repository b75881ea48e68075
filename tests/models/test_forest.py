"""The forest decides as LightGBM does, explains what it scores, and refuses arrays that are no whole trees."""

from __future__ import annotations

from functools import cache
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.core.recommend.forest import Forest, LinearRanker, Ranker, SpreadRanker, nothing, prior, ranker_of
from app.core.recommend.forest_trees import Missing, Trees
from app.core.recommend.models.ranker_trees import trees_of

FEATURES = 6
NAMES = tuple("abcdef")
Floats = npt.NDArray[np.float32]


def drawn(rows: int, seed: int, *, unknown: float = 0.1) -> Floats:
    """Values that are continuous, whole, mostly 0, and constant; some of them unknown."""
    generator = np.random.default_rng(seed)
    values = generator.normal(0, 1, (rows, FEATURES))
    values[:, 1] = np.round(values[:, 1] * 2)
    values[:, 2] = np.where(generator.random(rows) < 0.7, 0.0, values[:, 2])
    values[:, 5] = 3.0
    values[generator.random(values.shape) < unknown] = np.nan
    return values.astype(np.float32)


@cache
def grown(unknown: float = 0.1, **wishes: Any) -> tuple[lightgbm.Booster, Forest]:
    """A booster, and the forest of its trees."""
    rows = drawn(3000, 1, unknown=unknown)
    known = np.nan_to_num(rows, nan=0.7)
    answer = known[:, 0] * known[:, 1] + np.sin(3 * known[:, 2]) + known[:, 3] + 0.1 * known[:, 4] * known[:, 0]
    wanted = {"num_leaves": 16, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, **wishes}
    trees = wanted.pop("trees", 60)
    booster = lightgbm.train(wanted, lightgbm.Dataset(rows, label=answer, params=dict(wanted)), trees)
    return booster, Forest(NAMES, trees_of(booster.dump_model()))


def nasty(forest: Forest) -> Floats:
    """Rows with every threshold, its neighbours among the floats, infinities, both zeros, tiny values and NaN."""
    bounds = forest.trees.threshold
    tiny = np.float32(1e-35)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, tiny, -tiny, np.nextafter(tiny, 1), 3e38, -3e38], np.float32)
    up, down = np.nextafter(bounds, np.float32(np.inf)), np.nextafter(bounds, -np.float32(np.inf))
    values = np.concatenate([bounds, up, down, np.repeat(odd, 200)])
    return np.random.default_rng(2).choice(values, (4000, FEATURES)).astype(np.float32)


SORTS: dict[str, dict[str, Any]] = {
    "NaN is a value of its own": {},
    "NaN was never seen": {"unknown": 0.0},
    "zero is missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "few leaves": {"num_leaves": 3},
    "more thresholds than a byte counts": {"trees": 150, "max_bin": 1000, "min_data_in_bin": 1},
}
of_every_sort = pytest.mark.parametrize("wishes", SORTS.values(), ids=SORTS)


@of_every_sort
def test_every_row_ends_in_the_leaf_that_lightgbm_puts_it_in(wishes: dict[str, Any]) -> None:
    booster, forest = grown(**wishes)
    for rows in (nasty(forest), drawn(777, 3)):
        assert np.array_equal(forest.leaves(rows), booster.predict(rows, pred_leaf=True))


@of_every_sort
def test_scores_are_those_of_lightgbm(wishes: dict[str, Any]) -> None:
    booster, forest = grown(**wishes)
    rows = drawn(1000, 4)
    assert forest.scores(rows) == pytest.approx(booster.predict(rows), abs=1e-5)
    assert forest.scores(rows).dtype == np.float32


def test_the_sorts_of_trees_that_are_tried_do_what_they_are_called() -> None:
    kinds = {name: set(grown(**wishes)[1].trees.missing.tolist()) for name, wishes in SORTS.items()}
    assert Missing.ZERO in kinds["zero is missing"]
    assert Missing.NAN in kinds["NaN is a value of its own"]
    assert kinds["NaN was never seen"] == kinds["nothing is missing"] == {Missing.NONE}
    trees = grown(**SORTS["more thresholds than a byte counts"])[1].trees
    assert len(np.unique(trees.threshold[trees.feature == 0])) > 255


def test_many_rows_are_scored_as_few_are_and_threads_change_nothing() -> None:
    forest = grown()[1]
    rows = drawn(9001, 5)
    at_once = forest.scores(rows)
    assert np.array_equal(at_once, np.concatenate([forest.scores(part) for part in np.array_split(rows, 97)]))
    assert np.array_equal(at_once, forest.scores(rows, threads=2))
    assert np.array_equal(at_once, forest.scores(np.asfortranarray(rows)))
    assert forest.scores(rows[:0]).shape == (0,)


# -- explanations ----------------------------------------------------------------------------------------------------


@of_every_sort
def test_what_each_feature_adds_sums_up_to_the_score(wishes: dict[str, Any]) -> None:
    forest = grown(**wishes)[1]
    rows = drawn(24, 6)
    parts = forest.contributions(rows)
    assert parts.shape == (24, FEATURES + 1)
    assert parts.sum(axis=1) == pytest.approx(forest.scores(rows), abs=1e-5)


def test_a_split_explains_the_change_of_the_mean_of_what_lies_below() -> None:
    # a <= 1: 1.0 (30 rows), else b <= 2: 2.0 (10 rows), else 6.0 (10 rows); the mean of all is 2.2, right of a it is 4.
    trees = Trees.of(
        {
            "splits": np.array([2], np.int32),
            "feature": np.array([0, 1], np.int32),
            "threshold": np.array([1, 2], np.float32),
            "missing": np.zeros(2, np.uint8),
            "default": np.zeros(2, np.bool_),
            "left": np.array([~0, ~1], np.int32),
            "right": np.array([1, ~2], np.int32),
            "value": np.array([1, 2, 6], np.float32),
            "count": np.array([30, 10, 10], np.int64),
        },
        2,
    )
    forest = Forest(("a", "b"), trees)
    parts = forest.contributions(np.array([[0, 0], [9, 0], [9, 9]], np.float32))
    assert parts == pytest.approx(np.array([[-1.2, 0, 2.2], [1.8, -2, 2.2], [1.8, 2, 2.2]]))


def test_a_feature_that_never_varied_is_not_used_and_explains_nothing() -> None:
    forest = grown()[1]
    assert forest.used == NAMES[:5]
    assert not forest.contributions(drawn(24, 7))[:, 5].any()


def test_a_forest_without_trees_scores_zero() -> None:
    forest = nothing(NAMES)
    assert forest.scores(drawn(3, 8)).tolist() == [0.0, 0.0, 0.0]
    assert forest.contributions(drawn(2, 8)).tolist() == [[0.0] * 7] * 2
    assert forest.leaves(drawn(2, 8)).shape == (2, 0)


def test_a_tree_without_a_split_is_a_number() -> None:
    single = {name: array[:0] for name, array in grown()[1].arrays().items()}
    single["splits"] = np.zeros(1, np.int32)
    single |= {"value": np.array([0.25], np.float32), "count": np.array([9], np.int64)}
    forest = ranker_of(single, {"kind": "forest", "features": ["a"]})
    assert forest.scores(np.zeros((2, 1), np.float32)).tolist() == [0.25, 0.25]
    assert forest.contributions(np.zeros((1, 1), np.float32)).tolist() == [[0.0, 0.25]]


# -- stated weights --------------------------------------------------------------------------------------------------


def test_a_prior_is_the_weighted_sum_of_what_is_known() -> None:
    ranker = prior(NAMES, {"b": 2.0, "d": -1.0})
    rows = np.array([[9, 1, 9, 3, 9, 9], [9, np.nan, 9, 3, 9, 9]], np.float32)
    assert ranker.scores(rows).tolist() == [-1.0, -3.0]
    assert ranker.used == ("b", "d")
    parts = ranker.contributions(rows)
    assert parts.tolist() == [[0, 2, 0, -3, 0, 0, 0], [0, 0, 0, -3, 0, 0, 0]]


def test_a_prior_stays_finite_whatever_it_is_given() -> None:
    ranker = prior(("a", "b"), {"a": 3e38, "b": 1.0})
    rows = np.array([[np.inf, -np.inf], [-np.inf, np.nan], [3e38, 3e38]], np.float32)
    assert np.isfinite(ranker.scores(rows)).all()
    assert np.isfinite(ranker.contributions(rows)).all()


@pytest.mark.parametrize("weights", [{"z": 1.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_a_weight_that_is_no_number_or_of_no_feature_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"z, which is no feature|not a finite number"):
        prior(NAMES, weights)


# -- artefacts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [grown()[1], nothing(NAMES), prior(NAMES, {"a": 0.5})])
def test_a_ranker_comes_back_from_its_artefact(made: Ranker) -> None:
    again = ranker_of(made.arrays(), made.meta(), known=NAMES)
    assert type(again) is type(made)
    assert again.names == NAMES
    rows = drawn(50, 9)
    assert np.array_equal(again.scores(rows), made.scores(rows))
    assert np.array_equal(again.contributions(rows), made.contributions(rows))


def test_rows_with_another_number_of_features_are_refused() -> None:
    for ranker in (grown()[1], prior(NAMES, {})):
        for call in (ranker.scores, ranker.contributions):
            with pytest.raises(ValueError, match="6 features"):
                call(np.zeros((2, 5), np.float32))


CORRUPT: dict[str, tuple[str, int, float]] = {
    "has from 0 to 15 splits": ("splits", 0, 16),
    "the same length": ("splits", 0, 3),
    "none of the 6 features": ("feature", 4, 6),
    "is not a number": ("threshold", 0, np.nan),
    "value of a leaf is not": ("value", 0, np.inf),
    "in no known way": ("missing", 0, 3),
    "reached by no training row": ("count", 0, 0),
    "does not have, or that stands before it": ("left", 5, 0),
    "a child that its tree does not have": ("right", 0, -17),
    "hangs below two splits": ("left", 14, ~0),
}


@pytest.mark.parametrize(("message", "change"), CORRUPT.items(), ids=CORRUPT)
def test_arrays_that_are_no_whole_trees_are_refused(message: str, change: tuple[str, int, float]) -> None:
    made = grown()[1]
    name, place, value = change
    arrays = {key: array.copy() for key, array in made.arrays().items()}
    arrays[name][place] = value
    with pytest.raises(ValueError, match=message):
        ranker_of(arrays, made.meta())


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_whatever_is_changed_in_an_artefact_it_is_refused_or_scores_numbers(data: some.DataObject) -> None:
    made = grown(trees=5)[1]
    arrays = {key: array.copy() for key, array in made.arrays().items()}
    array = arrays[data.draw(some.sampled_from(sorted(arrays)))]
    bits = array.view(np.uint8)
    bits[data.draw(some.integers(0, len(bits) - 1))] = data.draw(
        some.integers(0, 1 if array.dtype == np.bool_ else 255)
    )
    try:
        again = ranker_of(arrays, made.meta())
    except ValueError:
        return
    rows = drawn(20, 10)
    with np.errstate(over="ignore"):
        assert not np.isnan(again.scores(rows)).any()


def test_an_artefact_that_lacks_something_is_refused() -> None:
    made = grown()[1]
    arrays, meta = made.arrays(), made.meta()
    for name in arrays:
        with pytest.raises(ValueError, match=name):
            ranker_of({key: array for key, array in arrays.items() if key != name}, meta)
    with pytest.raises(ValueError, match="threshold"):
        ranker_of({**arrays, "threshold": arrays["threshold"].astype(np.float64)}, meta)
    with pytest.raises(ValueError, match="one float32 weight"):
        ranker_of({"weights": np.zeros(5, np.float32)}, {**meta, "kind": "linear"})


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"kind": "forest"}, "at least one feature"),
        ({"kind": "forest", "features": []}, "at least one feature"),
        ({"kind": "forest", "features": ["a", "a"]}, "the same name"),
        ({"kind": "forest", "features": [*"abcde", "z"]}, "reads z, which is no known"),
        ({"kind": "oracle", "features": [*"abcdef"]}, "'oracle' is no kind"),
    ],
)
def test_features_and_kinds_that_nobody_knows_are_refused(meta: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ranker_of(grown()[1].arrays(), meta, known=NAMES)


def test_weights_of_a_stored_prior_are_checked() -> None:
    made: LinearRanker = prior(NAMES, {"a": 1.0})
    with pytest.raises(ValueError, match="not a finite number"):
        ranker_of({"weights": np.full(6, np.nan, np.float32)}, made.meta())


def test_a_spread_ranker_takes_its_feature_off_and_says_so() -> None:
    spread = SpreadRanker(prior(["likes", "wanted"], {"likes": 1.0}), "wanted", 0.5)
    rows = np.array([[1.0, 2.0], [0.5, np.nan]], dtype=np.float32)
    assert spread.scores(rows).tolist() == [0.0, 0.5]
    assert spread.contributions(rows).tolist() == [[1.0, -1.0, 0.0], [0.5, 0.0, 0.0]]
    read = ranker_of(spread.arrays(), spread.meta())
    assert read.meta() == spread.meta()
    assert read.scores(rows).tolist() == [0.0, 0.5]
    with pytest.raises(ValueError, match="one of its features"):
        ranker_of(spread.arrays(), {**spread.meta(), "feature": "price"})
