"""GRU4Rec: a recurrent network learns from many histories what comes next.

Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016, with the losses and the
sampling of Hidasi and Karatzoglou, CIKM 2018, and without the mistakes that Hidasi and Czapp, RecSys 2023, found in
copies of it: no target is its own negative, ties count against the model, no state leaks between people. Embeddings
and states have length 1 (Gupta et al., "NISER", 2019), so that rare items are not drowned by popular ones. How much
likelier what was looked at comes again is learnt apart (`gru4rec_echo`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, Ids
from app.core.recommend.models import gru4rec_echo as echo
from app.core.recommend.models import gru4rec_network as network
from app.core.recommend.models.gru4rec_batches import (
    EVENTS,
    Batch,
    Candidates,
    Lessons,
    batches,
    lately,
    lessons_of,
)
from app.core.recommend.models.gru4rec_echo import Echo
from app.core.recommend.models.gru4rec_network import Learner, Loss, Recipe
from app.core.recommend.signals.gru import Cell, GruSignal

SEED = 20160502
HELD, HELD_SHARE = 4096, 0.04
"""Questions of the newest people by which the training is stopped, and their largest share of all."""
LEAST_HELD = 100
"""With fewer questions the figures are noise, and every epoch is run."""
LAST_RATE = 0.2
"""The share of the rate with which those newest people are read in the end."""
LEAST_STEPS, MOST_TIMES = 100, 10
"""Steps of an epoch: small shops' lessons are read several times in each, or the network would hardly have moved."""
PATIENCE = 2
"""Epochs without a better figure after which the training stops."""
CUT_OFF = 20
RANKED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Parameters:
    """How the network learns.

    `width`: H. `rate`: of Adam, falling evenly to nothing over the `epochs`. `scale`: what a cosine is multiplied with
    to be a logit. `dropout_in`, `dropout_out`: the share of an embedding and of a state that is left out at random.
    `candidates`: among so many items a target is to be found, at least 2 * EVENTS, and all where there are no more;
    drawn in proportion to popularity ** `alpha`. `log_q`: how much of the logarithm of their chance to be drawn is
    taken off the logits. `penalty`: of BPR-max alone. `events`: the newest so many are read.
    """

    width: int = 100
    epochs: int = 6
    rate: float = 0.02
    scale: float = 12.0
    dropout_in: float = 0.5
    dropout_out: float = 0.2
    candidates: int = 2048
    alpha: float = 0.5
    log_q: float = 1.0
    loss: Loss = Loss.CROSS_ENTROPY
    penalty: float = 0.0
    events: int = 1_000_000

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.loss, self.dropout_in, self.dropout_out, self.log_q, self.penalty, self.scale)


DEFAULT = Parameters()
IN_A_SHOP = replace(DEFAULT, events=500_000)
"""What a shop's training, which fits the network more than once, has time for."""


def fit(
    histories: Histories,
    parameters: Parameters = DEFAULT,
    *,
    seed: int = SEED,
    told: Callable[[int], None] = lambda _: None,
) -> GruSignal:
    """The network that has read the newest histories; the same for the same input and seed on the same machine.

    The newest people decide when to stop, and are read last, once. Histories without any second step teach nothing:
    the signal then knows no item.

    Args:
        told: is told after every epoch how many have been run.
    """
    newest = lately(histories, parameters.events)
    known, item = np.unique(newest.item, return_inverse=True)
    lessons = lessons_of(replace(newest, item=item.astype(np.int32)))
    if not lessons.events:
        return _signal(None, known[:0], len(histories.items), parameters)
    with network.few_threads():
        learner, again = _Training(lessons, np.bincount(item), parameters, seed).run(told)
        return _signal(learner, known, len(histories.items), parameters, again)


