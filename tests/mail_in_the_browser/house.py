"""The small store with its Klaviyo account beside it and the real app behind both, for tests that read mails.

Time passes only when a test says so: `MailHouse.later` moves the store's clock, has the app look for occasions, and
lets Klaviyo carry out what is due. Nothing on the way is called by hand: webhooks and events come over HTTP, readers of
the stream run in threads, and jobs run as RQ hands them out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import text

from app import jobs
from app.core.email.names import Trigger
from app.core.shops import Shop
from app.core.training_consent import CURRENT
from app.services.sweep_due_work import sweep_due_work
from app.wiring.worker import Worker, worker
from devstore.klaviyo.beside import account_beside
from devstore.klaviyo.credentials import PRIVATE_KEY
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin
from devstore.store import Store
from tests.busy_store import fill
from tests.conftest import settings_of
from tests.devstore_fixture import (
    DevStore,
    RunningApp,
    environment,
    linked,
    served,
    serving_app,
    serving_devstore,
)
from tests.patience import PATIENCE_S, eventually
from tests.ports import free_port
from tests.services import TestServices
from workers.stream import lake, live, run_together

HOUR_S: Final = 3600.0
EVERYTHING: Final = {"push": "on", **{one.name: "on" for one in Trigger}}
"""The settings' form with all switched on."""


