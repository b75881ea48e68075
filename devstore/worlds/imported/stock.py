"""Stock over time, of which the log says nothing, inferred from the pace and the gaps of selling.

A product that sold briskly and then not at all for so long that chance does not explain it was out of stock meanwhile.
What has not sold for ninety days is sold out too, and what has not sold for a year has left the shop. The others have
in stock what sells in twelve weeks at the pace of the days on which they could be had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstore.worlds.imported.log import Log

_PACE_DAYS = 84
_BY_CHANCE = 1e-4
"""A gap that a steady pace leaves less often than this is a time without stock."""
_SOLD_OUT_DAYS, _ARCHIVED_DAYS = 90, 365

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stock:
    """Products in the order of the stock codes."""

    quantity: Ints
    """Pieces at the end of the log."""
    archived: NDArray[np.bool_]
    gap_product: Ints
    gap_from: NDArray[np.datetime64]
    gap_until: NDArray[np.datetime64]
    """Times without stock that ended with a sale, as local days: the last before and the first after it."""


def infer_stock(log: Log) -> Stock:
    columns = log.selling_days()
    product, before, after, pieces = (
        np.asarray(columns[name], np.int64) for name in ("product", "before", "after", "pieces")
    )
    day = np.asarray(columns["day"]).astype("datetime64[D]")
    today = np.datetime64(log.now, "D")
    last = np.append(product[1:] != product[:-1], True)
    ends = np.flatnonzero(last)
    unsold = np.asarray(today - day[ends]).astype(np.int64)
    stopped = (unsold > _SOLD_OUT_DAYS) | _improbable(before[ends], unsold)
    gaps = _gaps(day, before, after, last)
    return Stock(
        quantity=np.where(stopped, 0, _cover(product, day, pieces, today, gaps)),
        archived=unsold > _ARCHIVED_DAYS,
        gap_product=product[gaps],
        gap_from=day[gaps],
        gap_until=day[gaps + 1],
    )


def _improbable(selling_days: Ints, gap: Ints) -> NDArray[np.bool_]:
    """Whether a Poisson process that hits so many days in twelve weeks leaves such a gap too seldom."""
    return np.asarray(np.exp(-selling_days / _PACE_DAYS * gap) < _BY_CHANCE)


def _gaps(day: NDArray[np.datetime64], before: Ints, after: Ints, last: NDArray[np.bool_]) -> Ints:
    """Rows that are followed by a time without stock; the slower of the paces around it has to make it improbable."""
    rows = np.flatnonzero(~last)
    length = (day[rows + 1] - day[rows]).astype(np.int64)
    return np.asarray(rows[_improbable(np.minimum(before[rows], after[rows + 1]), length)])


def _cover(product: Ints, day: NDArray[np.datetime64], pieces: Ints, today: np.datetime64, gaps: Ints) -> Ints:
    """What sells in twelve weeks, by the pieces of the last twelve weeks and the days of them with stock."""
    since = today - np.timedelta64(_PACE_DAYS, "D")
    recent = day > since
    sold = np.bincount(product, weights=pieces * recent, minlength=product[-1] + 1)
    away = (day[gaps + 1] - np.maximum(day[gaps], since)).astype(np.int64)
    without = np.bincount(product[gaps], weights=np.maximum(away, 0), minlength=len(sold))
    share = np.maximum(1 - without / _PACE_DAYS, 1 / _PACE_DAYS)
    return np.maximum(np.rint(sold / share).astype(np.int64), 1)
