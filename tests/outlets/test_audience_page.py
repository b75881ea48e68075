"""The page of audiences: what it counts, what it hands out, and what is switched on and off with it."""

from __future__ import annotations

import html
from collections.abc import Callable
from hashlib import sha256

import httpx
import psycopg
import pytest

from app.adapters.shopify import scopes
from app.core.shops import Shop
from app.ports import ConsentRecord
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import imported, rows, signed, text_of

__all__ = ["imported", "rows"]
PATH = "/admin/audiences"
Work = Callable[[], None]


def send(app: RunningApp, devstore: DevStore, path: str, **form: str) -> httpx.Response:
    return app.http.post(path, data=form, headers=signed(devstore), follow_redirects=False)


def switch(app: RunningApp, devstore: DevStore, **form: str) -> httpx.Response:
    return send(app, devstore, f"{PATH}/switch", **form)


def read(app: RunningApp, devstore: DevStore, path: str = PATH) -> str:
    return text_of(html.unescape(app.open(devstore, path).text))


@pytest.fixture
def agreed(imported: Shop, worker_wiring: Worker, devstore: DevStore) -> Shop:
    worker_wiring.consents.record(imported.id, ConsentRecord(True, "owner", "1", worker_wiring.clock.now()))
    devstore.post("scopes", granted=[*scopes.REQUIRED, *scopes.OPTIONAL])
    return imported


@pytest.fixture
def best(agreed: Shop, rows: psycopg.Connection, worker_wiring: Worker, work: Work) -> list[str]:
    """Counted; three customers are champions, one of whom accepts no marketing. The addresses of the other two."""
    rows.execute(
        "INSERT INTO profile_members (shop_id, kind, id, profile, standing) "
        "SELECT shop_id, 'customer', id::text, 'p' || id, 'own' FROM customers ON CONFLICT DO NOTHING"
    )
    worker_wiring.jobs.enqueue("workers.jobs.segments.segment_customers", agreed.id)
    work()
    found = rows.execute("SELECT id FROM customers WHERE contact IS NOT NULL ORDER BY id LIMIT 3").fetchall()
    ids = [row[0] for row in found]
    rows.execute("UPDATE customers SET opted_out = false, email_marketing = 'SUBSCRIBED' WHERE id = ANY(%s)", [ids])
    rows.execute("UPDATE customers SET email_marketing = 'UNSUBSCRIBED' WHERE id = %s", [ids[2]])
    champions = rows.execute("SELECT id FROM segments WHERE key = 'champions'").fetchall()[0][0]
    rows.execute("DELETE FROM segment_members WHERE segment_id = %s", [champions])
    rows.execute(
        "INSERT INTO segment_members (shop_id, segment_id, profile, since) SELECT m.shop_id, %s, m.profile, now() "
        "FROM profile_members m WHERE m.kind = 'customer' AND m.id = ANY(%s)",
        [champions, [str(one) for one in ids]],
    )
    worker_wiring.jobs.enqueue("workers.jobs.outlets.tell_segments", agreed.id)
    work()
    return list(worker_wiring.audiences.addresses(agreed.id, ids[:2]))


def test_before_anything_is_counted_the_page_says_when(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    shown = read(running_app, devstore)
    assert "Counted together with your segments" in shown
    assert "Write segments to customers" in shown
    assert "is on for no segment yet" in shown


def test_who_is_left_out_is_said_before_the_file_is_taken(
    running_app: RunningApp, devstore: DevStore, best: list[str]
) -> None:
    shown = read(running_app, devstore)
    assert "2 of 3 customers" in shown
    assert "Left out: 1 without their consent." in shown


def test_the_file_holds_hashes_of_those_who_allow_it_and_the_access_log_knows(
    running_app: RunningApp, devstore: DevStore, best: list[str], rows: psycopg.Connection
) -> None:
    answer = send(running_app, devstore, f"{PATH}/high-value/file")
    assert answer.status_code == 200, answer.text
    header, *lines = answer.text.split("\r\n")[:-1]
    assert header == "email"
    assert sorted(lines) == sorted(sha256(one.strip().lower().encode()).hexdigest() for one in best)
    logged = rows.execute("SELECT reader, subject_id, fields FROM access_log").fetchall()
    assert logged == [("Shopify user 1", "high-value", "customers.contact")]


def test_an_unknown_audience_is_not_there(running_app: RunningApp, devstore: DevStore, installed_shop: Shop) -> None:
    assert send(running_app, devstore, f"{PATH}/everybody/file").status_code == 404
    assert switch(running_app, devstore, outlet="nonsense", on="1").status_code == 400


def test_switching_it_on_and_off_is_seen_in_the_store(
    running_app: RunningApp, devstore: DevStore, best: list[str], worker_wiring: Worker, work: Work, agreed: Shop
) -> None:
    assert switch(running_app, devstore, outlet="metafields", on="1").status_code == 303
    work()
    told, refused = worker_wiring.tellables.told(agreed.id)
    assert told > 0
    assert refused == 0
    assert "carry it." in read(running_app, devstore)
    assert switch(running_app, devstore, outlet="audience", key="high-value", on="1").status_code == 303
    work()
    assert "In Shopify as “Attune: High value (ads)”." in read(running_app, devstore)
    assert switch(running_app, devstore, outlet="metafields", on="0").status_code == 303
    assert "Something is being taken away" in read(running_app, devstore)
    work()
    assert worker_wiring.tellables.told(agreed.id) == (0, 0)
    assert worker_wiring.outlets.all(agreed.id) == []


def test_a_native_segment_needs_the_metafields_first(
    running_app: RunningApp, devstore: DevStore, best: list[str]
) -> None:
    answer = switch(running_app, devstore, outlet="audience", key="high-value", on="1")
    assert answer.status_code == 422
    assert "tell Shopify about your segments first" in answer.json()["detail"]


def test_a_segments_own_page_switches_flow(
    running_app: RunningApp, devstore: DevStore, best: list[str], rows: psycopg.Connection
) -> None:
    segment = rows.execute("SELECT id FROM segments WHERE key = 'champions'").fetchall()[0][0]
    assert "Tell Flow who comes in" in read(running_app, devstore, f"/admin/segments/{segment}")
    answer = switch(running_app, devstore, outlet="flow", segment=str(segment), on="1", back="segment")
    assert answer.headers["location"].startswith(f"/admin/segments/{segment}?")
    assert "Stop telling Flow" in read(running_app, devstore, f"/admin/segments/{segment}")
    assert "“Entered segment” is on for Champions" in read(running_app, devstore)
