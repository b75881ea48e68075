"""The protocol `basket`: learn from every basket but each user's future one, and predict that one whole.

As in Li, Jullien, Ariannezhad and de Rijke, "A next basket recommendation reality check", ACM TOIS 41(4), 2023, but
over all users: who is asked may be learnt from too, because only the earlier baskets are known.
"""

from __future__ import annotations

import numpy as np

from app.core.recommend.histories import Ids
from app.core.recommend.protocols.exam import Cases, Exam, checked
from app.core.recommend.protocols.lists import Catalogue, Lists, Mask, catalogue_of, first_of, starts_of
from app.core.recommend.tasks import Task

MOST_ENTRIES = 10_000
"""Of one user; of more, the newest so many count."""


def basket(user: Ids, number: Ids, items: Lists, is_future: Mask, names: tuple[str, ...]) -> Exam:
    """Baskets in any order, one row each.

    Args:
        user: codes, int64 [R]. number: the baskets' order within a user, int64 [R]; equal numbers are one basket.
        is_future: bool [R]; of several future baskets of a user the first is asked for, and all that come after it are
            left out, whether they are marked or not.

    Raises:
        BadData: there is nothing to learn or nothing to ask.
    """
    rows = np.repeat(np.arange(len(items)), items.lengths)
    asked_number = _first_future(user, number, is_future)
    future = is_future[rows] & (number[rows] == asked_number[user[rows]])
    notes: tuple[str, ...] = ()
    is_known = ~is_future & (number < asked_number[user])
    if dropped := int(np.count_nonzero(~is_known & ~(is_future & (number == asked_number[user])))):
        notes = (f"{dropped:,} baskets after the first future one of their user were left out.",)
    learn, step, capped = _before(user[rows], number[rows], items.item, is_known[rows])
    catalogue = catalogue_of(learn.item, names)
    training = catalogue.histories(learn.take(learn.lengths > 0), step=step)
    cases = _cases(catalogue, learn, step, user[rows[future]], items.item[future])
    return checked(Exam(Task.BASKET, training, cases, catalogue.names, notes=(*notes, *capped)))


def _first_future(user: Ids, number: Ids, is_future: Mask) -> Ids:
    """Of every user the number of the first future basket."""
    first = np.full(int(user.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, user[is_future], number[is_future])
    return first


def _before(user: Ids, number: Ids, item: Ids, known: Mask) -> tuple[Lists, Ids, tuple[str, ...]]:
    """One list per user, in the order of the baskets; an item counts once a basket. Also the step of every entry."""
    user, number, item = user[known], number[known], item[known]
    order = np.lexsort((number, user))
    user, number, item = user[order], number[order], item[order]
    new_basket = np.append(True, (user[1:] != user[:-1]) | (number[1:] != number[:-1]))[: len(user)]
    step = np.cumsum(new_basket)
    once = first_of(step * (int(item.max(initial=0)) + 1) + item)
    lists = Lists(starts_of(user[once], int(user.max(initial=-1)) + 1), item[once])
    step = step[once]
    if not (long := int(np.count_nonzero(lists.lengths > MOST_ENTRIES))):
        return lists, step, ()
    note = f"{long:,} users have more than {MOST_ENTRIES:,} items in their baskets; of those the newest count."
    recent = lists.from_the_end < MOST_ENTRIES
    return lists.keep(recent), step[recent], (note,)


def _cases(catalogue: Catalogue, learn: Lists, step: Ids, user: Ids, item: Ids) -> Cases:
    """One question for every user with a future basket, in the order of the users."""
    once = first_of(user * (int(item.max(initial=0)) + 1) + item)
    user, item = user[once], item[once]
    order = np.argsort(user, kind="stable")
    user, item = user[order], item[order]
    asked, place = np.unique(user, return_inverse=True)
    is_asked = np.zeros(max(len(learn), int(asked.max(initial=-1)) + 1), dtype=np.bool_)
    is_asked[asked] = True
    # Users who have nothing but a future basket are asked with an empty history.
    padded = Lists(np.append(learn.starts, np.full(len(is_asked) - len(learn), learn.starts[-1])), learn.item)
    histories = catalogue.histories(padded.take(is_asked), step=step[is_asked[padded.row]])
    known = catalogue.has(item)
    return Cases(
        histories,
        starts_of(place[known], len(asked)),
        catalogue.positions(item[known]),
        np.bincount(place[~known], minlength=len(asked)),
    )
