"""The best products for many customers at once, as a mailing wants them; why, `crowd_reasons` says.

Ranks as `Blend.rank` does, a crowd at a time: what can be read for everybody at once is, and what one shopper is told
is added up in the processor's own memory. One process keeps to one core: a mailing shares its customers out among
processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from app.core.recommend.blend import NEWEST, Blend, Mask, Ranked
from app.core.recommend.crowd import Crowd
from app.core.recommend.foremost import foremost
from app.core.recommend.heard import LEAST, Beside, said_by
from app.core.recommend.histories import NOTHING, History, Items
from app.core.recommend.models.batch_signals import Ask, Voice, ask_of
from app.core.recommend.signals.roster import OF_KNOWN, STEADY

CANDIDATES = 100
"""Of every customer: a mail shows a handful of products, and what stands further back hardly ever gets among them."""
TOGETHER = 64
"""Customers who are asked about at once."""
ZERO, NEVER = np.float32(0.0), np.float32(-np.inf)
Places = npt.NDArray[np.intp]
Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A blend made ready to be asked for many; `asks` by the rows of the signals that say each shopper something else.

    The other signals say the same to everybody, or speak for nothing but what the shopper knows.
    """

    blend: Blend
    asks: Mapping[int, Ask]

    @classmethod
    def of(cls, blend: Blend) -> Batch:
        """Costs about as much as ranking for some hundreds of customers, and 8 bytes for each place of its tables."""
        signals = enumerate(blend.signals)
        return cls(blend, {row: ask_of(one) for row, one in signals if not isinstance(one, (*OF_KNOWN, *STEADY))})

    def best(
        self, histories: Iterable[History], mask: Mask | None = None, *, places: int, most: int = CANDIDATES
    ) -> Iterator[Places]:
        """For every history the items that it lacks and that suit it best, best first: intp [at most `places`].

        Few only where few may be shown. The same as `blend.rank` says with as many candidates.

        Args:
            mask: bool [N], what may be shown; everything where it is None.
            most: candidates of each history; at least `places` are taken.
        """
        return (one.at for one in self.ranked(histories, mask, places=places, most=most))

    def ranked(
        self, histories: Iterable[History], mask: Mask | None = None, *, places: int, most: int = CANDIDATES
    ) -> Iterator[Ranked]:
        """As `best`, with the scores and what the ranker read of these items."""
        adding = _Adding.of(self.blend, list(self.asks), mask)
        waiting = iter(histories)
        while asked := list(islice(waiting, TOGETHER)):
            yield from self._ranked(asked, adding, places, max(most, places))

    def _ranked(self, asked: Sequence[History], adding: _Adding, places: int, most: int) -> Iterator[Ranked]:
        blend, crowd = self.blend, Crowd.of([one.newest(NEWEST) for one in asked])
        voices = [ask(crowd) for ask in self.asks.values()]
        # What is known is no candidate, however long ago it was bought.
        found = [adding.candidates(voices, person, one.item, most) for person, one in enumerate(asked)]
        candidates, of_candidates, of_any = zip(*found, strict=True)
        ends = np.cumsum([len(at) for at in candidates])
        owner, at = np.repeat(np.arange(len(crowd)), np.diff(ends, prepend=0)), np.concatenate(candidates)
        rows = np.zeros((len(blend.signals), len(at)), dtype=np.float32)
        rows[adding.rows] = np.concatenate(of_candidates, axis=1)
        level, best = (np.repeat(one[:, None], len(crowd), axis=1) for one in (adding.level, adding.best))
        best[adding.rows] = np.array(of_any).T
        for row, voice in zip(adding.rows, voices, strict=True):
            level[row] = voice.level
        for row, scores in blend.beside.of_all.items():
            rows[row] += level[row, owner] * scores[at]
        for signal in blend.late:
            late = signal.among_all(crowd, candidates)
            rows = np.concatenate([rows, np.concatenate(late)[None]])
            best = np.concatenate([best, np.array([[one.max(initial=0.0) for one in late]], dtype=np.float32)])
        read = blend.features.rows_of_all(crowd, rows, best, owner, at)
        scores = blend.new.scores(read)
        for low, own, own_scores in zip([0, *ends[:-1].tolist()], candidates, np.split(scores, ends[:-1]), strict=True):
            order = np.argsort(-own_scores, kind="stable")[:places]
            yield Ranked(own[order], own_scores[order], read[low + order], np.arange(len(order)))


@dataclass(frozen=True, slots=True, eq=False)
class _Adding:
    """Where what R signals tell one shopper is added up; `rows` are theirs, `weights` float32 [R] what each counts.

    `floor` float32 [N]: what is the same for everybody, -inf for what may not be shown. `level` and `best` float32 [S]:
    those of the signals that say the same to everybody, 0 for others. `sums` float32 [R, N], 0 between two shoppers: it
    stays in the processor's own memory, and only the cells that were touched are read and emptied.
    """

    beside: Beside
    rows: list[int]
    weights: Table
    floor: Table
    level: Table
    best: Table
    sums: Table

    @classmethod
    def of(cls, blend: Blend, rows: list[int], mask: Mask | None) -> _Adding:
        beside = blend.beside
        floor = blend.floor if mask is None else np.where(mask, blend.floor, NEVER)
        level, best = np.zeros((2, len(blend.signals)), dtype=np.float32)
        for row in beside.steady:
            level[row] = said_by(blend.signals[row], NOTHING).level
            best[row] = level[row] * np.float32(beside.best[row])
        sums = np.zeros((len(rows), len(floor)), dtype=np.float32)
        return cls(beside, rows, blend.weights[rows], floor, level, best, sums)

    def candidates(self, voices: Sequence[Voice], person: int, known: Items, most: int) -> tuple[Places, Table, Table]:
        """As `Blend.pool` picks them, without what is known; what is said of them beside what every item has, float32
        [R, C]; and the best that each signal says of any item, float32 [R]."""
        told = [voice.to(person) for voice in voices]
        best, floor = np.empty(len(told), dtype=np.float32), self.floor
        for place, (at, score, level) in enumerate(told):
            sums, beside = self.sums[place], self.beside.of_all.get(self.rows[place])
            np.add.at(sums, at, score)
            heard, least = sums.take(at), ZERO
            if beside is not None:
                heard += level * beside.take(at)
                least = level * np.float32(self.beside.best[self.rows[place]])
            best[place] = np.maximum.reduce(heard, initial=least)
        shares: Table = np.divide(self.weights, np.maximum(best, LEAST))
        for row, share, (_, _, level) in zip(self.rows, shares, told, strict=True):
            if row in self.beside.of_all:
                floor = floor + (share * level) * self.beside.of_all[row]
        total = floor + shares @ self.sums
        total[known] = NEVER
        found = _highest(total, most)
        said = self.sums.take(found, axis=1)
        for sums, (at, _, _) in zip(self.sums, told, strict=True):
            sums[at] = ZERO
        return found, said, best


def _highest(total: Table, most: int) -> Places:
    """The positions of the highest scores, at most so many and all above -inf, ascending; equal ones by position."""
    rest = len(total) - most
    least = np.partition(total, rest)[rest] if 0 < rest < len(total) else NEVER
    at = np.flatnonzero(total >= least if least > NEVER else total > NEVER)
    return at[foremost(total[at], most)]
