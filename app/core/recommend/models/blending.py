"""Learn a blend: play the history again, let every signal answer, and fit the rankers to what really came next.

Signals that the ranker learns from have not seen the answers; those that are published are fitted on everything. With
too few questions to learn from, stated priors weigh the signals instead (`PRIORS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.blend import NEWEST, Blend
from app.core.recommend.features import RELATIVE, Features, directions_of, names_of
from app.core.recommend.forest import Ranker, prior
from app.core.recommend.histories import Histories
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.item_statistics import statistics_of
from app.core.recommend.models import replenishment
from app.core.recommend.models.lessons import Lessons, best_ranker
from app.core.recommend.models.replay import WHOLE, Effort, Replay, replays
from app.core.recommend.models.retrieval import weigh
from app.core.recommend.models.roster import Cast, Material, cast_of, choose_parameters, fit_signals
from app.core.recommend.signals.roster import LATE
from app.core.recommend.signals.types import Signal
from app.core.recommend.tasks import Task

SEED = 20100301
NEW_ITEMS = 0.05
"""Of the items, the share that is kept from the signals where content can speak for them."""
SCALED_BY = 1000
"""Histories from which a signal's usual best score is taken."""


def fit(histories: Histories, task: Task, *, facts: ItemFacts | None = None, seed: int = SEED) -> Blend:
    """The blend for this task; the same for the same input.

    Args:
        histories: what models may learn from, people in the order in which they came last.
        facts: what is known of the items beside; None for nothing.
    """
    return learn(histories, task, facts=facts, seed=seed).refitted(histories, facts=facts)


def learn(
    histories: Histories,
    task: Task,
    *,
    facts: ItemFacts | None = None,
    seed: int = SEED,
    effort: Effort = WHOLE,
) -> Learnt:
    """Of the blend what need not be learnt anew when more has happened; the same for the same input."""
    given = _material(histories, task, facts, seed)
    cast = cast_of(given)
    return _learn(given, choose_parameters(given, cast.names), cast, effort)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """The signals with their chosen parameters, the weights of the sum that picks candidates, and the rankers."""

    task: Task
    seed: int
    cast: Cast
    parameters: Mapping[str, Any]
    weights: npt.NDArray[np.float32]
    anything: Ranker
    new: Ranker

    def refitted(self, histories: Histories, *, facts: ItemFacts | None = None) -> Blend:
        """The blend whose signals are fitted on these histories, which may be more than what was learnt from."""
        given = _material(histories, self.task, facts, self.seed)
        first = _untaught(given, self.parameters, self.cast)
        return replace(first, weights=self.weights, anything=self.anything, new=self.new)


def _material(histories: Histories, task: Task, facts: ItemFacts | None, seed: int) -> Material:
    return Material(histories, task, ItemFacts.unknown(len(histories.items)) if facts is None else facts, seed)


def _learn(given: Material, parameters: Mapping[str, Any], cast: Cast, effort: Effort) -> Learnt:
    anything, new = Lessons(), Lessons()
    weights: npt.NDArray[np.float32] | None = None
    generator = np.random.default_rng(given.seed)
    for played in replays(given.histories, given.task, seed=given.seed, effort=effort):
        before = played.before if given.facts.attributes is None else _with_new_items(played.before, generator)
        blend = _untaught(replace(given, histories=before), parameters, cast)
        weights = weigh(blend, played.asked, seed=given.seed) if weights is None else weights
        _study(replace(blend, weights=weights), played, anything, new, generator)
    weights = _shares(cast) if weights is None else weights
    names, directions, stated = names_of(cast.names), directions_of(cast.names), _stated(cast, weights)
    # What is new to a shopper is chosen widely enough; spreading it cost hits and brought few more items.
    ranker_of_all = best_ranker(anything, names, directions, stated, seed=given.seed, spread_out=given.task.spread)
    ranker_of_new = best_ranker(new, names, directions, stated, seed=given.seed, spread_out=False)
    return Learnt(
        given.task,
        given.seed,
        cast,
        parameters,
        weights,
        ranker_of_all,
        ranker_of_new,
    )


def _untaught(given: Material, parameters: Mapping[str, Any], cast: Cast) -> Blend:
    """Signals fitted on these histories, weighed and ranked as stated."""
    fitted = fit_signals(given, parameters)
    voices = len(cast.voices)
    first = _stated(cast)[0]
    features = _features(given.histories, fitted, voices, given.facts)
    late = tuple(signal for signal in fitted[voices:] if isinstance(signal, LATE))
    return Blend(given.task, fitted[:voices], late, _shares(cast), features, first, first)


def _shares(cast: Cast) -> npt.NDArray[np.float32]:
    return np.array(list(cast.voices.values()), dtype=np.float32)


def _stated(cast: Cast, weights: npt.NDArray[np.float32] | None = None) -> list[Ranker]:
    """The rankers that need no forest: the stated sum of all signals, the sum by these weights, every signal alone."""
    names = names_of(cast.names)
    sums = [_shares(cast)] if weights is None else [_shares(cast), weights]
    shares = [f"{name}{RELATIVE}" for name in cast.voices]
    together = [prior(names, dict(zip(shares, one.tolist(), strict=True))) for one in sums]
    return [*together, *(prior(names, {name: 1.0}) for name in cast.voices)]


def _with_new_items(histories: Histories, generator: np.random.Generator) -> Histories:
    """The histories without some items: what is new in a shop is known by its content alone, and must be met once
    before it can be ranked among the others."""
    is_new = generator.random(len(histories.items)) < NEW_ITEMS
    return histories.keep(~is_new[histories.item])


def _features(histories: Histories, signals: Sequence[Signal], voices: int, facts: ItemFacts) -> Features:
    scales = np.append(scales_of(histories, signals[:voices]), np.ones(len(signals) - voices)).astype(np.float32)
    return Features(statistics_of(histories), facts.without_attributes, replenishment.fit(histories), scales)


def scales_of(histories: Histories, signals: Sequence[Signal]) -> npt.NDArray[np.float32]:
    """The best score that each signal typically gives, float32 [S]: its median over the newest people."""
    newest = range(max(len(histories) - SCALED_BY, 0), len(histories))
    scales = []
    for signal in signals:
        best = [float(signal.scores(histories.of(one).newest(NEWEST)).max(initial=0.0)) for one in newest]
        above = [one for one in best if one > 0]
        scales.append(float(np.median(above)) if above else 1.0)
    return np.array(scales, dtype=np.float32)


def _study(blend: Blend, played: Replay, anything: Lessons, new: Lessons, generator: np.random.Generator) -> None:
    """Take from every question the candidates that are hardest to tell from the answers, and some others."""
    for one in played.asked:
        heard = blend.heard(one.history)
        if blend.task.repeats:
            anything.add(blend.picked(one.history, heard), one.answers, one.person, generator)
        unknown = np.setdiff1d(one.answers, one.history.item)
        if len(unknown):
            new.add(blend.picked(one.history, heard, only_new=True), unknown, one.person, generator)
