"""The protocols `session` and `sequence`: lists whose order is known, and one item that follows.

`session`: prefix → next item, as in Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI
28, 2018; whatever was seen may come again. `sequence`: leave one out as in Kang and McAuley, "Self-attentive sequential
recommendation", ICDM 2018, but with the whole catalogue ranked: every user's last item is asked for, and what the user
had before is not ranked.
"""

from __future__ import annotations

import numpy as np

from app.core.recommend.histories import Histories, Ids
from app.core.recommend.protocols.exam import Cases, Exam, checked
from app.core.recommend.protocols.lists import Catalogue, Lists, Mask, catalogue_of
from app.core.recommend.tasks import Task

LONGEST_SESSION = 500
LONGEST_SEQUENCE = 2_000
"""Entries; of a longer list, which is a program's rather than a person's, the newest so many count."""


def session(train: Lists, prefixes: Lists, targets: Ids, names: tuple[str, ...]) -> Exam:
    """Learn from `train`; asked are `prefixes`, answered by `targets`, int64 [Q]. Order and repeats stay as they are.

    Raises:
        BadData: there is nothing to learn or nothing to ask.
    """
    train, capped = _capped(train.take(train.lengths > 0), LONGEST_SESSION, "sessions")
    prefixes, _ = _capped(prefixes, LONGEST_SESSION, "prefixes")
    catalogue = catalogue_of(train.item, names)
    cases = one_answer_each(catalogue, catalogue.histories(prefixes), targets)
    return checked(Exam(Task.SESSION, catalogue.histories(train), cases, catalogue.names, notes=capped))


def sequence(
    lists: Lists, names: tuple[str, ...], *, described: Mask | None = None, hidden: Mask | None = None
) -> Exam:
    """Every list's last item is asked for and the rest learnt from; an item counts once in a list, where it came first.

    Args:
        described: items that are ranked even if nobody had them, bool [total].
        hidden: items whose every occurrence is taken out of what is learnt from, bool [total]; they are ranked, and
            only lists that end with one are asked.

    Raises:
        BadData: there is nothing to learn or nothing to ask.
    """
    once = lists.keep(lists.firsts)
    repeated = len(lists.item) - len(once.item)
    notes: tuple[str, ...] = (
        (f"{repeated:,} repeated items of a list were left out: `sequence` counts an item once.",) if repeated else ()
    )
    once, capped = _capped(once.take(once.lengths > 0), LONGEST_SEQUENCE, "lists")
    asked = once.lengths >= 2
    last = (once.from_the_end == 0) & asked[once.row]
    before = once.keep(~last)
    if single := int(np.count_nonzero(~asked)):
        notes += (f"{single:,} users with a single item are learnt from, not asked.",)
    target = once.item[last]
    if hidden is not None:
        before = before.keep(~hidden[before.item])
    more = [mask for mask in (described, hidden) if mask is not None]
    catalogue = catalogue_of(before.item, names, np.logical_or.reduce(more) if more else None)
    questions = before.take(asked)
    if hidden is not None:
        of_hidden = hidden[target]
        questions, target = questions.take(of_hidden), target[of_hidden]
    cases = one_answer_each(catalogue, catalogue.histories(questions), target)
    training = catalogue.histories(before.take(before.lengths > 0))
    marked = None if hidden is None else hidden[np.argsort(catalogue.position)[-len(catalogue) :]]
    return checked(Exam(Task.SEQUENCE, training, cases, catalogue.names, notes=(*notes, *capped), hidden=marked))


def one_answer_each(catalogue: Catalogue, histories: Histories, targets: Ids) -> Cases:
    """Questions with one answer each, by its code."""
    known = catalogue.has(targets)
    starts = np.append(0, np.cumsum(known)).astype(np.int64)
    return Cases(histories, starts, catalogue.positions(targets[known]), (~known).astype(np.int64))


def _capped(lists: Lists, most: int, what: str) -> tuple[Lists, tuple[str, ...]]:
    long = int(np.count_nonzero(lists.lengths > most))
    if not long:
        return lists, ()
    longest = int(lists.lengths.max())
    return lists.newest(most), (
        f"{long:,} {what} have more than {most:,} items (the longest {longest:,}); of those the newest {most:,} count.",
    )
