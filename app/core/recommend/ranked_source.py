"""The source that ranks the whole catalogue by what a shopper bought and by what they look at, many signals at once.

Two blends answer: one for the customer's orders, one for the visit that goes on. Where both know the shopper their
rankings are fused (`fusion`), each counting as much as the other. What may not be shown is masked before the best are
picked, so that the source goes on as long as anything may be shown.

Orders do not change from one click to the next, and a visit not between two rails of a page, so what they lead to is
remembered until what may be shown changes, or the visit goes on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.blend import Mask
from app.core.recommend.blend import Ranked as Order
from app.core.recommend.cascade import Context
from app.core.recommend.fusion import fused
from app.core.recommend.histories import History
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.ranked_reasons import Known, Ranks, Voice
from app.core.recommend.reasons import contributions
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

MOST_REMEMBERED = 1000
"""Customers and visits; some 13 kB each."""
ROWS_KEPT = 60
"""Of a remembered ranking, so many of the first keep what explains them."""


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Rankings by what they were made for, with the reasons that were asked for; `shown` bool [N]: what might be."""

    shown: Mask
    rankings: dict[Hashable, tuple[Order, Known]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RankedSource:
    """The catalogue as the model's blends rank it, without what the shopper knows already.

    `trend`: how much what sells counts beside the blends, from 0 to 1; as the blends themselves have learnt where it
    is not given.
    """

    model: ItemModel
    trend: float | None = None
    strategy: Strategy = Strategy.RANKED
    _remembered: list[Remembered] = field(default_factory=list, compare=False, repr=False)
    """One at most: threads may put another one there meanwhile, and each goes on with its own."""

    def candidates(self, context: Context) -> Iterator[Candidate]:
        voices = self.voices(context)
        if not voices:
            return
        mask = self._mask(context, voices)
        rankings, known = zip(*[self._first(voice, context, mask) for voice in voices], strict=True)
        plain = Reason(voices[0].code)
        while mask.any():
            at, scores = self._together(rankings, mask)
            if not len(at):
                return
            later = Ranks(self.model, voices, rankings, known)
            for start in range(0, len(at), context.limit):
                part = slice(start, start + context.limit)
                for item, score in zip(self.model.item_ids[at[part]].tolist(), scores[part].tolist(), strict=True):
                    yield Candidate(ProductId(item), score, plain, later)
            mask[at] = False
            rankings = tuple([voice.blend.rank(voice.history, mask, only_new=True) for voice in voices])
            known = tuple([{} for _ in voices])

    def _first(self, voice: Voice, context: Context, mask: Mask) -> tuple[Order, Known]:
        """The best that the mask lets through, and reasons that were given for them before."""
        shown, key = context.mask, voice.key
        if shown is None or key is None:
            return voice.blend.rank(voice.history, mask, only_new=True), {}
        remembered = self._remembered[0] if self._remembered else None
        if remembered is None or remembered.shown is not shown or len(remembered.rankings) >= MOST_REMEMBERED:
            remembered = Remembered(shown)
            self._remembered[:] = [remembered]
        found = remembered.rankings.get(key)
        if found is None:
            whole = voice.blend.rank(voice.history, shown, only_new=True)
            kept = whole.order[:ROWS_KEPT]
            found = Order(whole.at, whole.score, whole.pooled[kept], np.arange(len(kept))), {}
            remembered.rankings[key] = found
        order, known = found
        left = mask[order.at]
        return Order(order.at[left], order.score[left], order.pooled, order.order[left[: len(order.order)]]), known

    def weighing(self, trend: float) -> RankedSource:
        """The same with another weight of what sells; what is remembered is shared."""
        return RankedSource(self.model, trend, self.strategy, self._remembered)

    def voices(self, context: Context) -> list[Voice]:
        """The blends that know something of the shopper."""
        shopper, blends = context.shopper, self.model.blends
        asked = []
        if blends.bought is None and shopper.orders:
            return []  # Another source won the exam among customers.
        if blends.bought is not None:
            history = bought_history(self.model, shopper.orders, shopper.today)
            key = (shopper.orders, shopper.today)
            asked.append(Voice(blends.bought, history, ReasonCode.BECAUSE_BOUGHT, key))
        if blends.visit is not None:
            history = visit_history(self.model, shopper.visit)
            asked.append(Voice(blends.visit, history, ReasonCode.BECAUSE_VIEWED, shopper.visit))
        return [voice for voice in asked if len(voice.history)]

    def contributions(self, context: Context, item: ProductId) -> dict[str, float]:
        """What each signal added to the item's score with the shopper's blends, by the name of the signal.

        The shopper's two blends are told apart by the kind of history, ``bought`` or ``visit``.
        """
        index = self.model.index_of(item)
        added: dict[str, float] = {}
        for voice in self.voices(context) if index is not None else ():
            mask = np.zeros(len(voice.blend), dtype=np.bool_)
            mask[index] = True
            ranked = voice.blend.rank(voice.history, mask, only_new=True)
            said = "bought" if voice.code is ReasonCode.BECAUSE_BOUGHT else "visit"
            names, parts = contributions(voice.blend.new, ranked.rows)
            for row in parts.tolist():
                added |= {f"{said} {name}": value for name, value in zip(names, row, strict=True)}
        return added

    def _mask(self, context: Context, voices: Sequence[Voice]) -> Mask:
        model = self.model
        mask = np.ones(len(model.item_ids), dtype=np.bool_) if context.mask is None else context.mask.copy()
        left_out = [model.index_of(product) for product in (*context.anchors, *context.left_out)]
        mask[[index for index in left_out if index is not None]] = False
        for voice in voices:
            mask[voice.history.item] = False
        return mask

    def _together(self, rankings: Sequence[Order], mask: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        if len(rankings) == 1 and self.trend is None:
            return rankings[0].at, rankings[0].score
        weight = self.trend or 0.0
        parts = [(one.at, (1.0 - weight) / len(rankings)) for one in rankings]
        if weight:
            parts.append((self.model.by_popularity(mask), weight))
        return fused(parts, len(mask))


def bought_history(model: ItemModel, orders: Sequence[PastOrder], today: int) -> History:
    """A customer's orders as the blends read them; products that the model does not know drop out.

    Args:
        orders: newest first.
        today: days since 1970-01-01. Where the day of one order is not known, no ages are.
    """
    item: list[int] = []
    step: list[int] = []
    age: list[int] = []
    dated = all(order.day is not None for order in orders)
    for number, order in enumerate(reversed(orders)):
        known = [index for product in order.products if (index := model.index_of(product)) is not None]
        item += known
        step += [number] * len(known)
        age += [max(today - (order.day or 0), 0)] * len(known)
    ages = np.array(age, dtype=np.float32) if dated else None
    return History(np.array(item, dtype=np.int32), np.array(step, dtype=np.int32), ages)


def visit_history(model: ItemModel, visit: Sequence[ProductId]) -> History:
    """A visit as the blends read it, one product a step, oldest first."""
    known = [index for product in visit if (index := model.index_of(product)) is not None]
    return History(np.array(known, dtype=np.int32), np.arange(len(known), dtype=np.int32))
