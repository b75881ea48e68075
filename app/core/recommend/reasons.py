"""Why a blend ranks an item where it does: what each signal added to its score, and which of the shopper's items did.

Nothing is guessed: the ranker says what each of its columns added (`forest.Ranker.contributions`), a column belongs to
a signal, and the tables behind the signals say whose neighbour the item is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    of_columns = voices_of(ranker.names)
    voices = tuple(dict.fromkeys(of_columns))
    parts = ranker.contributions(rows)[:, :-1]
    place = np.array([voices.index(voice) for voice in of_columns])
    sums = np.zeros((len(voices), len(rows)), dtype=np.float32)
    np.add.at(sums, place, parts.T)
    return voices, np.ascontiguousarray(sums.T)


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
    own, where = np.unique(lately.item, return_inverse=True)
    slot = np.full(len(blend), -1, dtype=np.int64)
    slot[at] = np.arange(len(at))
    shares = np.zeros(len(at) * len(own), dtype=np.float32)
    for signal, scale in zip((*blend.signals, *blend.late), blend.features.scales.tolist(), strict=True):
        table = _table_of(signal)
        if table is None:
            continue
        index, score = table
        place = slot[index[lately.item]]
        there = place >= 0
        if not there.any():
            continue
        decayed = weights_of(lately, signal.decay) if isinstance(signal, TableSignal) else np.ones(len(lately))
        said = score[lately.item] * (decayed / max(scale, 1e-12))[:, None]
        cell = place * len(own) + where[:, None]
        shares += np.bincount(cell[there], said[there], minlength=len(shares)).astype(np.float32)
    return own.astype(np.int32), shares.reshape(len(at), len(own))


def _table_of(signal: object) -> tuple[Neighbours, Neighbours] | None:
    """Of every item those it speaks for, and how much; None for signals that are no table."""
    if isinstance(signal, TableSignal):
        return signal.rows["index"], signal.rows["score"]
    if isinstance(signal, ContentSignal):
        return signal.table.rows["index"], signal.table.rows["score"]
    if isinstance(signal, ExploreSignal):
        return signal.following, signal.weight
    return None
