"""What becomes of feeds, webhook and pushes when the merchant disconnects, and when Klaviyo ends the connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.email.feeds import TRENDING
from app.core.email.scopes import NEEDED
from app.core.shops import Shop
from app.errors import KlaviyoDisconnected, Retryable
from app.ports.engagement import Hook
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import AccountFacts, KlaviyoSecret
from app.services.disconnect_klaviyo import LEAVING, disconnect, leave
from app.services.prepare_feeds import address, prepare_feeds
from app.services.read_engagement import TOPICS
from app.wiring.worker import Worker
from devstore.klaviyo.credentials import CLIENT_ID
from tests.devstore_fixture import DevStore, RunningApp, admin_query
from tests.klaviyo_fixture import Twin

PUSHED = """
    INSERT INTO klaviyo_pushes (shop_id, customer_id, digest, address, products, state, job, complaint, at)
    VALUES (:shop, 1, 'd', 'a', '{}', 'done', '', '', now())
"""


@pytest.fixture
def signed_in(klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin) -> Shop:
    """Connected through Klaviyo's own sign-in: feeds are known there, a webhook delivers, one profile is pushed."""
    credentials = twin.account.credentials
    pair = credentials._grant(CLIENT_ID, frozenset(NEEDED))
    until = worker_wiring.clock.now() + timedelta(hours=1)
    put(worker_wiring, klaviyo_shop, KlaviyoSecret(LinkKind.OAUTH, pair.access, pair.refresh, until))
    api, feeds, now = worker_wiring.klaviyo_apis.of(klaviyo_shop), worker_wiring.feeds, worker_wiring.clock.now()
    url = address(worker_wiring.settings.app_url, worker_wiring.feed_keys.renew(klaviyo_shop.id, at=now), TRENDING)
    feeds.put(klaviyo_shop.id, TRENDING, b'{"items":[]}', items=0, at=now)
    feeds.registered(klaviyo_shop.id, TRENDING, klaviyo_id=api.create_feed(TRENDING, url), url=url)
    endpoint = f"https://attune.example/klaviyo/webhooks/{klaviyo_shop.id}"
    made = api.create_webhook("Attune", endpoint, "s" * 32, TOPICS)
    worker_wiring.engagement_hooks.put(klaviyo_shop.id, Hook(made, b"s" * 32), at=worker_wiring.clock.now())
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        session.execute(text(PUSHED), {"shop": klaviyo_shop.id})
    return klaviyo_shop


def put(wiring: Worker, shop: Shop, secret: KlaviyoSecret, account: str = "") -> None:
    link = wiring.klaviyo_connections.of(shop.id)
    assert link is not None
    facts = AccountFacts(account or link.account, link.name, "", "", link.currency, link.timezone)
    wiring.klaviyo_connections.put(shop.id, secret, facts, frozenset(), at=wiring.clock.now(), by="the owner")


def begun(wiring: Worker, shop: Shop, running_app: RunningApp) -> None:
    """The merchant presses the button; the job has not run yet."""
    disconnect(shop, running_app.wiring.disconnecting_klaviyo)
    link = wiring.klaviyo_connections.of(shop.id)
    assert link is not None
    assert link.trouble == LEAVING


def registered(wiring: Worker, shop: Shop) -> list[str]:
    return [one.klaviyo_id for one in wiring.feeds.all(shop.id) if one.klaviyo_id]


def pushed(wiring: Worker, shop: Shop) -> str | None:
    """How the push of the customer stands; None where nothing of it does."""
    with wiring.database.shop(shop.id) as session:
        return session.execute(text("SELECT state FROM klaviyo_pushes WHERE customer_id = 1")).scalar_one_or_none()


def test_nothing_is_sent_from_the_moment_the_merchant_says_so(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp
) -> None:
    begun(worker_wiring, signed_in, running_app)
    with pytest.raises(KlaviyoDisconnected):
        worker_wiring.klaviyo_apis.of(signed_in)
    assert registered(worker_wiring, signed_in)


@pytest.mark.parametrize("access", ["alive", "run out"])
def test_the_webhook_goes_before_the_tokens_do_and_nothing_is_left_of_either(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, work: Callable[[], None], twin: Twin, access: str
) -> None:
    begun(worker_wiring, signed_in, running_app)
    if access == "run out":
        twin.account.credentials.expire_access()
    work()
    assert not twin.account.webhooks
    assert twin.account.credentials.live_grants == 0
    assert worker_wiring.klaviyo_connections.of(signed_in.id) is None
    assert worker_wiring.engagement_hooks.of(signed_in.id) is None
    assert not worker_wiring.due_work.waits(signed_in.id, "klaviyo_leave")
    # Feeds are answered as before, for mails that are on their way; which of them Klaviyo knows is to be asked anew.
    assert worker_wiring.feeds.all(signed_in.id)
    assert not registered(worker_wiring, signed_in)
    assert pushed(worker_wiring, signed_in) is None


