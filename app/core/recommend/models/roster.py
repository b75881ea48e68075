"""Which signals a blend for each task listens to, how each is fitted, and what it weighs before anything is learnt.

To add a signal: write its trainer, name it here, and name its class in `signals.roster`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from app.core.recommend.histories import Histories
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import (
    content,
    gru4rec,
    linear,
    next_basket,
    popular,
    replenishment,
    session_neighbours,
    similar,
    taste,
    transitions,
)
from app.core.recommend.signals.types import Signal
from app.core.recommend.tasks import HORIZON_DAYS, Task


@dataclass(frozen=True, slots=True)
class Material:
    """What a signal is fitted on: histories, and what is known of their items."""

    histories: Histories
    task: Task
    facts: ItemFacts
    seed: int


@dataclass(frozen=True, slots=True)
class Trainer:
    """How one signal is learnt: its parameters once, from a part of the training data, and the signal with them."""

    choose: Callable[[Material], Any]
    fit: Callable[[Material, Any], Signal]


def _of(module: Any) -> Trainer:
    """A trainer whose module has `chosen(histories, task)` and `fit(histories, parameters)`."""
    return Trainer(
        lambda given: module.chosen(given.histories, given.task),
        lambda given, chosen: module.fit(given.histories, chosen),
    )


def _fixed(fit: Callable[[Material], Signal]) -> Trainer:
    """A trainer whose parameters are stated, because nothing is gained by choosing them."""
    return Trainer(lambda _: None, lambda given, _: fit(given))


TRAINERS: Mapping[str, Trainer] = MappingProxyType(
    {
        "transitions": _of(transitions),
        "session_neighbours": _of(session_neighbours),
        "linear": _of(linear),
        "similar": _of(similar),
        "als": _fixed(lambda given: taste.fit_als(given.histories)),
        "gru": _fixed(lambda given: gru4rec.fit(given.histories, gru4rec.IN_A_SHOP, seed=given.seed)),
        "content": _fixed(lambda given: content.fit(given.histories, attributes=given.facts.attributes)),
        "popular": _of(popular),
        "season": _fixed(lambda given: popular.fit(given.histories, popular.SEASON, name="season")),
        "own": _fixed(lambda given: next_basket.fit_own(given.histories)),
        "explore": Trainer(
            lambda given: next_basket.chosen(given.histories, given.task),
            lambda given, chosen: next_basket.fit(given.histories, chosen).explore,
        ),
        "replenish": _fixed(lambda given: replenishment.fit_signal(given.histories)),
    }
)
PRIORS: Mapping[Task, Mapping[str, float]] = MappingProxyType(
    {
        Task.SESSION: {
            "session_neighbours": 1.0,
            "linear": 0.5,
            "transitions": 0.5,
            "similar": 0.2,
            "popular": 0.05,
        },
        Task.SEQUENCE: {
            "linear": 1.0,
            "similar": 0.5,
            "transitions": 0.5,
            "session_neighbours": 0.5,
            "content": 0.2,
            "popular": 0.05,
        },
        Task.BASKET: {
            "own": 1.0,
            "explore": 0.5,
            "session_neighbours": 0.3,
            "transitions": 0.2,
            "similar": 0.2,
            "linear": 0.2,
            "popular": 0.1,
        },
        Task.TIME: {
            "own": 1.0,
            "replenish": 0.3,
            "explore": 0.5,
            "session_neighbours": 0.3,
            "transitions": 0.2,
            "similar": 0.2,
            "linear": 0.2,
            "popular": 0.1,
            "season": 0.1,
            "content": 0.1,
        },
    }
)
"""By task the signals of its blend, and what each weighs until there are enough answers to learn from: by judgement,
what did best alone on the validation parts of the public sets counts most."""
LATE: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {Task.SESSION: ("gru",), Task.SEQUENCE: ("gru", "als"), Task.BASKET: ("als",), Task.TIME: ("als",)}
)
"""By task the signals that are asked about candidates only."""
LEAST_SESSIONS = 2000
"""Histories of two or more steps; with fewer a network learns nothing that tables don't know."""
LEAST_PEOPLE = 50
"""The same for factors."""
SEASONS_DAYS = 365 + 3 * HORIZON_DAYS
"""Days that a history must span before last year's same weeks can be compared with this year's."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The signals that can say something here: by name what each that picks candidates weighs before anything is
    learnt, and those that are asked about candidates only."""

    voices: Mapping[str, float]
    late: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.voices, *self.late)


def cast_of(given: Material) -> Cast:
    """Of the task's signals those that this material is enough for."""
    histories = given.histories
    lacking = set()
    if given.facts.attributes is None:
        lacking.add("content")
    if histories.day is None or histories.end - float(histories.day.min(initial=histories.end)) < SEASONS_DAYS:
        lacking.add("season")
    if int(np.count_nonzero(histories.lengths > 1)) < LEAST_SESSIONS:
        lacking |= {"gru"}
    if int(np.count_nonzero(histories.lengths > 1)) < LEAST_PEOPLE:
        lacking |= {"als"}
    return Cast(
        {name: weight for name, weight in PRIORS[given.task].items() if name not in lacking},
        tuple(name for name in LATE[given.task] if name not in lacking),
    )


def choose_parameters(given: Material, names: Iterable[str]) -> dict[str, Any]:
    """The parameters of these signals, each chosen for itself on a part of the histories."""
    return {name: TRAINERS[name].choose(given) for name in names}


def fit_signals(given: Material, parameters: Mapping[str, Any]) -> tuple[Signal, ...]:
    """The signals that there are parameters of, in their order."""
    return tuple(TRAINERS[name].fit(given, chosen) for name, chosen in parameters.items())
