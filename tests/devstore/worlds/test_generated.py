from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from devstore.model import World
from devstore.worlds.generated import build_generated
from devstore.worlds.generated.kinds import partners, read_kinds
from devstore.worlds.generated.parameters import PARAMETERS
from devstore.worlds.summary import describe
from tests.devstore.worlds import exam


def test_it_obeys_the_rules_of_all_worlds(generated: World) -> None:
    exam.check(generated)


def test_it_has_the_size_that_the_design_names(generated: World) -> None:
    assert len(generated.products) == 1500
    assert len(generated.collections) == 12
    assert len(generated.customers) == 20_000
    assert len(generated.orders) == 60_000
    assert sum(len(order.lines) for order in generated.orders) / 60_000 == pytest.approx(2.5, abs=0.1)


def test_its_titles_are_distinct(generated: World) -> None:
    assert len({product.title for product in generated.products}) == 1500


def test_the_last_four_weeks_hold_enough_orders_to_judge_a_model(generated: World) -> None:
    recent = [order for order in generated.orders if order.created_at > generated.now - timedelta(days=28)]
    assert sum(len(order.lines) > 1 for order in recent) >= 1500


SMALLER = replace(PARAMETERS, customers=1000, guests=230, orders=3000, repeats=1000)
_DIGEST = """
import hashlib
from devstore.worlds.generated import build_generated
from tests.devstore.worlds.test_generated import SMALLER
world = build_generated(7, SMALLER)
print(hashlib.sha256(repr((world.products, world.customers, world.orders)).encode()).hexdigest())
"""


def test_another_process_with_another_hash_seed_builds_the_same_world() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        digests.add(subprocess.check_output([sys.executable, "-c", _DIGEST], env=environment))
    assert len(digests) == 1


def test_another_seed_builds_another_world() -> None:
    assert build_generated(1, SMALLER).orders[0] != build_generated(2, SMALLER).orders[0]


def test_every_kind_of_product_has_kinds_that_go_with_it() -> None:
    assert all(partners(read_kinds()))


def test_no_basket_doubles_a_kind_except_by_replenishment(generated: World) -> None:
    truth, row = generated.truth, 0
    kind_of = dict(zip(truth["product_ids"].tolist(), truth["kind"].tolist(), strict=True))
    for order in generated.orders:
        origins = truth["line_origin"][row : row + len(order.lines)]
        kinds = [kind_of[line.product_id] for line, origin in zip(order.lines, origins, strict=True) if origin != 2]
        assert len(kinds) == len(set(kinds))
        row += len(order.lines)


def test_the_truth_lines_up_with_the_records(generated: World) -> None:
    truth = generated.truth
    assert truth["product_ids"].tolist() == [product.id for product in generated.products]
    assert len(truth["line_origin"]) == sum(len(order.lines) for order in generated.orders)
    shoppers = truth["shopper_ids"][truth["order_shopper"]].tolist()
    assert shoppers == [order.customer_id or 0 for order in generated.orders]


def test_what_a_customer_likes_is_what_the_customer_buys(generated: World) -> None:
    truth = generated.truth
    row_of = {number: row for row, number in enumerate(truth["product_ids"].tolist())}
    liked = []
    for order, shopper, recipient in zip(
        generated.orders, truth["order_shopper"].tolist(), truth["order_recipient"].tolist(), strict=True
    ):
        if shopper == recipient:
            quarter = (order.created_at - truth["parameters"]["start"]).days // truth["quarter_days"]
            liked.append(truth["taste"][quarter, shopper] @ truth["style"][row_of[order.lines[0].product_id]])
    assert np.mean(liked) > 0.5


def test_consumables_come_back_near_their_interval(generated: World) -> None:
    truth = generated.truth
    interval = dict(zip(truth["product_ids"].tolist(), truth["interval_days"].tolist(), strict=True))
    bought: dict[tuple[int, int], list[float]] = {}
    for order in generated.orders:
        for line in order.lines:
            if order.customer_id and line.product_id and interval[line.product_id] and line.quantity == 1:
                bought.setdefault((order.customer_id, line.product_id), []).append(
                    order.created_at.timestamp() / 86_400
                )
    ratios = [
        (later - earlier) / interval[product]
        for (_, product), days in bought.items()
        for earlier, later in pairwise(days)
    ]
    assert len(ratios) > 3000
    assert np.median(ratios) == pytest.approx(1.1, abs=0.2)


def test_prices_of_orders_follow_the_recorded_price_changes(generated: World) -> None:
    paths: dict[int, list[tuple[float, int]]] = {}
    for change in generated.price_changes:
        paths.setdefault(change.variant_id, []).append((change.at.timestamp(), change.price))
    for order in generated.orders[::50]:
        for line in order.lines:
            before = [price for at, price in paths[line.variant_id or 0] if at <= order.created_at.timestamp()]
            assert line.unit_price == before[-1]


def test_prices_today_are_the_last_recorded_ones(generated: World) -> None:
    last = {change.variant_id: change.price for change in generated.price_changes}
    assert all(last[variant.id] == variant.price for product in generated.products for variant in product.variants)


def test_a_few_products_sell_much_and_most_sell_little(generated: World) -> None:
    sold = Counter(line.product_id for order in generated.orders for line in order.lines)
    curve = sorted(sold.values(), reverse=True)
    assert 0.3 < sum(curve[:150]) / sum(curve) < 0.6


def test_codes_are_confounded_by_the_unseen_need(generated: World) -> None:
    truth = generated.truth
    need = truth["need"][truth["order_shopper"]]
    assert need[truth["order_code"] == 2].mean() > need[truth["order_code"] == 0].mean() + 0.2


def test_it_has_what_must_never_be_recommended(generated: World) -> None:
    statuses = Counter(product.status for product in generated.products)
    assert statuses["DRAFT"] == 10
    assert statuses["ARCHIVED"] == 14
    assert sum(product.is_gift_card for product in generated.products) == 1
    assert any(variant.price == 0 for product in generated.products for variant in product.variants)


def test_what_is_bought_together_says_more_than_what_is_popular(generated: World) -> None:
    rates = {label.strip(): value for label, value in describe(generated) if label.startswith("  ")}
    trending, together = (float(rates[name].split(" / ")[0]) for name in ("trending", "co-occurrence counts"))
    assert trending < together < 0.7
