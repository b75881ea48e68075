"""The exam on the real log of a British gift shop, and how long trainings take there and at the demo's size."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest

from app.core.recommend.evaluate import LEAST_ORDERS
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models.training import Outcome, fit_both, learn
from tests.models.store import ROOT

DATA = Path(os.environ.get("ATTUNE_DATA", ROOT.parent / "shared" / "data"))
LOG = DATA / "online_retail" / "online_retail_2010_2011.parquet"
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
@pytest.mark.skipif(not LOG.exists(), reason="the real log is not on this machine (ATTUNE_DATA)")
def test_item_item_beats_trending_on_the_real_log_within_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    rows = duckdb.execute(BASKETS, [str(LOG)]).fetchnumpy()
    number, product, day = (rows[name].astype(np.int64) for name in ("number", "product", "day"))
    baskets = baskets_of(number, product, day.astype(np.int32))
    outcome, seconds = timed(baskets)
    result = outcome.result
    with capsys.disabled():
        print(
            f"\n{len(baskets):,} orders, {len(baskets.items):,} products, exam of {result.questions:,} orders: "
            f"HR@10 item-item {result.model['hr@10']:.4f}, trending {result.floor['hr@10']:.4f} "
            f"(difference {result.low:.3f} to {result.high:.3f}), {seconds:.1f} s; {outcome.chosen}"
        )
    assert result.passed
    assert result.low > 0
    assert seconds < 10


def timed(baskets: Baskets) -> tuple[Outcome, float]:
    """A whole training: choice, exam and refit; and the CPU seconds it took, all threads together."""
    started = time.process_time()
    today = int(baskets.day[-1])
    outcome = learn(baskets, today=today)
    fit_both(baskets, outcome.chosen, today=today)
    return outcome, time.process_time() - started


def test_a_shop_of_sixty_thousand_orders_is_trained_within_five_seconds() -> None:
    generator = np.random.default_rng(3)
    popularity = 1.0 / np.arange(1, 1501) ** 0.8
    items = generator.choice(1500, size=150_000, p=popularity / popularity.sum())
    order = np.sort(generator.integers(0, 60_000, size=150_000))
    outcome, seconds = timed(baskets_of(order, items, (order // 83).astype(np.int32)))
    assert outcome.result.questions >= LEAST_ORDERS
    assert seconds < 5
