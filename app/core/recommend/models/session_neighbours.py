"""The index of sessions behind the session neighbours, and the choice of their parameters.

An index holds the newest sessions only, each cut to its newest events: a bot with 100,000 views is one short session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.core.recommend.histories import Histories, Items
from app.core.recommend.models.ageing import weight_of_people
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.session_neighbours import Floats, Parameters, SessionNeighbours
from app.core.recommend.tasks import Task

MOST_SESSIONS = 300_000
LONGEST = 200
"""Events of a session that the index keeps, the newest."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "back": (0.5, 0.7, 0.85, 0.95),
    "newest": (10, 30),
    "own": (0.0, 1.0, 2.0, 4.0),
    "every": (False, True),
    "size": (0.0, 0.25, 0.5),
    "before": (0.3, 0.7, 1.0),
    "away": (0.4, 0.6, 0.8),
    "rarity": (0.0, 0.5, 1.0),
    "recency": (0.0, 0.3, 1.0),
}
DEFAULT = Parameters()


def fit(histories: Histories, parameters: Parameters = DEFAULT, *, most: int = MOST_SESSIONS) -> SessionNeighbours:
    """The index of the newest `most` histories; every person's history is a session."""
    return _index(_sessions(telling(histories, most)), parameters)


@dataclass(frozen=True, slots=True, eq=False)
class _Sessions:
    """The sessions of an index, and its matches: int32 [H] the last event of a session with an item, by item and then
    the newest session first; int32 [E] the session of every event."""

    kept: Histories
    event: Items
    session: Items

    def weight(self, parameters: Parameters) -> Floats:
        """How much each session counts, float32 [S]."""
        sizes = np.maximum(np.bincount(self.session[self.event], minlength=len(self.kept)), 1)
        weight = weight_of_people(self.kept, parameters.recency) / sizes**parameters.size
        return np.asarray(weight, dtype=np.float32)

    def rarity(self, parameters: Parameters) -> Floats:
        """How much each item counts, float32 [N]: log((S + 1) / (sessions that hold it + 1)) + 1, to a power."""
        held = np.bincount(self.kept.item[self.event], minlength=len(self.kept.items))
        rarity = np.log((len(self.kept) + 1) / (held + 1)) + 1.0
        return np.asarray(rarity**parameters.rarity, dtype=np.float32)


def _sessions(kept: Histories) -> _Sessions:
    session = np.repeat(np.arange(len(kept), dtype=np.int32), kept.lengths)
    key = kept.item.astype(np.int64) * max(len(kept), 1) + (len(kept) - 1 - session)
    order = np.argsort(key, kind="stable")
    last = np.append(key[order][1:] != key[order][:-1], True)[: len(order)]
    return _Sessions(kept, order[last].astype(np.int32), session)


def _index(sessions: _Sessions, parameters: Parameters) -> SessionNeighbours:
    kept, event = sessions.kept, sessions.event
    holders = np.searchsorted(kept.item[event], np.arange(len(kept.items) + 1))
    place = np.arange(len(event)) - holders[kept.item[event]]
    event = event[place < parameters.sample]
    return SessionNeighbours(
        parameters,
        starts=kept.starts,
        item=kept.item,
        step=kept.step,
        holders=np.append(0, np.cumsum(np.minimum(np.diff(holders), parameters.sample))),
        holder=sessions.session[event],
        event=event,
        weight=sessions.weight(parameters),
        rarity=sessions.rarity(parameters),
    )


def chosen(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> Parameters:
    """The parameters that answer the validation part best; the defaults where there are too few questions.

    Args:
        most: questions asked for every set of parameters.
    """
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return DEFAULT
    choices = {name: values for name, values in CHOICES.items() if task.repeats or name != "own"}
    sessions = _sessions(telling(part.before))
    index = _index(sessions, DEFAULT)

    def quality(parameters: Parameters) -> float:
        weight, rarity = sessions.weight(parameters), sessions.rarity(parameters)
        signal = replace(index, parameters=parameters, weight=weight, rarity=rarity)
        return ndcg(signal, part.asked, repeats=task.repeats)

    return choose(DEFAULT, choices, quality, rounds=1)


def telling(histories: Histories, most: int = MOST_SESSIONS) -> Histories:
    """The newest `most` people who did more than one thing, each with the newest `LONGEST` events.

    Their steps are numbered through, so that the steps of two people differ.
    """
    lengths = histories.lengths
    old = np.arange(len(histories.item)) < np.repeat(histories.starts[1:], lengths) - LONGEST
    alone = np.repeat(lengths < 2, lengths)
    newest = np.repeat(np.cumsum((lengths >= 2)[::-1])[::-1] <= most, lengths)
    kept = histories.keep(~old & ~alone & newest)
    begins = np.zeros(len(kept.item), dtype=np.int32)
    begins[1:] = kept.step[1:] != kept.step[:-1]
    begins[kept.starts[:-1]] = 1
    return replace(kept, step=np.cumsum(begins, dtype=np.int32))
