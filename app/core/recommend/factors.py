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
    sells lately counts beside a shopper's taste (see `trend_of`)."""

    regularization: float
    alpha: float
    trend: float = 0.0


def trend_of(popularity: Floats, fold_in: FoldIn) -> Floats:
    """What every item's preference is multiplied with, float32 [N]: its share of the best seller's sales to the power
    `trend`.

    Factors learn from years, and gift shops sell other things in November than in May. A product keeps the shares by
    which a score is explained in proportion, which a sum would not.
    """
    top = max(float(popularity.max(initial=0.0)), 1e-9)
    return np.asarray((UNSOLD + popularity / np.float32(top)) ** np.float32(fold_in.trend), dtype=np.float32)


def gram(factors: Floats) -> Floats:
    """YtY, float32 [F, F]: the part of every shopper's equation that is the same for all of them."""
    return np.asarray(factors.T @ factors, dtype=np.float32)


def shares(own: Floats, weights: Floats, items_gram: Floats, fold_in: FoldIn) -> Floats:
    """What each product adds to the shopper's vector, float32 [F, n]; their sum is the vector.

    That the vector is such a sum is section 5 of the paper: an item's score is the sum over the shopper's products of
    the item's factors times that product's share, so each share says how much of the score its product explains.

    Args:
        own: the factors of the shopper's n products, float32 [n, F].
        weights: float32 [n], above 0; 1 for one order of today.
        items_gram: `gram` of all items' factors.
    """
    beyond = np.float32(fold_in.alpha) * weights
    left = items_gram + (own.T * beyond) @ own
    left.flat[:: len(left) + 1] += np.float32(fold_in.regularization)
    return np.asarray(np.linalg.solve(left, own.T * (1.0 + beyond)), dtype=np.float32)
