"""What an imported world infers from its log: which purchase a refund belongs to, list prices, sales and stock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from devstore.model import World
from devstore.worlds import build

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def log_of(folder: Path, *rows: str) -> World:
    (folder / "log.csv").write_text("\n".join([HEADER, *rows]))
    return build(str(folder / "log.csv"))


def sale(
    invoice: int | str, day: date, *, price: float = 2.0, pieces: int = 10, code: str = "10001", who: str = "12345"
) -> str:
    return f"{invoice},{code},BLUE MUG,{pieces},{day} 10:00:00,{price},{who},United Kingdom"


def steadily(first: date, days: int, every: int = 2, **changes: Any) -> list[str]:
    """A sale every other day."""
    start = first.toordinal()
    return [sale(day, date.fromordinal(day), **changes) for day in range(start, start + days, every)]


def test_a_cancellation_takes_the_latest_purchase_that_is_large_enough(tmp_path: Path) -> None:
    world = log_of(
        tmp_path, sale(1, date(2011, 1, 1), pieces=20), sale(2, date(2011, 2, 1), pieces=5),
        sale("C3", date(2011, 3, 1), pieces=-8),
    )  # fmt: skip
    assert [[line.quantity for refund in order.refunds for line in refund.lines] for order in world.orders] == [[8], []]


def test_a_cancellation_that_no_purchase_covers_is_split_and_the_rest_reported(tmp_path: Path) -> None:
    world = log_of(
        tmp_path, sale(1, date(2011, 1, 1), pieces=6), sale(2, date(2011, 2, 1), pieces=5),
        sale("C3", date(2011, 3, 1), pieces=-20),
    )  # fmt: skip
    assert [order.lines[0].refunded_quantity for order in world.orders] == [6, 5]
    assert (world.truth["rows"]["pieces refunded"], world.truth["rows"]["pieces refunded beyond a purchase"]) == (11, 9)


def test_a_negative_line_of_a_known_customer_is_a_refund_too(tmp_path: Path) -> None:
    world = log_of(tmp_path, sale(1, date(2011, 1, 1)), sale(2, date(2011, 1, 5), pieces=-4))
    assert [order.lines[0].refunded_quantity for order in world.orders] == [4]


def test_nobody_is_refunded_what_somebody_else_bought(tmp_path: Path) -> None:
    world = log_of(tmp_path, sale(1, date(2011, 1, 1)), sale("C2", date(2011, 1, 5), pieces=-4, who="54321"))
    assert not world.orders[0].refunds
    assert world.rejected == {"cancellations without a purchase": 1}


def test_an_invoice_that_two_files_tell_differently_counts_once_in_its_later_form(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEADER, sale(1, date(2011, 1, 1)), sale(2, date(2011, 1, 2))]))
    (tmp_path / "b.csv").write_text("\n".join([HEADER, sale(2, date(2011, 1, 2), price=3), sale(3, date(2011, 1, 3))]))
    world = build(str(tmp_path))
    assert [(order.number, order.lines[0].unit_price) for order in world.orders] == [(1, 200), (2, 300), (3, 200)]


def test_a_list_price_is_what_most_invoices_show_and_a_bulk_price_is_none(tmp_path: Path) -> None:
    cheap = [sale(9000 + day, date(2011, 1, 1 + day), price=1.5) for day in (3, 9)]
    world = log_of(tmp_path, *steadily(date(2011, 1, 1), 60), *steadily(date(2011, 3, 2), 60, price=2.4), *cheap)
    assert [(change.at.date(), change.price) for change in world.price_changes] == [
        (date(2011, 1, 1), 200),
        (date(2011, 3, 2), 240),
    ]
    assert world.products[0].variants[0].compare_at_price is None


def test_a_price_that_fell_lately_is_a_sale_with_the_regular_price_crossed_out(tmp_path: Path) -> None:
    world = log_of(tmp_path, *steadily(date(2011, 1, 1), 90), *steadily(date(2011, 4, 1), 30, price=1.5))
    variant = world.products[0].variants[0]
    assert (variant.price, variant.compare_at_price) == (150, 200)


def test_a_price_that_stays_down_becomes_the_regular_one(tmp_path: Path) -> None:
    world = log_of(tmp_path, *steadily(date(2011, 1, 1), 90), *steadily(date(2011, 4, 1), 120, price=1.5))
    assert world.products[0].variants[0].compare_at_price is None


def test_a_brisk_seller_that_stopped_is_out_of_stock_and_a_slow_one_is_not(tmp_path: Path) -> None:
    other = steadily(date(2011, 1, 1), 120, code="10003")
    slow = steadily(date(2011, 1, 1), 100, every=33, code="10002")
    world = log_of(tmp_path, *steadily(date(2011, 1, 1), 90, every=1), *slow, *other)
    stock = {product.variants[0].sku: product.variants[0].quantity for product in world.products}
    assert stock["10001"] == 0
    assert stock["10002"] > 0
    assert stock["10003"] == pytest.approx(42 * 10, abs=20)


def test_a_time_without_stock_shows_as_a_gap_between_brisk_sales(tmp_path: Path) -> None:
    sold = [*steadily(date(2011, 1, 1), 90, every=1), *steadily(date(2011, 6, 1), 90, every=1)]
    world = log_of(tmp_path, *sold, *steadily(date(2011, 1, 1), 240, code="10002"))
    assert world.truth["stock_gap_product"].tolist() == [world.products[0].id]
    midnight_in_london = datetime(2011, 5, 31, 23, 0, tzinfo=UTC)
    assert datetime.fromtimestamp(world.truth["stock_gap_until"][0], UTC) == midnight_in_london


def test_what_has_not_sold_for_a_year_has_left_the_shop(tmp_path: Path) -> None:
    world = log_of(tmp_path, sale(1, date(2010, 1, 1)), sale(2, date(2011, 6, 1), code="10002"))
    assert [product.status for product in world.products] == ["ARCHIVED", "ACTIVE"]


def test_a_product_is_published_the_day_before_it_first_sold(tmp_path: Path) -> None:
    world = log_of(tmp_path, sale(1, date(2011, 1, 3)))
    assert world.products[0].published_at == datetime(2011, 1, 2, 10, 0, tzinfo=UTC)
