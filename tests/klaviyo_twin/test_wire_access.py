"""Who is let in to the twin: keys, OAuth with PKCE and rotating tokens, scopes, revisions and quotas."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from devstore.klaviyo.api.rates import XS_100, Quotas, Rate
from devstore.klaviyo.credentials import CLIENT_ID, CLIENT_SECRET
from tests.klaviyo_twin.wire import REVISION, Wire, error, resource, running


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


@pytest.mark.parametrize("header", ["", "Klaviyo-API-Key pk_wrong", "Bearer nothing"])
def test_nobody_comes_in_without_good_credentials(wire: Wire, header: str) -> None:
    answer = wire.http.get("/api/accounts", headers={"authorization": header})
    assert answer.status_code == 401
    assert error(answer)["code"] == "not_authenticated"


@pytest.mark.parametrize("revision", ["", "tomorrow", "2019-01-01"])
def test_a_request_without_a_known_revision_is_refused(wire: Wire, revision: str) -> None:
    assert wire.http.get("/api/accounts", headers={"revision": revision}).status_code == 400


def test_a_key_without_the_scope_is_told_which_is_missing(wire: Wire) -> None:
    wire.post("/_dev/keys", {"key": "pk_small", "scopes": ["accounts:read"]})
    headers = {"authorization": "Klaviyo-API-Key pk_small"}
    assert wire.http.get("/api/accounts", headers=headers).status_code == 200
    refused = wire.http.get("/api/flows", headers=headers)
    assert refused.status_code == 403
    assert "flows:read" in error(refused)["detail"]


def test_the_merchant_allows_the_app_on_a_page_and_comes_back_with_code_and_state(wire: Wire) -> None:
    asked = {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": "http://127.0.0.1:1/back", "state": "abc",
        "scope": "accounts:read", "code_challenge": "x", "code_challenge_method": "S256",
    }  # fmt: skip
    page = wire.http.get("/oauth/authorize", params=asked)
    assert "accounts:read" in page.text
    back = httpx.URL(wire.http.post("/oauth/authorize", data={**asked, "answer": "allow"}).headers["location"])
    assert (back.params["state"], bool(back.params["code"])) == ("abc", True)
    denied = wire.http.post("/oauth/authorize", data={**asked, "answer": "deny"}).headers["location"]
    assert httpx.URL(denied).params["error"] == "access_denied"


def test_a_page_without_pkce_is_refused(wire: Wire) -> None:
    asked = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": "http://127.0.0.1:1/", "scope": "x:read"}
    assert wire.http.get("/oauth/authorize", params=asked).status_code == 400


def test_a_code_is_good_once_and_only_with_its_verifier(wire: Wire) -> None:
    wrong = wire.tokens(code=wire.allow("accounts:read"), verifier="w" * 43)
    code = wire.allow("accounts:read")
    assert wire.tokens(code=code).status_code == 200
    assert [one.json()["error"] for one in (wrong, wire.tokens(code=code))] == ["invalid_grant"] * 2


def test_a_refresh_gives_a_new_pair_and_the_old_one_dies(wire: Wire) -> None:
    old = wire.tokens(code=wire.allow("accounts:read")).json()
    new = wire.tokens(refresh=old["refresh_token"]).json()
    assert {old["refresh_token"], old["access_token"]}.isdisjoint(new.values())
    assert wire.tokens(refresh=old["refresh_token"]).json() == {"error": "invalid_grant"}
    statuses = [
        wire.http.get("/api/accounts", headers={"authorization": f"Bearer {pair['access_token']}"}).status_code
        for pair in (old, new)
    ]
    assert statuses == [401, 200]


def test_revoking_ends_the_connection(wire: Wire) -> None:
    pair = wire.tokens(code=wire.allow("accounts:read")).json()
    revoked = httpx.post(
        f"{wire.http.base_url}/oauth/revoke",
        data={"token": pair["refresh_token"], "token_type_hint": "refresh_token"},
        auth=(CLIENT_ID, CLIENT_SECRET),
    )
    assert revoked.status_code == 200
    assert wire.tokens(refresh=pair["refresh_token"]).status_code == 400
    assert wire.get("/_dev/state")["live_grants"] == 0


def test_a_wrong_app_secret_gives_no_tokens(wire: Wire) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert httpx.post(f"{wire.http.base_url}/oauth/token", data=form, auth=(CLIENT_ID, "no")).status_code == 401


def test_tokens_can_be_let_run_out_while_the_refresh_token_lives(wire: Wire) -> None:
    with wire.as_app("accounts:read") as app:
        assert app.get("/api/accounts").status_code == 200
        wire.post("/_dev/tokens", {"expire": True})
        assert app.get("/api/accounts").status_code == 401
        assert wire.get("/_dev/state")["live_grants"] == 1


def test_a_full_window_gives_a_429_with_a_whole_number_of_seconds_and_no_other_header() -> None:
    with running(factor=1) as wire:
        answers = [wire.http.get("/api/web-feeds") for _ in range(3)]  # Two of three fall into one second at least.
        refused = next(one for one in answers if one.status_code == 429)
        good = answers[0]
        assert (int(refused.headers["retry-after"]), error(refused)["code"]) == (1, "throttled")
        assert "ratelimit-limit" not in refused.headers
        assert good.headers["ratelimit-limit"] == "1, 1;w=1, 15;w=60"
        assert wire.get("/_dev/requests")["throttled"] >= 1


def test_windows_are_fixed_and_a_refused_request_takes_nothing() -> None:
    clock = [1000.0]
    quotas = Quotas(now=lambda: clock[0])
    rate = Rate(2, 3)
    assert [quotas.take("key", "x", rate).retry_after for _ in range(3)] == [None, None, 1]
    clock[0] = 1001.0
    assert [quotas.take("key", "x", rate).retry_after for _ in range(2)] == [None, 19]  # 1020 begins a minute.
    assert quotas.take("oauth:app", "x", rate).retry_after is None
    assert quotas.take("key", "y", rate).retry_after is None
    clock[0] = 1020.0
    assert quotas.take("key", "x", rate).retry_after is None


def test_a_day_has_its_own_limit() -> None:
    clock = [0.0]
    quotas = Quotas(now=lambda: clock[0])
    for _ in range(100):
        assert quotas.take("key", "flows", XS_100).retry_after is None
        clock[0] += 10
    assert quotas.take("key", "flows", XS_100).retry_after == 86_400 - 1000


def test_keys_that_klaviyo_passes_over_are_noted_and_unknown_parameters_refused(wire: Wire) -> None:
    wire.post("/api/profile-import", resource("profile", email="a@b.co", uniq="x"))
    assert wire.get("/_dev/requests")["unknown"] == ["profile.attributes.uniq"]
    assert wire.http.get("/api/profiles", params={"limit": "5"}).status_code == 400


def test_what_is_not_simulated_says_so(wire: Wire) -> None:
    answer = wire.http.get("/api/campaigns")
    assert (answer.status_code, error(answer)["title"]) == (404, "Not simulated")


def test_anybody_may_ask_where_klaviyo_fetches_from(wire: Wire) -> None:
    answer = httpx.get(f"{wire.http.base_url}/client/ip-allowlists/integration-egress", headers={"revision": REVISION})
    assert "127.0.0.0/8" in answer.json()["data"]["attributes"]["prefixes"]
