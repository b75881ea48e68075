"""The connection to Klaviyo, from the merchant's page to the twin and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.shops import Shop
from app.errors import KlaviyoDisconnected
from app.ports.klaviyo import LinkKind
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp, admin_query
from tests.klaviyo_fixture import Twin

PAGE = "/admin/klaviyo"


def post(app: RunningApp, devstore: DevStore, path: str, **form: str) -> int:
    headers = {"Authorization": f"Bearer {devstore.id_token()}"}
    return app.http.post(path, data=form, headers=headers, params={"shop": devstore.shop_domain}).status_code


def test_a_private_key_connects_the_account_and_the_page_says_so(
    klaviyo_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, twin: Twin
) -> None:
    link = worker_wiring.klaviyo_connections.of(klaviyo_shop.id)
    assert link is not None
    assert (link.kind, link.works) == (LinkKind.KEY, True)
    assert link.sender_email == twin.account.organization.sender_email
    page = running_app.http.get(PAGE, params=admin_query(devstore)).text
    assert "Connected" in page
    assert "Everything that Attune needs was granted" in page
    assert twin.key not in page


def test_a_key_that_klaviyo_does_not_know_is_refused_in_plain_words(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, work: Callable[[], None], twin: Twin
) -> None:
    assert post(running_app, devstore, f"{PAGE}/key", key="pk_nobody_knows_it") == 303
    assert "Asking Klaviyo" in running_app.http.get(PAGE, params=admin_query(devstore)).text
    work()
    page = running_app.http.get(PAGE, params=admin_query(devstore)).text
    assert "Klaviyo does not know this key" in page
    assert "Connect your account" in page


def test_what_is_no_key_is_told_at_the_field(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore, twin: Twin
) -> None:
    assert post(running_app, devstore, f"{PAGE}/key", key="a public key") == 422


def test_a_deleted_key_stops_everything_with_a_sentence_and_a_new_one_mends_it(
    klaviyo_shop: Shop,
    running_app: RunningApp,
    devstore: DevStore,
    worker_wiring: Worker,
    work: Callable[[], None],
    twin: Twin,
) -> None:
    api = worker_wiring.klaviyo_apis.of(klaviyo_shop)
    del twin.account.credentials.private_keys[twin.key]
    with pytest.raises(KlaviyoDisconnected, match="private key"):
        api.metrics()
    with pytest.raises(KlaviyoDisconnected):
        worker_wiring.klaviyo_apis.of(klaviyo_shop)
    assert "Nothing is sent to Klaviyo now" in running_app.http.get(PAGE, params=admin_query(devstore)).text
    twin.account.credentials.private_keys["pk_another_one"] = None
    assert post(running_app, devstore, f"{PAGE}/key", key="pk_another_one") == 303
    work()
    assert worker_wiring.klaviyo_apis.of(klaviyo_shop).metrics() is not None


def test_disconnecting_forgets_the_secret(
    klaviyo_shop: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    assert post(running_app, devstore, f"{PAGE}/disconnect") == 303
    with pytest.raises(KlaviyoDisconnected):
        worker_wiring.klaviyo_apis.of(klaviyo_shop)
    work()
    assert worker_wiring.klaviyo_connections.of(klaviyo_shop.id) is None
    assert "Connect your account" in running_app.http.get(PAGE, params=admin_query(devstore)).text
