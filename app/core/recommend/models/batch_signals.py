"""What single signals say to a crowd: rows of tables, read for everybody at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from app.core.recommend.crowd import Crowd
from app.core.recommend.heard import said_by
from app.core.recommend.histories import Items
from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.next_basket import NEWEST, ExploreSignal
from app.core.recommend.signals.session_neighbours import SessionNeighbours
from app.core.recommend.signals.tables import TableSignal, fading
from app.core.recommend.signals.types import Signal

Floats = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.integer]
MOST_NEAR = 60_000_000
"""Entries of the table of what stands near each event; with more, they are looked for in the index every time."""
CHUNK = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What a signal says to each of B shoppers, as `types.Said`, one shopper after the other.

    `ends` whole numbers [B + 1]: shopper b is told `at[ends[b]:ends[b + 1]]` and the scores there; `level` float32 [B].
    """

    ends: Indexes
    at: Indexes
    score: Floats
    level: Floats

    def to(self, person: int) -> tuple[npt.NDArray[np.intp], Floats, np.float32]:
        """What one of them is told: positions, scores and the level."""
        part = slice(self.ends[person], self.ends[person + 1])
        return self.at[part].astype(np.intp), self.score[part], self.level[person]


Ask = Callable[[Crowd], Voice]


def ask_of(signal: Signal) -> Ask:
    """How a crowd asks this signal."""
    if isinstance(signal, ContentSignal):
        return _of_table(signal.table)
    if isinstance(signal, TableSignal):
        return _of_table(signal)
    if isinstance(signal, ExploreSignal):
        return _of_explore(signal)
    if isinstance(signal, SessionNeighbours):
        return _of_sessions(signal)
    return _one_by_one(signal)


def _one_by_one(signal: Signal) -> Ask:
    def ask(crowd: Crowd) -> Voice:
        said = [said_by(signal, history) for history in crowd.histories]
        ends = np.cumsum([0, *(len(one.at) for one in said)])
        at, score = (np.concatenate([getattr(one, part) for one in said]) for part in ("at", "score"))
        return Voice(ends, at, score, np.array([one.level for one in said], dtype=np.float32))

    return ask


def _of_table(signal: TableSignal) -> Ask:
    goes_with = _table(np.maximum(signal.rows["index"], 0), signal.rows["score"])

    def ask(crowd: Crowd) -> Voice:
        read = crowd.later < signal.newest
        weights = fading(signal.decay).take(crowd.back[read], mode="clip")
        if signal.half_life > 0 and crowd.age is not None:
            weights = weights * np.exp2(crowd.age[read] / np.float32(-signal.half_life))
        return _read(goes_with, crowd.item[read], weights, _ends(crowd, crowd.owner[read]))

    return ask


def _of_explore(signal: ExploreSignal) -> Ask:
    goes_with = _table(signal.following, signal.weight)
    items, whole = len(signal.trend), signal.weight.sum(axis=1)

    def ask(crowd: Crowd) -> Voice:
        read = crowd.later < NEWEST
        owner, item = np.divmod(np.unique(crowd.owner[read] * items + crowd.item[read]), max(items, 1))
        total = np.bincount(owner, whole[item], minlength=len(crowd)).astype(np.float32)
        knows = total > 0
        share = np.divide(np.float32(1.0 - signal.trend_weight), total, out=np.zeros_like(total), where=knows)
        level = np.where(knows, np.float32(signal.trend_weight), np.float32(1.0))
        return _read(goes_with, item, share[owner], _ends(crowd, owner), level)

    return ask


def _of_sessions(signal: SessionNeighbours) -> Ask:
    near = _near(signal)

    def ask(crowd: Crowd) -> Voice:
        alike, event, session, ends = _matches(signal, crowd)
        if near is not None:
            return _read(near, event, alike, ends)
        item, share, count = signal.near(event, session, alike)
        return Voice(np.append(0, np.cumsum(count))[ends], item, share, np.zeros(len(crowd), dtype=np.float32))

    return ask


