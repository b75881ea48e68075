"""From the first page that the merchant opens to a shop that is set up, and what happens when she comes again."""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson
import pytest
from sqlalchemy import text

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import Permanent
from app.services.install_shop import finish_install
from app.services.sweep_due_work import sweep_due_work
from app.services.uninstall_shop import uninstall_shop
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp


def due(worker_wiring: Worker, shop: ShopId) -> set[str]:
    with worker_wiring.database.open() as connection:
        rows = connection.execute(text("SELECT kind FROM due_work WHERE shop_id = :shop"), {"shop": shop})
        return {row.kind for row in rows}


def test_the_first_page_installs_the_app(installed_shop: Shop, running_app: RunningApp, devstore: DevStore) -> None:
    stored = running_app.wiring.credentials.load(installed_shop.id)
    assert stored is not None
    assert installed_shop.state is ShopState.INSTALLED
    assert "read_orders" in stored.pair.scopes
    assert devstore.get("state")["installed"] is True


def test_tokens_are_encrypted_in_the_database(installed_shop: Shop, worker_wiring: Worker) -> None:
    stored = worker_wiring.credentials.load(installed_shop.id)
    assert stored is not None
    with worker_wiring.database.shop(installed_shop.id) as session:
        row = session.execute(text("SELECT access_token, refresh_token FROM credentials")).one()
    assert stored.pair.access_token.encode() not in row.access_token
    assert stored.pair.refresh_token.encode() not in row.refresh_token


def test_the_set_up_describes_the_shop_and_leaves_our_address_with_the_theme(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore
) -> None:
    finish_install(installed_shop.id, worker_wiring.set_up)
    profile = worker_wiring.installations.profile(installed_shop.id)
    assert profile is not None
    assert profile.name
    assert len(profile.currency) == 3
    owner = worker_wiring.admin_apis.of(installed_shop).run("shop")["currentAppInstallation"]["id"]
    (metafield,) = devstore.get("metafields", owner=owner)
    assert metafield["namespace"] == "attune"
    assert orjson.loads(metafield["value"]) == {
        "collect": f"{worker_wiring.settings.app_url}/collect",
        "key": profile.collect_key,
        "proxy": "/apps/attune",
    }


def test_the_set_up_asks_for_the_import(installed_shop: Shop, worker_wiring: Worker) -> None:
    assert due(worker_wiring, installed_shop.id) == {"install"}
    finish_install(installed_shop.id, worker_wiring.set_up)
    assert due(worker_wiring, installed_shop.id) == {"sync", "pixel"}


def test_the_set_up_may_be_repeated_and_ends_in_the_same(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore
) -> None:
    owner = worker_wiring.admin_apis.of(installed_shop).run("shop")["currentAppInstallation"]["id"]
    left = []
    for _ in range(2):
        finish_install(installed_shop.id, worker_wiring.set_up)
        left.append((devstore.get("metafields", owner=owner), worker_wiring.installations.profile(installed_shop.id)))
    assert left[0] == left[1]


def test_a_lost_hint_is_given_again_by_the_sweeper(installed_shop: Shop, worker_wiring: Worker) -> None:
    worker_wiring.redis.flushdb()
    with worker_wiring.database.open() as connection:
        connection.execute(text("UPDATE due_work SET due_at = now()"))
    assert sweep_due_work(worker_wiring.due_work, worker_wiring.jobs) == 1
    assert sweep_due_work(worker_wiring.due_work, worker_wiring.jobs) == 0
    assert worker_wiring.redis.llen(f"rq:queue:{jobs.QUEUE_DEFAULT}") == 1


def test_the_second_page_does_not_exchange_again(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore
) -> None:
    before = running_app.wiring.credentials.load(installed_shop.id)
    assert running_app.open(devstore).status_code == 200
    assert running_app.wiring.credentials.load(installed_shop.id) == before


def test_a_page_is_framed_by_its_own_shop_only(running_app: RunningApp, devstore: DevStore) -> None:
    policy = running_app.open(devstore).headers["Content-Security-Policy"]
    assert f"frame-ancestors https://{devstore.shop_domain} https://admin.shopify.com {devstore.origin};" in policy


def test_uninstalling_forgets_token_and_pending_work_at_once(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    devstore.post("uninstall")
    devstore.flush()
    work()
    known = worker_wiring.shops.by_id(installed_shop.id)
    assert known is not None
    assert known.state is ShopState.UNINSTALLED
    assert worker_wiring.credentials.load(installed_shop.id) is None
    assert due(worker_wiring, installed_shop.id) == set()
    with pytest.raises(Permanent, match="open the app"):
        worker_wiring.admin_apis.of(known)


def test_an_uninstall_that_comes_again_after_the_re_install_is_ignored(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    devstore.post("faults", webhooks={"mode": "late", "count": 1, "topics": ["app/uninstalled"], "delay_s": 1.5})
    devstore.post("uninstall")
    devstore.post("clock", advance_s=3600)
    time.sleep(1.1)  # The app reads the store's clock once a second.
    uninstall_shop(installed_shop.id, None, worker_wiring.webhook_handling.uninstall)
    assert running_app.open(devstore).status_code == 200
    devstore.flush()
    work()
    known = worker_wiring.shops.by_id(installed_shop.id)
    assert known is not None
    assert known.state is ShopState.INSTALLED
    assert worker_wiring.credentials.load(installed_shop.id) is not None


def test_a_re_install_keeps_the_shop_and_its_collect_key(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    before = worker_wiring.installations.profile(installed_shop.id)
    devstore.post("uninstall")
    devstore.flush()
    work()
    assert running_app.open(devstore).status_code == 200
    again = running_app.wiring.shops.by_domain(devstore.shop_domain)
    after = worker_wiring.installations.profile(installed_shop.id)
    assert again == installed_shop
    assert before is not None
    assert after is not None
    assert after.collect_key == before.collect_key
    worker_wiring.admin_apis.of(installed_shop).run("shop")


def test_a_lost_uninstall_is_healed_by_the_next_visit(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker
) -> None:
    devstore.post("faults", webhooks={"mode": "lose", "count": 1, "topics": ["app/uninstalled"]})
    devstore.post("uninstall")
    with pytest.raises(Permanent):
        worker_wiring.admin_apis.of(installed_shop).run("shop")
    assert running_app.open(devstore).status_code == 200
    worker_wiring.admin_apis.of(installed_shop).run("shop")


def test_changed_scopes_are_recorded(
    installed_shop: Shop, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    devstore.post("scopes", granted=["read_products", "write_products"])
    devstore.flush()
    work()
    stored = worker_wiring.credentials.load(installed_shop.id)
    assert stored is not None
    assert set(stored.pair.scopes.split(",")) == {"read_products", "write_products"}
