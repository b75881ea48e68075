"""Many signals, one ranking: a cheap weighted sum of all signals picks candidates, a learnt ranker puts them in order.

What may not be shown is masked before candidates are picked, so a ranking is never short while anything may be shown.
Trained by `app.core.recommend.models.blending`; NumPy alone, so that the web process ranks as the exam did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.features import WANTED, Features, Indexes, Rows, names_of
from app.core.recommend.foremost import best_of, foremost
from app.core.recommend.forest import Ranker, ranker_of
from app.core.recommend.heard import Beside, Heard, hear
from app.core.recommend.histories import History
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.item_statistics import ItemStatistics
from app.core.recommend.signals.intervals import Intervals
from app.core.recommend.signals.roster import described, late_signal_of, signal_of
from app.core.recommend.signals.types import Arrays, LateSignal, Scores, Signal
from app.core.recommend.tasks import Task
from app.core.recommend.untried import placed, share_of

CANDIDATES = 300
RESERVED = 60
"""Of the candidates, so many are those that content speaks for most: nothing else speaks for what is new. Of what
nobody has wanted yet there are as many among them as `untried` may place."""
NEWEST = 500
"""Events of a history that are read, which bounds what a request costs: a shop's best customers buy hundreds of things,
and of what they buy again much was bought last long ago."""
CONTENT = "content"
"""The signal that can speak for an item of which nothing but its texts is known."""
WITHIN = "__"
"""Between the name of a part and of its array."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The candidates of one request, ascending: positions intp [C], sums float32 [C], and the ranker's rows [C, F]."""

    at: Indexes
    total: Scores
    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Candidates, best first: positions intp [C] and scores float32 [C]; the pool's rows, and where each stands there.

    Rows are wanted of the few that are shown, so they are not brought into order.
    """

    at: Indexes
    score: Scores
    pooled: Rows
    order: Indexes

    @property
    def rows(self) -> Rows:
        """What the ranker read of the candidates, best first, float32 [C, F]."""
        return self.pooled[self.order]


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """Signals over one catalogue, what weighs them, and who orders what they propose.

    `signals` pick the candidates; `weights`, float32 [S], are what each one's share of its best score counts in the sum
    that does so. `late` are asked about the candidates only, because all items would cost them too much. `anything`
    ranks all items, `new` those that the shopper does not know; what nobody has wanted yet gets its share (`untried`).
    """

    task: Task
    signals: tuple[Signal, ...]
    late: tuple[LateSignal, ...]
    weights: npt.NDArray[np.float32]
    features: Features
    anything: Ranker
    new: Ranker
    floor: Scores = field(init=False, repr=False)
    _content: int | None = field(init=False, repr=False)
    _untried: float = field(init=False, repr=False)
    beside: Beside = field(init=False, repr=False)

    def __post_init__(self) -> None:
        of_content = [place for place, signal in enumerate(self.signals) if signal.name == CONTENT]
        object.__setattr__(self, "_content", of_content[0] if of_content else None)
        # What no signal speaks for comes last, but in a stated order: by what is wanted most.
        wanted = self.features.statistics.wanted
        object.__setattr__(self, "_untried", share_of(wanted) if of_content else 0.0)
        least = wanted * np.float32(1e-6 / max(float(wanted.max(initial=0.0)), 1.0))
        object.__setattr__(self, "beside", Beside.of(self.signals, len(wanted)))
        object.__setattr__(self, "floor", self.beside.floor(self.weights, least))

    def __len__(self) -> int:
        """N, the number of items."""
        return len(self.floor)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the rankers read."""
        return names_of([signal.name for signal in (*self.signals, *self.late)])

    # -- asking ------------------------------------------------------------------------------------------------------

    def pool(
        self, history: History, mask: Mask | None = None, *, only_new: bool = False, most: int = CANDIDATES
    ) -> Pool:
        """The most promising items that may be shown.

        Args:
            mask: bool [N], True for what may be shown; everything where it is None.
            only_new: leave out what the history holds.
            most: so many candidates at most; fewer only if fewer may be shown.
        """
        return self.picked(history, self.heard(history, only_new=only_new), mask, only_new=only_new, most=most)

    def rank(
        self, history: History, mask: Mask | None = None, *, only_new: bool = False, most: int = CANDIDATES
    ) -> Ranked:
        """The pool in order; equal scores by the position in the catalogue, so that answers repeat."""
        pool = self.pool(history, mask, only_new=only_new, most=most)
        return self._ordered(pool, only_new=only_new, most=most)

    def scores(self, history: History, *, only_new: bool = False) -> Scores:
        """One score for every item, float32 [N], in the order of `rank`: what is no candidate stands behind."""
        heard = self.heard(history)
        ranked = self._ordered(self.picked(history, heard, only_new=only_new), only_new=only_new)
        scores = heard.total(self.weights, self.floor)
        scores /= np.float32(max(float(scores.max(initial=0.0)), 1e-9) * 2.0)
        if only_new:
            scores[history.item] = -1.0
        # What the ranker holds equal stays equal, so that who measures can hold it against the blend.
        places = np.cumsum(np.diff(ranked.score, prepend=ranked.score[:1]) != 0)
        scores[ranked.at] = 1.0 + len(ranked.at) - places
        return scores

    def heard(self, history: History, *, only_new: bool = False) -> Heard:
        """What the signals that pick candidates say; `only_new` as in `heard.hear`."""
        return hear(self.signals, history.newest(NEWEST), self.beside, only_new=only_new)

    def voices(self, history: History) -> npt.NDArray[np.float32]:
        """The same of every item, float32 [S, N]."""
        newest = history.newest(NEWEST)
        return np.array([signal.scores(newest) for signal in self.signals], dtype=np.float32)

    def picked(
        self,
        history: History,
        heard: Heard,
        mask: Mask | None = None,
        *,
        only_new: bool = False,
        most: int = CANDIDATES,
    ) -> Pool:
        """As `pool`, for signals that have been asked already."""
        allowed = np.ones(len(self), dtype=np.bool_) if mask is None else mask
        if only_new:
            allowed = allowed.copy()
            allowed[history.item] = False
        history = history.newest(NEWEST)
        total = heard.total(self.weights, self.floor)
        at = self._candidates(total, allowed, heard, most)
        said, best = heard.among(at), heard.best
        if self.late:
            late = np.array([signal.among(history, at) for signal in self.late], dtype=np.float32)
            said, best = np.concatenate([said, late]), np.append(best, late.max(axis=1, initial=0.0))
        return Pool(at, total[at], self.features.rows(history, said, best, at))

    def _candidates(self, total: Scores, allowed: Mask, heard: Heard, most: int) -> Indexes:
        named = heard.at[allowed[heard.at]]
        if self._content is None or most < CANDIDATES:
            return best_of(total, allowed, most, among=named)
        likest = heard.said[self._content, heard.column[named]]
        spoken_for = np.flatnonzero(likest > 0)
        reserved = named[spoken_for[foremost(likest[spoken_for], RESERVED)]]
        if self._untried:
            untried = spoken_for[self.features.statistics.wanted[named[spoken_for]] <= 0]
            likest_of_them = foremost(likest[untried], int(most * self._untried))
            reserved = np.union1d(reserved, named[untried[likest_of_them]])
        chosen = np.zeros(len(total), dtype=np.bool_)
        chosen[best_of(total, allowed, most - len(reserved), among=named)] = True
        chosen[reserved] = True
        return np.flatnonzero(chosen)

    def _ordered(self, pool: Pool, *, only_new: bool, most: int = CANDIDATES) -> Ranked:
        scores = (self.new if only_new else self.anything).scores(pool.rows)
        order = np.argsort(-scores, kind="stable")
        scores = scores[order]
        if self._untried and most >= CANDIDATES:
            is_untried = pool.rows[:, self.names.index(WANTED)] <= 0
            liked = np.where(is_untried, pool.rows[:, self._content], np.float32(0.0))
            order = placed(order, liked, self._untried)
        return Ranked(pool.at[order], scores, pool.rows, order)

    # -- artefacts ---------------------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact holds of it; the parts' arrays stand under the parts' names."""
        features = self.features
        parts: dict[str, Arrays] = {
            "statistics": features.statistics.arrays(),
            "facts": features.facts.arrays(),
            "intervals": features.intervals.arrays(),
            "anything": self.anything.arrays(),
            "new": self.new.arrays(),
            **{signal.name: signal.arrays() for signal in (*self.signals, *self.late)},
        }
        nested = {f"{part}{WITHIN}{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        return {"weights": self.weights, "scales": features.scales, **nested}

    def meta(self) -> dict[str, Any]:
        """What an artefact says of it beside its arrays."""
        return {
            "task": self.task.value,
            "signals": [described(signal) for signal in self.signals],
            "late": [described(signal) for signal in self.late],
            "anything": self.anything.meta(),
            "new": self.new.meta(),
            "facts": self.features.facts.meta(),
            "intervals": self.features.intervals.meta(),
        }

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> Blend:
        """The blend that an artefact holds.

        Raises:
            ValueError: an array is missing, or the parts do not fit together.
        """
        try:
            signals = tuple(signal_of(part(arrays, own["name"]), own) for own in meta["signals"])
            late = tuple(late_signal_of(part(arrays, own["name"]), own) for own in meta["late"])
            features = Features(
                ItemStatistics.of(part(arrays, "statistics")),
                ItemFacts.of(part(arrays, "facts"), meta["facts"]),
                Intervals.of(part(arrays, "intervals"), meta["intervals"]),
                np.asarray(arrays["scales"]),
            )
            names = names_of([signal.name for signal in (*signals, *late)])
            anything, new = (ranker_of(part(arrays, name), meta[name], names) for name in ("anything", "new"))
            weights = np.asarray(arrays["weights"])
            task = Task(meta["task"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"the artefact of a blend is not whole: {error!r}") from error
        if len(weights) != len(signals) or len(features.scales) != len(signals) + len(late):
            raise ValueError("a blend has one weight and one scale for each signal")
        if not anything.names == new.names == names:
            raise ValueError("the rankers of a blend read other columns than its signals give")
        return cls(task, signals, late, weights, features, anything, new)


def part(arrays: Arrays, name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of one part under their own names."""
    start = f"{name}{WITHIN}"
    return {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}
