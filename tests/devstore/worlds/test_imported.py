from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from devstore.admin_api import countries
from devstore.model import World
from devstore.worlds import WorldError, build
from devstore.worlds.generated.people import TOWNS
from devstore.worlds.imported.people import COUNTRIES
from devstore.worlds.imported.titles import shelves_of, tidy
from tests.devstore.worlds import exam

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
LOG = f"""{HEADER}
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2011-06-01 08:26:00,2.55,17850,United Kingdom
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,2,2011-06-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2011-06-01 08:26:00,3.39,17850,United Kingdom
536365,POST,POSTAGE,1,2011-06-01 08:26:00,18.00,17850,United Kingdom
536366,85123a,damaged?,1,2011-12-02 09:00:00,2.95,,France
C536367,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-3,2011-12-03 10:00:00,2.55,17850,United Kingdom
C536368,71053,WHITE METAL LANTERN,-1,2011-12-03 11:00:00,3.39,12345,Germany
536369,71053,?,-20,2011-12-03 12:00:00,0,,United Kingdom
C536370,D,Discount,-1,2011-12-03 12:00:00,27.50,17850,United Kingdom
536371,gift_0001_20,Gift Voucher,1,2011-12-03 12:00:00,16.67,,United Kingdom
"""


@pytest.fixture
def tiny(tmp_path: Path) -> World:
    (tmp_path / "log.csv").write_text(LOG)
    return build(str(tmp_path / "log.csv"))


def test_an_imported_log_obeys_the_rules_of_all_worlds(tiny: World) -> None:
    exam.check(tiny)


def test_invoices_become_orders_with_equal_rows_merged_into_one_line(tiny: World) -> None:
    first = tiny.orders[0]
    assert first.number == 536365
    assert sorted((line.sku, line.quantity, line.unit_price) for line in first.lines) == [
        ("71053", 6, 339),
        ("85123A", 8, 255),
    ]


def test_times_are_read_as_london_time(tiny: World) -> None:
    assert [order.created_at for order in tiny.orders] == [
        datetime(2011, 6, 1, 7, 26, tzinfo=UTC),
        datetime(2011, 12, 2, 9, 0, tzinfo=UTC),
    ]


def test_rows_without_a_customer_become_guest_orders_with_their_country(tiny: World) -> None:
    assert (tiny.orders[1].customer_id, tiny.orders[1].email, tiny.orders[1].country_code) == (None, None, "FR")


def test_a_cancellation_refunds_what_the_customer_had_bought(tiny: World) -> None:
    (refund,) = tiny.orders[0].refunds
    assert (refund.amount, refund.lines[0].quantity, refund.note) == (3 * 255, 3, "Credit note C536367")


def test_rows_that_are_no_sale_are_counted_by_reason(tiny: World) -> None:
    assert tiny.rejected == {
        "postage and carriage": 1,
        "no price": 1,
        "manual entries, discounts and samples": 1,
        "gift vouchers": 1,
        "cancellations without a purchase": 1,
    }


def test_products_take_the_usual_description_and_the_last_price(tiny: World) -> None:
    holder = next(product for product in tiny.products if product.variants[0].sku == "85123A")
    assert holder.title == "White Hanging Heart T-Light Holder"
    assert holder.variants[0].price == 295
    assert [change.price for change in tiny.price_changes if change.variant_id == holder.variants[0].id] == [255, 295]


def test_what_has_not_sold_for_ninety_days_is_out_of_stock(tiny: World) -> None:
    stock = {product.variants[0].sku: product.variants[0].quantity for product in tiny.products}
    assert stock["71053"] == 0
    assert stock["85123A"] > 0


def test_files_of_a_folder_are_joined_and_what_they_share_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LOG)
    lines = LOG.splitlines()
    new = "536400,71053,WHITE METAL LANTERN,1,2011-12-05 10:00:00,3.39,17850,United Kingdom"
    (tmp_path / "b.csv").write_text("\n".join([HEADER, *lines[5:], new]))
    world = build(str(tmp_path))
    assert len(world.orders) == 3
    assert world.rejected["repeated in another file"] == len(lines) - 5


