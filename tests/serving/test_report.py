"""The metrics table: definitions that hold to the cent, by placement and the shop's own day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import psycopg
import pytest
from click.testing import CliRunner

from app.adapters.clock import WallClock
from app.adapters.db.engine import Database
from app.adapters.db.reports import DbReports
from app.cli.report import command
from app.config import Settings
from app.core.events import Event, EventType
from app.core.ids import ProductId, RequestId, VisitorId
from app.core.recommend.types import Placement, Rail
from app.core.shops import Shop
from app.ports import ReportRow, VisitsRow
from app.services.report import BadPeriod, ctr, report
from app.services.roll_up_events import roll_up_events
from app.services.store_records import Ports, store_records
from app.wiring.worker import Worker
from tests.conftest import TEST_KEY
from tests.serving.catalogue import rows_of

DAY = date(2026, 3, 1)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


@pytest.fixture
def rows(database: Database, shop: Shop, worker: Worker) -> Iterator[psycopg.Connection]:
    """Two exposures and a click on 1 March in Auckland, which is 28 February in UTC."""
    with rows_of(database, shop.id) as connection:
        connection.autocommit = True
        connection.execute(
            "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at) "
            "VALUES (%s, '', 'NZD', 'Pacific/Auckland', '', now())",
            [shop.id],
        )
        kinds = (EventType.EXPOSURE, EventType.EXPOSURE, EventType.CLICK)
        happen(worker, shop, *(event(f"e{number}", kind) for number, kind in enumerate(kinds)))
        yield connection


def event(name: str, kind: EventType, *, rail: Rail = Rail.BOUGHT_TOGETHER, request: str = "known") -> Event:
    return Event(
        event_id=name,
        type=kind,
        at=datetime(2026, 2, 28, 12, tzinfo=UTC),
        visitor=VisitorId("a" * 32),
        client=None,
        consent={"analytics": True},
        placement=Placement.PRODUCT,
        rail=rail,
        product_id=ProductId(1),
        request_id=RequestId(request),
    )


def happen(worker: Worker, shop: Shop, *events: Event) -> None:
    """Let the events reach the lake, and the figures."""
    store_records([(shop.id, each) for each in events], Ports(worker.lake))
    roll_up_events(shop, worker.rolling_up)


def add_order(
    connection: psycopg.Connection,
    shop: Shop,
    order: int,
    *lines: tuple[int, int, int, int, str | None],
    test: bool = False,
    cancelled: bool = False,
) -> None:
    """Lines are (unit price, quantity, current quantity, discount, request id)."""
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    connection.execute(
        "INSERT INTO orders (shop_id, id, name, currency, total, discounts, refunded, source_name, test, created_at, "
        "updated_at, cancelled_at) VALUES (%s, %s, '', 'NZD', 0, 0, 0, '', %s, %s, %s, %s)",
        [shop.id, order, test, at, at, at if cancelled else None],
    )
    for place, (price, quantity, current, discount, request) in enumerate(lines):
        connection.execute(
            "INSERT INTO order_lines (shop_id, id, order_id, quantity, current_quantity, unit_price, discount, "
            "request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [shop.id, order * 10 + place, order, quantity, current, price, discount, request],
        )


def one_row(database: Database, shop: Shop) -> ReportRow:
    (row,) = report(shop, DbReports(database), WallClock(), first=DAY, last=DAY).rows
    return row


def test_exposures_and_clicks_count_on_the_shops_own_day(
    rows: psycopg.Connection, database: Database, shop: Shop
) -> None:
    row = one_row(database, shop)
    assert (row.day, row.placement, row.rail) == (DAY, "product", "bought_together")
    assert (row.exposures, row.clicks, ctr(row)) == (2, 1, 0.5)


def test_revenue_is_that_of_the_clicked_lines_net_of_discounts_and_refunds(
    rows: psycopg.Connection, database: Database, shop: Shop
) -> None:
    add_order(rows, shop, 1, (1000, 2, 1, 200, "known"), (5000, 1, 1, 0, None))
    add_order(rows, shop, 2, (700, 1, 1, 0, "known"), (300, 1, 1, 0, "known"))
    row = one_row(database, shop)
    assert (row.orders, row.revenue) == (2, 900 + 1000)


def test_test_orders_cancelled_orders_and_made_up_requests_count_for_nothing(
    rows: psycopg.Connection, database: Database, shop: Shop
) -> None:
    add_order(rows, shop, 1, (1000, 1, 1, 0, "known"), test=True)
    add_order(rows, shop, 2, (1000, 1, 1, 0, "known"), cancelled=True)
    add_order(rows, shop, 3, (1000, 1, 1, 0, "made up"))
    row = one_row(database, shop)
    assert (row.orders, row.revenue) == (0, 0)


def test_an_order_whose_click_was_lost_is_found_by_the_decision(
    rows: psycopg.Connection, database: Database, shop: Shop
) -> None:
    rows.execute(
        "INSERT INTO decisions (shop_id, request_id, at, placement, rail, strategy, variant) "
        "VALUES (%s, 'decided', now(), 'product', 'bought_together', 'item_item', '')",
        [shop.id],
    )
    add_order(rows, shop, 1, (1000, 1, 1, 0, "decided"))
    assert one_row(database, shop).orders == 1


def test_each_rail_has_its_own_row_and_an_order_after_two_stands_in_both(
    rows: psycopg.Connection, database: Database, shop: Shop, worker: Worker
) -> None:
    happen(worker, shop, event("e9", EventType.CLICK, rail=Rail.ALSO_VIEWED, request="other"))
    add_order(rows, shop, 1, (1000, 1, 1, 0, "known"), (300, 1, 1, 0, "other"))
    made = report(shop, DbReports(database), WallClock(), first=DAY, last=DAY)
    found = {row.rail: (row.exposures, row.clicks, row.orders, row.revenue) for row in made.rows}
    assert found == {"bought_together": (2, 1, 1, 1000), "also_viewed": (0, 1, 1, 300)}
    assert {row.rail: (row.clicks, row.revenue) for row in made.totals} == {
        "bought_together": (1, 1000),
        "also_viewed": (1, 300),
    }


def test_visitors_and_sessions_are_told_by_day(rows: psycopg.Connection, database: Database, shop: Shop) -> None:
    made = report(shop, DbReports(database), WallClock(), first=DAY, last=DAY)
    assert list(made.visits) == [VisitsRow(DAY, visitors=1, sessions=1)]


def test_a_shop_without_anything_has_an_empty_table(database: Database, other_shop: Shop) -> None:
    made = report(other_shop, DbReports(database), WallClock())
    assert (made.rows, made.totals, made.visits, made.currency) == ([], [], [], "")
    assert made.is_empty
    assert (made.last - made.first).days == 27


def test_the_period_ends_on_the_shops_own_today(rows: psycopg.Connection, database: Database, shop: Shop) -> None:
    class Noon:
        def now(self) -> datetime:
            return datetime(2026, 2, 28, 12, tzinfo=UTC)

    made = report(shop, DbReports(database), Noon())
    assert made.last == DAY
    assert [(row.exposures, row.clicks) for row in made.rows] == [(2, 1)]


def test_a_period_that_ends_before_it_begins_is_refused(database: Database, shop: Shop) -> None:
    with pytest.raises(BadPeriod):
        report(shop, DbReports(database), WallClock(), first=date(2026, 3, 2), last=DAY)


@pytest.fixture
def environment(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ATTUNE_DATA_DIR": str(tmp_path),
        "SHOPIFY_API_KEY": settings.shopify_api_key,
        "SHOPIFY_API_SECRET": settings.shopify_api_secret,
        "APP_URL": settings.app_url,
        "ENCRYPTION_KEYS": TEST_KEY,
    }
    for name, value in named.items():
        monkeypatch.setenv(name, str(value))


@pytest.mark.usefixtures("environment")
def test_the_command_prints_the_table_with_its_definitions(
    rows: psycopg.Connection, shop: Shop, tmp_path: Path
) -> None:
    add_order(rows, shop, 1, (1234, 1, 1, 0, "known"))
    file = tmp_path / "report.json"
    ran = CliRunner().invoke(
        command, ["alice", "--from", "2026-03-01", "--to", "2026-03-01", "--json", str(file)], env={"COLUMNS": "200"}
    )
    assert ran.exit_code == 0, ran.output
    assert "12.34 NZD" in ran.output
    assert "this is not lift" in ran.output
    document = orjson.loads(file.read_bytes())
    assert document["totals"] == [
        {
            "placement": "product",
            "rail": "bought_together",
            "exposures": 2,
            "clicks": 1,
            "ctr": 0.5,
            "orders": 1,
            "revenue": 1234,
        }
    ]
    assert document["visits"] == [{"day": "2026-03-01", "visitors": 1, "sessions": 1}]


@pytest.mark.usefixtures("environment", "shop")
def test_the_command_says_that_there_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    ran = CliRunner().invoke(command, ["alice", "--json", str(file)])
    assert ran.exit_code == 0, ran.output
    assert "alice.myshopify.com has nothing to report" in ran.output
    assert orjson.loads(file.read_bytes())["rows"] == []
