from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from devstore.model import World
from devstore.worlds import WorldError, build
from tests.devstore.worlds import exam


@pytest.mark.parametrize("name", ["small", "empty", "single", "sold_out"])
def test_the_small_worlds_obey_the_rules_of_all_worlds(name: str) -> None:
    exam.check(build(name))


def test_the_same_seed_builds_the_same_world_and_another_seed_another(small: World) -> None:
    assert build("small") == small
    assert build("small", seed=1).orders != small.orders


def test_its_last_four_weeks_hold_two_hundred_orders_of_several_products(small: World) -> None:
    recent = [order for order in small.orders if order.created_at > small.now - timedelta(days=28)]
    assert sum(len(order.lines) > 1 for order in recent) >= 200


def test_its_pairs_are_bought_together_more_often_than_chance_would_have_it(small: World) -> None:
    alone, together = Counter[int](), Counter[tuple[int, int]]()
    for order in small.orders:
        items = sorted({line.product_id or 0 for line in order.lines})
        alone.update(items)
        together.update((left, right) for left in items for right in items)
    lifts = [together[pair] * len(small.orders) / (alone[pair[0]] * alone[pair[1]]) for pair in small.truth["pairs"]]
    assert min(lifts) > 1.5


def test_it_has_every_kind_of_product_that_must_never_be_recommended(small: World) -> None:
    assert any(product.is_gift_card for product in small.products)
    assert any(product.status == "DRAFT" for product in small.products)
    assert any(variant.price == 0 for product in small.products for variant in product.variants)
    assert any(variant.quantity == 0 and not variant.oversell for p in small.products for variant in p.variants)


def test_it_has_guests_codes_refunds_and_cancellations(small: World) -> None:
    assert any(order.customer_id is None for order in small.orders)
    assert any(order.discount_codes for order in small.orders)
    assert any(order.refunds and order.cancelled_at is None for order in small.orders)
    assert any(order.cancelled_at for order in small.orders)


def test_nothing_can_be_bought_in_the_sold_out_world() -> None:
    variants = [variant for product in build("sold_out").products for variant in product.variants]
    assert not any(variant.quantity or variant.oversell or not variant.tracked for variant in variants)


def test_an_unknown_name_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(WorldError, match="small, empty, single, sold_out, generated, null"):
        build("atlantis")
