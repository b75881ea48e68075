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

from app.core.recommend.blend import NEWEST, Blend, Pool
from app.core.recommend.features import RELATIVE, WANTED, Features, Rows, directions_of, names_of
from app.core.recommend.forest import Ranker, SpreadRanker, prior
from app.core.recommend.histories import Histories
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.item_statistics import statistics_of
from app.core.recommend.models import ranker, replenishment
from app.core.recommend.models.replay import WHOLE, Effort, Replay, replays
from app.core.recommend.models.retrieval import weigh
from app.core.recommend.models.roster import Cast, Material, cast_of, choose_parameters, fit_signals
from app.core.recommend.signals.roster import LATE
from app.core.recommend.signals.types import Signal
from app.core.recommend.tasks import Task

SEED = 20100301
LEAST_ASKED = 200
"""Questions with an answer among the candidates; with fewer the priors stand."""
HARDEST, DRAWN = 100, 50
"""Of each question's candidates, the first by the cheap sum and so many drawn from the rest are learnt from, answers
and others alike: were all answers kept, the ranker would learn that the last candidates are often right."""
VALIDATED = 0.15
"""Of the questions, the share on which a ranker is judged."""
SPREAD_COST = 0.025
"""Of a ranker's quality, the share that a wider choice over the catalogue may cost."""
SPREADS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
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


@dataclass(slots=True, eq=False)
class _Lessons:
    """What a ranker learns from: rows float32 [R, F], whether each is an answer int8 [R], rows per question."""

    rows: list[Rows]
    relevance: list[npt.NDArray[np.int8]]

    def __len__(self) -> int:
        return len(self.rows)

    def ranker(
        self, names: Sequence[str], directions: Sequence[int], stated: Sequence[Ranker], seed: int, *, spread: bool
    ) -> Ranker:
        """The learnt ranker, or the first of the stated ones that does no worse on questions held back.

        Args:
            spread: take off what everybody wants, as far as it costs next to nothing (`SPREAD_COST`).
        """
        if len(self) < LEAST_ASKED:
            return stated[0]
        held = np.random.default_rng(seed).random(len(self)) < VALIDATED
        parts = [self._part(np.flatnonzero(~held)), self._part(np.flatnonzero(held))]
        learnt = ranker.fit(*parts[0], names=names, monotone=directions, validation=parts[1], seed=seed)
        best = max((*stated, learnt), key=lambda one: ranker.quality(one, *parts[1]))
        return _spread(best, parts[1]) if spread else best

    def _part(self, chosen: npt.NDArray[np.intp]) -> tuple[Rows, npt.NDArray[np.int8], npt.NDArray[np.int64]]:
        rows, relevance = [self.rows[one] for one in chosen], [self.relevance[one] for one in chosen]
        return np.concatenate(rows), np.concatenate(relevance), np.array([len(one) for one in rows], dtype=np.int64)


def _spread(best: Ranker, held: ranker.Lesson) -> Ranker:
    """The ranker that takes most off for what everybody wants among those that do hardly worse on these questions."""
    least = (1.0 - SPREAD_COST) * ranker.quality(best, *held)
    tried = [SpreadRanker(best, WANTED, less) for less in SPREADS]
    good = [one for one in tried if ranker.quality(one, *held) >= least]
    return good[-1] if good else best


def _learn(given: Material, parameters: Mapping[str, Any], cast: Cast, effort: Effort) -> Learnt:
    anything, new = _Lessons([], []), _Lessons([], [])
    weights: npt.NDArray[np.float32] | None = None
    generator = np.random.default_rng(given.seed)
    for played in replays(given.histories, given.task, seed=given.seed, effort=effort):
        before = played.before if given.facts.attributes is None else _with_new_items(played.before, generator)
        blend = _untaught(replace(given, histories=before), parameters, cast)
        weights = weigh(blend, played.asked, seed=given.seed) if weights is None else weights
        _study(replace(blend, weights=weights), played, anything, new, generator)
    stated, directions = _stated(cast), directions_of(cast.names)
    return Learnt(
        given.task,
        given.seed,
        cast,
        parameters,
        _shares(cast) if weights is None else weights,
        anything.ranker(names_of(cast.names), directions, stated, given.seed, spread=given.task.spread),
        new.ranker(names_of(cast.names), directions, stated, given.seed, spread=given.task.spread),
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


def _stated(cast: Cast) -> list[Ranker]:
    """The rankers that need no learning: the stated sum of all signals first, then every signal alone."""
    names = names_of(cast.names)
    together = prior(names, {f"{name}{RELATIVE}": weight for name, weight in cast.voices.items()})
    return [together, *(prior(names, {name: 1.0}) for name in cast.voices)]


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


def _study(blend: Blend, played: Replay, anything: _Lessons, new: _Lessons, generator: np.random.Generator) -> None:
    """Take from every question the candidates that are hardest to tell from the answers, and some others."""
    for one in played.asked:
        voices = blend.voices(one.history)
        history = one.history.newest(NEWEST)
        if blend.task.repeats:
            _add(anything, blend.picked(history, voices), one.answers, generator)
        unknown = np.setdiff1d(one.answers, one.history.item)
        if len(unknown):
            _add(new, blend.picked(history, voices, only_new=True), unknown, generator)


def _add(lessons: _Lessons, pool: Pool, answers: npt.NDArray[np.int64], generator: np.random.Generator) -> None:
    order = np.argsort(-pool.total, kind="stable")
    rest = order[HARDEST:]
    chosen = np.append(order[:HARDEST], rest[generator.permutation(len(rest))[:DRAWN]])
    is_answer = np.isin(pool.at[chosen], answers)
    if is_answer.any():
        lessons.rows.append(pool.rows[chosen])
        lessons.relevance.append(is_answer.astype(np.int8))
