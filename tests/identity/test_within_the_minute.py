"""From the storefront's doors to a profile, as stream, sweeper and jobs bring it there; and no address on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app import jobs
from app.adapters.redis import keys
from app.adapters.redis.event_stream import record_of
from app.core.profiles.identity import Name
from app.core.shops import Shop
from app.services.store_records import store_records
from app.services.sweep_due_work import sweep_due_work
from app.wiring.worker import Worker
from tests.devstore_fixture import API_SECRET, RunningApp
from tests.identity.conftest import Shoppers, visitor
from tests.serving.conftest import signed
from workers import schedule
from workers.stream import LAKE_GATHERS_S

ADDRESS = "Grace.Hopper@example.com"
CONSENT = {"analytics": True, "preferences": True}


@pytest.fixture
def shoppers(worker_wiring: Worker, installed_shop: Shop, work: Callable[[], None]) -> Shoppers:
    work()
    return Shoppers(worker_wiring, installed_shop)


def collect(app: RunningApp, shop: Shop, **event: object) -> int:
    profile = app.wiring.installations.profile(shop.id)
    assert profile
    told = {"id": "e1", "age_ms": 5, "consent": CONSENT, "visitor": visitor(1), **event}
    body = {"key": profile.collect_key, "shop": shop.domain, "events": [told]}
    return app.http.post("/collect", json=body).status_code


def brought_in(shoppers: Shoppers) -> None:
    """What the stream's reader does with all that has come."""
    entries: Any = shoppers.wiring.redis.xrange(keys.EVENTS)
    store_records([record_of(fields) for _, fields in entries], shoppers.wiring.storing)


def swept(shoppers: Shoppers, work: Callable[[], None]) -> None:
    """What the clock does every half minute, once everything that is due by then is due."""
    with shoppers.wiring.database.open() as connection:
        connection.execute(text("UPDATE due_work SET due_at = clock_timestamp() WHERE kind = 'stitch'"))
    sweep_due_work(shoppers.wiring.due_work, shoppers.wiring.jobs)
    work()


def test_a_sign_up_becomes_a_profile_and_the_address_is_nowhere(
    running_app: RunningApp, shoppers: Shoppers, work: Callable[[], None]
) -> None:
    assert collect(running_app, shoppers.shop, type="sign_up", form="newsletter", email=ADDRESS) == 202
    assert b"hopper" not in str(shoppers.wiring.redis.xrange(keys.EVENTS)).lower().encode()
    brought_in(shoppers)
    swept(shoppers, work)
    assert shoppers.profile(Name.VISITOR, visitor(1)) == shoppers.of_email(ADDRESS.lower()) is not None
    kinds = {kind for kind, id, _ in shoppers.wiring.profiles.members(shoppers.shop.id) if "hopper" in id.lower()}
    assert kinds == set()


def test_without_consent_a_sign_up_ties_nothing(running_app: RunningApp, shoppers: Shoppers) -> None:
    refused = {"consent": {"analytics": False, "preferences": True}}
    assert collect(running_app, shoppers.shop, type="sign_up", form="newsletter", email=ADDRESS, **refused) == 400
    assert shoppers.wiring.redis.xrange(keys.EVENTS) == []


def test_the_way_of_a_sign_up_is_shorter_than_a_minute() -> None:
    """The steps of the way, as they are set; what they take beside that is milliseconds."""
    sweeps = next(timed.every_s for timed in schedule.TIMETABLE if timed.name == jobs.SWEEP)
    assert LAKE_GATHERS_S + 2 + sweeps < 60


def test_who_is_signed_in_is_known_by_shopifys_signature_once_an_hour(
    running_app: RunningApp, shoppers: Shoppers, work: Callable[[], None]
) -> None:
    asked = {"shop": shoppers.shop.domain, "visitor": visitor(1), "logged_in_customer_id": "4711"}
    query = signed({**asked, "placement": "home"}, secret=API_SECRET)
    for _ in range(3):
        assert running_app.http.get(f"/proxy/v1/recommendations?{query}").status_code == 200
    running_app.wiring.decisions.flush()
    brought_in(shoppers)
    swept(shoppers, work)
    assert shoppers.profile(Name.VISITOR, visitor(1)) == shoppers.profile(Name.CUSTOMER, 4711) is not None
    entries: Any = shoppers.wiring.redis.xrange(keys.EVENTS)
    assert sum(b"customer_id" in fields[b"body"] for _, fields in entries) == 1


def test_nobody_is_signed_in_whom_shopify_has_not_signed(running_app: RunningApp, shoppers: Shoppers) -> None:
    asked = {"shop": shoppers.shop.domain, "visitor": visitor(1), "logged_in_customer_id": "4711", "placement": "home"}
    query = signed(asked, secret="another-secret-of-more-than-32-characters")
    assert running_app.http.get(f"/proxy/v1/recommendations?{query}").status_code == 401
    running_app.wiring.decisions.flush()
    assert shoppers.wiring.redis.xrange(keys.EVENTS) == []
