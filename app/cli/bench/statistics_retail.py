"""The real log behind `attune bench statistics`: orders of a British gift shop with wholesale buyers (Online Retail).

Two years of invoices, of which a few are as large as thousands of others: the heavy tail that revenue has. Where the
log is missing, log-normal orders stand in, and whoever prints figures says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from app.cli.bench.statistics_counted import arms_of, counted, orders_of, units_of
from app.cli.bench.statistics_store import experiment_on
from app.core.experiments.counted import EPOCH, Period
from app.core.experiments.fold import fold
from app.core.experiments.types import Metric
from app.core.experiments.verdict import judge

ROOT = Path(__file__).resolve().parents[3]
FILES = ("online_retail/online_retail_2009_2010.parquet", "online_retail/online_retail_2010_2011.parquet")
DAY_US = 86_400_000_000
BEFORE_DAYS, AFTER_DAYS, STEP_DAYS = 90, 28, 28
"""The covariate's days, the outcome's days, and how far apart the moments are at which customers are looked at."""
MEDIAN, SPREAD, COUNT = 30_000.0, 1.2, 40_000
"""Of the orders that stand in: minor units, the standard deviation of the logarithm, how many."""

# The two files share nine days. What is no product (postage, fees, corrections) and what was cancelled is no order;
# credit notes are not netted: how refunds are counted is the read-out's matter, here it is the tail that counts.
_ORDERS = """
    WITH lines AS (
        SELECT * FROM read_parquet($new)
        UNION ALL
        SELECT * FROM read_parquet($old) WHERE InvoiceDate < (SELECT min(InvoiceDate) FROM read_parquet($new)))
    SELECT epoch_us(min(InvoiceDate)) AS moment, coalesce(max(CustomerID), 0)::BIGINT AS customer,
           round(100 * sum(Quantity * UnitPrice))::BIGINT AS value
    FROM lines
    WHERE NOT starts_with(InvoiceNo, 'C') AND Quantity > 0 AND UnitPrice > 0
      AND regexp_full_match(upper(StockCode), '[0-9]{5}[A-Z]{0,2}')
    GROUP BY InvoiceNo ORDER BY moment, InvoiceNo
"""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Columns of equal length, the oldest order first: microseconds since 1970, customer (0 unknown), minor units."""

    at: Ints
    customer: Ints
    value: Ints
    is_real: bool = True


def data_folder() -> Path:
    """Where the data sets lie: in the folder that ATTUNE_DATA names, or beside the repository."""
    return Path(os.environ.get("ATTUNE_DATA") or ROOT.parent / "shared" / "data")


def read_orders(folder: Path) -> Orders | None:
    """The log's orders; None where the folder lacks it."""
    old, new = (folder / name for name in FILES)
    if not (old.exists() and new.exists()):
        return None
    import duckdb

    rows: dict[str, Any] = duckdb.execute(_ORDERS, {"old": str(old), "new": str(new)}).fetchnumpy()
    at, customer, value = (np.asarray(rows[name]).astype(np.int64) for name in ("moment", "customer", "value"))
    return Orders(at, customer, value)


def stand_ins(random: np.random.Generator) -> Orders:
    """Log-normal orders of nobody known, for where the log is missing."""
    values = np.exp(random.normal(np.log(MEDIAN), SPREAD, COUNT)).astype(np.int64)
    return Orders(np.zeros(COUNT, np.int64), np.zeros(COUNT, np.int64), values, is_real=False)


def known_customers(orders: Orders) -> Iterator[tuple[int, Ints]]:
    """Moments four weeks apart, and who had ordered before each."""
    for moment in _moments(orders):
        yield moment, np.unique(orders.customer[(orders.at < moment) & (orders.customer > 0)])


def new_customers(orders: Orders) -> Iterator[tuple[int, Ints]]:
    """The same moments, and whose first order fell into the 28 days after each."""
    for moment, known in known_customers(orders):
        later = orders.customer[(orders.at >= moment) & (orders.at < moment + AFTER_DAYS * DAY_US)]
        yield moment, np.setdiff1d(later[later > 0], known)


def _moments(orders: Orders) -> Iterator[int]:
    first, last = int(orders.at.min()) + BEFORE_DAYS * DAY_US, int(orders.at.max()) - AFTER_DAYS * DAY_US
    return iter(range(first, last + 1, STEP_DAYS * DAY_US))


def variance_removed(orders: Orders, moment: int, customers: Ints) -> float | None:
    """How much of the variance of revenue their earlier orders explain, if these customers all come at a moment.

    They fall into two arms that are treated alike; core sums up and adjusts as for any experiment. None where so few
    buy that it says nothing.
    """
    theirs = np.isin(orders.customer, customers)
    placed = orders_of(np.searchsorted(customers, orders.customer[theirs]), orders.at[theirs], orders.value[theirs])
    experiment, units = experiment_on(Metric.REVENUE_PER_VISITOR), units_of(customers)
    seen = counted(units, arms_of(experiment, units), np.full(len(units), moment), placed)
    since, until = (EPOCH + timedelta(microseconds=at) for at in (moment, moment + AFTER_DAYS * DAY_US))
    reading = fold(experiment, seen, Period(since, until), zone=ZoneInfo("UTC"), currency="GBP", at=until)
    found = judge(experiment, reading, now=until).arms[0].lifts[Metric.REVENUE_PER_VISITOR]
    return found.variance_removed if found else None
