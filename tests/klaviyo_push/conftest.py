"""A shop with a model, trained once for all tests of pushes; Klaviyo's twin is a fresh account for each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import text

from app import jobs
from app.core.email.names import PROPERTIES
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.services.push_profiles import Done, push_profiles
from app.services.record_consent import record_consent
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.train_models import train_models
from app.wiring.worker import Worker, worker
from tests.conftest import settings_of
from tests.devstore_fixture import environment, linked, served, serving_app, serving_devstore
from tests.klaviyo_fixture import Twin, at_twin, connect_with_key
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.services import TestServices

if TYPE_CHECKING:
    from devstore.klaviyo.records import Profile

ALL_MAY_BE_MAILED = (
    "UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false WHERE email_hash IS NOT NULL"
)
STOCK = "SELECT id, quantity, tracked, oversell FROM variants"
RESTOCK = "UPDATE variants SET quantity = :quantity, tracked = :tracked, oversell = :oversell WHERE id = :id"
FORGOTTEN = ("klaviyo_pushes", "klaviyo_pushing", "shopper_preferences")


@dataclass(frozen=True)
class House:
    """The trained shop, and where its Klaviyo is to be served."""

    shop: Shop
    wiring: Worker
    origin: str

    def execute(self, statement: str, **values: Any) -> None:
        with self.wiring.database.shop(self.shop.id) as session:
            session.execute(text(statement), values)

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.wiring.database.shop(self.shop.id) as session:
            return [dict(row._mapping) for row in session.execute(text(statement), values)]


@dataclass(frozen=True)
class Pushed(House):
    """The same with an empty account, its push switched on; nothing was pushed yet."""

    twin: Twin

    def push(self, **how: Any) -> Done:
        return push_profiles(self.shop, self.wiring.pushing, **{"wait": lambda _: None, **how})

    def switch(self, *, on: bool) -> None:
        set_mail_settings(self.shop, Wanted(push=on), by="the owner", ports=self.wiring.setting_mails)

    def numbers(self, statement: str, **values: Any) -> list[int]:
        return [next(iter(row.values())) for row in self.rows(statement, **values)]

    @property
    def people(self) -> list[CustomerId]:
        """Who may be mailed."""
        return [CustomerId(one) for one in self.numbers("SELECT id FROM customers WHERE email_hash IS NOT NULL")]

    @property
    def addresses(self) -> Mapping[CustomerId, str]:
        return self.wiring.picking.people.emails(self.shop.id, self.people)

    def profile(self, email: str) -> Profile:
        """As it stands in Klaviyo."""
        found = self.twin.account.find({"email": email})
        assert found is not None
        return found

    def properties(self, customer: int) -> dict[str, Any]:
        """Ours, as they stand in the customer's profile."""
        email = self.addresses[CustomerId(customer)]
        return self.properties_at(email) if self.twin.account.find({"email": email}) else {}

    def properties_at(self, email: str) -> dict[str, Any]:
        """Ours in the profile with this address."""
        held = self.profile(email).held
        return {name: orjson.loads(value) for name, value in held.items() if name in PROPERTIES}

    def imports(self) -> int:
        """How many bodies were posted."""
        return len([one for one in self.twin.requests("/api/profile-bulk-import-jobs") if one["method"] == "POST"])


@pytest.fixture(scope="package")
def house(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Installed, imported, connected and trained; what is only needed for that is gone again."""
    origin, app_url = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        urls = stack.enter_context(services.database())
        devstore = stack.enter_context(serving_devstore(app_url, "small"))
        with ExitStack() as at_first:
            twin = at_first.enter_context(_twin(origin))
            told = at_twin(settings_of(urls, services, tmp_path_factory.mktemp("push")), twin)
            settings = linked(told, devstore, app_url)
            app = at_first.enter_context(serving_app(settings))
            patch = at_first.enter_context(pytest.MonkeyPatch.context())
            for name, value in environment(settings).items():
                patch.setenv(name, value)
            worker.cache_clear()
            at_first.callback(worker.cache_clear)
            wiring = worker(os.getpid())
            stack.callback(wiring.close)
            assert app.open(devstore).status_code == 200
            shop = wiring.shops.by_domain(devstore.shop_domain)
            assert shop is not None
            _work(wiring)
            connect_with_key(shop, twin, app)
            _work(wiring)
        record_consent(shop, granted=True, by="the owner", text_version="2026-11", ports=wiring.recording_consent)
        train_models(shop, wiring.training)
        yield House(shop, wiring, origin)


@pytest.fixture
def pushed(house: House) -> Iterator[Pushed]:
    stock = house.rows(STOCK)
    house.wiring.redis.flushdb()
    house.execute(ALL_MAY_BE_MAILED)
    with _twin(house.origin) as twin:
        made = Pushed(house.shop, house.wiring, house.origin, twin)
        made.switch(on=True)
        yield made
    for table in FORGOTTEN:
        house.execute(f"DELETE FROM {table}")
    for row in stock:
        house.execute(RESTOCK, **row)


@contextmanager
def _twin(origin: str) -> Iterator[Twin]:
    from devstore.klaviyo.state import Account
    from devstore.klaviyo.twin import create_twin

    account = Account(origin=origin)
    control = httpx.Client(base_url=f"{origin}/_dev", timeout=PATIENCE_S)
    with served(create_twin(account), origin), control:
        yield Twin(origin, account, control)


def _work(wiring: Worker) -> None:
    connection = redis.Redis.from_url(wiring.redis_url)
    runner = SimpleWorker(list(jobs.QUEUES), connection=connection, serializer=JSONSerializer)
    runner.work(burst=True, logging_level="WARNING")
    connection.close()
