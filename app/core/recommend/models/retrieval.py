"""How much each signal weighs in the cheap sum that picks candidates: so that what comes next is among them.

A logistic regression with weights of at least 0 tells answers from what the signals put first instead; what holds more
answers among the candidates counts, the learnt weights or the stated priors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from app.core.recommend.blend import CANDIDATES, Blend
from app.core.recommend.foremost import foremost
from app.core.recommend.models.replay import Asked

Weights = npt.NDArray[np.float32]
SAMPLED = 1500
"""Questions."""
RIVALS = 20
"""Of every signal, so many of its best items stand against the answers."""
RIDGE = 1e-3
LEAST_WEIGHT = 0.01
"""No signal is silenced: what only one of them knows, a new item say, must be able to become a candidate."""


def weigh(blend: Blend, asked: Sequence[Asked], *, seed: int) -> Weights:
    """The weight of every signal, float32 [S], at least `LEAST_WEIGHT`, 1 for the highest.

    Args:
        blend: its signals have not seen the answers; its own weights stand where answers are few, or where they find
            more of them.
    """
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(asked))[:SAMPLED].tolist()
    half = len(chosen) // 2
    if half < 50:
        return blend.weights
    learnt = _regressed(*_compared(blend, [asked[one] for one in chosen[:half]]))
    held = [asked[one] for one in chosen[half:]]
    return max((blend.weights, learnt), key=lambda weights: found(blend, weights, held))


def found(blend: Blend, weights: Weights, asked: Sequence[Asked]) -> float:
    """The mean share of answers that are among the candidates."""
    shares = []
    for one in asked:
        at = foremost(_shares(blend, one).T @ weights, CANDIDATES)
        shares.append(np.isin(one.answers, at).mean())
    return float(np.mean(shares))


def _shares(blend: Blend, one: Asked) -> npt.NDArray[np.float32]:
    voices = blend.voices(one.history)
    return np.asarray(voices / np.maximum(voices.max(axis=1), np.float32(1e-12))[:, None], dtype=np.float32)


def _compared(blend: Blend, asked: Sequence[Asked]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    rows, is_answer = [], []
    for one in asked:
        shares = _shares(blend, one)
        width = min(RIVALS, shares.shape[1])
        first = np.argpartition(shares, shares.shape[1] - width, axis=1)[:, shares.shape[1] - width :]
        at = np.union1d(first, one.answers)
        rows.append(shares[:, at].T)
        is_answer.append(np.isin(at, one.answers))
    return np.concatenate(rows), np.concatenate(is_answer)


def _regressed(rows: npt.NDArray[np.float32], is_answer: npt.NDArray[np.bool_]) -> Weights:
    sign = np.where(is_answer, 1.0, -1.0)
    count = rows.shape[1]

    def loss(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights, level = values[:-1], values[-1]
        margin = sign * (rows @ weights + level)
        wrong = 1.0 / (1.0 + np.exp(np.clip(margin, -30.0, 30.0)))
        slope = -(sign * wrong) / len(rows)
        value = float(np.logaddexp(0.0, -margin).mean() + RIDGE * (weights @ weights))
        return value, np.append(slope @ rows + 2 * RIDGE * weights, slope.sum())

    bounds: list[tuple[Any, Any]] = [(0.0, None)] * count + [(None, None)]
    best = minimize(loss, np.append(np.ones(count), -3.0), jac=True, bounds=bounds, method="L-BFGS-B").x[:-1]
    return np.asarray(np.maximum(best / max(float(best.max()), 1e-9), LEAST_WEIGHT), dtype=np.float32)
