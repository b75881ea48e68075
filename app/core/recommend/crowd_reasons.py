"""Why each of many customers is shown what was ranked for them: the same reasons as `ranked_reasons` gives one.

What NumPy does before each operation costs more than the operation where one customer is asked about, so a crowd pays
it once here, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.blend import Blend
from app.core.recommend.crowd import Crowd
from app.core.recommend.histories import History
from app.core.recommend.ranked_reasons import reason_of
from app.core.recommend.reasons import READ, Shares, code_of, contributions, loudest, table_of
from app.core.recommend.scoring import POPULAR
from app.core.recommend.signals.tables import TableSignal, fading
from app.core.recommend.types import Reason, ReasonCode

TOGETHER = 64
"""Customers whose items are looked up at once."""
Items = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is shown to one customer: positions intp [C], and what the ranker read of them, float32 [C, F]."""

    history: History
    at: Places
    rows: npt.NDArray[np.float32]


def reasons_of_all(blend: Blend, items: Items, shown: Sequence[Shown]) -> Iterator[list[Reason]]:
    """For each customer one reason for each item, in their order.

    Args:
        items: int64 [N], the products at the blend's positions.
    """
    for start in range(0, len(shown), TOGETHER):
        yield from _of_some(blend, items, shown[start : start + TOGETHER])


def _of_some(blend: Blend, items: Items, shown: Sequence[Shown]) -> Iterator[list[Reason]]:
    heard = loudest(*contributions(blend.new, np.concatenate([one.rows for one in shown])))
    codes = [code_of(name, ReasonCode.BECAUSE_BOUGHT) for name in heard]
    end = 0
    for one, (own, shares) in zip(shown, brought_by_all(blend, shown), strict=True):
        start, end = end, end + len(one.at)
        if all(code is ReasonCode.TRENDING for code in codes[start:end]):
            yield [POPULAR] * len(one.at)
            continue
        ids = items[own].tolist()
        yield [reason_of(code, ids, row) for code, row in zip(codes[start:end], shares.tolist(), strict=True)]


def brought_by_all(blend: Blend, shown: Sequence[Shown]) -> Iterator[tuple[Places, Shares]]:
    """For each customer what `reasons.brought` gives: their different items, and how much of each shown one they
    brought."""
    crowd, size = Crowd.of([one.history.newest(READ) for one in shown]), len(blend)
    cells, where = np.unique(crowd.owner * size + crowd.item, return_inverse=True)
    person, own = np.divmod(cells, max(size, 1))
    firsts = np.searchsorted(person, np.arange(len(shown) + 1))
    widths, heights = np.diff(firsts), np.array([len(one.at) for one in shown])
    slot = np.full((len(shown), size), -1, dtype=np.int32)
    at = np.concatenate([one.at for one in shown])
    of_item = np.repeat(np.arange(len(shown)), heights)
    slot[of_item, at] = np.arange(len(at), dtype=np.int32)
    begins = np.cumsum([0, *widths[of_item].tolist()])
    shares = np.zeros(int(begins[-1]))
    for signal, scale in zip(blend.signals, blend.features.scales[: len(blend.signals)].tolist(), strict=True):
        table = table_of(signal)
        if table is None or not table[0].shape[1]:
            continue
        index, score = table
        near = slot[crowd.owner[:, None], index[crowd.item]]
        event, column = np.nonzero(near >= 0)
        said = score[crowd.item[event], column] / max(scale, 1e-12)
        if isinstance(signal, TableSignal):
            said = said * fading(signal.decay).take(crowd.back[event], mode="clip")
        cell = begins[near[event, column]] + where[event] - firsts[crowd.owner[event]]
        shares += np.bincount(cell, said, minlength=len(shares))
    ends = np.cumsum([0, *(widths * heights).tolist()]).tolist()
    for number, (height, width) in enumerate(zip(heights.tolist(), widths.tolist(), strict=True)):
        part = shares[ends[number] : ends[number + 1]].astype(np.float32).reshape(height, width)
        yield own[firsts[number] : firsts[number + 1]], part