def _matches(signal: SessionNeighbours, crowd: Crowd) -> tuple[Floats, Items, Items, Indexes]:
    """As `SessionNeighbours.matches`, one shopper after the other; and where each shopper's matches end, [B + 1]."""
    owner, asked, weight = _asked(signal, crowd)
    number = np.bincount(owner, minlength=len(crowd))
    compared = np.array([signal.compared(one) for one in number.tolist()], dtype=np.int64)
    place, count = signal.places(asked, compared[owner])
    session, speaks = signal.holder[place], np.repeat(weight, count)
    bounds = np.append(0, np.cumsum(count))[_ends(crowd, owner)].tolist()
    alike, strongest = [], []
    for low, high in pairwise(bounds):
        own, which = signal.strongest(speaks[low:high], session[low:high])
        alike.append(own)
        strongest.append(which + low)
    chosen = np.concatenate(strongest)
    ends = np.cumsum([0, *(len(one) for one in alike)])
    return np.concatenate(alike), signal.event[place[chosen]], session[chosen], ends


def _asked(signal: SessionNeighbours, crowd: Crowd) -> tuple[Indexes, Items, Floats]:
    """Whose different items are looked up, owners ascending and each one's newest first, and their weights."""
    items = max(len(signal.rarity), 1)
    cell, where = np.unique(crowd.owner * items + crowd.item, return_inverse=True)
    weight = np.bincount(where, fading(signal.parameters.back).take(crowd.back, mode="clip"))
    # Whatever stands last with an item is put there last.
    later = np.empty(len(cell), dtype=np.intp)
    later[where] = crowd.later
    owner, item = np.divmod(cell, items)
    order = np.lexsort((later, owner))
    owner, item, weight = owner[order], item[order], weight[order]
    newest = np.arange(len(owner)) - np.searchsorted(owner, owner) < signal.parameters.newest
    owner, item = owner[newest], item[newest].astype(np.int32)
    return owner, item, (weight[newest] * signal.rarity[item]).astype(np.float32)


def _near(signal: SessionNeighbours) -> Any:
    """What stands near every event of the index, with its share, sparse [E, N]; None where that is too much."""
    events, items = len(signal.item), len(signal.rarity)
    parts, total = [], 0
    for start in range(0, events, CHUNK):
        event = np.arange(start, min(start + CHUNK, events), dtype=np.int32)
        session = (signal.starts.searchsorted(event, side="right") - 1).astype(np.int32)
        item, share, count = signal.near(event, session, np.ones(len(event), dtype=np.float32))
        total += len(item)
        if total > MOST_NEAR:
            return None
        parts.append((item, share, count))
    if not parts:
        return sp.csr_matrix((events, items), dtype=np.float32)
    item, share, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sp.csr_matrix((share, item, np.append(0, np.cumsum(count))), shape=(events, items))


def _table(index: Indexes, score: Floats) -> Any:
    """A table of neighbours as a sparse matrix [N, N]."""
    there = score > 0
    ends = np.append(0, np.cumsum(there.sum(axis=1)))
    return sp.csr_matrix((score[there], index[there], ends), shape=(len(index), len(index)))


def _read(table: Any, row: Indexes, weight: Floats, ends: Indexes, level: Floats | None = None) -> Voice:
    """These rows of a sparse matrix, each times its weight; shopper b has the rows `ends[b]:ends[b + 1]`."""
    found = table[row]
    score = found.data * np.repeat(weight, np.diff(found.indptr))
    if level is None:
        level = np.zeros(len(ends) - 1, dtype=np.float32)
    return Voice(found.indptr[ends], found.indices, score, level)


def _ends(crowd: Crowd, owner: Indexes) -> Indexes:
    """Where the events of each shopper begin, owners ascending, and where the last ones end: [B + 1]."""
    return np.searchsorted(owner, np.arange(len(crowd) + 1))
