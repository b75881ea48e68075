"""The models that the production blend is measured against: simple ones, and every signal of the blend by itself.

Each learns from the same histories as the blend, chooses its parameters on a validation part cut from them
(`roster.TRAINERS`), and is graded as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, History
from app.core.recommend.models import tfidf, tifu_knn
from app.core.recommend.models.roster import TRAINERS, Material
from app.core.recommend.signals.types import Arrays, Scores, Signal
from app.core.recommend.tasks import Task

POPULAR_DAYS = 28.0
"""What is popular is counted over so many days before the newest event, where days are known."""


@dataclass(frozen=True, slots=True, eq=False)
class TopFrequent:
    """What was taken most often: by everybody, by the shopper, or first by the one and then by the other.

    G-TopFreq, P-TopFreq and GP-TopFreq of the next-basket literature. `count` float32 [N]: how often everybody took an
    item, as a share below 1; the shopper's own times are whole numbers on top.
    """

    name: str
    count: npt.NDArray[np.float32]
    own: bool

    def scores(self, history: History) -> Scores:
        if not self.own:
            return self.count
        return np.bincount(history.item, minlength=len(self.count)).astype(np.float32) + self.count

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"count": self.count}

    def meta(self) -> dict[str, Any]:
        return {"name": self.name, "own": self.own}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> TopFrequent:
        """What an artefact holds."""
        return cls(str(meta["name"]), arrays["count"], bool(meta["own"]))


def popularity(histories: Histories) -> npt.NDArray[np.float32]:
    """How often everybody took each item, as a share below 1; of the last `POPULAR_DAYS` where days are known."""
    item = histories.item
    if histories.day is not None:
        item = item[histories.day > histories.end - POPULAR_DAYS]
    return (np.bincount(item, minlength=len(histories.items)) / (len(item) + 1.0)).astype(np.float32)


def top_frequent(name: str, *, popular: bool, own: bool) -> Callable[[Material], Signal]:
    """A trainer of one of the three."""

    def fit(given: Material) -> Signal:
        items = len(given.histories.items)
        count = popularity(given.histories) if popular else np.zeros(items, dtype=np.float32)
        return TopFrequent(name, count, own=own)

    return fit


def gru4rec(given: Material) -> Signal:
    from app.core.recommend.models import gru4rec as trainer

    return trainer.fit(given.histories, seed=given.seed)


def linear(given: Material) -> Signal:
    from app.core.recommend.models import linear as trainer

    return trainer.fit(given.histories, trainer.chosen(given.histories, given.task))


def item_item(given: Material) -> Signal:
    from app.core.recommend.models import similar as trainer

    return trainer.fit(given.histories, trainer.chosen(given.histories, given.task), name="item_item")


def als(given: Material) -> Signal:
    from app.core.recommend.models import taste as trainer

    return trainer.fit_als(given.histories, trainer.chosen_als(given.histories, given.task))


def bpr(given: Material) -> Signal:
    from app.core.recommend.models import taste as trainer

    return trainer.fit_bpr(given.histories, trainer.chosen_bpr(given.histories, given.task))


def popular_learnt(given: Material) -> Signal:
    from app.core.recommend.models import popular as trainer

    return trainer.fit(given.histories, trainer.chosen(given.histories, given.task))


def content(given: Material) -> Signal:
    from app.core.recommend.models import content as trainer

    return trainer.fit(given.histories, attributes=given.facts.attributes)


def next_basket(given: Material) -> Signal:
    from app.core.recommend.models import next_basket as trainer

    return trainer.fit(given.histories, trainer.chosen(given.histories, given.task))


def of_roster(name: str) -> Callable[[Material], Signal]:
    """A signal of the blend by itself, with the parameters that it chooses for itself."""

    def fit(given: Material) -> Signal:
        return TRAINERS[name].fit(given, TRAINERS[name].choose(given))

    return fit


SIMPLE: Mapping[str, Callable[[Material], Signal]] = MappingProxyType(
    {
        "popular": top_frequent("popular", popular=True, own=False),
        "own": top_frequent("own", popular=False, own=True),
        "own_popular": top_frequent("own_popular", popular=True, own=True),
        "tfidf": tfidf.fit,
    }
)
FITS: Mapping[str, Callable[[Material], Signal]] = MappingProxyType(
    {
        **SIMPLE,
        **{f"{name}_learnt" if name in SIMPLE else name: of_roster(name) for name in TRAINERS},
        # These are tuned, also where the blend takes them as they are.
        "tifu_knn": tifu_knn.fit,
        "next_basket": next_basket,
        "popular_learnt": popular_learnt,
        "item_item": item_item,
        "linear": linear,
        "als": als,
        "bpr": bpr,
        "gru4rec": gru4rec,
        "content": content,
    }
)
"""Every baseline. A signal that has the name of a simple model is called learnt."""
DESCRIBED = frozenset({"tfidf", "content"})
"""Baselines that know nothing but the attributes of items."""
REPEATING = frozenset({"own", "own_popular", "own_learnt", "tifu_knn", "next_basket", "explore", "replenish"})
"""Baselines made for baskets and orders, in which much is bought again."""
DATED = frozenset({"season"})
"""Baselines that know nothing where days are not known."""
SLOW = frozenset({"gru4rec"})
"""Baselines that are measured on sessions, for which they were made, and elsewhere only when they are named."""


def names_for(task: Task, *, described: bool = False, is_cold: bool = False) -> tuple[str, ...]:
    """The baselines that `all` stands for.

    Args:
        described: the items have attributes.
        is_cold: hidden items are asked for, of which nothing but attributes is known.
    """
    if is_cold:
        return tuple(name for name in FITS if name in DESCRIBED)
    left_out = set[str]() if described else set(DESCRIBED)
    left_out |= set() if task.repeats and task is not Task.SESSION else REPEATING
    left_out |= set() if task is Task.SESSION else SLOW
    left_out |= set() if task is Task.TIME else DATED
    return tuple(name for name in FITS if name not in left_out)