def test_where_klaviyo_has_ended_the_access_the_page_says_what_stays_and_what_to_do(
    signed_in: Shop,
    worker_wiring: Worker,
    running_app: RunningApp,
    work: Callable[[], None],
    devstore: DevStore,
    twin: Twin,
) -> None:
    twin.account.credentials.uninstall()
    begun(worker_wiring, signed_in, running_app)
    assert "into 1 profile;" in running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text
    work()
    assert worker_wiring.klaviyo_connections.of(signed_in.id) is None
    page = running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text
    assert "What Attune wrote still stands in profiles" in page
    assert "Connect the account again and disconnect it here" in page


def test_a_webhook_that_klaviyo_keeps_does_not_keep_the_merchant(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, work: Callable[[], None], twin: Twin
) -> None:
    begun(worker_wiring, signed_in, running_app)
    twin.fault("error", path="/api/webhooks", status=500, count=50)
    work()
    assert twin.account.credentials.live_grants == 0
    assert worker_wiring.klaviyo_connections.of(signed_in.id) is None


def test_while_klaviyo_is_down_the_work_stays_due_and_nothing_is_forgotten(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, twin: Twin
) -> None:
    begun(worker_wiring, signed_in, running_app)
    twin.fault("error", path="/oauth/revoke", status=503)
    with pytest.raises(Retryable):
        leave(signed_in.id, worker_wiring.leaving_klaviyo)
    assert worker_wiring.due_work.waits(signed_in.id, "klaviyo_leave")
    assert registered(worker_wiring, signed_in)
    assert leave(signed_in.id, worker_wiring.leaving_klaviyo)
    assert twin.account.credentials.live_grants == 0


def test_whoever_connects_anew_meanwhile_stays_connected(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, work: Callable[[], None], twin: Twin
) -> None:
    begun(worker_wiring, signed_in, running_app)
    put(worker_wiring, signed_in, KlaviyoSecret(LinkKind.KEY, twin.key))
    work()
    link = worker_wiring.klaviyo_connections.of(signed_in.id)
    assert link is not None
    assert link.works
    assert worker_wiring.klaviyo_apis.of(signed_in).feeds()


def test_tokens_that_klaviyo_has_ended_leave_everything_in_place_and_the_page_says_so(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore, twin: Twin
) -> None:
    before = registered(worker_wiring, signed_in), worker_wiring.engagement_hooks.of(signed_in.id)
    worker_wiring.feed_keys.renew(signed_in.id, at=worker_wiring.clock.now())
    twin.account.credentials.uninstall()
    with pytest.raises(KlaviyoDisconnected):
        prepare_feeds(signed_in, worker_wiring.preparing_feeds)
    page = running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text
    assert "Nothing is sent to Klaviyo now" in page
    assert "connect again and it goes on where it stopped" in page
    assert (registered(worker_wiring, signed_in), worker_wiring.engagement_hooks.of(signed_in.id)) == before
    assert pushed(worker_wiring, signed_in) == "done"
    # Whoever connects the same account again goes on there.
    put(worker_wiring, signed_in, KlaviyoSecret(LinkKind.KEY, twin.key))
    assert (registered(worker_wiring, signed_in), pushed(worker_wiring, signed_in)) == (before[0], "done")


def test_nothing_is_believed_to_stand_in_another_account(signed_in: Shop, worker_wiring: Worker, twin: Twin) -> None:
    put(worker_wiring, signed_in, KlaviyoSecret(LinkKind.KEY, twin.key), account="OTHER1")
    assert not registered(worker_wiring, signed_in)
    assert worker_wiring.engagement_hooks.of(signed_in.id) is None
    assert pushed(worker_wiring, signed_in) == "sending"


def test_feeds_of_a_shop_that_has_left_are_prepared_anew_all_the_same(
    signed_in: Shop, worker_wiring: Worker, running_app: RunningApp, work: Callable[[], None]
) -> None:
    from workers.jobs.engagement import feeds_everywhere

    begun(worker_wiring, signed_in, running_app)
    work()
    with worker_wiring.database.shop(signed_in.id) as session:
        session.execute(text("UPDATE mail_feeds SET body = '{}', etag = ''"))
    feeds_everywhere()
    work()
    assert all(one.etag for one in worker_wiring.feeds.all(signed_in.id))
