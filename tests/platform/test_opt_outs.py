"""Whoever opts out is left alone within minutes: webhooks don't say so, so Shopify is asked about whom they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis
from sqlalchemy import text

from app import jobs
from app.adapters.redis import keys
from app.adapters.redis.customers import RedisCustomers
from app.core.ids import CustomerId, ProductId
from app.core.recommend.past_orders import PastOrder
from app.core.shops import Shop, ShopState
from app.errors import Permanent, Retryable
from app.ports import AdminApi
from app.services.ask_opt_outs import CUSTOMERS_A_CALL, ask_opt_outs, note_customer
from app.services.sweep_due_work import sweep_due_work
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore
from tests.ports import free_port
from workers.jobs import sync


@dataclass
class Office:
    """An installed shop, with means to have its due work done."""

    wiring: Worker
    shop: Shop
    devstore: DevStore
    work: Callable[[], None]

    def customer(self, email: str, **fields: Any) -> int:
        return int(self.devstore.post("customers", email=email, first_name="Eve", **fields)["id"])

    def settle(self) -> None:
        """Let all webhooks come in, and a minute pass."""
        self.devstore.flush()
        self.work()
        with self.wiring.database.open() as connection:
            connection.execute(text("UPDATE due_work SET due_at = now()"))
        sweep_due_work(self.wiring.due_work, self.wiring.jobs)
        self.work()

    def buys(self, *customers: int) -> None:
        """Put them into the keyed store."""
        rows = [(CustomerId(number), [PastOrder(None, (ProductId(1),))]) for number in customers]
        self.wiring.customer_store.replace(self.shop.id, rows)

    def in_store(self, customer: int) -> bool:
        return bool(self.wiring.redis.exists(keys.customer(self.shop.id, customer)))

    def column(self, name: str, customer: int) -> Any:
        with self.wiring.database.shop(self.shop.id) as session:
            return session.execute(text(f"SELECT {name} FROM customers WHERE id = {customer}")).scalar()

    def notes(self) -> list[str]:
        return list(self.wiring.due_work.waiting(self.shop.id, jobs.OPT_OUTS_DUE))


@pytest.fixture
def office(installed_shop: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None]) -> Office:
    office = Office(worker_wiring, installed_shop, devstore, work)
    office.settle()
    return office


def test_an_opt_out_is_honoured_without_waiting_for_the_night(office: Office) -> None:
    eve, mallory = office.customer("eve@example.com"), office.customer("mallory@example.com")
    office.settle()
    office.buys(eve, mallory)
    office.devstore.patch(f"customers/{eve}", data_sale_opt_out=True)
    office.devstore.patch(f"customers/{mallory}", first_name="Mal")
    office.settle()
    assert [office.column("opted_out", customer) for customer in (eve, mallory)] == [True, False]
    assert [office.in_store(customer) for customer in (eve, mallory)] == [False, True]
    assert office.notes() == []


def test_an_opt_out_that_is_taken_back_is_taken_back_here(office: Office) -> None:
    eve = office.customer("eve@example.com", data_sale_opt_out=True)
    office.settle()
    assert office.column("opted_out", eve) is True
    office.devstore.patch(f"customers/{eve}", data_sale_opt_out=False)
    office.settle()
    assert office.column("opted_out", eve) is False


def test_asking_brings_what_webhooks_no_longer_say_and_leaves_the_contact(office: Office) -> None:
    eve = office.customer("eve@example.com", tags=["vip"])
    office.settle()
    assert office.column("tags", eve) == ["vip"]
    assert office.column("contact IS NOT NULL AND email_hash IS NOT NULL", eve) is True


def test_many_customers_are_asked_about_together(office: Office) -> None:
    customers = [office.customer(f"eve{number}@example.com") for number in range(CUSTOMERS_A_CALL + 3)]
    office.settle()
    for customer in customers:
        office.devstore.patch(f"customers/{customer}", data_sale_opt_out=True)
    office.settle()
    with office.wiring.database.shop(office.shop.id) as session:
        found = session.execute(
            text("SELECT count(*) FROM customers WHERE opted_out AND id = ANY(:ids)"), {"ids": customers}
        )
        assert found.scalar_one() == len(customers)
    assert office.notes() == []


def test_a_customer_whom_shopify_no_longer_shows_is_not_asked_about_again(office: Office) -> None:
    note_customer(office.shop.id, 404, reason="w-1", due=office.wiring.due_work)
    assert ask_opt_outs(office.shop, office.wiring.opt_out_asking) == 1
    assert office.notes() == []


@dataclass
class Interrupted:
    """The Admin API, with a webhook that comes in while Shopify answers for the first time."""

    wiring: Worker
    api: AdminApi
    webhooks: list[Callable[[], None]]

    def of(self, _shop: Shop) -> Interrupted:
        return self

    def run(self, document: str, variables: Any = None) -> dict[str, Any]:
        answer = self.api.run(document, variables)
        if self.webhooks:
            self.webhooks.pop()()
        return answer


def test_what_changes_while_shopify_answers_is_asked_again(office: Office) -> None:
    eve = office.customer("eve@example.com")
    office.settle()

    def opt_out() -> None:
        office.devstore.patch(f"customers/{eve}", data_sale_opt_out=True)
        note_customer(office.shop.id, eve, reason="w-2", due=office.wiring.due_work)

    note_customer(office.shop.id, eve, reason="w-1", due=office.wiring.due_work)
    apis: Any = Interrupted(office.wiring, office.wiring.admin_apis.of(office.shop), [opt_out])
    ask_opt_outs(office.shop, replace(office.wiring.opt_out_asking, apis=apis))
    assert office.column("opted_out", eve) is True


def test_an_opt_out_is_noted_until_the_keyed_store_has_dropped_the_customer(office: Office) -> None:
    eve = office.customer("eve@example.com", data_sale_opt_out=True)
    note_customer(office.shop.id, eve, reason="w-1", due=office.wiring.due_work)
    away = RedisCustomers(redis.Redis(port=free_port()))
    with pytest.raises(Retryable):
        ask_opt_outs(office.shop, replace(office.wiring.opt_out_asking, purchases=away))
    assert len(office.notes()) >= 1
    office.buys(eve)
    sync.ask_opt_outs(office.shop.id)
    assert not office.in_store(eve)
    assert office.notes() == []


def test_without_a_token_the_question_waits_for_an_hour(office: Office) -> None:
    note_customer(office.shop.id, 5, reason="w-1", due=office.wiring.due_work)
    with office.wiring.database.shop(office.shop.id) as session:
        session.execute(text("DELETE FROM credentials"))
    with pytest.raises(Permanent):
        sync.ask_opt_outs(office.shop.id)
    with office.wiring.database.open() as connection:
        statement = "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM due_work WHERE kind = 'opt_outs'"
        assert connection.execute(text(statement)).scalar_one() > 3000


def test_nothing_is_asked_about_a_shop_that_has_left(office: Office) -> None:
    note_customer(office.shop.id, 5, reason="w-1", due=office.wiring.due_work)
    office.wiring.shops.put(office.shop.domain, ShopState.UNINSTALLED)
    sync.ask_opt_outs(office.shop.id)
    assert office.notes() == []


def test_an_import_takes_all_who_object_out_of_the_keyed_store(office: Office) -> None:
    eve, mallory = office.customer("eve@example.com"), office.customer("mallory@example.com")
    office.settle()
    office.buys(eve, mallory)
    office.devstore.post("faults", webhooks={"mode": "lose", "count": 10})
    office.devstore.patch(f"customers/{eve}", data_sale_opt_out=True)
    sync.reconcile_store(office.shop.id)
    assert [office.in_store(customer) for customer in (eve, mallory)] == [False, True]
