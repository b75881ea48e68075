"""What mails earned, and the nightly count of what shoppers leave alone in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.adapters.db.tables import Order
from app.cli.report import command
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


def bought(wiring: Worker, shop: Shop, customers: Iterable[int], after: timedelta, total: int) -> None:
    """An order of each customer, `after` their occasion ten days ago."""
    at = wiring.clock.now() - timedelta(days=10) + after
    with wiring.database.shop(shop.id) as session:
        currency = session.execute(text("SELECT currency FROM shop_profiles")).scalar_one()
        for customer in customers:
            id = customer * 1000 + int(after.total_seconds() % 997)
            order = Order(shop_id=shop.id, id=id, customer_id=customer, total=total, created_at=at, updated_at=at)
            order.currency = currency
            session.add(order)


def occasions(wiring: Worker, shop: Shop, number: int) -> tuple[range, range]:
    """So many customers in either arm, at one occasion ten days ago; their numbers, first of those with Attune."""
    arms = range(900_000, 900_000 + number), range(910_000, 910_000 + number)
    for arm, people in zip(("attune", "control"), arms, strict=True):
        for customer in people:
            triggered(wiring, shop, customer, arm, wiring.clock.now() - timedelta(days=10))
    return arms


def test_both_arms_are_counted_at_the_occasion_and_for_a_week_after_it(imported: Shop, worker_wiring: Worker) -> None:
    ours, control = occasions(worker_wiring, imported, 60)
    bought(worker_wiring, imported, ours[:30], timedelta(days=1), 5000)
    bought(worker_wiring, imported, ours[30:40], timedelta(days=6), 3000)
    bought(worker_wiring, imported, ours[40:50], timedelta(days=8), 9000)
    bought(worker_wiring, imported, control[:30], timedelta(days=2), 4000)
    bought(worker_wiring, imported, control[30:40], timedelta(days=-1), 7000)
    (one,) = report_mails(imported, worker_wiring.mail_outcomes, worker_wiring.clock).measured
    assert (one.attune, one.attune_bought, one.control, one.control_bought) == (60, 40, 60, 30)
    assert one.buyers is not None
    assert one.value is not None
    assert (one.buyers.value, one.buyers.control_value) == (40 / 60, 30 / 60)
    assert (one.value.value, one.value.control_value) == (3000, 2000)
    assert one.buyers.low < one.buyers.relative < one.buyers.high


def test_nothing_is_said_of_fewer_than_twenty_five_buyers(imported: Shop, worker_wiring: Worker) -> None:
    ours, control = occasions(worker_wiring, imported, 40)
    bought(worker_wiring, imported, ours[:30], timedelta(days=1), 5000)
    bought(worker_wiring, imported, control[:24], timedelta(days=1), 5000)
    (one,) = report_mails(imported, worker_wiring.mail_outcomes, worker_wiring.clock).measured
    assert (one.fewest, one.buyers, one.value) == (24, None, None)
    bought(worker_wiring, imported, control[24:25], timedelta(days=1), 5000)
    (one,) = report_mails(imported, worker_wiring.mail_outcomes, worker_wiring.clock).measured
    assert one.buyers is not None


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
    with worker_wiring.database.shop(imported.id) as session:
        session.execute(
            text(
                "INSERT INTO klaviyo_flows (shop_id, key, flow, status, complaint) "
                "VALUES (:shop, 'win_back', 'F1', 'live', '')"
            ),
            {"shop": imported.id},
        )
    worker_wiring.source_stores[Source.KLAVIYO].keep(imported.id, "d1", rows)
    count_mails(imported, worker_wiring.counting_mails)
    customer = CustomerId(row.id)
    assert worker_wiring.ignored_products.ignored(imported.id, [customer]) == {customer: frozenset({ProductId(11)})}
    assert worker_wiring.mail_outcomes.flows(imported.id) == {"win_back": FlowCount(3, 0, 1)}


def test_the_command_tells_of_mails_beside_the_storefront(
    imported: Shop, worker_wiring: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> tuple[str, Any]:
        file = tmp_path / "report.json"
        ran = CliRunner().invoke(command, [imported.domain, "--json", str(file)], env={"COLUMNS": "220"})
        assert ran.exit_code == 0, ran.output
        return ran.output, orjson.loads(file.read_bytes())["mails"]

    output, told = run()
    assert "nothing has come back from Klaviyo" in output
    assert (told["series"], told["hold_out"]) == ({}, [])
    flow = "INSERT INTO klaviyo_flows (shop_id, key, flow, status, complaint) VALUES (:shop, 'cart', 'F1', 'live', '')"
    with worker_wiring.database.shop(imported.id) as session:
        session.execute(text(flow), {"shop": imported.id})
    worker_wiring.mail_outcomes.put(imported.id, {"F1": FlowCount(1200, 300, 40)}, at=worker_wiring.clock.now())
    ours, control = occasions(worker_wiring, imported, 40)
    bought(worker_wiring, imported, ours[:30], timedelta(days=1), 5000)
    bought(worker_wiring, imported, control[:20], timedelta(days=1), 5000)
    output, told = run()
    for words in ("Abandoned cart", "1,200", "Attributed after a click in a mail (simulated): ", "20 of 25 buyers"):
        assert words in output
    assert told["series"] == {"cart": {"received": 1200, "opened": 300, "clicked": 40}}
    assert (told["simulated"], told["attributed_after_a_click"]) == (True, {"orders": 0, "revenue": 0})
    assert told["hold_out"][0]["buyers"] is None
    bought(worker_wiring, imported, control[20:25], timedelta(days=1), 5000)
    output, told = run()
    (one,) = told["hold_out"]
    assert one["bought"] == {"attune": 30, "control": 25}
    assert one["buyers"]["low"] < one["buyers"]["relative"] < one["buyers"]["high"]
    for words in ("30 of 40", "25 of 40", "95 % interval", "Win-Back (simulated): each customer spent "):
        assert words in output


def test_the_page_tells_what_came_back(
    imported: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore
) -> None:
    answer = httpx.get(f"{worker_wiring.settings.app_url}/admin/email", params=admin_query(devstore), trust_env=False)
    assert answer.status_code == 200, answer.text
    assert "What your mails brought in the last 28 days (simulated)" in answer.text
    assert "Nothing has come back yet" in answer.text


@pytest.mark.parametrize(
    ("buyers", "words"), [(24, "Nothing is said before 25"), (30, "fewer than 150 buyers on a side")]
)
def test_the_page_tells_lift_with_its_interval_or_that_there_is_not_enough(
    imported: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore, buyers: int, words: str
) -> None:
    ours, control = occasions(worker_wiring, imported, 40)
    bought(worker_wiring, imported, ours[:35], timedelta(days=1), 5000)
    bought(worker_wiring, imported, control[:buyers], timedelta(days=1), 5000)
    page = httpx.get(
        f"{worker_wiring.settings.app_url}/admin/email", params=admin_query(devstore), trust_env=False
    ).text
    assert words in page
    assert f"{buyers} of 40 bought" in page
    assert ("not enough yet" in page) is (buyers < 25)
