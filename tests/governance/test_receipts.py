"""A receipt is closed only when every place was read again and found empty; who is erased does not come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.adapters.db.erasure_rules import RULES
from app.adapters.db.rereading import KEPT, condition_of, left_statement
from app.adapters.db.tables import OPEN_TABLES, Receipt
from app.config import Settings
from app.core.ids import CustomerId, ShopId
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import Json, Subject
from app.services.erase_customer import erase_customer
from app.wiring.worker import Worker
from tests.governance.conftest import rows
from tests.platform.people import ADA, AT, BOB, EMAILS, VISITORS, behave, settle


@pytest.fixture
def behind(settings: Settings, shop: Shop) -> Iterator[Worker]:
    """A worker of a shop in which Ada and Bob bought something."""
    opened = Worker(settings)
    opened.redis.flushdb()
    settle(opened.database, opened.sealer, shop.id)
    behave(opened, shop.id)
    yield opened
    opened.close()


class Forgetful:
    """A place that says that it erased, and did not, so many times."""

    name = "forgetful"

    def __init__(self, failures: int) -> None:
        self.failures, self.asked = failures, 0

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        self.asked += 1
        return 1

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        return 3 if self.asked <= self.failures else 0

    def erase_shop(self, shop: ShopId) -> int:
        return 0

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        return []


def erase(behind: Worker, shop: Shop, *more: Forgetful) -> dict[str, Json]:
    ports = replace(behind.erasing_customer, places=[*behind.erasable_places, *more])
    return erase_customer(shop.id, CustomerId(ADA), request_id="r-1", ports=ports)


def test_the_receipt_says_of_every_place_that_it_was_read_again_and_is_empty(behind: Worker, shop: Shop) -> None:
    erase(behind, shop)
    ((finished, places),) = rows(behind, shop, "SELECT finished_at IS NOT NULL, places FROM receipts")
    del places["aggregates"]
    assert finished
    assert places.keys() == {place.name for place in behind.erasable_places}
    assert all(place["left"] == 0 and place["read_again"] for place in places.values())


def test_a_place_that_is_not_empty_is_erased_once_more(behind: Worker, shop: Shop) -> None:
    place = Forgetful(1)
    assert erase(behind, shop, place)["forgetful"]["left"] == 0
    assert place.asked == 2


def test_a_place_that_stays_full_fails_the_request_aloud_and_is_tried_again(behind: Worker, shop: Shop) -> None:
    place = Forgetful(3)
    with pytest.raises(Retryable, match="forgetful"):
        erase(behind, shop, place)
    ((finished, left),) = rows(behind, shop, "SELECT finished_at, places -> 'forgetful' ->> 'left' FROM receipts")
    assert (finished, left) == (None, "3")
    assert erase(behind, shop, place)["forgetful"] != {}, "the next try goes on"
    assert rows(behind, shop, "SELECT 1 FROM receipts WHERE finished_at IS NOT NULL") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO clicks (shop_id, event_id, at, visitor, placement, rail, product_id) "
        "VALUES (:shop, 'late', now(), :visitor, 'home', 'for_you', 1)",
        "UPDATE orders SET email_hash = :hash WHERE id = 1100",
        "INSERT INTO experiment_customers (shop_id, experiment_id, customer_id, arm, at) "
        "VALUES (:shop, 1, 11, 'a', now())",
    ],
)
def test_reading_again_finds_what_came_back_under_any_column(statement: str, behind: Worker, shop: Shop) -> None:
    subject = behind.privacy.subject(shop.id, CustomerId(ADA), [])
    erase(behind, shop)
    assert sum(place.remaining(shop.id, subject) for place in behind.erasable_places) == 0
    with behind.database.shop(shop.id) as session:
        values = {"shop": shop.id, "visitor": VISITORS[ADA], "hash": bytes.fromhex(subject.emails[0])}
        session.execute(text(statement), {name: one for name, one in values.items() if f":{name}" in statement})
    assert sum(place.remaining(shop.id, subject) for place in behind.erasable_places) == 1


def test_every_rule_can_be_read_again() -> None:
    for rule in RULES:
        own = rule.left or (condition_of(rule.erase) if rule.erase else None)
        assert rule.erase is None or rule.table in KEPT or left_statement(rule.table, own) is not None, rule.table
    assert set(Receipt.metadata.tables) - OPEN_TABLES == {rule.table for rule in RULES}


def test_who_was_erased_is_known_by_keyed_hash_and_number_only(behind: Worker, shop: Shop) -> None:
    mine = behind.sealer.email_hash(shop.id, EMAILS[ADA]).hex()
    theirs = behind.sealer.email_hash(shop.id, EMAILS[BOB]).hex()
    erase(behind, shop)
    buried = behind.privacy.buried(shop.id, email_hashes=[mine, theirs], customers=[CustomerId(ADA), CustomerId(BOB)])
    assert set(buried.emails) == {mine}
    assert set(buried.customers) == {ADA}
    erased_at = buried.emails[mine]
    assert buried.bars(erased_at - timedelta(days=1), email=mine)
    assert not buried.bars(erased_at + timedelta(days=1), email=mine), "a new beginning is another matter"
    assert not buried.bars(AT, email=theirs, customer=CustomerId(BOB))
    assert EMAILS[ADA] not in str(rows(behind, shop, "SELECT * FROM buried_emails"))


def test_the_access_log_keeps_that_somebody_looked_and_not_at_whom(behind: Worker, shop: Shop) -> None:
    from app.ports import Access

    for customer in (ADA, BOB):
        access = Access("Ann", "a question")
        behind.access_log.note(
            shop.id, access, subject_kind="customer", subject_id=str(customer), fields="customers.contact", at=AT
        )
    erase(behind, shop)
    assert rows(behind, shop, "SELECT reader, subject_id FROM access_log ORDER BY id") == [
        ("Ann", "erased"),
        ("Ann", str(BOB)),
    ]
