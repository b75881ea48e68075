"""Products that a shopper leaves alone in mails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.adapters.db.tables import Customer
from app.analytics.mail_deeds import LakeMailDeeds
from app.config import Settings
from app.core.email.hold_out import arm_of
from app.core.email.ignored import TIMES, Chosen, Received, ignored
from app.core.email.names import Arm
from app.core.email.settings import MailSettings
from app.core.ids import CustomerId, ProductId, RequestId
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.rows import Found
from app.ports.engagement import FlowCount
from app.ports.sources import Numbered
from app.services.count_mails import shown_of
from app.wiring.worker import Worker

ADA, BOB = CustomerId(1), CustomerId(2)
VASE, BOARD, LAMP = ProductId(11), ProductId(12), ProductId(13)
START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = Chosen(START, RequestId("r1"), (VASE, BOARD), in_event=True)
SECOND = Chosen(START + timedelta(days=2), RequestId("r2"), (VASE, LAMP), in_event=True)
PUSHED = Chosen(START + timedelta(days=2), RequestId(""), (LAMP,))


@pytest.fixture
def wiring(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def mails(*days: float, of_our_flow: bool = True) -> list[Received]:
    return [Received(day(number), of_our_flow) for number in days]


def test_each_mail_counts_for_what_had_been_chosen_last_before_it_came() -> None:
    counts = ignored({ADA: [SECOND, FIRST]}, {ADA: mails(0.5, 1, 3)}, {})
    assert counts == {(ADA, VASE): 3, (ADA, BOARD): 2, (ADA, LAMP): 1}


def test_what_stands_in_a_profile_is_shown_by_the_merchants_own_mails_alone() -> None:
    theirs = [*mails(3), *mails(4, of_our_flow=False)]
    assert ignored({ADA: [FIRST, PUSHED], BOB: [PUSHED]}, {ADA: theirs, BOB: mails(3)}, {}) == {
        (ADA, VASE): 1,
        (ADA, BOARD): 1,
        (ADA, LAMP): 1,
    }


def test_the_controls_mail_shows_nothing_of_ours_whatever_was_decided_before() -> None:
    control = Chosen(START + timedelta(days=2), RequestId("r3"), (), in_event=True)
    assert ignored({ADA: [FIRST, control]}, {ADA: mails(3)}, {}) == {}


def test_a_mail_before_anything_was_chosen_showed_nothing_of_ours() -> None:
    assert ignored({ADA: [FIRST]}, {ADA: mails(-1), BOB: mails(1)}, {}) == {}


def test_what_stands_in_a_control_profile_is_not_counted_as_shown() -> None:
    everybody = {CustomerId(number): [FIRST, PUSHED] for number in range(200)}
    settings = MailSettings(salt="salt", hold_out=0.5)
    shown = shown_of(everybody, settings)
    for customer, own in shown.items():
        assert (PUSHED in own) is (arm_of("salt", customer, share=0.5) is Arm.ATTUNE)
        assert FIRST in own


def test_what_was_clicked_once_is_not_ignored() -> None:
    clicks = {ADA: [(RequestId("r1"), 1), (RequestId("elsewhere"), 2), (RequestId("r2"), None)]}
    counts = ignored({ADA: [FIRST, SECOND]}, {ADA: mails(1, 3)}, clicks)
    assert counts == {(ADA, BOARD): 1, (ADA, LAMP): 1}


def received(wiring: Worker, shop: Shop, flows: set[str]) -> dict[str, list[Received]]:
    reader = LakeMailDeeds(wiring.lake)
    told = reader.read(shop.id, since=START, counted_since=day(20), until=day(30), flows=flows)
    assert told.flows == {"F2": FlowCount(1, 0, 0)}, "of the last ten days"
    return {person: list(moments) for person, moments in told.received.items() if moments}


def test_a_newsletter_that_shows_nothing_of_ours_is_no_mail_that_was_ignored(shop: Shop, wiring: Worker) -> None:
    sent: list[tuple[float, str, str, dict[str, Any]]] = [
        (1, "received", "ada", {"message": "newsletter"}),
        (2, "received", "ada", {"message": "campaign"}),
        (3, "received", "ada", {"message": "M1", "flow": "F1"}),
        (21, "received", "ada", {"message": "M2", "flow": "F2"}),
        (4, "received", "ada", {}),
        (5, "clicked", "bob", {"message": "newsletter"}),
        (5.5, "clicked", "bob", {"message": "campaign", "request_id": "r" * 32, "position": 1}),
    ]
    rows = [
        Numbered(place, Found(f"klaviyo:{place}", day(at), {"type": type, "email_hash": who, "klaviyo": who, **more}))
        for place, (at, type, who, more) in enumerate(sent)
    ]
    wiring.source_stores[Source.KLAVIYO].keep(shop.id, "d1", rows)
    assert received(wiring, shop, {"F1"}) == {"ada": [*mails(2, of_our_flow=False), *mails(3)]}, (
        "somebody clicked ours in the campaign"
    )
    assert received(wiring, shop, set()) == {"ada": mails(2, of_our_flow=False)}, "a flow of the merchant's own"


def test_three_times_is_enough_and_objectors_are_not_counted(shop: Shop, wiring: Worker) -> None:
    with wiring.database.shop(shop.id) as session:
        for id, opted_out in ((ADA, False), (BOB, True)):
            session.add(Customer(shop_id=shop.id, id=id, opted_out=opted_out))
    counts = {(ADA, VASE): TIMES, (ADA, BOARD): TIMES - 1, (BOB, VASE): TIMES, (CustomerId(9), VASE): TIMES}
    wiring.ignored_products.replace(shop.id, counts)
    assert wiring.ignored_products.ignored(shop.id, [ADA, BOB]) == {ADA: frozenset({VASE})}
    wiring.ignored_products.replace(shop.id, {})
    assert wiring.ignored_products.ignored(shop.id, [ADA]) == {}
