"""What is learnt from: bought and kept, by people who did not object. Nothing else."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from app.core.ids import CustomerId
from app.services.erase_customer import erase_customer
from tests.models.store import Installed, days_since_epoch


def bought(installed: Installed) -> list[tuple[int, int]]:
    """(running number of the order, product) of all purchases of the last year."""
    now = installed.wiring.clock.now()
    purchases = installed.wiring.history.purchases(installed.shop.id, since=now - timedelta(days=365), until=now)
    return list(zip(purchases.order.tolist(), purchases.product.tolist(), strict=True))


def test_orders_come_oldest_first_with_running_numbers_and_days(installed: Installed) -> None:
    installed.orders([(7, [1, 2], 3.0), (3, [5], 1.0)])
    now = installed.wiring.clock.now()
    purchases = installed.wiring.history.purchases(installed.shop.id, since=now - timedelta(days=9), until=now)
    assert purchases.order.tolist() == [0, 0, 1]
    assert purchases.product.tolist() == [1, 2, 5]
    assert purchases.quantity.tolist() == [1, 1, 1]
    today = days_since_epoch(now)
    assert purchases.day.tolist() in ([today - 3, today - 3, today - 1], [today - 4, today - 4, today - 2])
    arrays = (purchases.order, purchases.product, purchases.quantity, purchases.day, purchases.customer)
    assert [array.dtype for array in arrays] == [np.int64, np.int64, np.int32, np.int32, np.int64]


def test_people_are_running_numbers_and_guests_are_nobody(installed: Installed) -> None:
    for number, customer in enumerate((7_000_000_001, None, 7_000_000_009, 7_000_000_001), start=1):
        installed.order(number, [number], days_ago=9.0 - number, customer_id=customer)
    now = installed.wiring.clock.now()
    purchases = installed.wiring.history.purchases(installed.shop.id, since=now - timedelta(days=99), until=now)
    assert purchases.product.tolist() == [1, 2, 3, 4]
    assert purchases.customer.tolist() == [1, 0, 2, 1]


def test_nothing_bought_is_nothing_but_empty_arrays(installed: Installed) -> None:
    assert bought(installed) == []


@pytest.mark.parametrize("change", ["test = true", "cancelled_at = now()", "created_at = now() + interval '2 years'"])
def test_tests_and_cancellations_and_the_future_are_left_out(installed: Installed, change: str) -> None:
    installed.order(1, [1, 2])
    installed.order(2, [3])
    installed.execute(f"UPDATE orders SET {change} WHERE id = 1")
    assert bought(installed) == [(0, 3)]


def test_lines_refunded_in_full_or_of_unknown_products_are_left_out(installed: Installed) -> None:
    installed.order(1, [1, 2, 3])
    installed.execute("UPDATE order_lines SET current_quantity = 0 WHERE product_id = 1")
    installed.execute("UPDATE order_lines SET product_id = NULL WHERE product_id = 2")
    assert bought(installed) == [(0, 3)]


def test_customers_who_opted_out_or_were_erased_are_left_out(installed: Installed) -> None:
    for number in (1, 2, 3):
        installed.order(number, [number], customer_id=number)
    installed.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, %s, 1, 0, '', %s)",
        [(installed.shop.id, 1, True), (installed.shop.id, 2, False)],
    )
    installed.execute(
        "INSERT INTO tombstones (shop_id, customer_id, at) VALUES (%s, %s, now())", [(installed.shop.id, 3)]
    )
    assert bought(installed) == [(0, 2)]


def test_many_rows_arrive_whole_and_in_order(installed: Installed) -> None:
    """More than one chunk of the binary stream, whose rows do not end where chunks do."""
    installed.execute(
        f"INSERT INTO orders (shop_id, id, name, currency, total, discounts, refunded, source_name, test, created_at, "
        f"updated_at) SELECT {installed.shop.id}, n, '', 'EUR', 0, 0, 0, '', false, "
        f"'2026-11-01'::timestamptz + n * interval '10 seconds', now() FROM generate_series(1, 60000) n"
    )
    installed.execute(
        f"INSERT INTO order_lines "
        f"(shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, discount) "
        f"SELECT {installed.shop.id}, n, (n + 1) / 2, 5000000000000 + n, 1, n % 7 + 1, 1, 0 "
        f"FROM generate_series(1, 120000) n"
    )
    now = installed.wiring.clock.now()
    purchases = installed.wiring.history.purchases(installed.shop.id, since=now - timedelta(days=99), until=now)
    numbers = np.arange(1, 120001)
    assert np.array_equal(purchases.product, 5000000000000 + numbers)
    assert np.array_equal(purchases.quantity, numbers % 7 + 1)
    assert np.array_equal(purchases.order, (numbers + 1) // 2 - 1)


def test_an_opted_out_customers_orders_are_not_learnt_from_after_their_erasure_either(installed: Installed) -> None:
    installed.order(1, [1, 2], customer_id=1)
    installed.order(2, [3])
    installed.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, 1, 1, 0, '', true)",
        [(installed.shop.id,)],
    )
    erase_customer(installed.shop.id, CustomerId(1), request_id="r", ports=installed.wiring.erasing_customer)
    assert installed.execute("SELECT customer_id FROM orders WHERE id = 1") == [(None,)]
    assert bought(installed) == [(0, 3)]
