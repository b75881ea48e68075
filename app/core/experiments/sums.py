"""Sufficient statistics of one metric in one arm: all that the statistics need to know of any number of visitors.

A metric is a mean over units or, with a denominator, a ratio of two sums over units (order value, click-through). The
covariate is what the same unit did before it was exposed; without one it is 0 for everybody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """Plain sums over the units of an arm: x the value, d the denominator (1 a unit for means), c the covariate."""

    n: int
    x: float
    xx: float
    d: float
    dd: float
    xd: float
    c: float = 0.0
    cc: float = 0.0
    xc: float = 0.0
    positive: int = 0
    """Units with a value above 0."""
    log: float = 0.0
    log2: float = 0.0
    """Sums over those of ln x and of its square."""
    is_ratio: bool = False

    @property
    def value(self) -> float:
        """The metric's figure: a mean over the units, or the ratio of the two sums; 0 where there is nothing."""
        return self.x / self.d if self.d else 0.0

    @property
    def is_proportion(self) -> bool:
        """Whether every unit's value is 0 or 1: a sum of squares that vanishes in that case alone."""
        return not self.is_ratio and self.xx - 2 * self.x + self.positive == 0

    def variance_of(self, theta: float = 0.0) -> float:
        """The variance of one unit's value, or for a ratio of its part in the figure (delta method).

        Args:
            theta: so many times the covariate is taken out of a mean.

        Returns:
            0 where fewer than two units, or rounding, leave nothing to be known.
        """
        if self.n < 2:
            return 0.0
        if self.is_ratio:
            per_unit, value = self.d / self.n, self.value
            spread = self._spread(self.xx, self.x, self.x) - 2 * value * self._spread(self.xd, self.x, self.d)
            return _positive(spread + value**2 * self._spread(self.dd, self.d, self.d), self.xx / self.n) / per_unit**2
        mean = self.x / self.n
        own = mean * (1 - mean) if self.is_proportion else self._spread(self.xx, self.x, self.x)
        if theta:
            own += theta**2 * self._spread(self.cc, self.c, self.c) - 2 * theta * self._spread(self.xc, self.x, self.c)
        return _positive(own, self.xx / self.n)

    def _spread(self, products: float, first: float, second: float) -> float:
        return (products - first * second / self.n) / (self.n - 1)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _positive(variance: float, size: float) -> float:
    """The variance, or 0 where it is no more than what subtracting large sums from each other leaves behind."""
    return variance if variance > 1e-12 * size else 0.0


NOTHING = Sums(0, 0.0, 0.0, 0.0, 0.0, 0.0)


def sums_of(
    values: npt.ArrayLike, *, denominators: npt.ArrayLike | None = None, covariates: npt.ArrayLike | None = None
) -> Sums:
    """The sums of one value a unit.

    Args:
        values: shape (n,), finite.
        denominators: shape (n,); the metric is then Σ values / Σ denominators.
        covariates: shape (n,).

    Raises:
        ValueError: shapes differ, or a value is not finite.
    """
    x = np.asarray(values, dtype=np.float64)
    d = np.ones_like(x) if denominators is None else np.asarray(denominators, dtype=np.float64)
    c = np.zeros_like(x) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if x.ndim != 1 or x.shape != d.shape or x.shape != c.shape:
        raise ValueError("values, denominators and covariates must be vectors of the same length")
    if not (np.isfinite(x).all() and np.isfinite(d).all() and np.isfinite(c).all()):
        raise ValueError("a metric's values must be finite")
    logs = np.log(x[x > 0])
    return Sums(
        n=len(x),
        x=float(x.sum()),
        xx=float(x @ x),
        d=float(d.sum()),
        dd=float(d @ d),
        xd=float(x @ d),
        c=float(c.sum()),
        cc=float(c @ c),
        xc=float(x @ c),
        positive=len(logs),
        log=float(logs.sum()),
        log2=float(logs @ logs),
        is_ratio=denominators is not None,
    )
