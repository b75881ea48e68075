"""Products that a shopper leaves alone in mails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.tables import Customer
from app.config import Settings
from app.core.email.ignored import TIMES, Chosen, ignored
from app.core.ids import CustomerId, ProductId, RequestId
from app.core.shops import Shop
from app.wiring.worker import Worker

ADA, BOB = CustomerId(1), CustomerId(2)
VASE, BOARD, LAMP = ProductId(11), ProductId(12), ProductId(13)
START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = Chosen(START, RequestId("r1"), (VASE, BOARD))
SECOND = Chosen(START + timedelta(days=2), RequestId("r2"), (VASE, LAMP))


@pytest.fixture
def wiring(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def test_each_mail_counts_for_what_had_been_chosen_last_before_it_came() -> None:
    counts = ignored({ADA: [SECOND, FIRST]}, {ADA: [day(0.5), day(1), day(3)]}, {})
    assert counts == {(ADA, VASE): 3, (ADA, BOARD): 2, (ADA, LAMP): 1}


def test_a_mail_before_anything_was_chosen_showed_nothing_of_ours() -> None:
    assert ignored({ADA: [FIRST]}, {ADA: [day(-1)], BOB: [day(1)]}, {}) == {}


def test_what_was_clicked_once_is_not_ignored() -> None:
    clicks = {ADA: [(RequestId("r1"), 1), (RequestId("elsewhere"), 2), (RequestId("r2"), None)]}
    counts = ignored({ADA: [FIRST, SECOND]}, {ADA: [day(1), day(3)]}, clicks)
    assert counts == {(ADA, BOARD): 1, (ADA, LAMP): 1}


def test_three_times_is_enough_and_objectors_are_not_counted(shop: Shop, wiring: Worker) -> None:
    with wiring.database.shop(shop.id) as session:
        for id, opted_out in ((ADA, False), (BOB, True)):
            session.add(Customer(shop_id=shop.id, id=id, opted_out=opted_out))
    counts = {(ADA, VASE): TIMES, (ADA, BOARD): TIMES - 1, (BOB, VASE): TIMES, (CustomerId(9), VASE): TIMES}
    wiring.ignored_products.replace(shop.id, counts)
    assert wiring.ignored_products.ignored(shop.id, [ADA, BOB]) == {ADA: frozenset({VASE})}
    wiring.ignored_products.replace(shop.id, {})
    assert wiring.ignored_products.ignored(shop.id, [ADA]) == {}
