"""The questions that a blend can be made for: what is asked of it, and what counts as an answer.

A shop has two of them: what will somebody look at next (`SESSION`), and what will a customer buy soon (`TIME`). The
other two are asked by public data sets that know the order of things but not their times.
"""

from __future__ import annotations

from enum import StrEnum

HORIZON_DAYS = 28
"""How far ahead `TIME` looks: a purchase within so many days is an answer."""


class Task(StrEnum):
    """Given a history, which items come next."""

    SESSION = "session"
    """The next thing that is looked at in a visit; it may be one that was looked at before."""
    SEQUENCE = "sequence"
    """The next item; those of the history are not asked for."""
    BASKET = "basket"
    """The whole next order, what was bought before and what was not."""
    TIME = "time"
    """All that is bought within `HORIZON_DAYS`, what was bought before and what was not."""

    @property
    def repeats(self) -> bool:
        """Whether an item of the history can be an answer."""
        return self is not Task.SEQUENCE

    @property
    def spread(self) -> bool:
        """Whether a shop gains when more of its catalogue is shown, so that a little accuracy is given for it."""
        return self is Task.TIME
