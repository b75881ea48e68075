"""When customers need again what they bought before: the model of "Buy again", and its exam.

Asked of customers who came back for something that they had: on that day, how far in front of what is due stood it?
The floor is what a shop can do without a model: what the customer bought most often stands first, on equal numbers what
they bought last. What is not due yet, and so not shown, counts as not found.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend import evaluate
from app.core.recommend.evaluate import MRR, Exam
from app.core.recommend.groups import Groups
from app.core.recommend.histories import History
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import ranked, replenishment
from app.core.recommend.questions import again_questions
from app.core.recommend.replenish_source import due_again
from app.core.recommend.scorers import HistoryScorer
from app.core.recommend.signals.intervals import Clock
from app.core.recommend.signals.own import own_items
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Rail, Strategy


def fit(orders: Baskets, kinds: Groups | None) -> ReplenishSignal:
    """How soon every product is bought again, in days, learnt from all customers' orders.

    Args:
        kinds: int32 [N], the kind of every item, by which little is completed; None where kinds are not known.
    """
    return replenishment.fit_signal(ranked.purchases_of(orders), kinds=kinds, clock=Clock.DAYS)


def examine(before: Baskets, window: Baskets, kinds: Groups | None) -> Exam:
    """What is due against what was bought most often, among the customers of the window who came back."""
    asked = ranked.drawn(again_questions(before, window))
    items = len(before.items)
    own = evaluate.ranks_by_history(by_due(fit(before, kinds)), asked) if asked else np.empty(0, dtype=np.int64)
    result = evaluate.compare(own, evaluate.ranks_by_history(most_often(items), asked), MRR)
    return Exam(Rail.BUY_AGAIN, Strategy.REPLENISH, result)


def by_due(signal: ReplenishSignal) -> HistoryScorer:
    """What the rail shows, in its order; all else comes last."""

    def score(history: History) -> npt.NDArray[np.float32]:
        scores = np.zeros(len(signal.intervals), dtype=np.float32)
        found = due_again(signal, history)
        scores[found.item] = np.arange(len(found.item), 0, -1, dtype=np.float32)
        return scores

    return score


def most_often(items: int) -> HistoryScorer:
    """The customer's own items by the number of orders with them, the latest first on equal numbers: the floor."""

    def score(history: History) -> npt.NDArray[np.float32]:
        scores = np.zeros(items, dtype=np.float32)
        own = own_items(history, Clock.STEPS)
        scores[own.item] = own.times + 0.5 / (1.0 + own.back)
        return scores

    return score
