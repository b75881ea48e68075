"""The protocol `time`: the shop's own future. Learn from what was bought before a day, and recommend once, on that day.

Everybody who was active before is known, and asked if something was bought in the days that follow. Returns are netted
within each part, so that what happens after the day cannot be known before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, Ids
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.protocols.exam import BadData, Cases, Exam, checked
from app.core.recommend.protocols.lists import Catalogue, Lists, Mask, catalogue_of, first_of, present_in, starts_of
from app.core.recommend.tasks import Task

MOST_ENTRIES = 10_000
"""Of one customer; of more, the newest so many count."""


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Lines of orders. `user`, `item` int64 [E]: codes. `day` float64 [E]: days since 1970-01-01.

    `quantity` float64 [E], below 0 for what came back; `price` float64 [E], NaN where unknown.
    """

    user: Ids
    item: Ids
    day: npt.NDArray[np.float64]
    quantity: npt.NDArray[np.float64]
    price: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.user)

    def take(self, lines: Mask | Ids) -> Purchases:
        """Only these lines, by a mask or in the order of their numbers."""
        return Purchases(self.user[lines], self.item[lines], self.day[lines], self.quantity[lines], self.price[lines])


def time(lines: Purchases, names: tuple[str, ...], *, until: float, days: int) -> Exam:
    """Learn from what was bought before the day `until` began; asked is what was bought in the `days` from then on.

    A customer's lines of one day are one step, and an item counts once in it. People stand in the order in which they
    came last.

    Raises:
        BadData: there is nothing to learn or nothing to ask.
    """
    if days < 1:
        raise BadData(f"--days must be 1 or more, not {days}.")
    earlier = net(lines.take(lines.day < until))
    later = net(lines.take((lines.day >= until) & (lines.day < until + days)))
    if not len(earlier):
        raise BadData(
            f"Nothing was bought before --until: there is nothing to learn from. Choose a later day. {_span(lines)}"
        )
    catalogue = catalogue_of(earlier.item, names)
    people = _by_last_day(earlier)
    facts = _facts(earlier, catalogue)
    earlier, notes = _ordered(replace(earlier, user=people[earlier.user]))
    number = int(people.max(initial=-1)) + 1
    known = later.user < len(people)
    later = later.take(known)
    later = replace(later, user=people[later.user])
    later = later.take(later.user >= 0)
    training = _histories(earlier, catalogue, np.ones(number, dtype=np.bool_))
    asked = present_in(later.user, number)
    cases = _cases(later, catalogue, _histories(earlier, catalogue, asked), asked, until)
    if not len(cases):
        raise BadData(
            "The test part is empty: nobody who was there before --until bought anything in the days after it. "
            f"Move --until, or add --days. {_span(lines)}"
        )
    return checked(Exam(Task.TIME, training, cases, catalogue.names, facts, notes))


def _span(lines: Purchases) -> str:
    """From when to when there are lines, in words."""
    if not len(lines):
        return "No row has a customer, a product and a time."
    first, last = (
        np.datetime64("1970-01-01") + np.timedelta64(int(np.clip(np.floor(day), -700_000, 2_900_000)), "D")
        for day in (lines.day.min(), lines.day.max())
    )
    return f"The rows are of {first} to {last}."


def net(lines: Purchases) -> Purchases:
    """The purchases that were kept: a return takes back the same customer's latest earlier purchases of the item.

    Returns of what was not bought here are ignored; a purchase of which nothing is left is no purchase.
    """
    left = np.where(np.isnan(lines.quantity), 1.0, lines.quantity)
    for numbers in _with_returns(lines, left):
        _take_back(left, numbers)
    return lines.take(left > 0)


def _with_returns(lines: Purchases, quantity: npt.NDArray[np.float64]) -> Sequence[list[int]]:
    """The lines of every pair of customer and item that knows a return, oldest first."""
    key = lines.user * (int(lines.item.max(initial=0)) + 1) + lines.item
    touched = np.flatnonzero(np.isin(key, key[quantity < 0]))
    order = touched[np.lexsort((touched, lines.day[touched], key[touched]))]
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    return [part.tolist() for part in np.split(order, cuts)] if len(order) else []


