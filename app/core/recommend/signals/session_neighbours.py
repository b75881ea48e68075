"""Session neighbours: other sessions that share items with a shopper's history speak for what else they hold.

The index knows what was done and in which order, never by whom. The method is vector-multiplication session k-NN with
the sequence and time awareness of Garg et al., "Sequence and time aware neighborhood for session-based
recommendations", SIGIR 2019 (STAN), as joined by Ludewig et al., "Empirical analysis of session-based recommendation
algorithms", UMUAI 31, 2021 (VSTAN); the index by item is that of Kersbergen et al., "Serenade", SIGMOD 2022.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.core.recommend.foremost import foremost
from app.core.recommend.histories import History, Items
from app.core.recommend.signals.tables import weights_of
from app.core.recommend.signals.types import Arrays, Said, Scores

Floats = npt.NDArray[np.float32]
Starts = npt.NDArray[np.int64]

REACH = 25
"""Events before and after the item in common that are read; further ones weigh next to nothing, and it bounds the cost
of a question whose neighbours are long."""
MOST_COMPARED = 10_000
"""Matches that a question looks at: with many items in its history, only the newest sessions of each."""
ARRAYS = ("starts", "item", "step", "holders", "holder", "event", "weight", "rarity")
"""In the order of the fields of `SessionNeighbours`."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How alike two sessions are, and what a neighbour says.

    Args:
        neighbours: k, so many matches speak at most.
        sample: so many newest sessions with an item in common are compared at most.
        newest: so many different items of the history are looked up, the newest.
        back: what a step back leaves of the weight of an item of the history (STAN's first factor).
        recency: the share of the index's time over which a session's weight falls to 1/e (the second); 0: never.
        away: what a step away from the item in common leaves of the weight of a neighbour's item (the third).
        before: the weight of what a neighbour holds before the item in common; what comes after it weighs 1.
        own: the weight of the item in common itself.
        size: a session's weight is its number of different items to the power of -size.
        rarity: items weigh by their inverse session frequency to this power, in the history and in the answer.
        every: each item in common speaks for what is near it, with its share of the likeness; else only the one that
            stands last in the history.
    """

    neighbours: int = 500
    sample: int = 1000
    newest: int = 10
    back: float = 0.7
    recency: float = 1.0
    away: float = 0.6
    before: float = 0.7
    own: float = 2.0
    size: float = 0.25
    rarity: float = 0.5
    every: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class SessionNeighbours:
    """An index of sessions, oldest first, and by item.

    Args:
        starts: int64 [S + 1]; session s did the events `starts[s]:starts[s + 1]`, oldest first.
        item, step: int32 [E]; steps never fall, and differ between what was not done at one time.
        holders: int64 [N + 1]; `holder[holders[i]:holders[i + 1]]` are the sessions that hold item i, newest first.
        holder, event: int32 [H]; the session, and its last event with that item.
        weight: float32 [S], how much each session counts, whatever it is compared with.
        rarity: float32 [N], how much each item counts.
    """

    parameters: Parameters
    starts: Starts
    item: Items
    step: Items
    holders: Starts
    holder: Items
    event: Items
    weight: Floats
    rarity: Floats
    name: ClassVar[str] = "session_neighbours"
    _by_distance: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        distance = np.arange(-REACH, REACH + 1)
        weight = self.parameters.away ** np.maximum(np.abs(distance) - 1, 0).astype(np.float64)
        weight[:REACH] *= self.parameters.before
        object.__setattr__(self, "_by_distance", weight.astype(np.float32))

    @classmethod
    def of(cls, arrays: Arrays, meta: dict[str, Any]) -> SessionNeighbours:
        """The signal that an artefact holds.

        Raises:
            ValueError: an array is missing, or the arrays do not fit together.
        """
        missing = [name for name in ARRAYS if name not in arrays]
        if missing:
            raise ValueError(f"an index of sessions has the array {missing[0]}")
        found = cls(Parameters(**meta["parameters"]), *(arrays[name] for name in ARRAYS))
        found._check()
        return found

    def _check(self) -> None:
        sessions, events, items = len(self.starts) - 1, len(self.item), len(self.holders) - 1
        fits = (
            len(self.weight) == sessions
            and len(self.step) == events
            and len(self.rarity) == items
            and len(self.holder) == len(self.event)
            and _bounds(self.starts, events)
            and _bounds(self.holders, len(self.holder))
            and _within(self.item, items)
            and _within(self.holder, sessions)
            and _within(self.event, events)
        )
        if not fits:
            raise ValueError("the arrays of the index of sessions do not fit together")

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in ARRAYS}

    def meta(self) -> dict[str, Any]:
        return {"parameters": self.parameters.as_json()}

    def scores(self, history: History) -> Scores:
        """What the neighbours of the history hold, float32 [N]."""
        return self.said(history).dense(None, len(self.rarity))

    @property
    def everywhere(self) -> None:
        return None

    def said(self, history: History) -> Said:
        """What stands near the items in common, one match after the other."""
        alike, event, session = self.matches(history)
        item, share, _ = self.near(event, session, alike)
        return Said(item, share)

    def near(self, event: Items, session: Items, weight: Floats) -> tuple[Items, Floats, Starts]:
        """What stands near these events, one event after the other: items, their shares, and how many of each event.

        Args:
            session: int32 [n], those of the events.
            weight: float32 [n], what the shares of every event are multiplied with.
        """
        first = np.maximum(self.starts[session], event - REACH)
        count = np.minimum(self.starts[session + 1], event + REACH + 1) - first
        # Which of the events each answer belongs to; to look up by it takes less time than to repeat again.
        of, ends = np.repeat(np.arange(len(event)), count), np.cumsum(count)
        near = np.arange(len(of)) + (first - ends + count).take(of)
        # Steps further apart than the events that are read weigh like those that are furthest apart.
        distance = self.step.take(near) - (self.step[event] - REACH).take(of)
        share = self._by_distance.take(distance, mode="clip")
        share[ends - count + event - first] = self.parameters.own
        share *= weight.take(of)
        item = self.item.take(near)
        # Positions are whole numbers of 32 bits; with "clip" they are read without a copy of them in 64.
        share *= self.rarity.take(item, mode="clip")
        return item, share, count

    def matches(self, history: History) -> tuple[Floats, Items, Items]:
        """The strongest matches: how much each counts, the event in common, and its session."""
        asked, weight = self._asked(history)
        place, count = self.places(asked, self.compared(len(asked)))
        session = self.holder[place]
        alike, strongest = self.strongest(np.repeat(weight, count), session)
        return alike, self.event[place[strongest]], session[strongest]

    def _asked(self, history: History) -> tuple[Items, Floats]:
        """The different items of the history, the newest first, and their weights."""
        item, where = history.distinct
        weight = np.bincount(where, weights_of(history, self.parameters.back))
        last = np.zeros(len(item), dtype=np.intp)
        np.maximum.at(last, where, np.arange(len(where)))
        newest = np.argsort(-last)[: self.parameters.newest]
        asked = item[newest]
        return asked, (weight[newest] * self.rarity[asked]).astype(np.float32)

    def compared(self, asked: int) -> int:
        """How many sessions with each item are compared where so many items are asked about."""
        return min(self.parameters.sample, MOST_COMPARED // max(asked, 1))

    def places(self, asked: Items, most: int | npt.NDArray[np.integer]) -> tuple[Starts, Starts]:
        """Where `holder` and `event` have the newest sessions with these items, one item after the other, and how many
        there are of each, at most `most`."""
        first = self.holders[asked]
        count = np.minimum(self.holders[asked + 1] - first, most)
        ends = np.cumsum(count)
        return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count), count

    def strongest(self, speaks: Floats, session: Items) -> tuple[Floats, npt.NDArray[np.intp]]:
        """How much the strongest matches of one history count, and which of the matches they are.

        Of those that count the same the first ones are taken.

        Args:
            speaks: float32 [n], the weights of the items in common, the newest item first.
            session: int32 [n], who holds them.
        """
        newest = _of_newest(session, self.parameters.sample)
        speaks, session = speaks[newest], session[newest]
        if not self.parameters.every:
            # The sort is stable: within a session the newest item leads.
            order = np.argsort(-session, kind="stable")
            speaks, session, newest = speaks[order], session[order], newest[order]
            begins = np.flatnonzero(np.diff(session, prepend=-1))
            speaks = np.add.reduceat(speaks, begins) if len(begins) else speaks
            session, newest = session[begins], newest[begins]
        alike = speaks * self.weight[session]
        best = foremost(alike, self.parameters.neighbours)
        return alike[best], newest[best]


def _of_newest(session: Items, most: int) -> npt.NDArray[np.intp]:
    """Which of these belong to the newest `most` sessions."""
    if len(session) > most:
        ordered = np.sort(session)
        ends = np.flatnonzero(ordered[1:] != ordered[:-1])
        if len(ends) >= most:
            return np.flatnonzero(session > ordered[ends[-most]])
    return np.arange(len(session))


def _within(positions: npt.NDArray[Any], length: int) -> bool:
    return not len(positions) or 0 <= int(positions.min()) <= int(positions.max()) < length


def _bounds(starts: Starts, length: int) -> bool:
    return len(starts) > 0 and starts[0] == 0 and starts[-1] == length and bool((np.diff(starts) >= 0).all())
