"""How well one signal alone answers what a history is asked about, so that its parameters can be chosen.

The questions are those that a ranker would learn from (`replay`), cut from the training data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.recommend.histories import Histories
from app.core.recommend.models.replay import Asked, Replay, replays
from app.core.recommend.signals.types import Signal
from app.core.recommend.tasks import Task

MOST_QUESTIONS = 800
DEEPEST = 20
"""Ranks that count."""
SEED = 5


def validation_part(histories: Histories, task: Task, most: int = MOST_QUESTIONS) -> Replay:
    """What a signal may learn from, and at most so many questions about what came later, drawn with a fixed seed."""
    replay = next(iter(replays(histories, task, seed=SEED)))
    if len(replay.asked) <= most:
        return replay
    drawn = np.sort(np.random.default_rng(SEED).choice(len(replay.asked), most, replace=False))
    return Replay(replay.before, tuple(replay.asked[place] for place in drawn.tolist()))


def ndcg(signal: Signal, questions: Sequence[Asked], *, repeats: bool = True) -> float:
    """The mean NDCG at 20 (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002) of all items; 0 without questions.

    Ties count against the signal, and what it gives no score was not found.

    Args:
        repeats: whether items of the history may be answers; if not, they are not ranked.
    """
    return float(np.mean([_ndcg(signal, one, repeats) for one in questions])) if questions else 0.0


def _ndcg(signal: Signal, question: Asked, repeats: bool) -> float:
    scores = signal.scores(question.history)
    if not repeats:
        scores[question.history.item] = 0.0
    found = scores[question.answers]
    found = found[found > 0]
    ranks = np.array([np.count_nonzero(scores >= one) for one in found])
    gain = np.sum(1.0 / np.log2(ranks[ranks <= DEEPEST] + 1)) if len(ranks) else 0.0
    ideal = np.sum(1.0 / np.log2(np.arange(2, min(len(question.answers), DEEPEST) + 2)))
    return float(gain / ideal) if len(question.answers) else 0.0
