"""Show more of a catalogue for a little accuracy: take off what everybody wants, and lean on what is the shopper's own.

Of many such corrections of one ranker that one is taken which shows most items among those that cost next to nothing,
both measured on questions that the ranker was not learnt from. Compare Abdollahpouri, Burke and Mobasher, "Managing
popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019, where the weight is stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.features import WANTED
from app.core.recommend.forest import Ranker, SpreadRanker
from app.core.recommend.models.ranker import Lesson
from app.core.recommend.models.ranker_measure import Measure

COST = 0.025
"""Of a ranker's quality, the share that a wider choice over the catalogue may cost."""
LESS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
OWN = "own_share"
MORE = (0.0, 0.5, 1.0, 2.0)
"""What the share of a shopper's visits that had an item adds: it tells people apart, as what is popular does not."""
SHOWN = 10
"""Places of a list whose items count as shown."""


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A correction, what the ranker is worth with it, and how many items it shows to anybody."""

    less: float
    more: float
    quality: float
    shown: int

    def of(self, ranker: Ranker) -> Ranker:
        leaning = SpreadRanker(ranker, OWN, -self.more) if self.more else ranker
        return SpreadRanker(leaning, WANTED, self.less) if self.less else leaning


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Questions that a ranker was not learnt from: its lesson, the ranker's scores of the rows, float32 [R], and which
    item each row is about, [R]."""

    lesson: Lesson
    scores: npt.NDArray[np.float32]
    items: npt.NDArray[np.intp]


def spread(ranker: Ranker, judged: Judged) -> Ranker:
    """The ranker as it is, or corrected so that it shows most items for at most `COST` of its quality."""
    ways = list(_tried(ranker.names, judged))
    least = (1.0 - COST) * ways[0].quality
    return max((way for way in ways if way.quality >= least), key=lambda way: way.shown).of(ranker)


def _tried(names: Sequence[str], judged: Judged) -> Iterator[_Way]:
    rows, relevance, groups = judged.lesson
    measure = Measure.of(relevance, groups)
    wanted, own = (np.nan_to_num(rows[:, names.index(name)]) for name in (WANTED, OWN))
    ends = np.cumsum(groups)
    for less, more in product(LESS, MORE if own.any() else MORE[:1]):
        corrected = judged.scores + np.float32(more) * own - np.float32(less) * wanted
        yield _Way(less, more, measure(corrected), _shown(corrected, judged.items, ends))


def _shown(scores: npt.NDArray[np.float32], items: npt.NDArray[np.intp], ends: npt.NDArray[np.integer[Any]]) -> int:
    """How many different items stand on the first places of any question."""
    heads = []
    for low, high in zip(np.append(0, ends[:-1]).tolist(), ends.tolist(), strict=True):
        order = np.argsort(-scores[low:high], kind="stable")
        heads.append(items[low:high][order[:SHOWN]])
    return len(np.unique(np.concatenate(heads))) if heads else 0
