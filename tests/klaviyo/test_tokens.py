"""Tokens: refreshed by one worker at a time, and dead ones told in plain words; and the merchant's way by OAuth."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.core.email.scopes import NEEDED
from app.core.shops import Shop
from app.errors import KlaviyoDisconnected, Retryable
from app.ports.klaviyo import LinkKind
from app.services.connect_klaviyo import begin
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp, admin_query
from tests.klaviyo.conftest import Linked
from tests.klaviyo_fixture import Twin


def test_many_workers_with_an_old_token_refresh_it_once(linked: Linked, twin: Twin) -> None:
    linked.by_oauth(twin, left=timedelta(seconds=5))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: linked.tokens.usable(linked.shop), range(8)))
    assert twin.account.credentials.refreshes == 1
    assert len({one.secret.access for one in found}) == 1


def test_a_token_that_dies_early_is_replaced_within_the_call(linked: Linked, twin: Twin) -> None:
    linked.by_oauth(twin)
    api = linked.api
    twin.account.credentials.expire_access()
    assert api.metrics() is not None
    assert twin.account.credentials.refreshes == 1


def test_an_uninstalled_app_stops_with_a_sentence(linked: Linked, twin: Twin) -> None:
    linked.by_oauth(twin)
    api = linked.api
    twin.account.credentials.uninstall()
    with pytest.raises(KlaviyoDisconnected, match="connect again"):
        api.metrics()
    link = linked.links.of(linked.shop.id)
    assert link is not None
    assert not link.works
    with pytest.raises(KlaviyoDisconnected):
        linked.apis.of(linked.shop)


def test_trouble_at_the_token_endpoint_costs_no_connection(linked: Linked, twin: Twin) -> None:
    linked.by_oauth(twin, left=timedelta(seconds=5))
    twin.fault("error", path="/oauth/token", status=503)
    with pytest.raises(Retryable):
        linked.tokens.usable(linked.shop)
    assert linked.tokens.usable(linked.shop).generation > 1


def the_merchant_agrees(page: str, answer: str = "allow") -> str:
    """Press the button on the twin's page; gives the address to which the browser is sent."""
    origin = page.partition("/oauth/")[0]
    fields = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    sent = httpx.post(f"{origin}/oauth/authorize", data={**fields, "answer": answer})
    assert sent.status_code == 302, sent.text
    return sent.headers["Location"]


def set_out(app: RunningApp, address: str) -> str:
    """Press the button on our own page; gives the address of Klaviyo's."""
    page = app.http.get(address)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    gone = app.http.post("/klaviyo/connect", data=fields)
    assert gone.status_code == 303, gone.text
    return gone.headers["Location"]


def begun(app: RunningApp, devstore: DevStore) -> str:
    """Where the merchant's window is sent from the admin."""
    headers, shop = {"Authorization": f"Bearer {devstore.id_token()}"}, {"shop": devstore.shop_domain}
    address: str = app.http.post("/admin/klaviyo/begin", headers=headers, params=shop).json()["address"]
    return address


def test_the_merchant_connects_through_klaviyos_page_and_leaves_again(
    installed_shop: Shop,
    running_app: RunningApp,
    devstore: DevStore,
    work: Callable[[], None],
    worker_wiring: Worker,
    twin: Twin,
) -> None:
    headers, shop = {"Authorization": f"Bearer {devstore.id_token()}"}, {"shop": devstore.shop_domain}
    back = the_merchant_agrees(set_out(running_app, begun(running_app, devstore)))
    # Another browser, without the cookie, gets nowhere with the same address.
    assert httpx.get(back).status_code == 400
    landed = running_app.http.get(back)
    assert landed.status_code == 303
    assert landed.headers["Location"].startswith(devstore.origin)
    assert running_app.http.get(back).status_code == 400, "a state is good once"
    work()
    link = worker_wiring.klaviyo_connections.of(installed_shop.id)
    assert link is not None
    assert (link.kind, link.scopes) == (LinkKind.OAUTH, frozenset(NEEDED))
    assert "own sign-in" in running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text
    running_app.http.post("/admin/klaviyo/disconnect", headers=headers, params=shop)
    work()
    assert worker_wiring.klaviyo_connections.of(installed_shop.id) is None
    assert twin.account.credentials.live_grants == 0