class _Training:
    """One run over the lessons: the weights, the random numbers, and how much of the way is done."""

    def __init__(self, lessons: Lessons, counts: Ids, parameters: Parameters, seed: int) -> None:
        self._parameters = parameters
        self._old, self._held = _held_out(lessons)
        many = max(parameters.candidates, 2 * EVENTS)
        self._candidates = Candidates(counts, lessons.events, many, parameters.alpha)
        self._random = np.random.default_rng(seed)
        self._key = jax.random.key(seed, impl="rbg")
        self._learner: Learner = network.begin(len(counts), parameters.width, seed)
        self._steps = self._done = 0

    def run(self, told: Callable[[int], None]) -> tuple[Learner, Echo]:
        """The weights of the epoch with the best figure, after they have read the held-out people's lessons too; what
        is learnt apart is learnt before that."""
        questions = list(batches(self._held, self._candidates, self._random))
        times = min(-(-LEAST_STEPS * EVENTS // self._old.events), MOST_TIMES)
        planned = self._parameters.epochs * times * self._old.events
        best, figure, since = self._learner, -1.0, 0
        for epoch in range(self._parameters.epochs):
            for _ in range(times):
                self._read(self._old, planned)
            told(epoch + 1)
            now = _figure(self._learner, questions, self._parameters.scale) if questions else float(epoch)
            since = since + 1 if now <= figure else 0
            if not since:
                # The next step takes over the memory of the weights it is given, so the best are set aside as a copy.
                best, figure = _copied(self._learner), now
            if since == PATIENCE:
                break
        self._learner = best
        again = _echo(best, questions, self._parameters.scale) if questions else echo.SILENT
        self._read(self._held)
        return self._learner, again

    def _read(self, lessons: Lessons, planned: int = 0) -> None:
        """All lessons once; the rate falls evenly while the planned ones are read, and is `LAST_RATE` after them."""
        for batch in batches(lessons, self._candidates, self._random):
            left = max(1.0 - self._done / planned, 0.0) if planned else LAST_RATE
            rate = jnp.float32(self._parameters.rate * left)
            key = jax.random.fold_in(self._key, self._steps)
            self._learner = network.learn(self._learner, batch, key, rate, self._parameters.recipe)
            self._steps += 1
            self._done += int(batch.weight.sum())


def _copied(learner: Learner) -> Learner:
    copied: Learner = jax.tree.map(np.array, learner)
    return copied


def _held_out(lessons: Lessons) -> tuple[Lessons, Lessons]:
    """Those of older people and those of the newest, of whom there are none where they would be too few to tell."""
    ends = np.cumsum(lessons.length)
    most = min(HELD, int(HELD_SHARE * lessons.events))
    cut = int(np.searchsorted(ends, lessons.events - most)) + 1 if most >= LEAST_HELD else len(ends)
    return (
        replace(lessons, begin=lessons.begin[:cut], length=lessons.length[:cut]),
        replace(lessons, begin=lessons.begin[cut:], length=lessons.length[cut:]),
    )


def _figure(learner: Learner, questions: list[Batch], scale: float) -> float:
    """The sum of HR@20 and MRR@20 over all items; an item with the score of the right one stands before it."""
    embedding = np.asarray(network.unit(learner.table.embedding))
    bias = np.asarray(learner.table.bias)[:, 0]
    total = many = 0.0
    for batch in questions:
        asked = batch.weight.reshape(-1) > 0
        found = np.asarray(network.read(learner, batch))[asked]
        target = batch.rows[batch.target.reshape(-1)[asked]]
        for low in range(0, len(target), RANKED_AT_ONCE):
            right = target[low : low + RANKED_AT_ONCE]
            logits = scale * (found[low : low + RANKED_AT_ONCE] @ embedding.T) + bias
            rank = (logits >= logits[np.arange(len(right)), right][:, None]).sum(axis=1)
            total += float((1.0 + 1.0 / rank)[rank <= CUT_OFF].sum())
        many += len(target)
    return total / max(many, 1.0)


def _echo(learner: Learner, questions: list[Batch], scale: float) -> Echo:
    """What the questions of people whom the network has not read say of what it has read."""
    told = []
    for batch in questions:
        asked = batch.weight.reshape(-1) > 0
        target = batch.rows[batch.target.reshape(-1)[asked]]
        told.append((np.asarray(network.read(learner, batch))[asked], echo.prefixes(batch)[asked], target))
    embedding, bias = np.asarray(network.unit(learner.table.embedding)), np.asarray(learner.table.bias)[:, 0]
    return echo.learnt(echo.answers(told, embedding, bias, scale))


def _signal(
    learner: Learner | None,
    known: npt.NDArray[Any],
    items: int,
    parameters: Parameters,
    again: Echo = echo.SILENT,
) -> GruSignal:
    """The weights as plain arrays; the temperature is a part of them."""
    width = parameters.width
    if learner is None:
        none = [
            np.zeros(shape, dtype=np.float32) for shape in ((width, 3 * width), (width, 3 * width), 3 * width, width)
        ]
        embedding, bias, cell = np.zeros((0, width), dtype=np.float32), np.zeros(0, dtype=np.float32), Cell(*none)
    else:
        embedding, bias = np.asarray(network.unit(learner.table.embedding)), np.asarray(learner.table.bias)[:, 0]
        bias = bias * np.float32(again.temperature)
        cell = Cell(*(np.asarray(part) for part in learner.gates))
    return GruSignal(
        items, known.astype(np.int32), embedding, bias, again.back, cell, parameters.scale * again.temperature
    )
