"""The recurrent network in JAX: states of packed histories, losses over candidates, one step of the optimiser.

JAX must not run in a forked process: training runs in spawned workers. Nothing is placed on a device by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax

from app.core.recommend.models.gru4rec_batches import Batch

THREADS = 2
START = 0.1
"""Standard deviation of new embeddings; only their direction is read, but the rate moves short ones faster."""
TINY = 1e-12
Weights = TypeVar("Weights")


class Loss(StrEnum):
    """How a target is told apart from the other candidates."""

    CROSS_ENTROPY = "cross-entropy"
    """Sampled softmax, as in Hidasi and Czapp, RecSys 2023."""
    BPR_MAX = "bpr-max"
    """Hidasi and Karatzoglou, "Recurrent neural networks with top-k gains", CIKM 2018."""


class Recipe(NamedTuple):
    """What is fixed while a network learns; see `gru4rec.Parameters`."""

    loss: Loss
    dropout_in: float
    dropout_out: float
    log_q: float
    penalty: float
    scale: float


class Table(NamedTuple):
    """A row for every item: `embedding` [N, H], of any length, and `bias` [N, 1]."""

    embedding: jax.Array
    bias: jax.Array


class Gates(NamedTuple):
    """As `app.core.recommend.signals.gru.Cell`."""

    into: jax.Array
    again: jax.Array
    bias: jax.Array
    inner: jax.Array


class Learner(NamedTuple):
    """The weights, and what the optimiser remembers of them."""

    table: Table
    gates: Gates
    of_table: optax.OptState
    of_gates: optax.OptState


_ADAM = optax.scale_by_adam(b2=0.98)


@contextmanager
def few_threads() -> Iterator[None]:
    """JAX reads how many threads it may start when it first looks for its devices; nobody else is told."""
    before = os.environ.get("NPROC")
    os.environ["NPROC"] = str(THREADS)
    try:
        jax.devices()
    finally:
        if before is None:
            del os.environ["NPROC"]
        else:
            os.environ["NPROC"] = before
    yield


@partial(jax.jit, static_argnames=("items", "width"))
def begin(items: int, width: int, seed: int) -> Learner:
    """A network that has learnt nothing."""
    first, second, third = jax.random.split(jax.random.key(seed), 3)
    bound, shape = width**-0.5, (width, 3 * width)
    table = Table(jax.random.normal(first, (items, width)) * START, jnp.zeros((items, 1)))
    gates = Gates(
        jax.random.uniform(second, shape, minval=-bound, maxval=bound),
        jax.random.uniform(third, shape, minval=-bound, maxval=bound),
        jnp.zeros(3 * width),
        jnp.zeros(width),
    )
    return Learner(table, gates, _ADAM.init(table), _ADAM.init(gates))


def states(gates: Gates, inputs: jax.Array, fresh: jax.Array) -> jax.Array:
    """The state after every input, [rows, length, H].

    Args:
        inputs: [rows, length, H].
        fresh: [rows, length], 0 where a history begins and the state before it is forgotten, else 1.
    """
    width = gates.inner.shape[0]

    def step(state: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        own, keep = now
        state = state * keep[:, None]
        old = state @ gates.again
        both = jax.nn.sigmoid(own[:, : 2 * width] + old[:, : 2 * width])
        new = jnp.tanh(own[:, 2 * width :] + both[:, :width] * (old[:, 2 * width :] + gates.inner))
        state = new + both[:, width:] * (state - new)
        return state, state

    own = inputs @ gates.into + gates.bias
    _, found = jax.lax.scan(step, jnp.zeros((len(inputs), width)), (own.swapaxes(0, 1), fresh.T))
    return found.swapaxes(0, 1)


@jax.jit
def unit(vectors: jax.Array) -> jax.Array:
    """The vectors with length 1; zeros stay zeros."""
    return vectors * jax.lax.rsqrt(jnp.sum(vectors * vectors, axis=-1, keepdims=True) + TINY)


@jax.jit
def read(learner: Learner, batch: Batch) -> jax.Array:
    """The state, of length 1, after every event of the batch, [ROWS * LENGTH, H]."""
    inputs = unit(learner.table.embedding[batch.rows])[batch.input]
    found: jax.Array = unit(states(learner.gates, inputs, jnp.asarray(batch.fresh)))
    return found.reshape(-1, inputs.shape[-1])


@partial(jax.jit, static_argnames="recipe", donate_argnums=0)
def learn(learner: Learner, batch: Batch, key: jax.Array, rate: jax.Array, recipe: Recipe) -> Learner:
    """The weights after one step of Adam along the batch's loss.

    Only the rows of the batch's candidates are read and written, those of Adam's memory too, so that a step costs the
    same in a large catalogue.
    """
    rows = batch.rows

    def take(leaf: jax.Array) -> jax.Array:
        return leaf[rows] if leaf.ndim == 2 else leaf

    def put(leaf: jax.Array, new: jax.Array) -> jax.Array:
        return leaf.at[rows].set(new, unique_indices=True) if leaf.ndim == 2 else new

    taken = jax.tree.map(take, learner.table)
    of_gates, of_rows = jax.grad(_loss)((learner.gates, taken), batch, recipe, key)
    moves, gates_memory = _ADAM.update(of_gates, learner.of_gates)
    gates = _moved(learner.gates, moves, rate)
    moves, rows_memory = _ADAM.update(of_rows, jax.tree.map(take, learner.of_table))
    table = jax.tree.map(put, learner.table, _moved(taken, moves, rate))
    return Learner(table, gates, jax.tree.map(put, learner.of_table, rows_memory), gates_memory)


def _moved(weights: Weights, moves: optax.Updates, rate: jax.Array) -> Weights:
    moved: Weights = jax.tree.map(lambda weight, move: weight - rate * move, weights, moves)
    return moved


def _loss(weights: tuple[Gates, Table], batch: Batch, recipe: Recipe, key: jax.Array) -> jax.Array:
    """The mean loss of the batch's targets among its candidates."""
    gates, taken = weights
    first, second = jax.random.split(key)
    embedding = unit(taken.embedding)
    inputs = _dropped(embedding[batch.input], recipe.dropout_in, first)
    found = _dropped(unit(states(gates, inputs, jnp.asarray(batch.fresh))), recipe.dropout_out, second)
    logits = recipe.scale * (found.reshape(-1, found.shape[-1]) @ embedding.T) + taken.bias[:, 0]
    target, weight = jnp.asarray(batch.target).reshape(-1), jnp.asarray(batch.weight).reshape(-1)
    if recipe.loss is Loss.BPR_MAX:
        lost = _bpr_max(logits, target, recipe.penalty)
    else:
        lost = _cross_entropy(logits - recipe.log_q * batch.log_chance, target)
    return jnp.sum(lost * weight) / jnp.maximum(jnp.sum(weight), 1.0)


def _dropped(values: jax.Array, share: float, key: jax.Array) -> jax.Array:
    if share <= 0:
        return values
    kept = jax.random.bernoulli(key, 1.0 - share, values.shape)
    return jnp.where(kept, values / (1.0 - share), 0.0)


def _cross_entropy(logits: jax.Array, target: jax.Array) -> jax.Array:
    right = jnp.take_along_axis(logits, target[:, None], axis=1)[:, 0]
    return jax.nn.logsumexp(logits, axis=1) - right


def _bpr_max(logits: jax.Array, target: jax.Array, penalty: float) -> jax.Array:
    right = jnp.take_along_axis(logits, target[:, None], axis=1)
    others = jnp.arange(logits.shape[1]) != target[:, None]
    share = jax.nn.softmax(logits, axis=1, where=others)
    gain = jnp.sum(share * jax.nn.sigmoid(right - logits), axis=1)
    return -jnp.log(gain + TINY) + penalty * jnp.sum(share * logits**2, axis=1)
