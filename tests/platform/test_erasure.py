"""Who asks to be forgotten is, everywhere, provably, once; everybody else stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import redis
from click.testing import CliRunner
from sqlalchemy import text
from sqlmodel import SQLModel

from app.adapters.clock import WallClock
from app.adapters.crypto import Sealer
from app.adapters.db.erasure_rules import RULES
from app.adapters.db.tables import OPEN_TABLES
from app.adapters.redis import keys
from app.adapters.redis.erasable import LiveStatePlace
from app.cli import commands
from app.core.ids import CustomerId, OrderId
from app.core.shops import Shop, ShopState
from app.errors import Permanent
from app.ports import Access
from app.services.erase_customer import erase_customer
from app.services.erase_shop import erase_shop
from app.services.export_customer import export_customer
from app.services.process_webhook import process_webhook
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.platform.people import (
    ADA,
    AT,
    BOB,
    CLIENTS,
    EMAILS,
    GUEST_ORDER,
    VISITORS,
    Killed,
    behave,
    rows,
    settle,
)

ACCESS = Access("Ann", "a test")
BROWSERS = ("clicks", "visitor_orders", "visitor_clients", "visitor_tombstones")
PERSONAL_COLUMNS = {"customer_id", "visitor", "client", "contact", "email_hash", "subject", "payload"}


def dump(wiring: Worker, shop: Shop) -> str:
    """All that the database, the lake and Redis hold of the shop, boxes opened, as one text to search in."""
    said = []
    for table in sorted(set(SQLModel.metadata.tables) - OPEN_TABLES - {"tombstones", "receipts"}):
        for row in rows(wiring.database, shop, f"SELECT * FROM {table}"):
            said.append(repr(row))
    for column in ("customers.contact", "orders.contact"):
        table = column.partition(".")[0]
        for (box,) in rows(wiring.database, shop, f"SELECT contact FROM {table} WHERE contact IS NOT NULL"):
            said.append(wiring.sealer.open(shop.id, column, box).decode())
    said += [repr(pq.read_table(path, partitioning=None).to_pylist()) for path in lake_files(wiring, shop)]
    said += [repr(wiring.redis.xrange(keys.EVENTS))]
    said += [repr(name) for name in wiring.redis.scan_iter()]
    return "\n".join(said)


def lake_files(wiring: Worker, shop: Shop) -> list[Path]:
    return sorted(Path(wiring.lake_files.root, f"shop={shop.id}").rglob("*.parquet"))


def erase(wiring: Worker, shop: Shop, request: str = "w-1", **more: Any) -> dict[str, Any]:
    return erase_customer(shop.id, CustomerId(ADA), request_id=request, ports=wiring.erasing_customer, **more)


def test_every_table_is_covered_by_a_place() -> None:
    assert {rule.table for rule in RULES} == set(SQLModel.metadata.tables) - OPEN_TABLES


def test_every_table_that_names_a_person_has_a_rule_for_them() -> None:
    ruled = {rule.table for rule in RULES if rule.erase} | {"tombstones"}
    for name, table in SQLModel.metadata.tables.items():
        if PERSONAL_COLUMNS & set(table.columns.keys()):
            assert name in ruled, f"{name} has columns that name a person, and no rule in RULES"


def test_every_place_has_its_own_name(wiring: Worker) -> None:
    names = [place.name for place in wiring.erasable_places]
    assert len(set(names)) == len(names)


def test_nothing_of_an_erased_customer_is_left(wiring: Worker, installed_shop: Shop) -> None:
    before = dump(wiring, installed_shop)
    assert EMAILS[ADA] in before
    assert VISITORS[ADA] in before
    assert CLIENTS[ADA] in before
    erase(wiring, installed_shop)
    after = dump(wiring, installed_shop)
    assert EMAILS[ADA] not in after
    assert VISITORS[ADA] not in after
    assert CLIENTS[ADA] not in after
    assert rows(wiring.database, installed_shop, f"SELECT 1 FROM customers WHERE id = {ADA}") == []


def test_everybody_else_stays(wiring: Worker, installed_shop: Shop) -> None:
    erase(wiring, installed_shop)
    after = dump(wiring, installed_shop)
    assert EMAILS[BOB] in after
    assert VISITORS[BOB] in after
    assert CLIENTS[BOB] in after
    assert len(lake_files(wiring, installed_shop)) == 1
    assert rows(wiring.database, installed_shop, "SELECT id FROM customers") == [(BOB,)]


def test_the_orders_stay_without_their_buyer(wiring: Worker, installed_shop: Shop) -> None:
    erase(wiring, installed_shop)
    found = rows(
        wiring.database, installed_shop, "SELECT id, customer_id, contact IS NULL, total FROM orders ORDER BY id"
    )
    assert found == [(ADA * 100, None, True, 500), (BOB * 100, BOB, False, 500), (GUEST_ORDER, None, True, 500)]


def test_orders_that_the_request_names_lose_their_contact_too(wiring: Worker, installed_shop: Shop) -> None:
    erase_customer(
        installed_shop.id,
        CustomerId(0),
        request_id="w-1",
        orders=[OrderId(GUEST_ORDER)],
        ports=wiring.erasing_customer,
    )
    left = rows(wiring.database, installed_shop, "SELECT id FROM orders WHERE contact IS NOT NULL ORDER BY id")
    assert left == [(ADA * 100,), (BOB * 100,)]
    assert rows(wiring.database, installed_shop, "SELECT customer_id FROM tombstones") == []


def test_a_receipt_says_what_where_and_when(wiring: Worker, installed_shop: Shop) -> None:
    erase(wiring, installed_shop)
    ((kind, subject, finished, places),) = rows(
        wiring.database, installed_shop, "SELECT kind, subject, finished_at, places FROM receipts"
    )
    assert (kind, subject) == ("customer_erasure", str(ADA))
    assert finished is not None
    assert places["database.customers"]["records"] == 1
    assert places["database.orders"]["records"] == 2
    assert places["redis"]["records"] == 2
    assert places["lake"]["records"] == 3
    assert places["artefacts"].keys() == {"at", "records", "left", "read_again"}
    assert {place["left"] for name, place in places.items() if name != "aggregates"} == {0}
    assert places["aggregates"] == {"dropped_by_training_at": None}
    assert set(places) == {place.name for place in wiring.erasable_places} | {"aggregates"}


def test_the_receipt_says_when_the_next_training_drops_the_aggregate(wiring: Worker, installed_shop: Shop) -> None:
    with wiring.database.shop(installed_shop.id) as session:
        session.execute(
            text("INSERT INTO model_pointers (shop_id, version, moved_at) VALUES (:shop, 'v1', :at)"),
            {"shop": installed_shop.id, "at": AT},
        )
    assert erase(wiring, installed_shop)["aggregates"]["dropped_by_training_at"].endswith("T03:00:00+00:00")


def test_a_request_is_answered_once(wiring: Worker, installed_shop: Shop) -> None:
    assert erase(wiring, installed_shop)
    assert erase(wiring, installed_shop) == {}
    assert len(rows(wiring.database, installed_shop, "SELECT id FROM receipts")) == 1


def checkpoints(wiring: Worker) -> list[str]:
    return ["buried", *(place.name for place in wiring.erasable_places)]


def test_an_erasure_killed_after_any_step_is_finished_by_the_next_try(wiring: Worker, installed_shop: Shop) -> None:
    for number, name in enumerate(checkpoints(wiring)):

        def kill(reached: str, name: str = name) -> None:
            if reached == name:
                raise Killed

        with pytest.raises(Killed):
            erase(wiring, installed_shop, f"w-{number}", checkpoint=kill)
        erase(wiring, installed_shop, f"w-{number}")
        after = dump(wiring, installed_shop)
        assert EMAILS[ADA] not in after, name
        assert VISITORS[ADA] not in after, name
        assert CLIENTS[ADA] not in after, name
        with wiring.database.shop(installed_shop.id) as session:
            for table in ("customers", "orders", "order_lines", "decisions", *BROWSERS):
                session.execute(text(f"DELETE FROM {table}"))
            session.execute(text("DELETE FROM removals"))
        settle(wiring.database, wiring.sealer, installed_shop.id)
        behave(wiring, installed_shop.id)


def test_the_receipt_of_a_killed_erasure_says_what_was_erased_before_the_kill(
    wiring: Worker, installed_shop: Shop
) -> None:
    def kill(reached: str) -> None:
        if reached == "database.customers":
            raise Killed

    with pytest.raises(Killed):
        erase(wiring, installed_shop, checkpoint=kill)
    said = erase(wiring, installed_shop)
    names = ("lake", "redis", "database.clicks", "database.orders", "database.customers")
    assert [said[name]["records"] for name in names] == [3, 2, 1, 2, 1]
    ((places,),) = rows(wiring.database, installed_shop, "SELECT places FROM receipts WHERE finished_at IS NOT NULL")
    assert places == said


def test_an_export_shows_what_is_held_with_personal_fields_opened(wiring: Worker, installed_shop: Shop) -> None:
    held = export_customer(
        installed_shop.id, CustomerId(ADA), request_id="w-1", access=ACCESS, ports=wiring.exporting_customer
    )
    assert held["database.customers"][0]["contact"]["email"] == EMAILS[ADA]
    assert {order["id"] for order in held["database.orders"]} == {ADA * 100, GUEST_ORDER}
    assert held["database.clicks"][0]["product_id"] == 1
    assert sorted(event["type"] for event in held["lake"]) == ["identity", "product_view", "purchase"]
    assert held["database.visitor_clients"][0]["client"] == CLIENTS[ADA]
    assert held["redis"] == [{"clicked": "1:1"}]
    assert EMAILS[BOB] not in str(held)


def test_an_export_is_kept_encrypted_and_goes_with_the_customer(wiring: Worker, installed_shop: Shop) -> None:
    export_customer(
        installed_shop.id, CustomerId(ADA), request_id="w-1", access=ACCESS, ports=wiring.exporting_customer
    )
    ((box,),) = rows(wiring.database, installed_shop, "SELECT export FROM receipts")
    assert EMAILS[ADA].encode() not in box
    assert EMAILS[ADA].encode() in wiring.sealer.open(installed_shop.id, "receipts.export", box)
    erase(wiring, installed_shop, "w-2")
    assert rows(wiring.database, installed_shop, "SELECT 1 FROM receipts WHERE export IS NOT NULL") == []


def test_a_redact_webhook_erases_a_real_customer(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None]
) -> None:
    customer = devstore.post("customers", email="eve@example.com", first_name="Eve")["id"]
    devstore.flush()
    work()
    found = f"SELECT id FROM customers WHERE id = {customer}"
    assert rows(worker_wiring.database, installed_shop, found) == [(customer,)]
    devstore.post("compliance", topic="customers/redact", customer_id=customer)
    devstore.flush()
    work()
    assert rows(worker_wiring.database, installed_shop, found) == []
    devstore.patch(f"customers/{customer}", tags=["late"])
    devstore.flush()
    work()
    assert rows(worker_wiring.database, installed_shop, found) == [], "a late webhook brought the customer back"


def test_a_data_request_is_answered_with_a_receipt(
    wiring: Worker, installed_shop: Shop, devstore: DevStore, work: Callable[[], None]
) -> None:
    customer = devstore.post("customers", email="eve@example.com", first_name="Eve")["id"]
    devstore.post("compliance", topic="customers/data_request", customer_id=customer)
    devstore.flush()
    work()
    ((kind, subject, done),) = rows(
        wiring.database, installed_shop, "SELECT kind, subject, finished_at IS NOT NULL FROM receipts"
    )
    assert (kind, subject, done) == ("customer_export", str(customer), True)


def test_shop_redact_erases_everything_but_the_receipt(
    wiring: Worker, installed_shop: Shop, devstore: DevStore, work: Callable[[], None]
) -> None:
    devstore.post("uninstall")
    devstore.flush()
    work()
    devstore.post("compliance", topic="shop/redact")
    devstore.flush()
    work()
    for table in sorted(set(SQLModel.metadata.tables) - OPEN_TABLES - {"receipts", "deliveries"}):
        assert rows(wiring.database, installed_shop, f"SELECT * FROM {table}") == [], table
    # The request itself is known as done, so that it is not answered again; what it said is gone.
    known = rows(wiring.database, installed_shop, "SELECT topic, state, payload FROM deliveries")
    assert known == [("shop/redact", "done", None)]
    ((kind, places),) = rows(wiring.database, installed_shop, "SELECT kind, places FROM receipts")
    assert kind == "shop_erasure"
    assert places["database.orders"]["records"] == 3
    assert places["lake"]["records"] == 2
    assert lake_files(wiring, installed_shop) == []
    assert list(wiring.redis.scan_iter(match=f"attune:{installed_shop.id}:*")) == []
    with wiring.database.open() as connection:
        assert connection.execute(text("SELECT count(*) FROM due_work")).scalar_one() == 0


def test_shop_redact_after_a_re_install_is_recorded_and_ignored(
    wiring: Worker, installed_shop: Shop, running_app: RunningApp, devstore: DevStore, work: Callable[[], None]
) -> None:
    devstore.post("uninstall")
    devstore.flush()
    work()
    assert running_app.open(devstore).status_code == 200
    devstore.post("compliance", topic="shop/redact")
    devstore.flush()
    wiring.redis.delete("rq:queue:default")
    process = wiring.webhook_processing
    with wiring.database.open() as connection:
        waiting = connection.execute(text("SELECT id FROM due_work WHERE kind = 'webhook'")).scalars().all()
    for webhook_id in waiting:
        process_webhook(installed_shop.id, webhook_id, process)
    assert len(rows(wiring.database, installed_shop, "SELECT 1 FROM customers")) == 2
    ((places,),) = rows(wiring.database, installed_shop, "SELECT places FROM receipts")
    assert places == {"ignored": "the app is installed again"}


def test_shop_redact_erases_although_the_uninstall_was_lost(
    wiring: Worker, installed_shop: Shop, devstore: DevStore, work: Callable[[], None]
) -> None:
    devstore.post("faults", webhooks={"mode": "lose", "count": 1, "topics": ["app/uninstalled"]})
    devstore.post("uninstall")
    devstore.post("compliance", topic="shop/redact")
    devstore.flush()
    work()
    assert rows(wiring.database, installed_shop, "SELECT 1 FROM customers") == []
    known = wiring.shops.by_id(installed_shop.id)
    assert known is not None
    assert known.state is ShopState.UNINSTALLED


def test_a_frozen_shop_is_not_taken_for_one_that_has_gone(
    wiring: Worker, installed_shop: Shop, devstore: DevStore
) -> None:
    devstore.post("faults", admin={"mode": "error", "status": 402, "count": 9})
    with pytest.raises(Permanent):
        erase_shop(installed_shop.id, request_id="redact-1", ports=wiring.erasing_shop)
    assert len(rows(wiring.database, installed_shop, "SELECT 1 FROM customers")) == 2


@pytest.fixture
def spare_redis(services: Any) -> Iterator[redis.Redis]:
    connection = redis.Redis.from_url(services.redis.url)
    yield connection
    connection.close()


def test_the_erasure_of_one_shop_leaves_the_keys_of_another(
    spare_redis: redis.Redis, shop: Shop, other_shop: Shop, sealer: Sealer
) -> None:
    spare_redis.flushdb()
    for each in (shop, other_shop):
        spare_redis.set(keys.model(each.id), 1)
        spare_redis.xadd(keys.EVENTS, {"kind": "event", "shop": int(each.id), "body": "{}"})
    assert LiveStatePlace(spare_redis, WallClock()).erase_shop(shop.id) == 2
    assert spare_redis.exists(keys.model(other_shop.id)) == 1
    assert spare_redis.xlen(keys.EVENTS) == 1


def test_the_commands_export_and_erase(wiring: Worker, installed_shop: Shop) -> None:
    name = installed_shop.domain.partition(".")[0]
    exported = CliRunner().invoke(commands, ["export", name, "--customer", str(ADA)])
    assert exported.exit_code == 0, exported.output
    assert orjson.loads(exported.output)["database.customers"][0]["contact"]["email"] == EMAILS[ADA]
    erased = CliRunner().invoke(commands, ["erase", name, "--customer", str(ADA)])
    assert erased.exit_code == 0, erased.output
    assert "database.customers: 1 records" in erased.output
    assert EMAILS[ADA] not in dump(wiring, installed_shop)
