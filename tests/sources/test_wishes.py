"""What shoppers have set for themselves is honoured by what other systems deliver about them, too."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from sqlalchemy import text

from app.adapters.db.lake import digest
from app.adapters.db.tables import ProfileMember
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.ports.sources import SourceDelivery
from app.wiring.worker import Worker
from tests.sources.conftest import BOB, NOW, lines, table
from tests.sources.test_ga4 import hit
from tests.sources.test_klaviyo import event, page
from tests.sources.test_tickets import ticket

Bring = Callable[..., SourceDelivery]
SET = """
    INSERT INTO shopper_preferences (shop_id, kind, who, personalise, remember, changed_at)
    VALUES (:shop, :kind, :who, :personalise, :remember, :at)
"""
OFF = {"of a shopper who switched it off": 1}


def says(wiring: Worker, shop: Shop, kind: str, who: str, **switches: bool) -> None:
    """A shopper sets one of the switches."""
    values = {"personalise": None, "remember": None, **switches}
    with wiring.database.shop(shop.id) as session:
        session.execute(text(SET), {"shop": shop.id, "kind": kind, "who": who, "at": NOW, **values})


def profile(wiring: Worker, shop: Shop, *names: tuple[str, str], standing: str = "own") -> None:
    """The names are one person's."""
    with wiring.database.shop(shop.id) as session:
        for kind, id in names:
            own = "own" if kind == "customer" else standing
            session.add(ProfileMember(shop_id=shop.id, kind=kind, id=id, profile="p1", standing=own))


def tickets(bring: Bring) -> SourceDelivery:
    return bring(Source.TICKETS, table([ticket(1), ticket(2, **{"Requester email": BOB})]))


def mails(bring: Bring) -> SourceDelivery:
    return bring(Source.KLAVIYO, orjson.dumps(page(event("1", profile="01ADA"), event("2", profile="01BOB"))))


@pytest.mark.parametrize("deliver", [tickets, mails])
def test_nothing_comes_in_about_a_customer_who_switched_recommendations_off(
    bring: Bring, wiring: Worker, stocked: Shop, deliver: Callable[[Bring], SourceDelivery]
) -> None:
    says(wiring, stocked, "customer", "1", personalise=False)
    done = deliver(bring)
    assert (done.report["taken"], done.report["let_go"]) == (1, OFF)


def test_who_asked_not_to_be_remembered_is_left_out_of_what_was_clicked_and_not_of_what_they_wrote(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    says(wiring, stocked, "customer", "1", remember=False)
    assert mails(bring).report["let_go"] == OFF
    assert tickets(bring).report["let_go"] == {}


@pytest.mark.parametrize(("standing", "let_go"), [("own", OFF), ("shared", {})])
def test_what_was_set_in_ones_own_browser_counts_and_not_what_was_set_in_a_shared_one(
    bring: Bring, wiring: Worker, stocked: Shop, standing: str, let_go: dict[str, int]
) -> None:
    profile(wiring, stocked, ("customer", "1"), ("visitor", "v-1"), standing=standing)
    says(wiring, stocked, "visitor", digest("visitor", "v-1"), personalise=False)
    assert tickets(bring).report["let_go"] == let_go


def test_googles_browser_of_somebody_who_asked_not_to_be_remembered_is_left_out(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    profile(wiring, stocked, ("visitor", "v-1"), ("ga4", "ada.1"))
    says(wiring, stocked, "visitor", digest("visitor", "v-1"), remember=False)
    done = bring(Source.GA4, lines([hit(user_pseudo_id="ada.1"), hit(user_pseudo_id="bob.1")]))
    assert (done.report["taken"], done.report["let_go"]) == (1, OFF)


def test_switches_that_stand_on_keep_nothing_out(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    says(wiring, stocked, "customer", "1", personalise=True, remember=True)
    assert mails(bring).report["let_go"] == {}
