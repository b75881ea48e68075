"""What mails earned, and the nightly count of what shoppers leave alone in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from app.core.ids import CustomerId, ProductId
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.rows import Found
from app.ports.engagement import FlowCount
from app.ports.sources import Numbered
from app.services.count_mails import count_mails
from app.services.report_mails import report_mails
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp, admin_query


@pytest.fixture
def imported(installed_shop: Shop, work: Callable[[], None]) -> Shop:
    work()
    return installed_shop


@pytest.fixture
def now(worker_wiring: Worker) -> datetime:
    return worker_wiring.clock.now()


def triggered(wiring: Worker, shop: Shop, customer: int, arm: str, at: datetime, request: str = "") -> None:
    statement = text(
        "INSERT INTO mail_triggers (shop_id, trigger, customer_id, key, at, facts, state, arm, request_id, done_at) "
        "VALUES (:shop, 'Attune Win-Back', :customer, 'k', :at, '{}', 'sent', :arm, :request, :at)"
    )
    values = {"shop": shop.id, "customer": customer, "arm": arm, "at": at, "request": request}
    with wiring.database.shop(shop.id) as session:
        session.execute(statement, values)


def bought(wiring: Worker, shop: Shop, customer: int, order: int, at: datetime, total: int) -> None:
    statement = text(
        "UPDATE orders SET customer_id = :customer, created_at = :at, total = :total, refunded = 0, test = false, "
        "cancelled_at = NULL, currency = (SELECT currency FROM shop_profiles) "
        "WHERE id = (SELECT id FROM orders ORDER BY id OFFSET :order LIMIT 1)"
    )
    with wiring.database.shop(shop.id) as session:
        session.execute(statement, {"customer": customer, "order": order, "at": at, "total": total})


def test_both_arms_are_counted_at_the_occasion_and_for_a_week_after_it(
    imported: Shop, worker_wiring: Worker, now: datetime
) -> None:
    at = now - timedelta(days=10)
    people = range(900_001, 900_009)
    for number in people:
        triggered(worker_wiring, imported, number, "attune" if number % 2 else "control", at)
    bought(worker_wiring, imported, 900_001, 0, at + timedelta(days=1), 5000)
    bought(worker_wiring, imported, 900_003, 1, at + timedelta(days=6), 3000)
    bought(worker_wiring, imported, 900_005, 2, at + timedelta(days=8), 9000)
    bought(worker_wiring, imported, 900_002, 3, at + timedelta(days=2), 4000)
    bought(worker_wiring, imported, 900_004, 4, at - timedelta(days=1), 7000)
    (one,) = report_mails(imported, worker_wiring.mail_outcomes, worker_wiring.clock).measured
    assert (one.attune, one.attune_bought, one.control, one.control_bought) == (4, 2, 4, 1)
    assert one.buyers is not None
    assert one.value is not None
    assert (one.buyers.value, one.buyers.control_value) == (0.5, 0.25)
    assert (one.value.value, one.value.control_value) == (2000, 1000)
    assert one.buyers.low < one.buyers.relative < one.buyers.high


def test_a_week_that_is_not_over_is_not_counted_yet(imported: Shop, worker_wiring: Worker, now: datetime) -> None:
    triggered(worker_wiring, imported, 900_001, "attune", now - timedelta(days=3))
    assert report_mails(imported, worker_wiring.mail_outcomes, worker_wiring.clock).measured == ()


def test_three_mails_without_a_click_and_the_product_is_left_out(
    imported: Shop, worker_wiring: Worker, now: datetime
) -> None:
    with worker_wiring.database.shop(imported.id) as session:
        row = session.execute(
            text("SELECT id, encode(email_hash, 'hex') AS hash FROM customers WHERE NOT opted_out ORDER BY id LIMIT 1")
        ).one()
        items = '[{"product_id": 11, "position": 0}, {"product_id": 12, "position": 1}]'
        session.execute(
            text(
                "INSERT INTO decisions (shop_id, request_id, at, placement, strategy, variant, items) "
                "VALUES (:shop, :rid, :at, 'email', 'popular', 'default', cast(:items AS jsonb))"
            ),
            {"shop": imported.id, "rid": "r" * 32, "at": now - timedelta(days=9), "items": items},
        )
    triggered(worker_wiring, imported, row.id, "attune", now - timedelta(days=9), "r" * 32)
    values = {"klaviyo": "P1", "email_hash": row.hash, "flow": "F1"}
    mails = [("received", day) for day in (8, 6, 4)] + [("clicked", 3)]
    rows = [
        Numbered(
            day,
            Found(
                f"klaviyo:{type}{day}",
                now - timedelta(days=day),
                {**values, "type": type, **({"request_id": "r" * 32, "position": 2} if type == "clicked" else {})},
            ),
        )
        for type, day in mails
    ]
    worker_wiring.source_stores[Source.KLAVIYO].keep(imported.id, "d1", rows)
    count_mails(imported, worker_wiring.counting_mails)
    customer = CustomerId(row.id)
    assert worker_wiring.ignored_products.ignored(imported.id, [customer]) == {customer: frozenset({ProductId(11)})}
    with worker_wiring.database.shop(imported.id) as session:
        session.execute(
            text(
                "INSERT INTO klaviyo_flows (shop_id, key, flow, status, complaint) "
                "VALUES (:shop, 'win_back', 'F1', 'live', '')"
            ),
            {"shop": imported.id},
        )
    assert worker_wiring.mail_outcomes.flows(imported.id) == {"win_back": FlowCount(3, 0, 1)}


def test_the_page_tells_what_came_back(
    imported: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore
) -> None:
    answer = httpx.get(f"{worker_wiring.settings.app_url}/admin/email", params=admin_query(devstore), trust_env=False)
    assert answer.status_code == 200, answer.text
    assert "What your mails brought" in answer.text
