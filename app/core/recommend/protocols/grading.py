"""Grading: every question is asked once, the whole catalogue is ranked, and ties count against the model.

What is measured depends on the protocol (`METRICS`); every metric is kept for each question too, so that two models can
be compared question by question. A question to which a metric does not apply has NaN there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.metrics import target_ranks
from app.core.recommend.protocols.exam import Case, Cases
from app.core.recommend.protocols.measures import MISSED, Found, Values, mean
from app.core.recommend.signals.types import Scores
from app.core.recommend.tasks import Task

ALL, REPEAT, EXPLORE, NEW = "", "repeat_", "explore_", "new_"
"""Prefixes of metrics: all answers; those that the history holds and those that it lacks, in the same ranking; and a
ranking of its own of what the history lacks."""
METRICS: Mapping[Task, tuple[str, ...]] = {
    Task.SESSION: ("hr", "mrr", "ndcg"),
    Task.SEQUENCE: ("hr", "ndcg", "mrr"),
    Task.BASKET: ("recall", "ndcg", "phr"),
    Task.TIME: ("recall", "ndcg", "phr"),
}
PARTS: Mapping[Task, tuple[str, ...]] = {
    Task.SESSION: (ALL,),
    Task.SEQUENCE: (ALL,),
    Task.BASKET: (ALL, REPEAT, EXPLORE, NEW),
    Task.TIME: (ALL, NEW),
}
IDEAL_IS_WHOLE = frozenset({Task.BASKET})
"""Tasks whose ideal for NDCG@k holds the whole basket, also beyond k, as the next-basket reality check has it."""


class Scorer(Protocol):
    """What is graded: one score for every item, float32 [N], the higher the better."""

    def __call__(self, history: History, *, only_new: bool) -> Scores:
        """`only_new`: only items that the history lacks will be ranked; a scorer may take it as a hint."""
        ...


@dataclass(frozen=True, slots=True)
class Grades:
    """What a model has reached.

    `each`: by metric, its value for every question, float64 [Q]. `coverage`: by metric, the share of the catalogue that
    was recommended to anybody; `score_s`: seconds spent in the scorer alone, over `asked` calls.
    """

    each: Mapping[str, Values]
    coverage: Mapping[str, float]
    score_s: float
    asked: int

    @property
    def metrics(self) -> dict[str, float]:
        """Means over the questions to which a metric applies; 0 where it applies to none."""
        means = {name: mean(values) for name, values in self.each.items()}
        return means | dict(self.coverage)


def grade(
    scorer: Scorer,
    cases: Cases,
    task: Task,
    ks: Sequence[int],
    *,
    metrics: Sequence[str] | None = None,
    told: Callable[[int], None] = lambda _: None,
    every: int = 64,
) -> Grades:
    """Ask every question once.

    Args:
        ks: cut-offs, each at least 1.
        metrics: in place of those of the task.
        told: is told after every `every` questions, and at the end, how many are done.
    """
    sheet = _Sheet(task, max(ks), cases, metrics or METRICS[task])
    for number, case in enumerate(cases, 1):
        sheet.mark(number - 1, case, scorer)
        if number % every == 0:
            told(number)
    told(len(cases))
    return sheet.grades(ks)


class _Sheet:
    """The ranks of all answers by part, and what was recommended, while the questions are asked."""

    def __init__(self, task: Task, deepest: int, cases: Cases, metrics: Sequence[str]) -> None:
        self.task, self.deepest, self.questions = task, deepest, len(cases)
        self.metrics = metrics
        self.items = len(cases.histories.items)
        self.ranks: dict[str, list[npt.NDArray[np.int64]]] = defaultdict(list)
        self.asked: dict[str, list[npt.NDArray[np.int64]]] = defaultdict(list)
        self.heads: dict[str, npt.NDArray[np.int64]] = {}
        self.seconds, self.calls = 0.0, 0

    def mark(self, number: int, case: Case, scorer: Scorer) -> None:
        known = np.unique(case.history.item)
        is_known = np.isin(case.targets, known)
        left_out = known[:0] if self.task.repeats else known
        # A known item that is not ranked is an answer that nobody can give.
        answers = case.targets if self.task.repeats else case.targets[~is_known]
        ranks = self._rank(ALL, case.history, scorer, answers, left_out)
        self._note(ALL, number, ranks, case.answers)
        parts = PARTS[self.task]
        if REPEAT in parts:
            self._note(REPEAT, number, ranks[is_known], int(np.count_nonzero(is_known)))
            self._note(EXPLORE, number, ranks[~is_known], case.answers - int(np.count_nonzero(is_known)))
        new = case.answers - int(np.count_nonzero(is_known))
        if NEW in parts and new:
            ranks = self._rank(NEW, case.history, scorer, case.targets[~is_known], known)
            self._note(NEW, number, ranks, new)

    def _rank(
        self,
        part: str,
        history: History,
        scorer: Scorer,
        targets: npt.NDArray[np.int32],
        left_out: npt.NDArray[np.int32],
    ) -> npt.NDArray[np.int64]:
        began = time.perf_counter()
        scores = scorer(history, only_new=part == NEW or not self.task.repeats)
        self.seconds += time.perf_counter() - began
        self.calls += 1
        # What is no number stands last, with ties against it.
        ranked = np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        self._recommended(part, ranked, left_out)
        return target_ranks(ranked, targets, left_out)

    def _recommended(self, part: str, scores: Scores, left_out: npt.NDArray[np.int32]) -> None:
        """Note of every item the best place at which it was recommended to anybody; ties are no recommendation."""
        best = self.heads.setdefault(part, np.full(self.items, MISSED))
        ranked = scores.copy()
        ranked[left_out] = -np.inf
        depth = min(self.deepest + 1, self.items)
        head = np.argpartition(ranked, self.items - depth)[self.items - depth :]
        descending = np.sort(ranked[head])[::-1]
        # The place of an item, ties against it, is the number of items with its score or a higher one.
        place = depth - np.searchsorted(descending[::-1], ranked[head], side="left")
        real = np.isfinite(ranked[head]) & ((place < depth) | (depth == self.items))
        best[head[real]] = np.minimum(best[head[real]], place[real])

    def _note(self, part: str, number: int, ranks: npt.NDArray[np.int64], answers: int) -> None:
        padded = np.append(ranks, np.full(answers - len(ranks), MISSED))
        self.ranks[part].append(padded)
        self.asked[part].append(np.full(len(padded), number))

    def grades(self, ks: Sequence[int]) -> Grades:
        each: dict[str, Values] = {}
        coverage: dict[str, float] = {}
        nothing = [np.empty(0, dtype=np.int64)]
        for part in PARTS[self.task]:
            ranks, asked = (np.concatenate(held[part] or nothing) for held in (self.ranks, self.asked))
            found = Found(ranks, asked, self.questions)
            for name in self.metrics:
                for k in ks:
                    whole = self.task in IDEAL_IS_WHOLE
                    each[f"{part}{name}@{k}"] = found.measure(name, k, ideal_is_whole=whole)
            if part in self.heads:
                coverage |= {f"{part}coverage@{k}": float(np.mean(self.heads[part] <= k)) for k in ks}
        return Grades(each, coverage, self.seconds, self.calls)
