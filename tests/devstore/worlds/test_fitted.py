"""Tastes fitted to orders: judged by the generated world's truth, and by months of a real log that they never saw."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from devstore.model import World
from devstore.worlds import build
from devstore.worlds.fitted import fit_tastes
from devstore.worlds.taste import Tastes

Scores = Callable[[int], NDArray[np.float64]]
WATCHED = timedelta(days=28)
TOP = 10


@pytest.fixture(scope="module")
def fitted(generated: World) -> Tastes:
    """Fitted to the orders of a world whose truth is known, without a look at it."""
    return fit_tastes(generated)


def test_it_finds_true_complements_far_more_often_than_chance(generated: World, fitted: Tastes) -> None:
    true = generated.truth["complements"]
    hits = [row in true[place] for place, rows in enumerate(fitted.complement_rows) for row in rows if row >= 0]
    assert len(hits) > 1000
    assert np.mean(hits) > 20 * true.shape[1] / len(true)


def test_it_sees_replenishment_where_there_is_some_and_nowhere_else(generated: World, fitted: Tastes) -> None:
    true, found = generated.truth["interval_days"], fitted.interval_days
    assert not found[true == 0].any()
    seen = found > 0
    assert seen.sum() > 50
    assert np.corrcoef(found[seen], true[seen])[0, 1] > 0.9


def test_it_sees_that_a_higher_price_sells_less(generated: World, fitted: Tastes) -> None:
    """Less than the true response, because what sells badly is put on sale."""
    assert 0.3 < fitted.price_response(0) < np.median(generated.truth["price_response"])


def test_its_tastes_point_where_the_true_ones_do(generated: World, fitted: Tastes) -> None:
    """By chance they would not correlate; few orders, gifts and drift keep them far from 1."""
    truth = generated.truth
    orders = np.bincount(truth["order_shopper"], minlength=len(truth["shopper_ids"]))
    loyal = np.flatnonzero(orders[: len(generated.customers)] >= 8)
    agree = [
        np.corrcoef(fitted.style @ fitted.taste[-1, row], truth["style"] @ truth["taste"][-1, row])[0, 1]
        for row in loyal.tolist()
    ]
    assert len(agree) > 300
    assert np.mean(agree) > 0.15


def test_a_guest_likes_what_goes_with_her_one_order(generated: World, fitted: Tastes) -> None:
    likes = fitted.style @ fitted.taste[-1].T
    guests = np.flatnonzero(fitted.customers == 0)
    orders = [order for order in generated.orders if order.customer_id is None]
    assert len(orders) == len(guests)
    ranks = [
        (likes[:, row] < likes[fitted.row_of(line.product_id or 0), row]).mean()
        for row, order in zip(guests.tolist()[:300], orders[:300], strict=True)
        for line in order.lines
        if order.cancelled_at is None and not line.refunded_quantity
    ]
    assert np.mean(ranks) > 0.8


_DIGEST = """
import hashlib
from dataclasses import fields
import numpy as np
from devstore.worlds import build
from devstore.worlds.taste import tastes_of
tastes, found = tastes_of(build("small")), hashlib.sha256()
for entry in fields(tastes):
    if not entry.name.startswith("_"):
        found.update(np.asarray(getattr(tastes, entry.name)).tobytes())
print(found.hexdigest())
"""


def test_another_process_with_another_hash_seed_fits_the_same_tastes() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        digests.add(subprocess.check_output([sys.executable, "-c", _DIGEST], env=environment))
    assert len(digests) == 1


@pytest.fixture(scope="module", params=[datetime(2011, 9, 12, tzinfo=UTC), datetime(2011, 11, 10, tzinfo=UTC)])
def past(request: pytest.FixtureRequest, online_retail: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The shop as its log told of it on that day."""
    folder = tmp_path_factory.mktemp("past")
    for number, path in enumerate(sorted(online_retail.parent.glob("*.parquet"))):
        rows = f"SELECT * FROM read_parquet('{path}') WHERE InvoiceDate < TIMESTAMP '{request.param:%Y-%m-%d}'"
        duckdb.execute(f"COPY ({rows}) TO '{folder / f'{number}.parquet'}'")
    return build(str(folder))


@pytest.mark.realdata
def test_they_rank_the_next_month_of_each_shopper_above_popularity(past: World, both_years: World) -> None:
    tastes = fit_tastes(past)
    bought = _next_month(past, both_years, tastes)
    popular = _popular(past, tastes)
    everything = [
        _recall(bought, scores) for scores in (lambda _: popular, lambda row: tastes.utilities(row, past.now))
    ]
    assert everything[1] > 2 * everything[0]
    new = {row: items - _own(tastes, row) for row, items in bought.items()}
    fresh = [_recall(new, _without_own(tastes, scores)) for scores in (
        lambda _: popular, lambda row: tastes.utilities(row, past.now))]  # fmt: skip
    assert fresh[1] > fresh[0]


def _next_month(past: World, whole: World, tastes: Tastes) -> dict[int, set[int]]:
    """Rows of the products that each known customer bought in the four weeks after `past` ended."""
    place = {product.variants[0].sku: row for row, product in enumerate(past.products)}
    row_of = {number: row for row, number in enumerate(tastes.customers.tolist()) if number}
    bought: dict[int, set[int]] = {}
    for order in whole.orders:
        if past.now <= order.created_at < past.now + WATCHED and order.customer_id in row_of:
            found = {place[line.sku] for line in order.lines if line.sku in place}
            bought.setdefault(row_of[order.customer_id], set()).update(found)
    assert len(bought) > 800
    return bought


def _popular(past: World, tastes: Tastes) -> NDArray[np.float64]:
    """Orders of the last four weeks by product."""
    sold = np.zeros(len(tastes.product_ids))
    for order in past.orders:
        if order.created_at >= past.now - WATCHED:
            sold[[tastes.row_of(number) for number in {line.product_id or 0 for line in order.lines}]] += 1
    return sold


def _recall(bought: dict[int, set[int]], scores: Scores) -> float:
    """Mean share of what was bought that stands among the best ten."""
    return float(np.mean([
        len(set(np.argpartition(-scores(row), TOP)[:TOP].tolist()) & items) / len(items)
        for row, items in bought.items()
        if items
    ]))  # fmt: skip


def _own(tastes: Tastes, row: int) -> set[int]:
    return set(tastes.own_product[tastes.own_from[row] : tastes.own_from[row + 1]].tolist())


def _without_own(tastes: Tastes, scores: Scores) -> Scores:
    def score(row: int) -> NDArray[np.float64]:
        found = scores(row).copy()
        found[list(_own(tastes, row))] = -np.inf
        return found

    return score
