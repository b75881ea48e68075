"""Why a blend ranks an item where it does: what each signal added to its score, and which of the shopper's items did.

Nothing is guessed: the ranker says what each of its columns added (`forest.Ranker.contributions`), a column belongs to
a signal, and the tables behind the signals say whose neighbour the item is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from app.core.recommend.blend import Blend
from app.core.recommend.features import OF_ITEMS, OF_OWN, RELATIVE
from app.core.recommend.forest import Ranker, Rows
from app.core.recommend.histories import History
from app.core.recommend.neighbours import Neighbours
from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.next_basket import ExploreSignal
from app.core.recommend.signals.tables import TableSignal, weights_of
from app.core.recommend.types import ReasonCode

POPULAR, CONTENT, REST = "popular", "content", "rest"
VOICES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(OF_ITEMS, POPULAR),
        "season": POPULAR,
        **dict.fromkeys(OF_OWN, "own"),
        "price_fit": CONTENT,
        "kind_share": CONTENT,
        "known": REST,
        "steps": REST,
        "margin": REST,
        "cover": REST,
    }
)
"""The voice that a column belongs to, where it is not the signal of the column's own name. What says nothing of why an
item suits a shopper is the rest."""
READ = 20
"""Events of the history among which those are looked for that brought an item."""

Shares = npt.NDArray[np.float32]


def voices_of(names: Sequence[str]) -> tuple[str, ...]:
    """The voice of every column of a ranker."""
    return tuple(VOICES.get(name, name.removesuffix(RELATIVE)) for name in names)


def contributions(ranker: Ranker, rows: Rows) -> tuple[tuple[str, ...], Shares]:
    """The voices, and what each added to the score of every row, float32 [C, V]; what nobody adds is left out."""
    voices, belongs = _voices(ranker.names)
    return voices, ranker.contributions(rows)[:, :-1] @ belongs


@cache
def _voices(names: tuple[str, ...]) -> tuple[tuple[str, ...], Shares]:
    """The different voices, and which of them each column belongs to: 1 there, else 0, float32 [F, V]."""
    of_columns = voices_of(names)
    voices = tuple(dict.fromkeys(of_columns))
    return voices, np.array([[own == voice for voice in voices] for own in of_columns], dtype=np.float32)


def code_of(voice: str, own: ReasonCode) -> ReasonCode:
    """The reason that a voice stands for.

    Args:
        own: what is said of voices that speak from the shopper's history.
    """
    return {POPULAR: ReasonCode.TRENDING, CONTENT: ReasonCode.SIMILAR}.get(voice, own)


def loudest(voices: Sequence[str], added: Shares) -> list[str]:
    """Of every row the voice that added most."""
    heard = [place for place, voice in enumerate(voices) if voice != REST]
    best = added[:, heard].argmax(axis=1).tolist()
    return [voices[heard[place]] for place in best]


def brought(blend: Blend, history: History, at: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int32], Shares]:
    """Which of the shopper's items brought the items at these positions, as the tables among the signals tell.

    Returns:
        The different items of the newest events, int32 [H], and how much of each of the items they brought, float32
        [C, H]; 0 where no table knows of it.
    """
    lately = history.newest(READ)
    own, where = lately.distinct
    slot = np.full(len(blend), -1, dtype=np.int32)
    slot[at] = np.arange(len(at), dtype=np.int32)
    shares = np.zeros(len(at) * len(own))
    scales = blend.features.scales[: len(blend.signals)].tolist()
    tables = [(signal, scale, table_of(signal)) for signal, scale in zip(blend.signals, scales, strict=True)]
    there = [(signal, scale, *table) for signal, scale, table in tables if table is not None and table[0].shape[1]]
    # All tables are looked through at once for the few items that are asked for.
    near = slot[np.concatenate([index[lately.item] for _, _, index, _ in there], axis=1)] if there else slot[:0, None]
    found = np.flatnonzero(near >= 0)
    event, column = np.divmod(found, near.shape[1])
    cell = near.ravel()[found] * len(own) + where[event]
    start = 0
    for signal, scale, index, score in there:
        of_table = (column >= start) & (column < start + index.shape[1])
        events = event[of_table]
        said = score[lately.item[events], column[of_table] - start] / max(scale, 1e-12)
        if isinstance(signal, TableSignal):
            said = said * weights_of(lately, signal.decay)[events]
        shares += np.bincount(cell[of_table], said, minlength=len(shares))
        start += index.shape[1]
    return own.astype(np.int32), shares.astype(np.float32).reshape(len(at), len(own))


def table_of(signal: object) -> tuple[Neighbours, Neighbours] | None:
    """Of every item those it speaks for, and how much; None for signals that are no table."""
    if isinstance(signal, TableSignal):
        return signal.rows["index"], signal.rows["score"]
    if isinstance(signal, ContentSignal):
        return signal.table.rows["index"], signal.table.rows["score"]
    if isinstance(signal, ExploreSignal):
        return signal.following, signal.weight
    return None
