"""What the exams ask, made from orders and sessions that no model has seen.

Every order, session or customer is one question, whatever its size: invoices of a wholesaler have dozens of lines,
and counted line by line they would drown the rest. What is drawn is drawn with a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.histories import History
from app.core.recommend.interactions import NOBODY, Baskets
from app.core.recommend.past_orders import MOST_KEPT, MOST_ORDERS, NEWEST_BOUGHT

SEED = 20100301
LARGEST_CART = 5
NONE_LEFT_OUT = np.empty(0, dtype=np.int64)

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """The products given, and where in the catalogue the ones that were gone for stand.

    `left_out` are positions that are not ranked; `among`, bool [N], limits the ranking to some items. `history` is what
    was given as blends read it, with its steps and ages.
    """

    given: tuple[ProductId, ...]
    others: Positions
    left_out: Positions
    among: npt.NDArray[np.bool_] | None = None
    history: History | None = None


def pair_questions(baskets: Baskets, *, seed: int = SEED) -> list[Question]:
    """Given one product of a basket, another one of it; one question for every basket of two or more products."""
    return list(_drawn(baskets, least=2, most_given=1, seed=seed))


def cart_questions(baskets: Baskets, *, seed: int = SEED) -> list[Question]:
    """Given a cart of two to five products of an order, another one of it; for orders of three or more products."""
    return list(_drawn(baskets, least=3, most_given=LARGEST_CART, seed=seed))


def _drawn(baskets: Baskets, *, least: int, most_given: int, seed: int) -> Iterator[Question]:
    generator = np.random.default_rng(seed)
    for basket in np.flatnonzero(baskets.sizes >= least).tolist():
        members = generator.permutation(baskets.of(basket).astype(np.int64))
        cut = min(most_given, len(members) - 1)
        yield Question(_ids(baskets, members[:cut]), np.sort(members[cut:]), members[:cut])


def complement_questions(baskets: Baskets, groups: npt.NDArray[np.int32], *, seed: int = SEED) -> list[Question]:
    """Given one product of an order, another one of a different type; only other types' products are ranked.

    Args:
        groups: int32 [N], the type of every item, -1 where it is not known.
    """
    generator = np.random.default_rng(seed)
    others = {group: (groups >= 0) & (groups != group) for group in np.unique(groups[groups >= 0]).tolist()}
    asked = []
    for basket in np.flatnonzero(baskets.sizes >= 2).tolist():
        members = baskets.of(basket).astype(np.int64)
        members = members[groups[members] >= 0]
        if len(np.unique(groups[members])) < 2:
            continue
        given = members[generator.integers(len(members))]
        among = others[int(groups[given])]
        asked.append(Question(_ids(baskets, given[np.newaxis]), members[among[members]], NONE_LEFT_OUT, among))
    return asked


def customer_questions(before: Baskets, window: Baskets, *, only_new: bool) -> list[Question]:
    """Given what a customer bought before, the products of their first order in the window; one for each customer.

    Args:
        before: the history that models learn from; `window` follows it.
        only_new: leave out what the customer had bought already, as an answer and from the ranking.
    """
    asked = []
    for basket, earlier in _came_back(before, window):
        bought = _newest_first(before, earlier)
        others = window.of(basket).astype(np.int64)
        left_out = NONE_LEFT_OUT
        if only_new:
            others, left_out = np.setdiff1d(others, bought), bought
        if len(others):
            given = _ids(before, bought[:NEWEST_BOUGHT])
            history = _kept(before, earlier, int(window.day[0]))
            asked.append(Question(given, others, left_out, history=history))
    return asked


def _came_back(before: Baskets, window: Baskets) -> Iterator[tuple[int, list[int]]]:
    """Of every customer of both, their first basket in the window and their baskets before it, by their numbers."""
    order = np.argsort(before.customer, kind="stable")
    known = before.customer[order]
    _, first = np.unique(window.customer, return_index=True)
    for basket in np.sort(first).tolist():
        customer = int(window.customer[basket])
        low, high = np.searchsorted(known, [customer, customer + 1]).tolist()
        if customer != NOBODY and low < high:
            yield basket, order[low:high].tolist()


def again_questions(before: Baskets, window: Baskets) -> list[Question]:
    """Given what a customer bought before, as of the day on which they come back: what of it do they buy again?

    Their first order in the window, where it holds something that they had; one for each customer.

    Args:
        before: the history that models learn from; `window` follows it.
    """
    asked = []
    for basket, earlier in _came_back(before, window):
        history = _kept(before, earlier, int(window.day[basket]))
        others = np.intersect1d(window.of(basket), history.item).astype(np.int64)
        if len(others):
            given = _ids(before, np.unique(history.item).astype(np.int64))
            asked.append(Question(given, others, NONE_LEFT_OUT, history=history))
    return asked


def _kept(baskets: Baskets, numbers: list[int], today: int) -> History:
    """As much of a customer's orders, oldest first, as is kept for requests (`past_orders.newest_of`)."""
    kept = numbers[-MOST_ORDERS:]
    item = np.concatenate([baskets.of(number) for number in kept])
    sizes = baskets.sizes[kept]
    age = np.repeat(np.maximum(today - baskets.day[kept], 0), sizes).astype(np.float32)
    return History(item, np.repeat(np.arange(len(kept), dtype=np.int32), sizes), age).newest(MOST_KEPT)


def _newest_first(baskets: Baskets, numbers: list[int]) -> Positions:
    """The distinct products of these baskets, those of the newest one first."""
    bought = np.concatenate([baskets.of(number) for number in reversed(numbers)]).astype(np.int64)
    _, first = np.unique(bought, return_index=True)
    return bought[np.sort(first)]


def _ids(baskets: Baskets, positions: Positions) -> tuple[ProductId, ...]:
    return tuple(map(ProductId, baskets.items[positions].tolist()))
