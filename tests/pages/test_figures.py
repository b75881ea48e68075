"""What the rails did: nothing yet, and then by rail and day, in the shop's money, beside what each figure means."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel

from app.adapters.db.tables import DecisionRow, EventCount, Order, OrderLine, VisitDay
from app.core.money import written
from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import text_of

TODAY = date(2026, 11, 23)


@pytest.fixture
def figures(running_app: RunningApp, imported: Shop) -> Shop:
    """A busy day, a quiet one, and an order after a click on each of two rails."""
    shop, at = imported.id, datetime(2026, 11, 23, 12, tzinfo=UTC)
    rows: list[SQLModel] = [
        VisitDay(shop_id=shop, day=TODAY, zone="America/New_York", visitors=321, sessions=400),
        Order(shop_id=shop, id=1, created_at=at, updated_at=at),
    ]
    for placement, rail, exposures, clicks in (("product", "bought_together", 1000, 40), ("home", "for_you", 234, 4)):
        of_rail: dict[str, Any] = {"shop_id": shop, "placement": placement, "rail": rail}
        for day, parts in ((TODAY, 1), (TODAY - timedelta(days=2), 2)):
            rows.append(EventCount(**of_rail, day=day, type="exposure", count=exposures // parts))
            rows.append(EventCount(**of_rail, day=day, type="click", count=clicks // parts))
        rows.append(DecisionRow(**of_rail, request_id=rail, at=at, strategy="item_item"))
    for number, rail in enumerate(("bought_together", "for_you"), start=1):
        piece: dict[str, Any] = {"quantity": 1, "current_quantity": 1, "unit_price": 123456}
        rows.append(OrderLine(shop_id=shop, id=number, order_id=1, request_id=rail, **piece))
    with running_app.wiring.database.shop(shop) as session:
        for row in rows:
            session.add(row)
            session.flush()
    return imported


def test_before_anything_happened_the_page_says_what_will_stand_there_and_why(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(running_app.open(devstore).text)
    assert "Nothing has been seen or clicked yet. This is what will stand here" in read
    assert "about a minute after a visitor who allows analytics sees a rail" in read
    assert "attribution, not lift" in read


def test_the_first_page_shows_every_rail_with_what_came_after_its_clicks(
    running_app: RunningApp, devstore: DevStore, figures: Shop
) -> None:
    read = text_of(running_app.open(devstore).text)
    assert "Often bought together 1,500 60 4.0% 1 $1,234.56 USD" in read
    assert "This is attribution, not lift" in read
    assert "Visits 400 Visitors today 321 Cards seen 1,851 Clicks 66 Click-through 3.6%" in read
    assert "Revenue after a click $2,469.12 USD" in read


def test_orders_are_never_added_up_over_rails(running_app: RunningApp, devstore: DevStore, figures: Shop) -> None:
    for path in ("/", "/admin/results"):
        read = text_of(running_app.open(devstore, path).text)
        assert not re.search(r"Orders after a click \d", read), "the one order stands in both rails' rows"


def test_the_results_show_one_rails_days_at_a_time(running_app: RunningApp, devstore: DevStore, figures: Shop) -> None:
    most = text_of(running_app.open(devstore, "/admin/results").text)
    assert "Day by day: Often bought together" in most
    assert "23 Nov 2026 1,000 40 4.0% 1 $1,234.56 USD 21 Nov 2026 500 20 4.0% 0 $0.00 USD" in most
    other = text_of(running_app.open(devstore, "/admin/results?rail=for_you").text)
    assert "Day by day: For you" in other
    assert "23 Nov 2026 234 4 1.7%" in other
    assert "1,000" not in other.split("Day by day")[1]


def test_the_results_show_visitors_by_day_and_define_every_figure(
    running_app: RunningApp, devstore: DevStore, figures: Shop
) -> None:
    read = text_of(running_app.open(devstore, "/admin/results").text)
    assert "Day Visitors Visits 23 Nov 2026 321 400" in read
    for name in ("Cards seen", "Clicks", "Click-through", "Orders after a click", "Revenue after a click", "Visits"):
        assert f"{name} :" in read.split("What the figures mean")[1]


def test_a_rail_that_does_not_exist_is_no_way_to_write_into_the_page(
    running_app: RunningApp, devstore: DevStore, figures: Shop
) -> None:
    page = running_app.open(devstore, '/admin/results?rail="><script>alert(1)</script>')
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "Day by day: Often bought together" in page.text


def test_the_first_page_tells_how_old_what_it_shows_is(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(running_app.open(devstore).text)
    assert re.search(r"Read from Shopify 23 Nov 2026, 04:\d\d", read), "in the shop's own time zone"
    assert "Last visitor with a rail Nobody yet." in read
    assert "Figures Up to date." in read
    assert re.search(r"Trained 23 Nov 2026, 04:\d\d", read)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (123450, "USD", "$1,234.50 USD"),
        (5, "GBP", "£0.05 GBP"),
        (1234, "JPY", "¥1,234 JPY"),
        (1234567, "KWD", "1,234.567 KWD"),
        (-150, "EUR", "−€1.50 EUR"),
        (100, "", "1.00"),
    ],
)
def test_money_is_written_as_shopify_does_with_the_currency(amount: int, currency: str, shown: str) -> None:
    assert written(amount, currency) == shown
