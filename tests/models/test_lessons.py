"""Which ranker is taken: a forest where it is better on people it has not met, else what needs no learning."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from app.core.recommend.features import WANTED
from app.core.recommend.forest import Forest, LinearRanker, Ranker, SpreadRanker, prior, ranker_of
from app.core.recommend.models import ranker, spreading
from app.core.recommend.models.lessons import LEAST_COMPARED, LEAST_LEARNT, Lessons, best_ranker
from app.core.recommend.models.spreading import OWN, Judged

NAMES = ("signal", "other", WANTED, OWN)
STATED = [prior(NAMES, {"other": 1.0}), prior(NAMES, {"signal": 1.0})]
Floats = npt.NDArray[np.float32]


def chosen(lessons: Lessons, *, spread_out: bool = False) -> Ranker:
    return best_ranker(lessons, NAMES, (0,) * len(NAMES), STATED, seed=1, spread_out=spread_out)


def lessons_of(rows: Floats, best: npt.NDArray[np.int64], person: npt.NDArray[np.int64]) -> Lessons:
    """Questions [Q] with rows [Q, R, F], of which one is the answer."""
    lessons = Lessons()
    for one, answer, whose in zip(rows, best.tolist(), person.tolist(), strict=True):
        lessons.rows.append(one)
        lessons.items.append(np.arange(len(one)))
        lessons.relevance.append((np.arange(len(one)) == answer).astype(np.int8))
        lessons.person.append(whose)
    return lessons


def drawn(questions: int, *, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).random((questions, 20, len(NAMES))).astype(np.float32)


def test_a_forest_is_taken_where_only_it_finds_the_answers() -> None:
    rows = drawn(600)
    lessons = lessons_of(rows, np.argmin(np.abs(rows[..., 0] - 0.5), axis=1), np.arange(600))
    assert isinstance(chosen(lessons), Forest)


def test_a_single_signal_is_taken_where_it_tells_everything() -> None:
    rows = drawn(LEAST_LEARNT + 100)
    found = chosen(lessons_of(rows, np.argmax(rows[..., 0], axis=1), np.arange(len(rows))))
    assert isinstance(found, LinearRanker)
    assert found.used == ("signal",)


def test_what_is_known_of_people_by_heart_is_no_knowledge() -> None:
    # Everybody is asked the same question twenty times; whoever had met them would know the answers.
    generator = np.random.default_rng(5)
    rows = np.repeat(generator.random((30, 20, len(NAMES))).astype(np.float32), 20, axis=0)
    best = np.argmax(rows[..., 0] + np.repeat(generator.normal(scale=0.2, size=(30, 20)), 20, axis=0), axis=1)
    person = np.repeat(np.arange(30), 20)
    assert isinstance(chosen(lessons_of(rows, best, person)), LinearRanker)
    assert isinstance(chosen(lessons_of(rows, best, np.arange(len(rows)))), Forest)


@pytest.mark.parametrize(("questions", "people"), [(0, 1), (LEAST_COMPARED - 1, 40), (LEAST_LEARNT + 50, 1)])
def test_too_few_questions_or_people_are_no_error(questions: int, people: int) -> None:
    rows = drawn(questions)
    found = chosen(lessons_of(rows, np.argmax(rows[..., 1], axis=1), np.arange(questions) % people))
    assert found is STATED[0]


# -- a wider choice ----------------------------------------------------------------------------------------------------


def crowded(seed: int) -> tuple[ranker.Lesson, npt.NDArray[np.intp], Floats]:
    """What everybody wants is ranked a little too high: 300 questions about 30 of 4,000 items each."""
    generator = np.random.default_rng(seed)
    wanted = np.log1p(generator.zipf(1.5, 4000).clip(max=2000)).astype(np.float32)
    items = np.array([generator.choice(4000, 30, replace=False) for _ in range(300)])
    taste = generator.normal(size=items.shape)
    rows = np.zeros((*items.shape, len(NAMES)), dtype=np.float32)
    rows[..., 2] = wanted[items]
    rows[..., 3] = np.where(generator.random(items.shape) < 0.1, 0.5, np.nan)
    scores = (taste + 0.3 * wanted[items]).astype(np.float32)
    relevance = taste + generator.normal(size=items.shape) * 0.5 > 1.8
    return (rows.reshape(-1, len(NAMES)), relevance.ravel().astype(np.int8), np.full(300, 30)), items.ravel(), scores


def shown(scores: Floats, items: npt.NDArray[np.intp]) -> int:
    order = np.argsort(-scores.reshape(300, 30), axis=1)[:, :10]
    return len(np.unique(np.take_along_axis(items.reshape(300, 30), order, axis=1)))


def test_more_of_the_catalogue_is_shown_for_next_to_nothing() -> None:
    lesson, items, scores = crowded(seed=1)
    plain = prior(NAMES, {"signal": 1.0})
    lesson[0][:, 0] = scores.ravel()
    found = spreading.spread(plain, Judged(lesson, plain.scores(lesson[0]), items))
    assert isinstance(found, SpreadRanker)
    later, items, scores = crowded(seed=2)
    later[0][:, 0] = scores.ravel()
    assert shown(found.scores(later[0]), items) > 1.02 * shown(plain.scores(later[0]), items)
    assert ranker.quality(found, *later) > (1.0 - 2.0 * spreading.COST) * ranker.quality(plain, *later)


def test_a_spread_ranker_is_read_back_as_it_was() -> None:
    found = SpreadRanker(SpreadRanker(STATED[1], OWN, -1.0), WANTED, 0.25)
    rows = drawn(1)[0]
    read = ranker_of(found.arrays(), found.meta())
    assert np.array_equal(read.scores(rows), found.scores(rows))
    assert np.allclose(read.contributions(rows).sum(axis=1), found.scores(rows), atol=1e-5)
