"""What one model has reached in an exam, as it comes back from its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.cli.evaluation import trade_off
from app.cli.evaluation.trade_off import Found
from app.core.recommend.protocols.comparing import Gain, paired_gain
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.protocols.grading import PARTS
from app.core.recommend.protocols.measures import Values, mean
from app.core.recommend.tasks import Task

OURS = "attune"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """`each`: by metric, one value for every question, NaN where it does not apply.

    `fit_s`, `score_s`: seconds; the latter of all `asked` calls of the scorer. `peak_mb`: of the model's process, MiB.
    """

    model: str
    each: dict[str, Values]
    coverage: dict[str, float]
    fit_s: float
    score_s: float
    asked: int
    peak_mb: float
    trade_off: Found = field(default_factory=dict)
    """What the sliders cost and bring, where that was asked for."""

    @property
    def metrics(self) -> dict[str, float]:
        """Fractions by name."""
        return {name: mean(values) for name, values in self.each.items()} | self.coverage

    @property
    def document(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "metrics": self.metrics,
            "fit_s": self.fit_s,
            "score_s": self.score_s,
            "peak_mb": self.peak_mb,
            **({"trade_off": trade_off.document(self.trade_off)} if self.trade_off else {}),
        }


LED_BY = {
    Task.SESSION: ("hr", "mrr"),
    Task.SEQUENCE: ("hr", "ndcg"),
    Task.BASKET: ("recall", "ndcg", "phr"),
    Task.TIME: ("ndcg",),
}
"""The metrics on which our lead is told, with an interval."""
HEADLINE_K = {Task.SESSION: 20}
"""The k of the columns that are printed, 10 for all other tasks."""


def headline(task: Task, ks: Sequence[int]) -> int:
    """The cut-off that is printed: the task's usual one, or the largest if that was not asked for."""
    usual = HEADLINE_K.get(task, 10)
    return usual if usual in ks else max(ks)


def gains(exam: Exam, results: Sequence[Result], ks: Sequence[int]) -> dict[str, tuple[str, Gain]]:
    """By metric, the best baseline and our gain over it, where both were asked."""
    ours = next((result for result in results if result.model == OURS), None)
    if ours is None:
        return {}
    found: dict[str, tuple[str, Gain]] = {}
    for part in PARTS[exam.task]:
        for name in LED_BY[exam.task]:
            metric = f"{part}{name}@{headline(exam.task, ks)}"
            rival = best_baseline(results, metric)
            gain = None if rival is None else paired_gain(ours.each[metric], rival.each[metric])
            if rival is not None and gain is not None:
                found[metric] = (rival.model, gain)
    return found


def by_chance(exam: Exam, k: int) -> Result:
    """What recommending at random would find of one answer each, exactly: k out of all items that are ranked."""
    known = np.array([len(np.unique(case.history.item)) for case in exam.cases])
    recall = np.minimum(k / np.maximum(len(exam.names) - known, 1), 1.0)
    return Result("random", {f"recall@{k}": recall}, {}, 0.0, 0.0, len(known), 0.0)


def best_baseline(results: Sequence[Result], metric: str) -> Result | None:
    """The baseline with the highest figure; None where there is none."""
    rivals = [result for result in results if result.model != OURS and metric in result.each]
    return max(rivals, key=lambda result: result.metrics[metric]) if rivals else None
