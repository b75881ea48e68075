"""The Klaviyo page in every state that a merchant may find it in, at both widths: nothing overflows or complains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser
from sqlalchemy import text

from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from tests.pages.test_in_the_frame import NARROW, WIDE, WIDER_THAN_ITS_PLACE, Merchant, browser  # noqa: F401
from workers.jobs.engagement import prepare_feeds
from workers.jobs.klaviyo import connect_klaviyo
from workers.jobs.push import push_profiles

pytestmark = pytest.mark.browser
FEW_RIGHTS = frozenset({"accounts:read", "profiles:read", "profiles:write", "lists:read", "lists:write"})


def test_every_state_of_the_page_fits_and_says_what_it_is(
    browser: Browser,  # noqa: F811  (the fixture above)
    devstore: DevStore,
    running_app: RunningApp,
    installed_shop: Shop,
    worker_wiring: Worker,
    work: Callable[[], None],
    twin: Twin,
) -> None:
    work()
    context = browser.new_context(viewport={"width": WIDE, "height": 900}, reduced_motion="reduce")
    merchant = Merchant(context.new_page(), devstore.origin)

    def reads(*sentences: str) -> None:
        for width in (WIDE, NARROW):
            merchant.page.set_viewport_size({"width": width, "height": 900})
            body = merchant.open("/admin/klaviyo").locator("body")
            merchant.page.wait_for_timeout(200)
            assert body.evaluate(WIDER_THAN_ITS_PLACE) == [0, []], (width, sentences)
        shown = body.evaluate("body => body.outerHTML")
        assert [one for one in sentences if one not in shown] == []

    def post(path: str, **form: str) -> None:
        headers = {"Authorization": f"Bearer {devstore.id_token()}"}
        assert running_app.http.post(f"/admin/klaviyo/{path}", data=form, headers=headers).status_code == 303

    def tried(job: Callable[[int], None]) -> None:
        try:
            job(installed_shop.id)
        except (Permanent, Retryable):
            return

    reads("Connect your account", "Or with a private key")
    post("key", key=twin.key)
    twin.fault("error", status=503, count=9)
    tried(connect_klaviyo)
    reads("Asking Klaviyo whose account this is", "Klaviyo could not be asked about the connection")
    twin.control.delete("faults")
    tried(connect_klaviyo)
    reads("Connected", "Nothing is written to profiles before you switch it on", "Everything that Attune needs")
    set_mail_settings(installed_shop, Wanted(push=True), by="the owner", ports=worker_wiring.setting_mails)
    twin.fault("invalid_email", emails=_subscribed(installed_shop, worker_wiring)[:7])
    tried(push_profiles)
    twin.fault("feature_unavailable", path="/api/web-feeds", count=9)
    tried(prepare_feeds)
    twin.fault("error", status=503, path="/api/profile-bulk", count=9)
    tried(push_profiles)
    reads("Klaviyo did not take 7 profiles", "No feed is in Klaviyo", "Not all profiles are up to date")
    twin.account.credentials.private_keys = {"pk_few_rights": FEW_RIGHTS}
    twin.control.delete("faults")
    tried(push_profiles)
    reads("Nothing is sent to Klaviyo now", "Stopped", "Connect again")
    post("key", key="pk_few_rights")
    tried(connect_klaviyo)
    reads("Klaviyo has not granted everything", "flows:write")
    post("disconnect")
    reads("Nothing new is sent any more")
    work()
    reads("Connect your account")
    assert merchant.complaints == []
    merchant.leave()
    context.close()
    devstore.flush()


def _subscribed(shop: Shop, wiring: Worker) -> list[str]:
    """Have all customers accept e-mails; their addresses."""
    with wiring.database.shop(shop.id) as session:
        session.execute(text("UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false"))
        numbers = session.execute(text("SELECT id FROM customers WHERE email_hash IS NOT NULL ORDER BY id"))
        return list(wiring.picking.people.emails(shop.id, list(numbers.scalars())).values())
