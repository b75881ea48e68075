"""What a shopper has looked at already: how much likelier it comes again than the recurrent network says.

The network must remember in its state what it has read, which it learns worse than what resembles what, and what it
says of people whose lessons it has read is too sure. So a weight for every place in the history, and a temperature
(Guo et al., "On calibration of modern neural networks", ICML 2017), are learnt from people whom it has not read: the
weights by likelihood given the temperature, the temperature by the figure that stops the training. Learnt together
with the network they would teach its embeddings less, and people who look at something new would be answered worse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from app.core.recommend.models.gru4rec_batches import Batch
from app.core.recommend.signals.gru import NEWEST

Rows = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
CUT_OFF = 20
TEMPERATURES = (1.0, 0.7, 0.5, 0.35, 0.25)
"""What logits are multiplied with; the first of equally good ones is taken."""
RIDGE = 1.0
"""Keeps the weights of places that hardly occur near 0."""
AT_ONCE = 256
NOTHING = -1
LEAST = -1e9


@dataclass(frozen=True, slots=True, eq=False)
class Echo:
    """`temperature`: what logits are multiplied with. `back` float32 [NEWEST]: added afterwards to the logit of an item
    that the shopper has looked at, by how many items ago that was last."""

    temperature: float
    back: Floats


SILENT = Echo(1.0, np.zeros(NEWEST, dtype=np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the network says to Q questions.

    `own` float64 [Q, NEWEST]: logits of the items read, by how many items ago they were read last; `LEAST` where there
    is none. `best` float64 [Q, CUT_OFF + 1]: the highest logits of all others. `rest` float64 [Q, T]: the logarithm of
    the sum of the others' exponentials at each temperature. `right` float64 [Q]: the target's logit. `place` int64 [Q]:
    of the target within `own`, `NOTHING` where it was not read.
    """

    own: Doubles
    best: Doubles
    rest: Doubles
    right: Doubles
    place: npt.NDArray[np.int64]


def prefixes(batch: Batch) -> Rows:
    """The items read up to every event of the batch, int32 [ROWS * LENGTH, NEWEST], by how many items ago; each item
    where it was last, and `NOTHING` elsewhere."""
    rows, length = batch.input.shape
    within = np.zeros((rows, length), dtype=np.int64)
    for at in range(1, length):
        within[:, at] = np.where(batch.fresh[:, at] > 0, within[:, at - 1] + 1, 0)
    item = batch.rows[batch.input]
    found = np.full((rows, length, NEWEST), NOTHING, dtype=np.int32)
    for back in range(min(NEWEST, length)):
        now = item[:, : length - back]
        seen_later = (found[:, back:, :back] == now[:, :, None]).any(axis=2)
        found[:, back:, back] = np.where((within[:, back:] >= back) & ~seen_later, now, NOTHING)
    return found.reshape(-1, NEWEST)


def answers(told: Iterable[tuple[Floats, Rows, Rows]], embedding: Floats, bias: Floats, scale: float) -> Answers:
    """What a network says.

    Args:
        told: states float32 [n, H] of length 1, prefixes int32 [n, NEWEST] and targets int32 [n], n at least 0.
        embedding: float32 [K, H], of length 1.
        bias: float32 [K].
    """
    parts = [
        _answers(scale * (state[low : low + AT_ONCE] @ embedding.T) + bias, read[low : low + AT_ONCE], target)
        for state, read, targets in told
        for low in range(0, len(targets), AT_ONCE)
        for target in [targets[low : low + AT_ONCE]]
    ]
    own, best, rest, right, place = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Answers(own, best, rest, right, place)


def _answers(
    logits: Floats, read: Rows, target: Rows
) -> tuple[Doubles, Doubles, Doubles, Doubles, npt.NDArray[np.int64]]:
    each = np.arange(len(target))
    there = read != NOTHING
    question, _ = np.nonzero(there)
    own = np.full(read.shape, LEAST)
    own[there] = logits[question, read[there]]
    right = logits[each, target].astype(np.float64)
    is_target = read == target[:, None]
    place = np.where(is_target.any(axis=1), is_target.argmax(axis=1), NOTHING)
    logits[question, read[there]] = LEAST
    best = np.full((len(target), CUT_OFF + 1), LEAST)
    most = min(CUT_OFF + 1, logits.shape[1])
    best[:, :most] = np.partition(logits, logits.shape[1] - most, axis=1)[:, -most:]
    top = logits.max(axis=1, keepdims=True)
    logits -= top
    heats = map(np.float32, TEMPERATURES)
    rest = [np.log(np.exp(heat * logits).sum(axis=1)) + heat * top[:, 0] for heat in heats]
    return own, best, np.stack(rest, axis=1).astype(np.float64), right, place


def learnt(given: Answers) -> Echo:
    """The temperature and weights that answer these questions best; `SILENT` without any question."""
    if not len(given.right):
        return SILENT
    found = [
        (float(temperature), _weights(temperature * given.own, given.rest[:, number], given))
        for number, temperature in enumerate(TEMPERATURES)
    ]
    temperature, weights = max(found, key=lambda one: figure(given, *one))
    return Echo(temperature, weights.astype(np.float32))


def _weights(own: Doubles, rest: Doubles, given: Answers) -> Doubles:
    """The most likely weights, float64 [NEWEST]: a convex problem, because all others stay as they are."""
    read = given.own > LEAST
    own = np.where(read, own, LEAST)
    again = np.bincount(given.place[given.place >= 0], minlength=NEWEST).astype(np.float64)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        logits = np.where(read, own + weights, LEAST)
        top = np.maximum(logits.max(axis=1), rest)
        share = np.exp(logits - top[:, None])
        total = share.sum(axis=1) + np.exp(rest - top)
        lost = float((top + np.log(total)).sum() - again @ weights + RIDGE * weights @ weights)
        return lost, (share / total[:, None]).sum(axis=0) - again + 2.0 * RIDGE * weights

    return np.asarray(minimize(loss, np.zeros(NEWEST), jac=True, method="L-BFGS-B").x)


def figure(given: Answers, temperature: float, weights: Doubles) -> float:
    """The mean of HR@20 and MRR@20 together; an item with the score of the right one stands before it."""
    own = np.where(given.own > LEAST, temperature * given.own + weights, LEAST)
    each = np.arange(len(given.right))
    right = np.where(given.place >= 0, own[each, given.place], temperature * given.right)[:, None]
    rank = (own >= right).sum(axis=1) + (temperature * given.best >= right).sum(axis=1)
    return float((1.0 + 1.0 / rank)[rank <= CUT_OFF].sum()) / len(given.right)
