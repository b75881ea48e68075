"""Who is let in: real ID tokens, signatures and HMACs, and every kind of wrong one; the cast is the owner, and
strangers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
import redis
from sqlalchemy import text

from app.adapters.redis.jobs import RqJobs
from app.adapters.shopify.signatures import Signatures
from app.core.ids import ShopDomain
from app.core.shops import Shop
from app.ports import TokenPair
from app.wiring.worker import Worker
from tests.devstore_fixture import API_KEY, API_SECRET, DevStore, RunningApp, admin_query

RETRY = "X-Shopify-Retry-Invalid-Session-Request"


def forged(devstore: DevStore, *, secret: str = API_SECRET, **changes: Any) -> str:
    """An ID token as Shopify makes it, with some claims changed."""
    now = int(time.time())
    claims = {
        "iss": f"https://{devstore.shop_domain}/admin",
        "dest": f"https://{devstore.shop_domain}",
        "aud": API_KEY,
        "sub": "1",
        "exp": now + 60,
        "nbf": now - 1,
        "iat": now,
        "jti": "j",
        "sid": "s",
        **changes,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm="HS256")


def webhook(
    app: RunningApp, domain: str, body: bytes = b"{}", *, secret: str = API_SECRET, **headers: str
) -> httpx.Response:
    digest = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    sent = {
        "X-Shopify-Hmac-SHA256": digest,
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-Topic": "products/update",
        "X-Shopify-Webhook-Id": "w-1",
        **headers,
    }
    return app.http.post("/webhooks", content=body, headers={k: v for k, v in sent.items() if v != "-"})


def stored(worker_wiring: Worker, shop: Shop) -> int:
    with worker_wiring.database.shop(shop.id) as session:
        return int(session.execute(text("SELECT count(*) FROM deliveries")).scalar_one())


def is_problem(answer: httpx.Response, status: int) -> bool:
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(document) >= {"type", "title", "status", "detail"}
    return bool(answer.status_code == status == document["status"])


WRONG = {
    "another secret": {"secret": "another-secret-of-more-than-32-characters"},
    "another app": {"aud": "another-app"},
    "no shop's domain": {"dest": "https://evil.example", "iss": "https://evil.example/admin"},
    "issuer and destination differ": {"iss": "https://charlie.myshopify.com/admin"},
    "never expires": {"exp": None},
    "not valid yet": {"nbf": int(time.time()) + 3600},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_wrong_id_token_opens_no_page_and_installs_nothing(
    running_app: RunningApp, devstore: DevStore, changes: dict[str, Any]
) -> None:
    token = forged(devstore, **changes)
    page = running_app.http.get("/", params={**admin_query(devstore), "id_token": token})
    fetch = running_app.http.get("/", headers={"Authorization": f"Bearer {token}"})
    assert is_problem(page, 401)
    assert is_problem(fetch, 401)
    assert fetch.headers[RETRY] == "1"
    assert running_app.wiring.shops.installed() == []


@pytest.mark.parametrize("token", ["-", "rubbish", "a.b.c", "é"])
def test_rubbish_instead_of_an_id_token_is_refused(running_app: RunningApp, token: str) -> None:
    answer = running_app.http.get("/", headers={b"Authorization": f"Bearer {token}".encode()})
    assert is_problem(answer, 401)


def test_a_page_with_a_stale_id_token_is_sent_to_fetch_a_fresh_one(running_app: RunningApp, devstore: DevStore) -> None:
    stale = forged(devstore, exp=int(time.time()) - 60)
    answer = running_app.http.get("/", params={**admin_query(devstore), "id_token": stale, "x": "1"})
    assert answer.status_code == 302
    location = httpx.URL(answer.headers["Location"])
    assert location.path == "/admin/patch-token"
    assert "id_token" not in str(location)
    assert location.params["shopify-reload"].startswith(f"{running_app.url}/?embedded=1")
    page = running_app.http.get(answer.headers["Location"])
    assert "app-bridge.js" in page.text
    assert f"frame-ancestors https://{devstore.shop_domain} " in page.headers["Content-Security-Policy"]


def test_the_patch_page_reloads_only_our_own_pages(running_app: RunningApp, devstore: DevStore) -> None:
    for address in ("https://evil.example/", f"{running_app.url}.evil.example/", ""):
        query = {"shop": devstore.shop_domain, "shopify-reload": address}
        assert is_problem(running_app.http.get("/admin/patch-token", params=query), 400)


def test_a_page_without_a_shop_asks_to_open_the_app_in_the_admin(running_app: RunningApp) -> None:
    assert is_problem(running_app.http.get("/"), 401)


def test_a_token_signed_with_the_secret_before_the_rotation_is_let_in(
    running_app: RunningApp, devstore: DevStore
) -> None:
    signatures = Signatures(client_id=API_KEY, secret="new-secret-of-more-than-32-characters", old_secret=API_SECRET)
    assert signatures.id_token(devstore.id_token()).domain == devstore.shop_domain


def test_a_token_that_shopify_does_not_exchange_opens_no_page(running_app: RunningApp, devstore: DevStore) -> None:
    running_app.wiring.token_client._client["client_secret"] = "rotated-away"
    answer = running_app.open(devstore)
    assert is_problem(answer, 401)
    assert running_app.wiring.shops.installed() == []


def test_a_stranger_sees_her_own_shop_whatever_the_address_says(
    installed_shop: Shop, running_app: RunningApp, devstore: DevStore
) -> None:
    pair = TokenPair("a", "r", "", datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) + timedelta(days=90))
    charlie = running_app.wiring.installations.install(ShopDomain("charlie.myshopify.com"), pair, at=datetime.now(UTC))
    token = forged(devstore, dest=f"https://{charlie.domain}", iss=f"https://{charlie.domain}/admin")
    page = running_app.http.get("/", params={**admin_query(devstore), "id_token": token})
    assert page.status_code == 200
    assert charlie.domain in page.text
    assert installed_shop.domain not in page.text
    assert f"frame-ancestors https://{charlie.domain} " in page.headers["Content-Security-Policy"]


def test_a_webhook_is_stored_once(installed_shop: Shop, running_app: RunningApp, worker_wiring: Worker) -> None:
    for _ in range(3):
        assert webhook(running_app, installed_shop.domain).status_code == 200
    assert stored(worker_wiring, installed_shop) == 1


def test_the_payload_is_stored_encrypted(installed_shop: Shop, running_app: RunningApp, worker_wiring: Worker) -> None:
    webhook(running_app, installed_shop.domain, b'{"email":"ada@example.com"}')
    with worker_wiring.database.shop(installed_shop.id) as session:
        payload = session.execute(text("SELECT payload FROM deliveries")).scalar_one()
    assert b"ada" not in payload


@pytest.mark.parametrize(
    ("domain", "secret", "headers"),
    [
        (None, "another-secret", {}),
        (None, API_SECRET, {"X-Shopify-Hmac-SHA256": "-"}),
        (None, API_SECRET, {"X-Shopify-Hmac-SHA256": ""}),
        (None, API_SECRET, {"X-Shopify-Hmac-SHA256": "\xe9"}),
        ("charlie.myshopify.com", API_SECRET, {}),
        ("evil.example", API_SECRET, {}),
        ("", API_SECRET, {}),
    ],
)
def test_a_wrong_webhook_is_refused_and_not_stored(
    installed_shop: Shop,
    running_app: RunningApp,
    worker_wiring: Worker,
    domain: str | None,
    secret: str,
    headers: dict[str, str],
) -> None:
    named = installed_shop.domain if domain is None else domain
    encoded: Any = {name: value.encode("latin-1") for name, value in headers.items() if value != "-"}
    dropped: Any = {name: "-" for name, value in headers.items() if value == "-"}
    answer = webhook(running_app, named, secret=secret, **encoded, **dropped)
    assert is_problem(answer, 401)
    assert stored(worker_wiring, installed_shop) == 0


def test_a_webhook_whose_body_is_no_text_is_refused(installed_shop: Shop, running_app: RunningApp) -> None:
    assert is_problem(webhook(running_app, installed_shop.domain, b"\xff\xfe"), 401)


def test_a_webhook_without_an_id_is_a_bad_request(installed_shop: Shop, running_app: RunningApp) -> None:
    assert is_problem(webhook(running_app, installed_shop.domain, b"{}", **{"X-Shopify-Webhook-Id": "-"}), 400)


def test_a_webhook_above_5_mb_is_too_large(
    installed_shop: Shop, running_app: RunningApp, worker_wiring: Worker
) -> None:
    assert webhook(running_app, installed_shop.domain, b'"' + b"x" * 5_000_000 + b'"').status_code == 200
    too_large = b"x" * (5 * 1024 * 1024 + 1)
    assert is_problem(webhook(running_app, installed_shop.domain, too_large, **{"X-Shopify-Webhook-Id": "w-2"}), 413)
    assert stored(worker_wiring, installed_shop) == 1


def test_a_queue_that_does_not_answer_costs_no_webhook(
    installed_shop: Shop, running_app: RunningApp, worker_wiring: Worker
) -> None:
    running_app.wiring.__dict__["jobs"] = RqJobs(redis.Redis(port=9))
    assert webhook(running_app, installed_shop.domain).status_code == 200
    assert stored(worker_wiring, installed_shop) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/webhooks", 405), ("POST", "/healthz", 405), ("PUT", "/", 405)],
)
def test_every_error_is_a_problem_document(running_app: RunningApp, method: str, path: str, status: int) -> None:
    assert is_problem(running_app.http.request(method, path), status)


def test_a_bug_is_a_problem_document_without_a_traceback(running_app: RunningApp, devstore: DevStore) -> None:
    running_app.wiring.__dict__["arrival"] = None
    answer = running_app.open(devstore)
    assert is_problem(answer, 500)
    assert "NoneType" not in answer.text


def test_a_store_that_does_not_answer_is_a_problem_document(running_app: RunningApp, devstore: DevStore) -> None:
    query = admin_query(devstore)
    running_app.wiring.shopify._test_origin = "http://127.0.0.1:9"
    answer = running_app.http.get("/", params=query)
    assert is_problem(answer, 503)
    assert answer.headers["Retry-After"]


def test_the_process_says_that_it_lives_and_can_work(running_app: RunningApp) -> None:
    assert running_app.http.get("/healthz").text == "ok\n"
    assert running_app.http.get("/readyz").text == "ready\n"


def test_readiness_names_what_cannot_be_reached(running_app: RunningApp) -> None:
    running_app.wiring.__dict__["redis"] = redis.Redis(port=9)
    answer = running_app.http.get("/readyz")
    assert is_problem(answer, 503)
    assert "Redis" in answer.json()["detail"]


def test_metrics_count_webhooks(installed_shop: Shop, running_app: RunningApp) -> None:
    webhook(running_app, installed_shop.domain)
    webhook(running_app, installed_shop.domain)
    webhook(running_app, "evil.example")
    lines = running_app.http.get("/metrics").text.splitlines()
    assert "attune_webhooks_stored_total 1" in lines
    assert "attune_webhooks_repeated_total 1" in lines
    assert "attune_webhooks_refused_total 1" in lines
