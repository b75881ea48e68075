"""What is switched on for mails is kept as it was set, and out of bounds nothing is saved."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.adapters.clock import WallClock
from app.adapters.db.engine import Database
from app.adapters.db.mail_settings import DbMailSettings
from app.core.email.names import Trigger
from app.core.email.offers import BadMailSetting, OfferTerms
from app.core.email.settings import MailSettings
from app.core.shops import Shop
from app.services.set_mail_settings import Ports, Wanted, set_mail_settings
from tests.patience import PATIENCE_S


@pytest.fixture
def ports(database: Database) -> Ports:
    return Ports(DbMailSettings(database), WallClock())


def test_everything_is_off_at_first(shop: Shop, ports: Ports) -> None:
    assert ports.settings.of(shop.id) == MailSettings()


def test_what_is_set_stays_and_the_rest_with_it(shop: Shop, ports: Ports) -> None:
    first = set_mail_settings(shop, Wanted(triggers=[Trigger.WIN_BACK]), by="x", ports=ports)
    second = set_mail_settings(shop, Wanted(hold_out=0.2, push=True), by="x", ports=ports)
    found = ports.settings.of(shop.id)
    assert found == second
    assert (found.salt, found.triggers) == (first.salt, first.triggers)
    assert (found.push, found.hold_out) == (True, 0.2)


def test_a_trigger_that_stays_on_has_been_on_since_then(shop: Shop, ports: Ports) -> None:
    first = set_mail_settings(shop, Wanted(triggers=[Trigger.WIN_BACK]), by="x", ports=ports)
    both = set_mail_settings(shop, Wanted(triggers=[Trigger.WIN_BACK, Trigger.ORDERED]), by="x", ports=ports)
    assert both.triggers[Trigger.WIN_BACK] == first.triggers[Trigger.WIN_BACK]
    assert both.triggers[Trigger.ORDERED] > first.triggers[Trigger.WIN_BACK]


def test_of_two_changes_at_once_neither_is_lost(shop: Shop, ports: Ports, database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:

        def change(before: MailSettings) -> MailSettings:
            others.append(pool.submit(set_mail_settings, shop, Wanted(hold_out=0.2), by="y", ports=ports))
            until_somebody_waits(database)
            return replace(before, push=True)

        others: list[Future[MailSettings]] = []
        ports.settings.change(shop.id, change, by="x", at=ports.clock.now())
        others[0].result(PATIENCE_S)
    found = ports.settings.of(shop.id)
    assert (found.push, found.hold_out) == (True, 0.2)


def until_somebody_waits(database: Database) -> None:
    """For a lock that another transaction has."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with database.open() as connection:
            if connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(hold_out=0.6),
        Wanted(offer=OfferTerms(percent=90)),
        Wanted(offer=OfferTerms(days=0)),
        Wanted(offer=OfferTerms(is_on=True, amount=500, budget=499)),
    ],
    ids=["hold-out", "percent", "days", "budget"],
)
def test_out_of_bounds_nothing_is_saved(shop: Shop, ports: Ports, wanted: Wanted) -> None:
    with pytest.raises(BadMailSetting):
        set_mail_settings(shop, wanted, by="x", ports=ports)
    assert ports.settings.of(shop.id) == MailSettings()
