"""The best products for many customers at once, as a mailing wants them: products only, without reasons.

Ranks as `Blend.rank` does, a crowd at a time: what signals say to a crowd is the product of two sparse matrices, what
its members have done and what goes with it. One process keeps to one core: a mailing shares its customers out among
processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from app.core.recommend.blend import NEWEST, Blend, Mask, best_of
from app.core.recommend.crowd import Crowd
from app.core.recommend.heard import LEAST, said_by
from app.core.recommend.histories import History
from app.core.recommend.models.batch_signals import Ask, ask_of
from app.core.recommend.signals.roster import OF_KNOWN

CANDIDATES = 100
"""Of every customer: a mail shows a handful of products, and what stands further back hardly ever gets among them."""
TOGETHER = 64
"""Customers who are asked about at once."""
Places = npt.NDArray[np.intp]
Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A blend made ready to be asked for many; `asks` by the row of the signal, None for what is asked one by one."""

    blend: Blend
    asks: Sequence[Ask | None]

    @classmethod
    def of(cls, blend: Blend) -> Batch:
        """Costs about as much as ranking for a thousand customers, and some 8 bytes for each place of its tables."""
        return cls(blend, [ask_of(signal) for signal in blend.signals])

    def best(
        self, histories: Iterable[History], mask: Mask | None = None, *, places: int, most: int = CANDIDATES
    ) -> Iterator[Places]:
        """For every history the items that it lacks and that suit it best, best first: intp [at most `places`].

        Few only where few may be shown. The same as `blend.rank` says with as many candidates.

        Args:
            mask: bool [N], what may be shown; everything where it is None.
            most: candidates of each history; at least `places` are taken.
        """
        waiting = (history.newest(NEWEST) for history in histories)
        while asked := list(islice(waiting, TOGETHER)):
            yield from self._best(Crowd.of(asked), mask, places, max(most, places))

    def _best(self, crowd: Crowd, mask: Mask | None, places: int, most: int) -> Iterator[Places]:
        blend = self.blend
        heard = _Heard.of(self, crowd)
        allowed = np.ones(len(blend), dtype=np.bool_) if mask is None else mask
        candidates, said = [], []
        for person, history in enumerate(crowd.histories):
            own = allowed.copy()
            own[history.item] = False
            at = heard.candidates(blend, person, own, most)
            candidates.append(at)
            said.append(heard.among(person, at))
        ends = np.cumsum([len(at) for at in candidates])
        owner, at = np.repeat(np.arange(len(crowd)), np.diff(ends, prepend=0)), np.concatenate(candidates)
        rows, best = np.concatenate(said, axis=1), heard.best
        for signal in blend.late:
            late = signal.among_all(crowd, candidates)
            rows = np.concatenate([rows, np.concatenate(late)[None]])
            best = np.concatenate([best, np.array([[one.max(initial=0.0) for one in late]], dtype=np.float32)])
        scores = blend.new.scores(blend.features.rows_of_all(crowd, rows, best, owner, at))
        for found, own_scores in zip(candidates, np.split(scores, ends[:-1]), strict=True):
            yield found[np.argsort(-own_scores, kind="stable")[:places]]


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """As `heard.Heard`, of B shoppers: `said` by rows sparse [B, N], `level` float32 [S, B], `best` float32 [S, B]."""

    blend: Blend
    said: dict[int, Any]
    level: Table
    best: Table
    dense: Scratch

    @classmethod
    def of(cls, batch: Batch, crowd: Crowd) -> _Heard:
        blend, beside = batch.blend, batch.blend.beside
        said, level = dict[int, Any](), np.zeros((len(blend.signals), len(crowd)), dtype=np.float32)
        for row, (signal, ask) in enumerate(zip(blend.signals, batch.asks, strict=True)):
            if isinstance(signal, OF_KNOWN):
                continue
            if ask is not None:
                said[row], level[row] = ask(crowd)
            else:
                found = [said_by(signal, history) for history in crowd.histories]
                level[row] = [one.level for one in found]
                if any(len(one.at) for one in found):
                    said[row] = _rows([one.at for one in found], [one.score for one in found], len(blend))
        best = np.zeros_like(level)
        for row, own in beside.best.items():
            best[row] = level[row] * np.float32(own)
        for row, matrix in said.items():
            values = matrix.data
            if row in beside.of_all:
                owner = np.repeat(np.arange(len(crowd)), np.diff(matrix.indptr))
                values = values + level[row][owner] * beside.of_all[row][matrix.indices]
            best[row] = np.maximum(best[row], _most(values, matrix.indptr))
        return cls(blend, said, level, best, Scratch.of(len(blend)))

    def candidates(self, blend: Blend, person: int, allowed: Mask, most: int) -> Places:
        """As `Blend.pool` picks them."""
        beside, total = blend.beside, blend.floor
        shares = blend.weights / np.maximum(self.best[:, person], LEAST)
        for row, scores in beside.of_all.items():
            if row not in beside.steady:
                total = total + (shares[row] * self.level[row, person]) * scores
        total = total.copy() if total is blend.floor else total
        named = np.empty(0, dtype=np.intp)
        for row, matrix in self.said.items():
            part = slice(*matrix.indptr[person : person + 2].tolist())
            total[matrix.indices[part]] += shares[row] * matrix.data[part]
            named = max(named, matrix.indices[part], key=len)
        return best_of(total, allowed, most, among=named[allowed[named]])

    def among(self, person: int, at: Places) -> Table:
        """What every signal says to this shopper of the items at these positions, float32 [S, C]."""
        found = np.zeros((len(self.level), len(at)), dtype=np.float32)
        for row, matrix in self.said.items():
            part = slice(*matrix.indptr[person : person + 2].tolist())
            found[row] = self.dense.read(matrix.indices[part], matrix.data[part], at)
        for row, scores in self.blend.beside.of_all.items():
            found[row] += self.level[row, person] * scores[at]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Scratch:
    """One number for every item, 0 between two uses."""

    values: Table

    @classmethod
    def of(cls, items: int) -> Scratch:
        return cls(np.zeros(items, dtype=np.float32))

    def read(self, indices: npt.NDArray[Any], data: Table, at: Places) -> Table:
        """Of a sparse row the values at these positions."""
        self.values[indices] = data
        found = self.values[at]
        self.values[indices] = 0.0
        return found


def _rows(at: Sequence[npt.NDArray[Any]], score: Sequence[Table], items: int) -> Any:
    """One sparse row for each, [B, N]; what comes twice is added up."""
    ends = np.cumsum([0, *(len(one) for one in at)])
    found = sp.csr_matrix((np.concatenate(score), np.concatenate(at), ends), shape=(len(at), items))
    found.sum_duplicates()
    return found


def _most(values: Table, ends: npt.NDArray[Any]) -> Table:
    """The highest value of every row, 0 for an empty one."""
    most = np.zeros(len(ends) - 1, dtype=np.float32)
    there = np.diff(ends) > 0
    if there.any():
        most[there] = np.maximum.reduceat(values, ends[:-1][there])
    return most