def test_a_merchant_who_does_not_agree_reads_that_nothing_changed(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, twin: Twin
) -> None:
    running_app.http.get(the_merchant_agrees(set_out(running_app, begun(running_app, devstore)), "deny"))
    page = running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text
    assert "You did not give Attune access" in page


def test_the_way_to_klaviyo_is_closed_to_a_state_that_nobody_gave_out(
    installed_shop: Shop, running_app: RunningApp, twin: Twin
) -> None:
    begin(installed_shop, by="a test", ports=running_app.wiring.connecting_klaviyo)
    for state in ("", "1", f"{installed_shop.id}.{'x' * 43}"):
        assert running_app.http.get("/klaviyo/connect", params={"state": state}).status_code == 400
        held = {"state": state, "page": "p" * 43}
        answer = running_app.http.post("/klaviyo/connect", data=held, headers={"Cookie": f"attune_klaviyo={'p' * 43}"})
        assert answer.status_code == 400


def test_the_page_before_klaviyo_names_the_store_and_may_not_be_framed(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, twin: Twin
) -> None:
    page = running_app.http.get(f"{begun(running_app, devstore)}&shop={devstore.shop_domain}")
    assert f"<strong>{devstore.shop_domain}</strong>" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "HttpOnly" in page.headers["Set-Cookie"]
    assert "SameSite=Lax" in page.headers["Set-Cookie"]


def test_a_form_on_somebody_elses_page_leads_nowhere(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, twin: Twin
) -> None:
    address = begun(running_app, devstore)
    state = parse_qs(urlsplit(address).query)["state"][0]
    running_app.http.get(address)  # The browser holds our cookie now, and somebody else knows the state.
    for page in ("", "x" * 43):
        answer = running_app.http.post("/klaviyo/connect", data={"state": state, "page": page})
        assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_a_state_belongs_to_the_browser_that_set_out_first(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, twin: Twin
) -> None:
    address = begun(running_app, devstore)
    back = the_merchant_agrees(set_out(running_app, address))
    with httpx.Client(base_url=running_app.url) as other:
        shown = dict(re.findall(r'name="(\w+)" value="([^"]*)"', other.get(address).text))
        assert other.post("/klaviyo/connect", data=shown).status_code == 400
        assert other.get(back).status_code == 400
    assert running_app.http.get(back).status_code == 303


def test_a_kill_between_the_code_and_the_account_loses_no_tokens(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, twin: Twin
) -> None:
    from app.services.connect_klaviyo import connect

    ports = running_app.wiring.connecting_klaviyo
    state = begin(installed_shop, by="a test", ports=ports)
    running_app.http.get(the_merchant_agrees(set_out(running_app, f"/klaviyo/connect?state={state}")))
    twin.fault("error", path="/api/accounts")
    with pytest.raises(Retryable):
        connect(installed_shop.id, worker_wiring.finishing_klaviyo)
    assert worker_wiring.due_work.waits(installed_shop.id, "klaviyo")
    assert connect(installed_shop.id, worker_wiring.finishing_klaviyo)


def test_an_uninstallation_has_the_tokens_revoked(
    klaviyo_shop: Shop, worker_wiring: Worker, work: Callable[[], None], twin: Twin
) -> None:
    worker_wiring.installations.uninstall(klaviyo_shop.id, at=worker_wiring.clock.now())
    with pytest.raises(KlaviyoDisconnected):
        worker_wiring.klaviyo_tokens.usable(klaviyo_shop)
    assert worker_wiring.due_work.waits(klaviyo_shop.id, "klaviyo_leave")
    from workers.jobs.klaviyo import leave_klaviyo

    leave_klaviyo(klaviyo_shop.id)
    assert worker_wiring.klaviyo_connections.of(klaviyo_shop.id) is None
