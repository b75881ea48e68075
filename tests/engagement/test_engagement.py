"""What became of mails, read back from Klaviyo: asked for, pushed, and tied to the browser that came through a link."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from app.core.profiles.identity import Evidence, Name, Named, tie
from app.core.profiles.identity_ties import KX, hour_of
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.errors import KlaviyoRefused, Retryable
from app.ports.engagement import Hook
from app.services.exchange_links import exchange_links
from app.services.read_engagement import read_engagement
from app.wiring.worker import Worker
from devstore.klaviyo.records import KLAVIYO
from tests.devstore_fixture import RunningApp
from tests.klaviyo_fixture import Twin

RID = "0123456789abcdef0123456789abcdef"
VISITOR = "a" * 32


def happened(twin: Twin, metric: str, *, at: datetime, email: str = "ada@example.com", said: Any = None) -> str:
    """Something that Klaviyo recorded; returns its event's id."""
    profile = twin.account.upsert({"email": email})
    event = twin.account.record(
        profile, metric, {"$flow": "F1", "$message": "M1", **(said or {})}, at, integration=KLAVIYO
    )
    assert event is not None
    return event.id


def stored(wiring: Worker, shop: Shop) -> list[dict[str, Any]]:
    today = wiring.clock.now().date()
    work: Callable[[Any], Any] = lambda records: records.to_table().to_pylist()  # noqa: E731
    rows: list[dict[str, Any]] = wiring.lake.read(
        shop.id, today - timedelta(days=40), today + timedelta(days=1), work, kind="engagement"
    )
    return rows


@pytest.fixture
def now(worker_wiring: Worker) -> datetime:
    return worker_wiring.clock.now()


