"""The store's own rules: stock, customers, refunds, clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from devstore import totals
from devstore.clock import StoreClock
from devstore.store import NewLine, SoldOut, Store, Unknown
from tests.devstore.core.shop import NOW, world


@pytest.fixture
def store() -> Store:
    return Store(world())


def test_an_order_takes_stock_down_and_gets_a_new_number(store: Store) -> None:
    order = store.place_order([NewLine(1001, 3)], customer_id=1)
    assert store.variants[1001].quantity == 7
    assert order.number == 1000 + 9020
    assert order.id not in {o.id for o in world().orders}
    assert order.created_at >= NOW


def test_more_than_there_is_cannot_be_sold_and_nothing_changes(store: Store) -> None:
    with pytest.raises(SoldOut):
        store.place_order([NewLine(1001, 6), NewLine(1001, 5)], email="new@example.com")
    assert store.variants[1001].quantity == 10
    assert store.customer_by_email("new@example.com") is None


def test_an_oversellable_variant_goes_below_zero(store: Store) -> None:
    store.variants[1001].oversell = True
    store.place_order([NewLine(1001, 12)])
    assert store.variants[1001].quantity == -2


def test_a_new_email_becomes_a_customer_and_a_known_one_is_recognised(store: Store) -> None:
    first = store.place_order([NewLine(1001, 1)], email="New@example.com")
    second = store.place_order([NewLine(1002, 1)], email="new@EXAMPLE.com")
    assert first.customer_id == second.customer_id
    assert store.place_order([NewLine(1003, 1)], email="C2@example.com").customer_id == 2


def test_many_buyers_at_once_never_sell_the_last_unit_twice(store: Store) -> None:
    def buy(_: int) -> bool:
        try:
            store.place_order([NewLine(1001, 1)])
        except SoldOut:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(buy, range(40))) == 10
    assert len({order.id for order in store.orders.values()}) == 30


def test_an_unknown_discount_code_is_refused(store: Store) -> None:
    with pytest.raises(Unknown):
        store.place_order([NewLine(1001, 1)], discount_code="NOPE")


def test_refunding_more_than_is_left_is_refused_before_anything_changes(store: Store) -> None:
    order = store.place_order([NewLine(1001, 2), NewLine(1002, 1)])
    with pytest.raises(ValueError, match="fewer"):
        store.refund(order.id, [(order.lines[0].id, 1), (order.lines[1].id, 2)])
    assert totals.refunded(order) == 0
    assert order.lines[0].refunded_quantity == 0


def test_a_cancelled_order_is_refunded_and_restocked(store: Store) -> None:
    order = store.place_order([NewLine(1001, 2)])
    store.cancel_order(order.id)
    assert (totals.current_total(order), store.variants[1001].quantity) == (0, 10)
    with pytest.raises(ValueError, match="already"):
        store.cancel_order(order.id)


def test_best_sellers_count_recent_units_and_leave_out_the_excluded(store: Store) -> None:
    store.place_order([NewLine(1004, 9)])
    assert store.best_sellers(1)[0].id == 4
    assert 4 not in [p.id for p in store.best_sellers(9, exclude=[4])]


def test_a_created_product_can_be_bought_at_once(store: Store) -> None:
    product = store.create_product(title="Thing 1", price=250, quantity=5, tags=["x"])
    assert product.handle == "thing-1-1" or store.product_by_handle(product.handle) is product
    assert store.place_order([NewLine(product.variants[0].id, 1)]).lines[0].unit_price == 250


def test_an_empty_shop_opens(store: Store) -> None:
    empty = world()
    empty.products, empty.orders, empty.customers, empty.collections = [], [], [], []
    opened = Store(empty)
    assert opened.best_sellers(5) == []
    assert opened.create_product(title="First", price=100).id > 0


def test_the_clock_runs_on_and_only_forward() -> None:
    elapsed = [5.0]
    clock = StoreClock(NOW, lambda: elapsed[0])
    elapsed[0] = 8.0
    assert clock.now() == NOW + timedelta(seconds=3)
    assert clock.advance(3600) == NOW + timedelta(seconds=3603)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
