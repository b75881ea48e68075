"""The exam on the real log of a British gift shop."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from app.core.recommend.interactions import baskets_of
from app.core.recommend.models.training import learn

BASKETS = """
    WITH lines AS (
        SELECT InvoiceNo, upper(StockCode) AS code, min(InvoiceDate) AS bought FROM read_parquet(?)
        WHERE InvoiceNo NOT LIKE 'C%' AND Quantity > 0 AND UnitPrice > 0
          AND regexp_matches(upper(StockCode), '^[0-9]{5}[A-Z]{0,2}$')
        GROUP BY 1, 2),
    orders AS (SELECT *, min(bought) OVER (PARTITION BY InvoiceNo) AS placed FROM lines)
    SELECT dense_rank() OVER (ORDER BY placed, InvoiceNo) AS number, dense_rank() OVER (ORDER BY code) AS product,
           epoch(placed) // 86400 AS day
    FROM orders ORDER BY number, product
"""


@pytest.mark.realdata
def test_item_item_beats_trending_on_the_real_log(online_retail: Path) -> None:
    rows = duckdb.execute(BASKETS, [str(online_retail)]).fetchnumpy()
    number, product, day = (rows[name].astype(np.int64) for name in ("number", "product", "day"))
    baskets = baskets_of(number, product, day.astype(np.int32))
    result = learn(baskets, today=int(baskets.day[-1])).result
    assert result.passed
    assert result.low > 0