def test_parquet_and_day_first_dates_are_read_too(tmp_path: Path) -> None:
    row = "SELECT '1' AS InvoiceNo, '85123' AS StockCode, 'RED MUG' AS Description, 2 AS Quantity, "
    row += "'13/12/2011 10:00' AS InvoiceDate, 1.5 AS UnitPrice, 12345 AS CustomerID, 'EIRE' AS Country"
    duckdb.execute(f"COPY ({row}) TO '{tmp_path / 'log.parquet'}'")
    world = build(str(tmp_path / "log.parquet"))
    assert world.orders[0].created_at == datetime(2011, 12, 13, 10, 0, tzinfo=UTC)
    assert world.customers[0].address
    assert world.customers[0].address.country_code == "IE"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (("05/02/2011 10:00", "13/02/2011 10:00"), [(2, 5), (2, 13)]),
        (("02/05/2011 10:00", "02/13/2011 10:00"), [(2, 5), (2, 13)]),
        (("2/5/11 10:00", "2/13/11 10:00"), [(2, 5), (2, 13)]),
    ],
)
def test_one_date_that_tells_day_from_month_tells_it_for_the_whole_file(
    tmp_path: Path, written: tuple[str, str], read: list[tuple[int, int]]
) -> None:
    rows = [f"{536365 + n},85123A,RED MUG,1,{date},2.55,17850,France" for n, date in enumerate(written)]
    (tmp_path / "log.csv").write_text("\n".join([HEADER, *rows]))
    placed = [order.created_at for order in build(str(tmp_path / "log.csv")).orders]
    assert [(moment.month, moment.day) for moment in placed] == read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Country\n", "lacks the columns UnitPrice, CustomerID"),
        (HEADER + "\n536365,POST,POSTAGE,1,2011-06-01 08:26:00,18.00,17850,United Kingdom\n", "holds no sale"),
        (HEADER + "\n", "holds no sale"),
        ("", "lacks the column|cannot be read"),
        ("\x00\x01\x02 not a table", "lacks the column|cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused_with_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(WorldError, match=message):
        build(str(tmp_path / "log.csv"))


def test_a_broken_parquet_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"holds no \.parquet or \.csv"):
        build(str(tmp_path))
    (tmp_path / "log.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(WorldError, match="cannot be read"):
        build(str(tmp_path / "log.parquet"))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("SET/6 RED SPOTTY PAPER PLATES ", "Set of 6 Red Spotty Paper Plates"),
        ("HAND TOWEL PALE BLUE W FLOWERS", "Hand Towel Pale Blue with Flowers"),
        ("*USB Office Mirror Ball", "USB Office Mirror Ball"),
        ("TOILET SIGN OCCUPIED OR VACANT", "Toilet Sign Occupied or Vacant"),
        ("LADIES' DAD'S CAB,pack/12", "Ladies' Dad's Cab, Pack of 12"),
    ],
)
def test_shouted_descriptions_become_titles(text: str, title: str) -> None:
    assert tidy(text) == title


def test_the_words_of_a_title_choose_its_collections() -> None:
    assert shelves_of("Jumbo Bag Vintage Christmas") == ["Christmas", "Bags & Purses", "Vintage & Retro"]
    assert shelves_of("Set of 4 Skull Badges") == ["More Gifts"]


@pytest.mark.realdata
def test_the_real_log_obeys_the_rules_of_all_worlds(imported: World) -> None:
    exam.check(imported)


@pytest.mark.realdata
def test_every_row_of_the_real_log_is_accounted_for(imported: World) -> None:
    rows = imported.truth["rows"]
    assert rows["read"] == 541_909
    assert rows["sale"] + rows["refund"] + sum(imported.rejected.values()) == rows["read"]


@pytest.mark.realdata
def test_both_years_make_one_shop_in_which_the_shared_nine_days_count_once(both_years: World, imported: World) -> None:
    exam.check(both_years)
    rows = both_years.truth["rows"]
    assert rows["read"] == 525_461 + 541_909
    assert both_years.rejected["repeated in another file"] == 22_523
    assert rows["sale"] + rows["refund"] + sum(both_years.rejected.values()) == rows["read"]
    assert {order.number for order in imported.orders} < {order.number for order in both_years.orders}


@pytest.mark.realdata
def test_both_years_keep_their_guests(both_years: World) -> None:
    assert sum(order.customer_id is None for order in both_years.orders) > 2500


@pytest.mark.realdata
def test_nearly_all_returns_of_the_real_log_find_their_purchase(both_years: World) -> None:
    matched = both_years.truth["rows"]["refund"]
    assert matched / (matched + both_years.rejected["cancellations without a purchase"]) > 0.85


@pytest.mark.realdata
def test_the_real_log_keeps_its_totals(imported: World, online_retail: Path) -> None:
    sql = r"""SELECT sum(Quantity), count(DISTINCT InvoiceNo) FROM read_parquet($path)
        WHERE regexp_full_match(upper(StockCode), '[0-9]{5}[A-Z]{0,2}') AND UnitPrice > 0 AND Quantity > 0
          AND NOT regexp_matches(lower(Description), 'carriage|gift voucher|high resolution')"""
    row = duckdb.execute(sql, {"path": str(online_retail)}).fetchone()
    assert row == (sum(line.quantity for order in imported.orders for line in order.lines), len(imported.orders))


@pytest.mark.realdata
def test_no_junk_stands_in_the_real_catalogue(imported: World) -> None:
    titles = [product.title for product in imported.products]
    assert not [title for title in titles if "?" in title or title.lower() in {"check", "damaged", "postage", "found"}]
    assert sum(title.startswith("Item ") for title in titles) <= 5
    assert len(imported.collections) == 13


def test_every_country_of_the_worlds_has_a_name() -> None:
    codes = {code for _, code in COUNTRIES.values()} | {code for _, _, code in TOWNS} | {"US"}
    assert not codes - set(countries.NAMES)
