"""People in what other systems delivered: erased everywhere, exported, and not brought back by a later file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from app.adapters.db.tables import ProfileMember, ProfileRow
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.ports import RecordKind
from app.ports.sources import SourceDelivery
from app.services.erase_customer import erase_customer
from app.wiring.worker import Worker
from tests.sources.conftest import ADA, BOB, NOW, Stopped, lines, stored, table
from tests.sources.test_ga4 import hit
from tests.sources.test_klaviyo import event, page
from tests.sources.test_tickets import ticket

Bring = Callable[..., SourceDelivery]
KINDS: tuple[RecordKind, ...] = ("engagement", "tickets")


def deliver(bring: Bring, name: str = "first") -> list[SourceDelivery]:
    people = {"1": "01ADA", "2": "01BOB"}
    mails = orjson.dumps(page(*(event(f"{name}-{id}", profile=profile) for id, profile in people.items())))
    desk = table([ticket(number, Tags=name, **{"Requester email": who}) for number, who in ((1, ADA), (2, BOB))])
    return [
        bring(Source.KLAVIYO, mails, name=f"mails {name}"),
        bring(Source.TICKETS, desk, name=f"tickets {name}"),
    ]


def test_an_erased_customer_leaves_every_kind_and_no_file_brings_them_back(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    deliver(bring)
    erase_customer(stocked.id, CustomerId(1), request_id="r-1", ports=wiring.erasing_customer)
    hashed = wiring.sealer.email_hash(stocked.id, ADA).hex()
    kept = {kind: stored(wiring, stocked, kind) for kind in KINDS}
    assert {kind: len(rows) for kind, rows in kept.items()} == {"engagement": 1, "tickets": 1}
    assert hashed not in everything(wiring, stocked)
    wiring.__dict__["clock"] = Stopped(NOW + timedelta(days=40))
    again = deliver(bring, "later")
    assert [one.report["let_go"] for one in again] == [{"of somebody who was erased": 1}] * 2
    assert hashed not in everything(wiring, stocked)


def test_a_browser_that_google_knows_goes_with_its_customer_and_stays_away(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    theirs, others = hit(user_pseudo_id="ada.1"), hit(user_pseudo_id="bob.1")
    bring(Source.GA4, lines([theirs, others]))
    with wiring.database.shop(stocked.id) as session:
        session.add(ProfileRow(shop_id=stocked.id, id="p1", since=NOW, changed_at=NOW))
        for kind, name in (("customer", "1"), ("ga4", "ada.1")):
            session.add(ProfileMember(shop_id=stocked.id, kind=kind, id=name, profile="p1", standing="own"))
    erase_customer(stocked.id, CustomerId(1), request_id="r-1", ports=wiring.erasing_customer)
    assert [row["ga4"] for row in stored(wiring, stocked, "ga4")] == ["bob.1"]
    again = bring(Source.GA4, lines([others, theirs]), name="again")
    assert (again.report["again"], again.report["let_go"]) == (1, {"of somebody who was erased": 1})
    assert "ada.1" not in everything(wiring, stocked)


def test_an_export_shows_what_was_delivered_about_the_customer(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    deliver(bring)
    subject = wiring.privacy.subject(stocked.id, CustomerId(1), [])
    lake = next(place for place in wiring.erasable_places if place.name == "lake")
    types = sorted(str(row["type"]) for row in lake.export_customer(stocked.id, subject))
    assert types == ["opened", "ticket_opened"]


def test_an_erased_shop_has_nothing_left(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    deliver(bring)
    bring(Source.GA4, lines([hit()]))
    bring(Source.STOCK, table([{"sku": "VASE", "available": 1}]))
    for place in wiring.erasable_places:
        place.erase_shop(stocked.id)
    assert everything(wiring, stocked) == ""
    assert wiring.source_deliveries.latest(stocked.id, limit=5) == []


def test_no_address_stands_anywhere_in_the_clear(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    deliver(bring)
    bring(Source.GA4, lines([hit()]))
    told = str([one.report for one in wiring.source_deliveries.latest(stocked.id, limit=9)])
    assert "@" not in everything(wiring, stocked) + told


def everything(wiring: Worker, shop: Shop) -> str:
    """All of the shop's files as text."""
    paths = Path(wiring.lake_files.root, f"shop={shop.id}").rglob("*.parquet")
    return "\n".join(str(pq.read_table(path, partitioning=None).to_pylist()) for path in paths)