@contextmanager
def hooked(wiring: Worker, shop: Shop) -> Iterator[Callable[..., httpx.Response]]:
    """Post deliveries as Klaviyo does, under a webhook that the app knows."""
    secret = b"a secret of sixteen and more"
    wiring.engagement_hooks.put(shop.id, Hook("W1", secret), at=wiring.clock.now())

    def post(entries: list[Any], *, key: bytes = secret, webhook: str = "W1", age_s: int = 0) -> httpx.Response:
        sent = datetime.now(UTC) - timedelta(seconds=age_s)
        meta = {"timestamp": sent.isoformat(timespec="seconds"), "klaviyo_webhook_id": webhook}
        body = orjson.dumps({"data": entries, "meta": meta})
        # The header is hours off at Klaviyo itself; only the signature covers it.
        stamp = (sent - timedelta(hours=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        signed = hmac.digest(key, body + stamp.encode(), "sha256").hex()
        headers = {"Klaviyo-Timestamp": stamp, "Klaviyo-Signature": signed, "Klaviyo-Webhook-Id": webhook}
        url = f"{wiring.settings.app_url}/klaviyo/webhooks/{shop.id}"
        return httpx.post(url, content=body, headers=headers, trust_env=False)

    yield post


def entry(id: str, metric: str, at: datetime, **said: Any) -> dict[str, Any]:
    event = {
        "type": "event",
        "id": id,
        "attributes": {"datetime": at.isoformat(), "event_properties": {"$flow": "F1", **said}},
        "relationships": {
            "profile": {"data": {"type": "profile", "id": "P1"}},
            "metric": {"data": {"type": "metric", "id": "M"}},
        },
    }
    included = [
        {"type": "profile", "id": "P1", "attributes": {"email": "ada@example.com"}},
        {"type": "metric", "id": "M", "attributes": {"name": metric}},
    ]
    return {"topic": "event:klaviyo.x", "external_id": id, "payload": {"data": event, "included": included}}


def test_what_people_did_comes_into_the_lake_once_and_what_programs_did_does_not(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    link = f"https://shop.example/products/x?attune_rid={RID}&attune_pos=2&attune_ch=klaviyo"
    happened(twin, "Received Email", at=now - timedelta(hours=3))
    clicked = happened(twin, "Clicked Email", at=now - timedelta(hours=2), said={"URL": link})
    happened(twin, "Clicked Email", at=now - timedelta(hours=1), said={"URL": link, "Bot Click": True})
    happened(twin, "Opened Email", at=now - timedelta(hours=1), said={"Apple Privacy Open": True})
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    rows = {row["event_id"]: row for row in stored(worker_wiring, klaviyo_shop)}
    assert sorted(row["type"] for row in rows.values()) == ["clicked", "received"]
    assert len(stored(worker_wiring, klaviyo_shop)) == 2
    click = rows[f"klaviyo:{clicked}"]
    assert (click["request_id"], click["position"], click["flow"]) == (RID, 2, "F1")
    assert "@" not in str(rows)


def test_the_next_question_begins_five_minutes_before_the_last_answer(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    happened(twin, "Opened Email", at=now - timedelta(hours=2))
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    late = happened(twin, "Opened Email", at=now - timedelta(hours=2, minutes=4), email="bob@example.com")
    lost = happened(twin, "Opened Email", at=now - timedelta(hours=2, minutes=6), email="eve@example.com")
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    known = {row["event_id"] for row in stored(worker_wiring, klaviyo_shop)}
    assert f"klaviyo:{late}" in known
    assert f"klaviyo:{lost}" not in known


def test_a_metric_that_klaviyo_refuses_keeps_no_other_one_from_being_read(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    happened(twin, "Received Email", at=now - timedelta(hours=1))
    happened(twin, "Opened Email", at=now - timedelta(hours=1))
    twin.fault("feature_unavailable", path="/api/events", count=1)
    told = read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    assert (len(told.refused), sum(told.events.values())) == (1, 1)
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    assert len(stored(worker_wiring, klaviyo_shop)) == 2


def test_the_data_page_knows_of_what_was_read(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    happened(twin, "Received Email", at=now - timedelta(hours=1))
    read_engagement(klaviyo_shop, worker_wiring.reading_engagement)
    (delivery,) = worker_wiring.source_deliveries.latest(klaviyo_shop.id, limit=5)
    assert (delivery.source, delivery.by, delivery.name) == (Source.KLAVIYO, "Klaviyo", "Received Email")


def test_what_klaviyo_pushes_is_taken_in_as_what_is_asked_for(
    klaviyo_shop: Shop, worker_wiring: Worker, work: Callable[[], None], now: datetime
) -> None:
    with hooked(worker_wiring, klaviyo_shop) as post:
        entries = [entry("E1", "Clicked Email", now), entry("E2", "Placed Order", now), {"topic": "odd"}]
        assert post(entries).status_code == 200
        assert post(entries).status_code == 200
    work()
    (row,) = stored(worker_wiring, klaviyo_shop)
    assert (row["event_id"], row["type"]) == ("klaviyo:E1", "clicked")


def test_a_delivery_that_klaviyo_has_not_signed_is_refused(
    klaviyo_shop: Shop, worker_wiring: Worker, now: datetime
) -> None:
    with hooked(worker_wiring, klaviyo_shop) as post:
        events = [entry("E1", "Clicked Email", now)]
        refused = [post(events, key=b"another"), post(events, webhook="W2"), post(events, age_s=7 * 86400)]
    assert [one.status_code for one in refused] == [401, 400, 401]
    assert not worker_wiring.uploads.waiting(klaviyo_shop.id)


@pytest.mark.parametrize(("shop", "status"), [("7", 401), ("9" * 18, 401), ("9" * 30, 404)])
def test_a_delivery_for_a_shop_that_is_not_there_is_no_failure(running_app: RunningApp, shop: str, status: int) -> None:
    answer = httpx.post(f"{running_app.url}/klaviyo/webhooks/{shop}", content=b"{}", trust_env=False)
    assert answer.status_code == status


def test_a_click_in_a_mail_ties_the_browser_to_the_profile_and_the_token_goes(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    profile = twin.account.upsert({"email": "ada@example.com"})
    landed(worker_wiring, klaviyo_shop, profile.kx, now)
    assert exchange_links(klaviyo_shop, worker_wiring.exchanging_links) == 1
    names = ties(worker_wiring, klaviyo_shop)
    assert (VISITOR, profile.id) in names
    hashed = worker_wiring.hash_email(klaviyo_shop.id, "ada@example.com")
    assert (profile.id, hashed) in names or (hashed, profile.id) in names
    assert not [pair for pair in names if any(name.startswith(KX) for name in pair)]


def test_a_token_that_klaviyo_does_not_know_is_dropped(
    klaviyo_shop: Shop, worker_wiring: Worker, now: datetime
) -> None:
    landed(worker_wiring, klaviyo_shop, "nobody-knows-it", now)
    assert exchange_links(klaviyo_shop, worker_wiring.exchanging_links) == 0
    assert VISITOR not in str(ties(worker_wiring, klaviyo_shop))


@pytest.mark.parametrize(
    "said",
    [
        "UPDATE customers SET opted_out = true WHERE id = :id",
        "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, changed_at) "
        "SELECT shop_id, 'customer', id::text, false, now() FROM customers WHERE id = :id",
    ],
)
def test_whoever_has_objected_is_tied_to_nothing(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime, said: str
) -> None:
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        first = "SELECT id, email_hash FROM customers WHERE email_hash IS NOT NULL ORDER BY id LIMIT 1"
        row = session.execute(text(first)).one()
    profile = twin.account.upsert({"email": "ada@example.com"})
    # The address that Klaviyo names is the customer's.
    ports = replace(worker_wiring.exchanging_links, hash_email=lambda *_: bytes(row.email_hash).hex())
    landed(worker_wiring, klaviyo_shop, profile.kx, now)
    assert exchange_links(klaviyo_shop, ports) == 1
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        session.execute(text(said), {"id": row.id})
        session.execute(text("DELETE FROM identity_ties"))
    landed(worker_wiring, klaviyo_shop, profile.kx, now)
    assert exchange_links(klaviyo_shop, ports) == 0
    assert VISITOR not in str(ties(worker_wiring, klaviyo_shop))


def test_tokens_wait_while_klaviyo_is_down(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    landed(worker_wiring, klaviyo_shop, "some-token", now)
    twin.fault("error", path="/api/profiles", status=500, count=50)
    with pytest.raises(Retryable):
        exchange_links(klaviyo_shop, worker_wiring.exchanging_links)
    assert len(worker_wiring.exchanging_links.links.waiting(klaviyo_shop.id, limit=10)) == 1


def test_tokens_wait_while_klaviyo_lets_us_look_for_nobody_and_one_that_it_does_not_know_is_dropped(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, now: datetime
) -> None:
    landed(worker_wiring, klaviyo_shop, "some-token", now)
    twin.fault("feature_unavailable", path="/api/profiles", count=1)
    with pytest.raises(KlaviyoRefused):
        exchange_links(klaviyo_shop, worker_wiring.exchanging_links)
    waiting = worker_wiring.exchanging_links.links.waiting
    assert len(waiting(klaviyo_shop.id, limit=10)) == 1
    assert exchange_links(klaviyo_shop, worker_wiring.exchanging_links) == 0
    assert not waiting(klaviyo_shop.id, limit=10)


def landed(wiring: Worker, shop: Shop, token: str, at: datetime) -> None:
    """What the theme's event of a landing leaves behind."""
    link = tie(Named(Name.VISITOR, VISITOR), Named(Name.KLAVIYO, KX + token), Evidence.EMAIL_LINK, hour_of(at))
    wiring.tie_sources.note(shop.id, [link])


def ties(wiring: Worker, shop: Shop) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    with wiring.database.shop(shop.id) as session:
        for row in session.execute(text("SELECT left_id, right_id FROM identity_ties")):
            found |= {(row.left_id, row.right_id), (row.right_id, row.left_id)}
    return found