@dataclass(frozen=True)
class MailHouse:
    """`klaviyo` is the address of the twin, `account` what stands in it; `control` speaks to its ``/_dev`` routes."""

    devstore: DevStore
    app: RunningApp
    wiring: Worker
    shop: Shop
    klaviyo: str
    account: Account
    control: httpx.Client

    @property
    def url(self) -> str:
        return self.devstore.origin

    @property
    def page_url(self) -> str:
        return f"{self.url}/"

    # -- what the owner does -----------------------------------------------------------------------------------------

    def submit(self, path: str, form: Mapping[str, str]) -> None:
        """Send a form of the app's as App Bridge's fetch does, and run the jobs that it asks for."""
        signed = {"Authorization": f"Bearer {self.devstore.id_token()}"}
        answer = self.app.http.post(path, data=form, headers=signed, follow_redirects=False)
        assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text[:300]}"
        self.work()

    def set_live(self) -> None:
        """Set all of our drafts live, in Klaviyo, where merchants do it."""
        for flow in self.account.flows.copy().values():
            self.post(f"flows/{flow.id}", status="live")

    # -- what goes on behind -----------------------------------------------------------------------------------------

    def work(self) -> None:
        """Run the jobs that are queued, and those that they queue; one that fails fails the test."""
        connection = redis.Redis.from_url(self.wiring.redis_url)
        runner = SimpleWorker(list(jobs.QUEUES), connection=connection, serializer=JSONSerializer)
        runner.work(burst=True, logging_level="WARNING")
        failed = [job for queue in runner.queues for job in _failed(queue)]
        connection.close()
        assert not failed, "\n".join(failed)

    def sweep(self) -> None:
        """What the clock has done a minute later: webhooks are in, and all that was due is done."""
        self.devstore.flush()
        self.work()
        with self.wiring.database.open() as connection:
            connection.execute(text("UPDATE due_work SET due_at = clock_timestamp()"))
        sweep_due_work(self.wiring.due_work, self.wiring.jobs)
        self.work()

    def later(self, *, hours: float = 0, days: float = 0) -> None:
        """Let time pass; then the app looks for occasions, and Klaviyo sends what is due."""
        self.pass_time(hours=hours, days=days)
        self.look_for_occasions()
        self.post("run")

    def pass_time(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the store's clock, and return when the app knows the new time."""
        seconds = 60 * minutes + HOUR_S * (hours + 24 * days)
        told = self.devstore.post("clock", advance_s=seconds)["now"]
        clocks = (self.wiring.clock, self.app.wiring.clock)
        eventually(
            lambda: all(clock.now().isoformat() >= told for clock in clocks), "the app knows the store's new time"
        )

    def night_push(self) -> None:
        """What follows the night's count of segments."""
        self.wiring.jobs.enqueue(jobs.PUSH_PROFILES, self.shop.id)
        self.work()

    def look_for_sold_out(self) -> None:
        """What the clock asks for every five minutes."""
        self.wiring.jobs.enqueue(jobs.PUSH_STALE)
        self.work()

    def look_for_occasions(self) -> None:
        self.wiring.jobs.enqueue(jobs.START_EVERYWHERE)
        self.work()

    def segment(self) -> None:
        """Count everybody's segments, as every night."""
        self.wiring.jobs.enqueue(jobs.SEGMENT_CUSTOMERS, self.shop.id)
        self.work()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.control.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """What a query finds in the shop's part of the database."""
        with self.wiring.database.shop(self.shop.id) as session:
            return list(session.execute(text(sql), values).all())

    # -- what the app knows ------------------------------------------------------------------------------------------

    def deeds(self, visitor: str, what: str, handle: str) -> int:
        """How often a browser has done this with a product."""
        found = self.rows(
            "SELECT d.times FROM mail_deeds d JOIN products p ON p.shop_id = d.shop_id AND p.id = d.product_id "
            "WHERE d.who = :who AND d.what = :what AND p.handle = :handle",
            who=visitor, what=what, handle=handle,
        )  # fmt: skip
        return sum(row.times for row in found)

    def know(self, browsers: Mapping[str, str]) -> None:
        """Wait until each visitor's id is known to be the customer's with this address."""

        def known() -> bool:
            self.sweep()
            return all(self._is_known(visitor, email) for visitor, email in browsers.items())

        eventually(known, "the app knows whose browsers these are", every_s=0.2)

    def _is_known(self, visitor: str, email: str) -> bool:
        found = self.rows(
            "SELECT 1 FROM profile_members b JOIN profile_members c ON c.shop_id = b.shop_id "
            "AND c.profile = b.profile AND c.kind = 'customer' AND c.id = :customer "
            "WHERE b.kind = 'visitor' AND b.id = :visitor",
            customer=str(self.customer(email)),
            visitor=visitor,
        )
        return bool(found)

    def properties(self, email: str) -> Mapping[str, Any]:
        """What stands in a Klaviyo profile."""
        profile = self.account.find({"email": email})
        assert profile is not None, email
        return profile.properties

    def items(self, email: str, metric: str) -> list[str]:
        """Handles of the products that the shopper's newest event of a metric has brought to Klaviyo."""
        profile = self.account.find({"email": email})
        assert profile is not None, email
        events = self.account.events_of(profile.id, self.account.metric(metric).id)
        brought = [int(item["id"]) for item in events[-1].properties["items"]]
        return [self.store.products[product].handle for product in brought]

    # -- the store ---------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        found: Store = self.devstore.app.extensions["devstore_store"]
        return found

    def customer(self, email: str) -> int:
        return next(one.id for one in self.store.customers.values() if one.email == email)

    def subscribers(self, number: int) -> list[str]:
        """The addresses of so many customers who accept mails and have ordered, the newest accounts first."""
        found = [
            one.email
            for one in self.store.customers.values()
            if one.email and one.email_marketing == "SUBSCRIBED" and self.store.orders_of.get(one.id)
        ]
        return found[-number:]

    def sign_up(self, *emails: str) -> None:
        """Give addresses to the newsletter's form; the app hears of them, and asks the store what they accept."""
        for email in emails:
            assert httpx.post(f"{self.url}/contact", data={"contact[email]": email}).status_code == 303
        self.sweep()
        self.sweep()

    def sell_out(self, handle: str) -> None:
        """Somebody buys the last one of every kind; the app hears of it."""
        product = self.store.product_by_handle(handle)
        assert product is not None, handle
        for variant in product.variants:
            self.devstore.post("inventory", variant_id=variant.id, quantity=0)
        self.sweep()
        assert not self.can_be_bought(handle)

    def product(self, handle: str) -> int:
        found = self.store.product_by_handle(handle)
        assert found is not None, handle
        return found.id

    def can_be_bought(self, handle: str) -> bool:
        """By what the store itself says on the product's page."""
        answer = httpx.get(f"{self.url}/products/{handle}.js", timeout=PATIENCE_S)
        return answer.status_code == 200 and bool(answer.json()["available"])


@contextmanager
def mail_house(services: TestServices, folder: Path) -> Iterator[MailHouse]:
    """Installed, imported, trained with the owner's consent, connected, switched on for all, with the series live."""
    url, klaviyo = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    with (
        services.database() as urls,
        serving_devstore(url, "small") as devstore,
        pytest.MonkeyPatch.context() as patch,
    ):
        account = account_beside(devstore.app, store_origin=devstore.origin, origin=klaviyo)
        settings = linked(settings_of(urls, services, folder), devstore, url)
        settings = replace(settings, klaviyo_test_origin=klaviyo)
        for name, value in environment(settings).items():
            patch.setenv(name, value)
        store: Store = devstore.app.extensions["devstore_store"]
        with (
            served(create_twin(account, store.clock.advance), klaviyo),
            httpx.Client(base_url=f"{klaviyo}/_dev", timeout=PATIENCE_S) as control,
            serving_app(settings) as app,
            _worker() as wiring,
        ):
            fill(devstore.control)
            assert app.open(devstore).status_code == 200
            shop = app.wiring.shops.by_domain(devstore.shop_domain)
            assert shop is not None
            house = MailHouse(devstore, app, wiring, shop, klaviyo, account, control)
            _set_up(house)
            with _streams(wiring):
                yield house
            devstore.flush()


def _set_up(house: MailHouse) -> None:
    house.post("quota", factor=100)
    house.work()
    house.submit("/admin/consent", {"decision": "grant", "text_version": CURRENT.version})
    house.segment()
    house.submit("/admin/klaviyo/key", {"key": PRIVATE_KEY})
    house.submit("/admin/email/settings", {**EVERYTHING, "hold_out": "0"})
    house.submit("/admin/email/make", {})
    house.set_live()


def _failed(queue: Queue) -> Iterator[str]:
    """What went wrong with the jobs of a queue."""
    for id in queue.failed_job_registry.get_job_ids():
        job = queue.fetch_job(id)
        result = job.latest_result() if job else None
        yield f"{job.func_name if job else id}: {result.exc_string if result else 'no result'}"


@contextmanager
def _worker() -> Iterator[Worker]:
    """The wiring that the job functions get."""
    worker.cache_clear()
    wiring = worker(os.getpid())
    try:
        yield wiring
    finally:
        wiring.close()
        worker.cache_clear()


@contextmanager
def _streams(wiring: Worker) -> Iterator[None]:
    """The readers of the event stream, as the process `workers.stream` runs them."""
    streams = [live(wiring, "mail-house"), lake(wiring, "mail-house")]
    running = threading.Thread(target=run_together, args=(streams,), name="streams")
    running.start()
    try:
        yield
    finally:
        for stream in streams:
            stream.stop()
        running.join()
