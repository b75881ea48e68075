"""What the doctor says of the nightly count of segments, and of erasures that do not come to their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.adapters.db.tables import Customer, Receipt
from app.cli.doctor_people import people
from app.config import Settings
from app.core.findings import Finding, Grade
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.services.erase_customer import erase_customer
from app.services.segment_customers import segment_customers
from app.wiring.worker import Worker
from tests.lake.conftest import AT
from tests.lake.test_erasure import Stopped


@pytest.fixture
def behind(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    opened.redis.flushdb()
    opened.__dict__["clock"] = Stopped(AT)
    yield opened
    opened.close()


def later(behind: Worker, shop: Shop, hours: float) -> dict[str, Finding]:
    """What the doctor says so many hours on."""
    behind.__dict__["clock"] = Stopped(AT + timedelta(hours=hours))
    return {finding.subject: finding for finding in people(behind, shop)}


def receipt(behind: Worker, shop: Shop, kind: str) -> None:
    with behind.database.shop(shop.id) as session:
        session.add(Receipt(shop_id=shop.id, id=kind, kind=kind, subject="7", requested_at=AT))


def ada(behind: Worker, shop: Shop) -> None:
    with behind.database.shop(shop.id) as session:
        session.add(Customer(shop_id=shop.id, id=7, opted_out=False, tags=[]))
    behind.tie_sources.place_customers(shop.id, now=AT)


def test_a_shop_without_anybody_passes(behind: Worker, shop: Shop) -> None:
    assert {finding.grade for finding in later(behind, shop, 0).values()} == {Grade.PASS}


def test_customers_whom_nobody_ever_counted_fail(behind: Worker, shop: Shop) -> None:
    ada(behind, shop)
    found = later(behind, shop, 0)["segments"]
    assert (found.grade, "attune segments" in found.remedy) == (Grade.FAIL, True)


def test_a_count_passes_with_its_figures_for_a_night_and_a_half(behind: Worker, shop: Shop) -> None:
    ada(behind, shop)
    segment_customers(shop, behind.segmenting)
    counted = later(behind, shop, 35)["segments"]
    assert counted.grade is Grade.PASS
    assert f"of 1 people, counted on {AT:%Y-%m-%d}" in counted.detail
    assert later(behind, shop, 37)["segments"].grade is Grade.WARN


@pytest.mark.parametrize("kind", ["customer_erasure", "shop_erasure", "browser_forgotten"])
def test_an_erasure_that_is_open_for_more_than_a_day_fails(behind: Worker, shop: Shop, kind: str) -> None:
    receipt(behind, shop, kind)
    assert later(behind, shop, 23)["erasures"].grade is Grade.PASS
    late = later(behind, shop, 25)["erasures"]
    assert late.grade is Grade.FAIL
    assert late.detail.startswith("1 not finished")
    assert "attune erase" in late.remedy


def test_a_customer_who_was_erased_by_hand_since_is_not_owed_any_more(behind: Worker, shop: Shop) -> None:
    receipt(behind, shop, "customer_erasure")
    behind.__dict__["clock"] = Stopped(AT + timedelta(hours=25))
    erase_customer(shop.id, CustomerId(7), request_id="by-hand", ports=behind.erasing_customer)
    assert later(behind, shop, 26)["erasures"].detail == "all finished"


def test_an_export_that_waits_is_no_erasure(behind: Worker, shop: Shop) -> None:
    receipt(behind, shop, "customer_export")
    assert later(behind, shop, 25)["erasures"].detail == "all finished"
