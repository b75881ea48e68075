"""Learning a forest: it finds what was planted, repeats itself, keeps directions, and stays calm on odd lessons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from app.core.recommend.forest import Forest, nothing, prior
from app.core.recommend.models.ranker import LONGEST, Lesson, Parameters, fit, quality
from app.core.recommend.models.ranker_measure import Measure
from app.core.recommend.models.ranker_trees import rounded_down

NAMES = ("signal", "share", "noise", "fixed", "unknown")
SMALL = Parameters(trees=20, least=10)
Floats = npt.NDArray[np.float32]


def lesson(questions: int = 150, seed: int = 1, *, answers: int = 1, rows: int = 20) -> Lesson:
    """The answers are the rows in which signal × share is greatest, unless share is not known."""
    generator = np.random.default_rng(seed)
    values = generator.random((questions * rows, len(NAMES))).astype(np.float32)
    values[generator.random(len(values)) < 0.2, 1] = np.nan
    values[:, 3], values[:, 4] = 7.0, np.nan
    worth = (values[:, 0] * np.nan_to_num(values[:, 1], nan=0.0)).reshape(questions, rows)
    relevance = np.zeros((questions, rows), dtype=np.int64)
    np.put_along_axis(relevance, np.argsort(-worth, axis=1)[:, :answers], 1, axis=1)
    return values, relevance.ravel(), np.full(questions, rows)


def test_a_learnt_order_finds_what_no_single_feature_tells() -> None:
    learnt = fit(*lesson(), names=NAMES, parameters=SMALL)
    others = lesson(seed=2)
    alone = max(quality(prior(NAMES, {name: 1.0}), *others) for name in ("signal", "share"))
    assert quality(learnt, *others) > 1.2 * alone
    assert set(learnt.used) <= {"signal", "share", "noise"}
    assert len(learnt.trees) == SMALL.trees


def test_the_same_lesson_gives_the_same_bytes_with_one_thread_and_with_two() -> None:
    first, second, third = (
        fit(*lesson(), names=NAMES, parameters=replace(SMALL, trees=2, leaves=4), threads=count) for count in (1, 1, 2)
    )
    for name, array in first.arrays().items():
        assert array.tobytes() == second.arrays()[name].tobytes() == third.arrays()[name].tobytes()


@pytest.mark.parametrize("intermediate", [True, False])
def test_more_of_a_monotone_feature_never_lowers_a_score(intermediate: bool) -> None:
    # The share is turned round here: what was learnt without the constraint would fall.
    values, relevance, groups = lesson()
    values[:, 1] = 1.0 - values[:, 1]
    steps = np.linspace(0, 1, 50, dtype=np.float32)
    rows = np.repeat(values[:40], len(steps), axis=0)
    rows[:, 1] = np.tile(steps, 40)

    def falls(forest: Forest) -> bool:
        return bool((np.diff(forest.scores(rows).reshape(40, -1), axis=1) < -1e-6).any())

    wishes = replace(SMALL, intermediate=intermediate)
    assert falls(fit(values, relevance, groups, names=NAMES, parameters=wishes))
    assert not falls(fit(values, relevance, groups, names=NAMES, parameters=wishes, monotone=(0, 1, 0, 0, 0)))


@pytest.mark.parametrize("answers", [1, 3])
def test_growing_ends_when_other_questions_gain_nothing_more(answers: int) -> None:
    generator = np.random.default_rng(3)
    values, relevance, groups = lesson(answers=answers)
    noisy = generator.permuted(relevance.reshape(-1, 20), axis=1).ravel()
    wishes = replace(SMALL, patience=3)
    for_nothing = fit(values, noisy, groups, names=NAMES, parameters=wishes, validation=lesson(seed=4, answers=answers))
    assert len(for_nothing.trees) < SMALL.trees
    plain = fit(values, relevance, groups, names=NAMES, parameters=SMALL)
    without = (values[:20], relevance[:20] * 0, groups[:1])
    unjudged = fit(values, relevance, groups, names=NAMES, parameters=SMALL, validation=without)
    assert len(unjudged.trees) == len(plain.trees)


def test_more_than_two_levels_of_relevance_are_worth_what_was_said() -> None:
    values, relevance, groups = lesson(answers=3)
    worth = np.where(relevance > 0, 1 + (values[:, 2] > 0.5), 0)
    learnt = fit(values, worth, groups, names=NAMES, parameters=replace(SMALL, gains=(0.0, 1.0, 50.0)))
    assert "noise" in learnt.used
    rows = np.tile(values[:1], (2, 1))
    rows[:, :3] = [[0.9, 0.9, 0.1], [0.9, 0.9, 0.9]]
    assert learnt.scores(rows)[1] > learnt.scores(rows)[0]


# -- odd lessons -----------------------------------------------------------------------------------------------------


def odd(name: str) -> Lesson:
    values, relevance, groups = lesson()
    match name:
        case "no rows":
            return values[:0], relevance[:0], groups[:0]
        case "only questions without rows":
            return values[:0], relevance[:0], groups[:3] * 0
        case "no answer":
            return values, relevance * 0, groups
        case "nothing but answers":
            return values, relevance * 0 + 1, groups
        case "one row each":
            return values, relevance, np.ones_like(relevance)
        case _:
            return np.where(np.arange(5) < 3, np.float32(np.nan), np.float32(1.0)) + values * 0, relevance, groups


@pytest.mark.parametrize(
    "name", ["no rows", "only questions without rows", "no answer", "nothing but answers", "one row each", "no variety"]
)
def test_a_lesson_that_teaches_nothing_gives_a_forest_that_scores_zero(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    learnt = fit(*odd(name), names=NAMES, parameters=SMALL, validation=odd(name))
    assert learnt.scores(lesson()[0]).any() == np.False_
    assert learnt.names == NAMES
    assert capfd.readouterr() == ("", "")


def test_one_question_and_few_rows_are_learnt_from_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    values, relevance, groups = lesson(questions=1)
    learnt = fit(values, relevance, groups, names=NAMES, validation=(values, relevance, groups))
    assert np.isfinite(learnt.scores(values)).all()
    whole = fit(*lesson(), names=NAMES, parameters=SMALL, monotone=(1, 0, 0, 0, -1), validation=lesson(seed=2))
    assert len(whole.trees) > 0
    assert capfd.readouterr() == ("", "")


def test_infinities_are_refused_by_the_name_of_the_feature() -> None:
    values, relevance, groups = lesson()
    values[3, 2] = -np.inf
    with pytest.raises(ValueError, match="'noise' is infinite"):
        fit(values, relevance, groups, names=NAMES)
    with pytest.raises(ValueError, match="'noise' is infinite"):
        fit(*lesson(), names=NAMES, validation=(values, relevance, groups))


def test_lessons_that_do_not_fit_together_are_refused() -> None:
    values, relevance, groups = lesson()
    with pytest.raises(ValueError, match="4 features"):
        fit(values, relevance, groups, names=NAMES[:4])
    with pytest.raises(ValueError, match="same name"):
        fit(values, relevance, groups, names=[*NAMES[:4], "noise"])
    with pytest.raises(ValueError, match="belongs to one question"):
        fit(values, relevance, groups[1:], names=NAMES)
    with pytest.raises(ValueError, match="belongs to one question"):
        fit(values, relevance[1:], groups, names=NAMES)
    with pytest.raises(ValueError, match="from 0 to 30"):
        fit(values, relevance - 1, groups, names=NAMES)
    with pytest.raises(ValueError, match="from 0 to 1"):
        fit(values, relevance * 2, groups, names=NAMES, parameters=Parameters(gains=(0.0, 1.0)))
    with pytest.raises(ValueError, match="monotone in one direction"):
        fit(values, relevance, groups, names=NAMES, monotone=(1, 2, 0, 0, 0))
    many = np.zeros((LONGEST + 1, 5), dtype=np.float32)
    with pytest.raises(ValueError, match=f"{LONGEST} is the most"):
        fit(many, np.zeros(len(many), np.int64), np.array([len(many)]), names=NAMES)


# -- the measure -----------------------------------------------------------------------------------------------------


def test_ndcg_counts_gains_by_place_and_ties_against_the_order() -> None:
    relevance, groups = np.array([0, 2, 1, 1, 0, 1]), np.array([4, 2])
    measure = Measure.of(relevance, groups)
    assert measure.name == "ndcg@10"
    ideal = 3 + 1 / np.log2(3) + 1 / 2
    found = 1 / np.log2(3) + 3 / np.log2(4) + 1 / np.log2(5)
    # First question: the irrelevant row ties with one of level 1 and stands before it. Second: the order is right.
    assert measure(np.array([0.5, 0.1, 0.5, -2.0, -1.0, -0.5])) == pytest.approx((found / ideal + 1.0) / 2)


def test_with_one_answer_each_the_measure_is_the_mean_reciprocal_rank() -> None:
    relevance, groups = np.array([0, 1, 0, 1, 0, 0, 0]), np.array([3, 2, 0, 2])
    measure = Measure.of(relevance, groups)
    assert measure.name == "mrr"
    # Ranks 3 (a tie and a better one) and 1; the last question has no answer and does not count.
    assert measure(np.array([0.2, 0.1, 0.1, -0.0, -1.0, 9.0, 8.0])) == pytest.approx((1 / 3 + 1) / 2)
    assert measure(np.zeros(7)) == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_no_question_has_no_quality() -> None:
    nobody = np.empty(0, dtype=np.int64)
    assert quality(nothing(NAMES), np.empty((0, 5), np.float32), nobody, nobody) == 0.0


@pytest.mark.parametrize("value", [0.1, -0.1, 1e-35, 0.0, 1e300, -1e300, 3.5e38, 1e-46])
def test_a_threshold_becomes_the_greatest_float32_not_above_it(value: float) -> None:
    down = rounded_down(value)
    assert float(down) <= value
    with np.errstate(over="ignore"):
        assert float(np.nextafter(down, np.float32(np.inf))) > value
