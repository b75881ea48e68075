"""What is switched on for mails is kept as it was set, and out of bounds nothing is saved."""

from __future__ import annotations

import pytest

from app.adapters.clock import WallClock
from app.adapters.db.engine import Database
from app.adapters.db.mail_settings import DbMailSettings
from app.core.email.names import Trigger
from app.core.email.settings import BadMailSetting, MailSettings, OfferTerms
from app.core.shops import Shop
from app.services.set_mail_settings import Ports, Wanted, set_mail_settings


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


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(hold_out=0.6),
        Wanted(offer=OfferTerms(percent=90)),
        Wanted(offer=OfferTerms(days=0)),
        Wanted(offer=OfferTerms(most_codes=-1)),
    ],
    ids=["hold-out", "percent", "days", "codes"],
)
def test_out_of_bounds_nothing_is_saved(shop: Shop, ports: Ports, wanted: Wanted) -> None:
    with pytest.raises(BadMailSetting):
        set_mail_settings(shop, wanted, by="x", ports=ports)
    assert ports.settings.of(shop.id) == MailSettings()
