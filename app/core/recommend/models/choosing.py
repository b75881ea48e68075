"""Choosing parameters: one after the other, each with the others held, until a round changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Parameters = TypeVar("Parameters", bound="DataclassInstance")

ROUNDS = 2
LEAST_TO_CHOOSE = 100
"""Validation questions; with fewer the defaults stand, because a choice among noise is no choice."""


def choose(
    start: Parameters,
    choices: Mapping[str, Sequence[Any]],
    score: Callable[[Parameters], float],
    *,
    rounds: int = ROUNDS,
) -> Parameters:
    """The parameters with the highest score; the earlier value on equal scores, `start` before all.

    Args:
        choices: by the name of a field of `start`, the values to try.
        score: asked once for every set of parameters.
    """
    known: dict[Parameters, float] = {}

    def scored(parameters: Parameters) -> float:
        if parameters not in known:
            known[parameters] = score(parameters)
        return known[parameters]

    best = start
    for _ in range(rounds):
        before = best
        for name, values in choices.items():
            best = max([best, *(replace(best, **{name: value}) for value in values)], key=scored)
        if best == before:
            break
    return best
