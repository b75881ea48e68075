"""The exam on the real log of a British gift shop."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from app.core.recommend.interactions import baskets_of
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.training import learn
from app.core.recommend.types import Rail, Strategy

BASKETS = """
    WITH lines AS (
        SELECT InvoiceNo, upper(StockCode) AS code, min(InvoiceDate) AS bought, min(CustomerID) AS customer
        FROM read_parquet(?)
        WHERE InvoiceNo NOT LIKE 'C%' AND Quantity > 0 AND UnitPrice > 0
          AND regexp_matches(upper(StockCode), '^[0-9]{5}[A-Z]{0,2}$')
        GROUP BY 1, 2),
    orders AS (SELECT *, min(bought) OVER (PARTITION BY InvoiceNo) AS placed FROM lines)
    SELECT dense_rank() OVER (ORDER BY placed, InvoiceNo) AS number, dense_rank() OVER (ORDER BY code) AS product,
           epoch(placed) // 86400 AS day, coalesce(customer, 0) AS customer
    FROM orders ORDER BY number, product
"""


@pytest.mark.realdata
def test_models_of_orders_beat_trending_on_the_real_log(online_retail: Path) -> None:
    rows = duckdb.execute(BASKETS, [str(online_retail)]).fetchnumpy()
    number, product, day, customer = (
        np.asarray(rows[name]).astype(np.int64) for name in ("number", "product", "day", "customer")
    )
    baskets = baskets_of(number, product, day.astype(np.int32), customer=customer)
    exams = learn(Material(baskets), today=int(baskets.day[-1])).exams
    for rail in (Rail.BOUGHT_TOGETHER, Rail.GOES_WELL, Rail.FOR_YOU):
        assert exams[rail].passed
        assert exams[rail].result.low > 0
    assert exams[Rail.FOR_YOU].strategy is Strategy.RANKED
    assert not exams[Rail.COMPLETE_THE_LOOK].passed
