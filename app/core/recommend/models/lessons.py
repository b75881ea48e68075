"""What rankers learn from, and which ranker is taken: a learnt forest only where it beats what needs no learning.

All are compared on questions of people from whom the forest has learnt nothing, by the paired differences between them:
with few questions everybody is held back in turn (cross-validation; Stone, "Cross-validatory choice and assessment of
statistical predictions", JRSS B 36(2), 1974), with many a part of them is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from app.core.recommend.blend import Pool
from app.core.recommend.features import Indexes, Rows
from app.core.recommend.forest import Forest, Ranker
from app.core.recommend.models import ranker
from app.core.recommend.models.ranker_measure import Measure
from app.core.recommend.models.spreading import Judged, spread

LEAST_COMPARED, LEAST_LEARNT = 50, 200
"""Questions with an answer among the candidates; with fewer the first of the stated rankers stands, or no forest is
grown."""
FEWER_PARTS, MORE_PARTS, MANY = 8, 16, 8000
"""Into how many parts the people are cut, the latter from so many questions on: one part judges a forest and one stops
its growth, the others are learnt from."""
ENOUGH = 300
"""Questions to judge by: as many parts judge in turn, each a forest of its own, as hold so many."""
HARDEST, DRAWN = 100, 50
"""Of each question's candidates, the first by the cheap sum and so many drawn from the rest are learnt from, answers
and others alike: were all answers kept, the ranker would learn that the last candidates are often right."""


@dataclass(slots=True, eq=False)
class Lessons:
    """By question: rows float32 [R, F], the items that they are about intp [R], whether each is an answer int8 [R], and
    whose question it is."""

    rows: list[Rows] = field(default_factory=list)
    items: list[Indexes] = field(default_factory=list)
    relevance: list[npt.NDArray[np.int8]] = field(default_factory=list)
    person: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, pool: Pool, answers: npt.NDArray[np.int64], person: int, generator: np.random.Generator) -> None:
        """Of a question's candidates those that are hardest to tell from the answers, and some others."""
        order = np.argsort(-pool.total, kind="stable")
        rest = order[HARDEST:]
        chosen = np.append(order[:HARDEST], rest[generator.permutation(len(rest))[:DRAWN]])
        is_answer = np.isin(pool.at[chosen], answers)
        if is_answer.any():
            self.rows.append(pool.rows[chosen])
            self.items.append(pool.at[chosen])
            self.relevance.append(is_answer.astype(np.int8))
            self.person.append(person)

    def part(self, chosen: Indexes) -> ranker.Lesson:
        """So many of the questions, at least one, by their numbers."""
        rows, relevance = [self.rows[one] for one in chosen], [self.relevance[one] for one in chosen]
        return np.concatenate(rows), np.concatenate(relevance), np.array([len(one) for one in rows], dtype=np.int64)

    def items_of(self, chosen: Indexes) -> Indexes:
        """What the rows of a part are about."""
        return np.concatenate([self.items[one] for one in chosen])


def best_ranker(
    lessons: Lessons,
    names: Sequence[str],
    directions: Sequence[int],
    stated: Sequence[Ranker],
    *,
    seed: int,
    spread_out: bool,
) -> Ranker:
    """The first of the stated rankers, another one if it is better by more than chance, or a learnt forest if it is
    better than that on people whom it has not met.

    Args:
        directions: of each feature, as in `ranker.fit`.
        spread_out: show more of the catalogue, as far as it costs next to nothing (`spreading`).
    """
    if len(lessons) < LEAST_COMPARED:
        return stated[0]
    turns = list(_turns(lessons, names, directions, seed)) if len(lessons) >= LEAST_LEARNT else []
    asked = np.concatenate([chosen for _, chosen in turns]) if turns else np.arange(len(lessons))
    part = lessons.part(asked)
    measure, people = Measure.of(part[1], part[2]), np.unique(np.array(lessons.person)[asked], return_inverse=True)[1]
    scored = [(one, one.scores(part[0])) for one in stated]
    first, *others = scored
    best = _better(first, max(others, key=lambda one: measure(one[1])), measure, people) if others else first
    if turns:
        learnt = np.concatenate([forest.scores(lessons.part(chosen)[0]) for forest, chosen in turns])
        best = _better(best, (turns[0][0], learnt), measure, people, errors=0.0)
    return spread(best[0], Judged(part, best[1], lessons.items_of(asked))) if spread_out else best[0]


def _turns(
    lessons: Lessons, names: Sequence[str], directions: Sequence[int], seed: int
) -> Iterator[tuple[Forest, Indexes]]:
    """Forests, and for each the questions of people whom it has not met."""
    people, whose = np.unique(lessons.person, return_inverse=True)
    parts = FEWER_PARTS if len(lessons) < MANY else MORE_PARTS
    group = np.random.default_rng(seed).permutation(np.arange(len(people)) % parts)[whose]
    for turn in range(min(-(-ENOUGH * parts // len(lessons)), parts)):
        judges, stops = group == turn, group == (turn + 1) % parts
        learns = ~judges & ~stops
        if judges.any() and stops.any() and learns.any():
            lesson, stop = (lessons.part(np.flatnonzero(one)) for one in (learns, stops))
            forest = ranker.fit(*lesson, names=names, monotone=directions, validation=stop, seed=seed)
            yield forest, np.flatnonzero(judges)


Scored = tuple[Ranker, npt.NDArray[np.float32]]
"""A ranker, and its scores of the rows that are judged."""


def _better(
    one: Scored, other: Scored, measure: Measure, people: npt.NDArray[np.int64], *, errors: float = 1.0
) -> Scored:
    """The other one if it is ahead by more than so many standard errors of the paired difference.

    The best of many is ahead by chance alone; a single one that nobody chose for its figure need only be ahead. The
    questions of one person (int64 [Q]: whose each is) say nearly the same, so that people are what is counted.
    """
    ahead = measure.each(other[1]) - measure.each(one[1])
    mean, number = float(ahead.mean()), int(people.max(initial=-1)) + 1
    sums = np.bincount(people, ahead - mean)
    error = float(np.sqrt((sums**2).sum() * number / max(number - 1, 1))) / len(ahead)
    return other if number > 1 and mean > errors * error else one
