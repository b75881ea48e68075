"""What single signals say to a crowd, as products of sparse matrices: what is done times what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from app.core.recommend.crowd import Crowd
from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.next_basket import NEWEST, ExploreSignal
from app.core.recommend.signals.session_neighbours import SessionNeighbours
from app.core.recommend.signals.tables import TableSignal, fading
from app.core.recommend.signals.types import Signal

Said = tuple[Any, npt.NDArray[np.float32]]
"""A sparse matrix [B, N], and the levels of `types.Said`, float32 [B]."""
Ask = Callable[[Crowd], Said]
MOST_NEAR = 60_000_000
"""Entries of the matrix of what stands near each event; with more, session neighbours are asked one by one."""
CHUNK = 50_000


def ask_of(signal: Signal) -> Ask | None:
    """How a crowd asks this signal; None where it has to be asked one by one."""
    if isinstance(signal, ContentSignal):
        return _of_table(signal.table)
    if isinstance(signal, TableSignal):
        return _of_table(signal)
    if isinstance(signal, ExploreSignal):
        return _of_explore(signal)
    if isinstance(signal, SessionNeighbours):
        return _of_sessions(signal)
    return None


def _of_table(signal: TableSignal) -> Ask:
    goes_with = _table(np.maximum(signal.rows["index"], 0), signal.rows["score"])

    def ask(crowd: Crowd) -> Said:
        read = crowd.later < signal.newest
        weights = fading(signal.decay).take(crowd.back[read], mode="clip")
        if signal.half_life > 0 and crowd.age is not None:
            weights = weights * np.exp2(crowd.age[read] / np.float32(-signal.half_life))
        done = _done(weights, crowd.owner[read], crowd.item[read], (len(crowd), len(signal.rows)))
        return done @ goes_with, np.zeros(len(crowd), dtype=np.float32)

    return ask


def _of_explore(signal: ExploreSignal) -> Ask:
    goes_with = _table(signal.following, signal.weight)
    items = len(signal.trend)

    def ask(crowd: Crowd) -> Said:
        read = crowd.later < NEWEST
        owner, item = np.divmod(np.unique(crowd.owner[read] * items + crowd.item[read]), max(items, 1))
        total = np.bincount(owner, signal.weight.sum(axis=1)[item], minlength=len(crowd)).astype(np.float32)
        knows = total > 0
        share = np.divide(np.float32(1.0 - signal.trend_weight), total, out=np.zeros_like(total), where=knows)
        done = _done(share[owner], owner, item, (len(crowd), items))
        return done @ goes_with, np.where(knows, np.float32(signal.trend_weight), np.float32(1.0))

    return ask


def _of_sessions(signal: SessionNeighbours) -> Ask | None:
    near = _near(signal)
    if near is None:
        return None

    def ask(crowd: Crowd) -> Said:
        found = [signal.matches(history) for history in crowd.histories]
        ends = np.cumsum([0, *(len(one[0]) for one in found)])
        alike, event = (np.concatenate([one[part] for one in found]) for part in (0, 1))
        done = sp.csr_matrix((alike, event, ends), shape=(len(crowd), near.shape[0]))
        return done @ near, np.zeros(len(crowd), dtype=np.float32)

    return ask


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


def _table(index: npt.NDArray[np.integer], score: npt.NDArray[np.float32]) -> Any:
    """A table of neighbours as a sparse matrix [N, N]."""
    there = score > 0
    ends = np.append(0, np.cumsum(there.sum(axis=1)))
    return sp.csr_matrix((score[there], index[there], ends), shape=(len(index), len(index)))


def _done(
    weight: npt.NDArray[np.float32], owner: npt.NDArray[Any], item: npt.NDArray[Any], shape: tuple[int, int]
) -> Any:
    """What was done, owners ascending, as a sparse matrix [B, N]."""
    ends = np.searchsorted(owner, np.arange(shape[0] + 1))
    return sp.csr_matrix((weight, item, ends), shape=shape)
