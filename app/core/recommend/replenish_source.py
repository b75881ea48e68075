"""What a signed-in customer is likely to need again by now, with the interval that says so.

Whether anything may be known of the customer is decided where their orders are read; here are only values. The cascade
leaves out what cannot be bought, like for every source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.histories import History
from app.core.recommend.ranked_source import bought_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.signals.replenish import Due, ReplenishSignal
from app.core.recommend.types import Again, Candidate, Reason, ReasonCode, Strategy

LEAST_DUE = 0.5
"""Of the usual interval must have passed: nobody wants to be offered what came yesterday."""
MOST_DUE = 6.0
"""Usual intervals after which a customer has stopped buying it or buys it elsewhere; a reminder would look silly.
By validation parts it costs 0.5 % of the mean reciprocal rank in the generated world, 0.3 % on Online Retail."""
LEAST_EVIDENCE = 5
"""Intervals that must have been seen of a product before anything is said of when people come back for it."""
LEAST_AGAIN = 0.1
"""Of those who buy a product so many must come back for it sooner or later: what hardly anybody does is no supply."""
LEAST_OWN = 2
"""Own intervals from which on a customer is told their own habit and not everybody's."""


@dataclass(frozen=True, slots=True, eq=False)
class DueAgain:
    """Products that are due, the most likely first, equal ones in the catalogue's order; all arrays are [m].

    `item`: positions in the catalogue. `chance`: to be bought within the signal's horizon. `days_ago`: since the last
    purchase. `usual`: days after which it is bought again: by this customer where `is_own`, else by others.
    """

    item: npt.NDArray[np.int32]
    chance: npt.NDArray[np.float32]
    days_ago: npt.NDArray[np.float32]
    usual: npt.NDArray[np.float32]
    is_own: npt.NDArray[np.bool_]


def due_again(signal: ReplenishSignal, history: History) -> DueAgain:
    """What a customer with this history is due to buy again."""
    found = signal.due(history)
    is_own = found.gaps >= LEAST_OWN
    usual = _usual(signal, found, is_own)
    is_supply = (found.evidence >= LEAST_EVIDENCE) & (signal.intervals.again[found.item] >= LEAST_AGAIN)
    is_due = (found.ago >= LEAST_DUE * usual) & (found.ago <= MOST_DUE * usual)
    kept = np.flatnonzero(is_due & (is_own | is_supply))
    kept = kept[np.lexsort((found.item[kept], -found.chance[kept]))]
    return DueAgain(found.item[kept], found.chance[kept], found.ago[kept], usual[kept], is_own[kept])


def _usual(signal: ReplenishSignal, found: Due, is_own: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Everybody's interval is said of everybody; the signal's leans towards the few own ones."""
    everybodys = np.exp(signal.intervals.log_interval[found.item])
    return np.asarray(np.where(is_own, found.interval, everybodys), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ReplenishSource:
    """A step of a cascade: what the customer bought before and is due again; nothing for anybody else.

    Orders of which the day is not known say nothing of intervals, and are left out.
    """

    model: ItemModel
    strategy: Strategy = Strategy.REPLENISH

    def candidates(self, context: Context) -> Iterator[Candidate]:
        signal, shopper = self.model.again, context.shopper
        dated = [order for order in shopper.orders if order.day is not None]
        if signal is None or not dated:
            return
        found = due_again(signal, bought_history(self.model, dated, shopper.today))
        columns = (self.model.item_ids[found.item], found.chance, found.days_ago, found.usual, found.is_own)
        for number, chance, ago, usual, is_own in zip(*(one.tolist() for one in columns), strict=True):
            product = ProductId(number)
            yield Candidate(product, chance, Reason(ReasonCode.BUY_AGAIN, (product,), Again(ago, usual, is_own)))
