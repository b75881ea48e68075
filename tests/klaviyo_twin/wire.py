"""A running twin with a private key, and the JSON:API bodies that its tests send."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from devstore.klaviyo.credentials import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin
from devstore.server import serving
from tests.patience import PATIENCE_S, eventually

Json = dict[str, Any]
REVISION = "2026-10-15"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CALLBACK = "http://127.0.0.1:1/klaviyo/callback"


@dataclass(frozen=True)
class Wire:
    """A twin, and an HTTP client that speaks to it with a private key."""

    account: Account
    http: httpx.Client

    def get(self, path: str, **parameters: str) -> Any:
        return _json(self.http.get(path, params=parameters))

    def post(self, path: str, body: Json) -> Any:
        return _json(self.http.post(path, json=body))

    def done(self) -> None:
        """Wait until every bulk job has ended."""
        eventually(lambda: self.get("/_dev/state")["jobs"]["idle"], "every bulk job has ended")

    def as_app(self, scope: str) -> httpx.Client:
        """A client with the access token of a connected OAuth app."""
        tokens = self.tokens(code=self.allow(scope)).json()
        headers = {"authorization": f"Bearer {tokens['access_token']}", "revision": REVISION}
        return httpx.Client(base_url=self.http.base_url, headers=headers, timeout=PATIENCE_S)

    def allow(self, scope: str) -> str:
        """Press “Allow” as the merchant; the code that the app gets."""
        asked = {
            "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "scope": scope, "state": "s",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        answer = self.http.post("/oauth/authorize", data={**asked, "answer": "allow"})
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"]).params["code"]

    def tokens(self, code: str = "", refresh: str = "", verifier: str = VERIFIER) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": CALLBACK}
        if refresh:
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
        return httpx.post(f"{self.http.base_url}/oauth/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))


@contextmanager
def running(factor: int = 1000) -> Iterator[Wire]:
    """A twin of its own, by default with quotas that no test reaches by accident."""
    account = Account()
    with serving(create_twin(account)) as origin:
        account.origin = origin
        headers = {"authorization": f"Klaviyo-API-Key {PRIVATE_KEY}", "revision": REVISION}
        with httpx.Client(base_url=origin, headers=headers, timeout=PATIENCE_S) as http:
            wire = Wire(account, http)
            wire.post("/_dev/quota", {"factor": factor})
            yield wire


def resource(kind: str, resource_id: str | None = None, /, **attributes: Any) -> Json:
    data: Json = {"type": kind, "attributes": attributes}
    return {"data": data if resource_id is None else {**data, "id": resource_id}}


def event(email: str, metric: str, **attributes: Any) -> Json:
    """The attributes of one event."""
    attributes.setdefault("properties", {"size": "1"})
    return {**attributes, **_metric(metric), "profile": resource("profile", email=email)}


def bulk_events(email: str, *events: Json) -> Json:
    """A bulk job of one profile's events; each is (metric and attributes)."""
    entries = [{"type": "event", "attributes": {"properties": {}, **one}} for one in events]
    group = {"profile": resource("profile", email=email), "events": {"data": entries}}
    data = [{"type": "event-bulk-create", "attributes": group}]
    return resource("event-bulk-create-job", **{"events-bulk-create": {"data": data}})


def named(metric: str, **attributes: Any) -> Json:
    return {**attributes, **_metric(metric)}


def imported(*profiles: Json) -> Json:
    """A bulk import of profiles, each given by its attributes."""
    data = [{"type": "profile", "attributes": one} for one in profiles]
    return resource("profile-bulk-import-job", profiles={"data": data})


def error(answer: httpx.Response) -> Any:
    return answer.json()["errors"][0]


def _metric(name: str) -> Json:
    return {"metric": resource("metric", name=name)}


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None
