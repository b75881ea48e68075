"""Factors of items, and the taste of a shopper folded in from a few products: no row of any person is ever stored.

Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008. With Y the factors of all
items and, for the products of one shopper, the confidence c = 1 + alpha * weight, the shopper's vector is

    (YtY + Yt(C - I)Y + regularization I)^-1 Yt c

where C - I is zero for all items but those products. NumPy alone: the web process runs this per request.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
UNSOLD = np.float32(0.01)
"""Added to every item's share, so that what did not sell lately is shown late, not never."""


@dataclass(frozen=True, slots=True)
class FoldIn:
    """What a vector is folded in with, the values with which the factors themselves were learnt; and how much what
    sells lately counts beside a shopper's taste: `trend` as in `trend_of`, and `level`, a liking that every item is
    granted before anything is known. A preference is predicted between 0 and about 1; a `level` far above that leaves
    nothing but what sells, so a blend is never forced to rank worse than that does."""

    regularization: float
    alpha: float
    trend: float = 0.0
    level: float = 0.0


def trend_of(popularity: Floats, fold_in: FoldIn) -> Floats:
    """What every item's preference is multiplied with, float32 [N]: its share of the best seller's sales to the power
    `trend`.

    Factors learn from years, and gift shops sell other things in November than in May. A product keeps the shares by
    which a score is explained in proportion, which a sum would not.
    """
    top = max(float(popularity.max(initial=0.0)), 1e-9)
    return np.asarray((UNSOLD + popularity / np.float32(top)) ** np.float32(fold_in.trend), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """How a shopper's preference and what sells make one score: (`taste` * preference + `level`) * `trend`.

    `trend` is one factor for each item, float32 [N].
    """

    taste: float
    level: float
    trend: Floats


def own_blend(popularity: Floats, fold_in: FoldIn) -> Blend:
    """The blend that was chosen for the model on its validation part."""
    return Blend(1.0, fold_in.level, trend_of(popularity, fold_in))


def weighted_blend(popularity: Floats, weight: float) -> Blend:
    """A blend in which what sells weighs so much, from 0 (taste alone) to 1 (what sells alone).

    Score = ((1 - weight) * preference + weight) * share ^ weight, for `FoldIn` a level of weight / (1 - weight) and a
    trend of `weight`: the two act together, because a level without a trend grants every item the same.

    Raises:
        ValueError: the weight is not from 0 to 1.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"the weight of what sells is from 0 to 1, not {weight}")
    return Blend(1.0 - weight, weight, trend_of(popularity, FoldIn(0.0, 0.0, trend=weight)))


def everybodys(factors: Floats, fold_in: FoldIn) -> Floats:
    """(YtY + regularization I)^-1, float32 [F, F]: the part of every shopper's equation that is the same for all."""
    left = np.asarray(factors.T @ factors, dtype=np.float64)
    left.flat[:: len(left) + 1] += fold_in.regularization
    return np.asarray(np.linalg.pinv(left, hermitian=True), dtype=np.float32)


def shares(own: Floats, weights: Floats, inverse: Floats, fold_in: FoldIn) -> Floats:
    """What each product adds to the shopper's vector, float32 [F, n]; their sum is the vector.

    That the vector is such a sum is section 5 of the paper: an item's score is the sum over the shopper's products of
    the item's factors times that product's share, so each share says how much of the score its product explains.
    Shoppers are known by fewer products than there are factors, so the equation is turned round: with M what is the
    same for all, Y the own factors and D = alpha weights, (M + YtDY)^-1 Yt = M^-1 Yt (I + D Y M^-1 Yt)^-1 needs only a
    solution of n unknowns.

    Args:
        own: the factors of the shopper's n products, float32 [n, F].
        weights: float32 [n], above 0; 1 for one order of today.
        inverse: `everybodys` of all items' factors.
    """
    beyond = np.float32(fold_in.alpha) * weights
    alone = inverse @ own.T
    left = (own @ alone) * beyond[:, None]
    left.flat[:: len(left) + 1] += np.float32(1.0)
    return np.asarray(alone @ np.linalg.solve(left, np.diag(np.float32(1.0) + beyond)), dtype=np.float32)


def tastes(own: Floats, weights: Floats, inverse: Floats, fold_in: FoldIn) -> Floats:
    """The vectors of B shoppers, float32 [B, F]: the sums of their `shares`, without the shares.

    Args:
        own: the factors of each one's products, float32 [B, n, F]; zeros behind the last product.
        weights: float32 [B, n], as in `shares`; 0 behind the last product.
    """
    beyond = np.float32(fold_in.alpha) * weights
    alone = own @ inverse
    left = (own @ alone.transpose(0, 2, 1)) * beyond[:, :, None]
    diagonal = np.arange(own.shape[1])
    left[:, diagonal, diagonal] += np.float32(1.0)
    strength = np.linalg.solve(left, (np.float32(1.0) + beyond)[:, :, None])
    return np.asarray((alone * strength).sum(axis=1), dtype=np.float32)
