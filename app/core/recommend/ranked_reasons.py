"""What of a shopper's history brought each item that a blend ranked: worked out for what is shown, and nothing else.

A request ranks hundreds of items and shows a few; to explain one costs more than to rank it. So candidates carry their
`Ranks` along, which is asked once it is known what is shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.blend import Blend
from app.core.recommend.blend import Ranked as Order
from app.core.recommend.histories import History
from app.core.recommend.reasons import brought, code_of, contributions, loudest
from app.core.recommend.scoring import POPULAR, ItemModel
from app.core.recommend.types import Reason, ReasonCode

MOST_REASONS = 3
LEAST_SHARE = 0.25
"""Of the most influential product's share: what brought less than this of an item is not named as its reason."""
NO_RANK = np.iinfo(np.intp).max

Known = dict[int, Reason]
"""The reasons that one ranking gave, by the position of the item."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A blend, what it is asked with, and the reason that its answers give."""

    blend: Blend
    history: History
    code: ReasonCode
    key: Hashable = None
    """By what its ranking may be remembered; None where it is not to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """The rankings of one request, one of each voice; implements `types.Later`."""

    model: ItemModel
    voices: Sequence[Voice]
    rankings: Sequence[Order]
    known: Sequence[Known]
    """For each ranking what was worked out before; it grows here."""

    def reasons(self, products: Sequence[ProductId]) -> Sequence[Reason]:
        """Each item's reason comes from the blend that ranked it highest; what none of them ranked is popular."""
        indexes = [self.model.index_of(product) for product in products]
        at = np.array([-1 if index is None else index for index in indexes], dtype=np.intp)
        ranks = np.array([_ranks(ranking, at) for ranking in self.rankings])
        best = ranks.argmin(axis=0)
        found = [POPULAR] * len(at)
        for number, (own, known) in enumerate(zip(ranks, self.known, strict=True)):
            places = np.flatnonzero((best == number) & (own < NO_RANK)).tolist()
            asked = [place for place in places if int(at[place]) not in known]
            if asked:
                told = self._explained(self.voices[number], self.rankings[number], at[asked], own[asked])
                known.update(zip(at[asked].tolist(), told, strict=True))
            for place in places:
                found[place] = known[int(at[place])]
        return found

    def _explained(
        self, voice: Voice, ranking: Order, at: npt.NDArray[np.intp], ranks: npt.NDArray[np.intp]
    ) -> Iterator[Reason]:
        heard = loudest(*contributions(voice.blend.new, _rows(voice, ranking, ranks)))
        codes = [code_of(name, voice.code) for name in heard]
        if all(code is ReasonCode.TRENDING for code in codes):
            yield from [POPULAR] * len(codes)
            return
        own, shares = brought(voice.blend, voice.history, at)
        ids = self.model.item_ids[own].tolist()
        for code, row in zip(codes, shares.tolist(), strict=True):
            yield reason_of(code, ids, row)


def _ranks(ranking: Order, at: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The rank of each item, from 0, `NO_RANK` where it has none, intp [n]."""
    is_it = ranking.at == at[:, None]
    return np.where(is_it.any(axis=1), is_it.argmax(axis=1), NO_RANK)


def _rows(voice: Voice, ranking: Order, ranks: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """What explains the items at these ranks, float32 [C, F]; worked out again where it was not remembered."""
    if int(ranks.max()) < len(ranking.order):
        return ranking.pooled[ranking.order[ranks]]
    mask = np.zeros(len(voice.blend), dtype=np.bool_)
    mask[ranking.at[ranks]] = True
    again = voice.blend.rank(voice.history, mask, only_new=True)
    place = np.empty(len(mask), dtype=np.intp)
    place[again.at] = np.arange(len(again.at))
    return again.rows[place[ranking.at[ranks]]]


def reason_of(code: ReasonCode, products: Sequence[int], shares: Sequence[float]) -> Reason:
    """The reason of an item to which each of the shopper's products gave so large a share."""
    return POPULAR if code is ReasonCode.TRENDING else Reason(code, _strongest(products, shares))


def _strongest(products: Sequence[int], shares: Sequence[float]) -> tuple[ProductId, ...]:
    """The products with the largest shares, and with shares worth naming."""
    most = max(shares, default=0.0)
    if most <= 0.0:
        return ()
    least = LEAST_SHARE * most
    named = sorted((-share, product) for product, share in zip(products, shares, strict=True) if share >= least)
    return tuple([ProductId(product) for _, product in named[:MOST_REASONS]])
