"""Product feeds: what stands in them, how they are answered, and that Klaviyo knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app import jobs
from app.core.email.feeds import CATEGORY
from app.core.shops import Shop
from app.services.prepare_feeds import address, prepare_feeds, renew_feeds
from app.wiring.worker import Worker
from devstore.klaviyo.records import WebFeed
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from workers import schedule
from workers.jobs.engagement import renew_feeds_everywhere

Get = Callable[..., httpx.Response]


@pytest.fixture
def prepared(installed_shop: Shop, worker_wiring: Worker, work: Callable[[], None]) -> Shop:
    """A shop whose feeds stand prepared; no account is connected."""
    work()
    worker_wiring.feed_keys.renew(installed_shop.id, at=worker_wiring.clock.now())
    prepare_feeds(installed_shop, worker_wiring.preparing_feeds)
    return installed_shop


def feed_of_merchant(twin: Twin, name: str) -> WebFeed:
    now = twin.account.now()
    made = WebFeed(twin.account.new_id(), name, f"https://merchant.example/{name}.json", "get", "json", now, now)
    twin.account.web_feeds[made.id] = made
    return made


@pytest.fixture
def get(prepared: Shop, worker_wiring: Worker) -> Get:
    def get(name: str = "attune_best_sellers", secret: str = "", **headers: str) -> httpx.Response:
        known = worker_wiring.feed_keys.secret(prepared.id)
        url = address(worker_wiring.settings.app_url, secret or str(known), name)
        return httpx.get(url, headers=headers, trust_env=False)

    return get


def test_a_feed_shows_products_that_can_be_bought(get: Get, prepared: Shop, worker_wiring: Worker) -> None:
    items = get().json()["items"]
    cards = {str(card.product_id): card for card in worker_wiring.catalog.cards(prepared.id)}
    assert items
    assert all(cards[one["id"]].buyable for one in items)
    assert [one["pos"] for one in items] == list(range(1, len(items) + 1))
    assert all("attune_ch=klaviyo" in one["url"] and "attune_rid" not in one["url"] for one in items)


def test_what_sold_out_is_gone_from_all_feeds_once_they_are_prepared_anew(
    get: Get, prepared: Shop, worker_wiring: Worker
) -> None:
    gone = get().json()["items"][0]["id"]
    with worker_wiring.database.shop(prepared.id) as session:
        session.connection().exec_driver_sql(f"UPDATE products SET published = false WHERE id = {int(gone)}")
    prepare_feeds(prepared, worker_wiring.preparing_feeds)
    for feed in worker_wiring.feeds.all(prepared.id):
        assert f'"id":"{gone}"' not in get(feed.name).text, feed.name


def test_within_half_a_minute_no_feed_shows_what_has_sold_out(
    get: Get, prepared: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None]
) -> None:
    clock = next(timed for timed in schedule.TIMETABLE if timed.name == jobs.RENEW_FEEDS)
    assert clock.every_s <= 30
    assert jobs.QUEUE_OF.get(jobs.RENEW_FEEDS, jobs.QUEUE_DEFAULT) == jobs.QUEUE_DEFAULT, "imports take an hour"
    renew_feeds_everywhere()
    before = {feed.name: get(feed.name).text for feed in worker_wiring.feeds.all(prepared.id)}
    gone = int(get().json()["items"][0]["id"])
    sell_out(worker_wiring, prepared, gone)
    # Nobody has said yet that the catalogue has moved, and nothing is looked at without need.
    renew_feeds_everywhere()
    assert {name: get(name).text for name in before} == before
    worker_wiring.catalog_signals.changed(prepared.id)
    renew_feeds_everywhere()
    assert not [name for name in before if f'"id":"{gone}"' in get(name).text]


def test_stock_of_a_product_that_no_feed_shows_makes_none_anew(prepared: Shop, worker_wiring: Worker) -> None:
    ports = worker_wiring.preparing_feeds
    renew_feeds(prepared, ports)
    shown = worker_wiring.feeds.products(prepared.id)
    hidden = next(c.product_id for c in worker_wiring.catalog.cards(prepared.id) if c.product_id not in shown)
    sell_out(worker_wiring, prepared, hidden)
    worker_wiring.catalog_signals.changed(prepared.id)
    checked = {feed.checked_at for feed in worker_wiring.feeds.all(prepared.id)}
    assert renew_feeds(prepared, ports) == 0
    assert {feed.checked_at for feed in worker_wiring.feeds.all(prepared.id)} == checked


def test_a_webhook_of_stock_is_enough_for_the_feeds_to_be_made_anew(
    get: Get, prepared: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None]
) -> None:
    renew_feeds_everywhere()
    gone = get().json()["items"][0]["id"]
    devstore.patch(f"products/{gone}", status="DRAFT")
    devstore.flush()
    work()
    renew_feeds_everywhere()
    for feed in worker_wiring.feeds.all(prepared.id):
        assert f'"id":"{gone}"' not in get(feed.name).text, feed.name


def test_the_feed_of_a_category_that_is_no_main_one_any_more_stays_right_while_it_stands(
    get: Get, prepared: Shop, worker_wiring: Worker
) -> None:
    name = next(one.name for one in worker_wiring.feeds.all(prepared.id) if one.name.startswith(CATEGORY))
    sold_out = [int(one["id"]) for one in get(name).json()["items"]][1:]
    for product in sold_out:
        sell_out(worker_wiring, prepared, product)
    prepare_feeds(prepared, worker_wiring.preparing_feeds)
    items = get(name).json()["items"]
    assert len(items) <= 1 or not {int(one["id"]) for one in items} & set(sold_out)


def sell_out(wiring: Worker, shop: Shop, product: int) -> None:
    with wiring.database.shop(shop.id) as session:
        session.connection().exec_driver_sql(
            f"UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE product_id = {product}"
        )


def test_a_feed_that_is_known_is_not_sent_again(get: Get) -> None:
    first = get()
    assert first.headers["last-modified"]
    again = get(**{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = get(**{"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, first.content)
    assert get(**{"If-None-Match": "*"}).content in (b"", first.content)


def test_a_wrong_secret_and_a_feed_that_is_not_there_look_alike(get: Get, prepared: Shop) -> None:
    answers = [get(secret=f"{prepared.id}-wrong"), get(secret="999-wrong"), get(secret="x"), get("attune_nothing")]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1


def test_klaviyo_knows_each_feed_and_follows_when_the_secret_changes(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin
) -> None:
    mine = feed_of_merchant(twin, "attune_trending")
    prepare_feeds(klaviyo_shop, worker_wiring.preparing_feeds)
    known = {one.name: one.url for one in twin.account.web_feeds.values()}
    assert set(known) == {one.name for one in worker_wiring.feeds.all(klaviyo_shop.id)}
    # One that has our name and leads elsewhere is the merchant's.
    assert twin.account.web_feeds[mine.id].url == "https://merchant.example/attune_trending.json"
    told = {one.name: one.trouble for one in worker_wiring.feeds.all(klaviyo_shop.id)}
    assert "of your own" in told.pop("attune_trending")
    assert not any(told.values())
    worker_wiring.feed_keys.renew(klaviyo_shop.id, at=worker_wiring.clock.now())
    assert httpx.get(known["attune_best_sellers"], trust_env=False).status_code == 404
    prepare_feeds(klaviyo_shop, worker_wiring.preparing_feeds)
    for one in twin.account.web_feeds.values():
        assert one.id == mine.id or httpx.get(one.url, trust_env=False).status_code == 200


def test_an_account_that_is_full_keeps_its_feeds_and_the_page_says_so(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin
) -> None:
    for number in range(9):
        feed_of_merchant(twin, f"mine{number}")
    assert prepare_feeds(klaviyo_shop, worker_wiring.preparing_feeds).told == 1
    assert sum(one.name.startswith("mine") for one in twin.account.web_feeds.values()) == 9
    assert sum("ten web feeds" in one.trouble for one in worker_wiring.feeds.all(klaviyo_shop.id)) >= 4


def test_a_plan_without_web_feeds_is_told_and_the_feeds_stand_all_the_same(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin
) -> None:
    twin.fault("feature_unavailable", path="/api/web-feeds", count=50)
    assert prepare_feeds(klaviyo_shop, worker_wiring.preparing_feeds).told == 0
    feeds = worker_wiring.feeds.all(klaviyo_shop.id)
    assert feeds
    assert all("does not let this account" in one.trouble for one in feeds)


def test_the_merchant_changes_the_secret_on_the_page(
    prepared: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore
) -> None:
    before = worker_wiring.feed_keys.secret(prepared.id)
    answer: Any = httpx.post(
        f"{worker_wiring.settings.app_url}/admin/klaviyo/feeds/secret",
        headers={"Authorization": f"Bearer {devstore.id_token()}"},
        trust_env=False,
    )
    assert answer.status_code == 303
    assert worker_wiring.feed_keys.secret(prepared.id) != before