def _take_back(left: npt.NDArray[np.float64], numbers: list[int]) -> None:
    """Let the returns among these lines reduce what was bought before them, the latest first."""
    bought: list[int] = []
    for number in numbers:
        if left[number] > 0:
            bought.append(number)
            continue
        back = -float(left[number])
        while back > 0 and bought:
            taken = min(back, float(left[bought[-1]]))
            left[bought[-1]] -= taken
            back -= taken
            if left[bought[-1]] <= 0:
                bought.pop()


def _by_last_day(lines: Purchases) -> Ids:
    """The number of every customer in the order in which they came last, by their code; -1 for who never came."""
    last = np.full(int(lines.user.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(last, lines.user, lines.day)
    came = np.flatnonzero(np.isfinite(last))
    number = np.full(len(last), -1, dtype=np.int64)
    number[came[np.argsort(last[came], kind="stable")]] = np.arange(len(came))
    return number


def _ordered(lines: Purchases) -> tuple[Purchases, tuple[str, ...]]:
    """By customer and time, an item once a day, at most the newest `MOST_ENTRIES` of a customer."""
    lines = lines.take(np.lexsort((lines.day, lines.user)))
    lines = lines.take(_once_a_day(lines))
    lists = Lists(starts_of(lines.user, int(lines.user.max(initial=-1)) + 1), lines.item)
    if not (long := int(np.count_nonzero(lists.lengths > MOST_ENTRIES))):
        return lines, ()
    note = f"{long:,} customers have more than {MOST_ENTRIES:,} purchases; of those the newest count."
    return lines.take(lists.from_the_end < MOST_ENTRIES), (note,)


def _once_a_day(lines: Purchases) -> Mask:
    day = np.floor(lines.day).astype(np.int64)
    span = int(day.max(initial=0)) - int(day.min(initial=0)) + 1
    visit = lines.user * span + (day - day.min(initial=0))
    _, visit = np.unique(visit, return_inverse=True)
    return first_of(visit * (int(lines.item.max(initial=0)) + 1) + lines.item)


def _histories(lines: Purchases, catalogue: Catalogue, wanted: Mask) -> Histories:
    """The histories of the customers who are wanted, bool [P], in their order."""
    chosen = lines.take(wanted[lines.user])
    place = np.cumsum(wanted) - 1
    lists = Lists(starts_of(place[chosen.user], int(np.count_nonzero(wanted))), chosen.item)
    return catalogue.histories(lists, chosen.day.astype(np.float32), np.floor(chosen.day).astype(np.int64))


def _cases(later: Purchases, catalogue: Catalogue, histories: Histories, asked: Mask, until: float) -> Cases:
    """One question for every customer who is asked, answered by the different items of the later lines."""
    place = (np.cumsum(asked) - 1)[later.user]
    once = first_of(place * (int(later.item.max(initial=0)) + 1) + later.item)
    place, item = place[once], later.item[once]
    order = np.argsort(place, kind="stable")
    place, item = place[order], item[order]
    known = catalogue.has(item)
    starts = starts_of(place[known], len(histories))
    unknown = np.bincount(place[~known], minlength=len(histories))
    return Cases(histories, starts, catalogue.positions(item[known]), unknown, until)


def _facts(lines: Purchases, catalogue: Catalogue) -> ItemFacts | None:
    """The mean price that was paid for each item, where prices are known."""
    priced = lines.take(np.isfinite(lines.price) & (lines.price > 0))
    if not len(priced):
        return None
    position = catalogue.positions(priced.item)
    number = np.bincount(position, minlength=len(catalogue))
    total = np.bincount(position, priced.price, minlength=len(catalogue))
    mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    # What no float32 can hold is a mistake, and its logarithm would be infinite.
    bounds = np.finfo(np.float32)
    price = np.where((mean >= bounds.tiny) & (mean <= bounds.max), mean, np.nan).astype(np.float32)
    return replace(ItemFacts.unknown(len(catalogue)), price=price)
