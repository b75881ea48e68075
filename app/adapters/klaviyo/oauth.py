"""Klaviyo's token endpoint over plain HTTP, which the SDK doesn't speak, and the questions a new connection is asked.

https://developers.klaviyo.com/en/docs/set_up_oauth and, for the grants, RFC 6749, RFC 7636 and RFC 7009.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from app.adapters.klaviyo.errors import masked, of_answer, of_transport, retry_after_s, unreadable
from app.core.email.scopes import NEEDED, NOT_WITH_A_KEY
from app.errors import KlaviyoRefused
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import AccountFacts, KlaviyoSecret

HOST: Final = "https://a.klaviyo.com"
REVISION: Final = "2026-10-15"
TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
PATIENT_TRIES: Final = 3
LONGEST_PAUSE_S: Final = 5.0
DEFAULT_LIFE_S: Final = 3600.0
PROBES: Final = {
    "profiles:read": "/api/profiles?page[size]=1",
    "lists:read": "/api/lists",
    "events:read": "/api/events?page[size]=1",
    "metrics:read": "/api/metrics",
    "flows:read": "/api/flows?page[size]=1",
    "templates:read": "/api/templates",
    "web-feeds:read": "/api/web-feeds",
}
"""What can be asked without a change. A private key's right to write goes with its right to read but for keys that were
made read-only; those are found out by the first write, which Klaviyo refuses with a sentence of its own."""


class OAuthClient:
    """Implements `app.ports.klaviyo_link.KlaviyoGate`.

    Args:
        test_origin: what stands in for Klaviyo's hosts in demo and tests.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        test_origin: str | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._origin = test_origin or HOST
        self._client = (client_id, client_secret)
        self._redirect_uri = redirect_uri
        self._http = httpx.Client(timeout=timeout, headers={"User-Agent": "Attune"})

    def exchange(self, code: str, verifier: str) -> tuple[KlaviyoSecret, frozenset[str]]:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        answer = self._ask("token", {**form, "redirect_uri": self._redirect_uri})
        return _pair(answer), frozenset(str(answer.get("scope") or " ".join(NEEDED)).split())

    def refresh(self, secret: KlaviyoSecret) -> KlaviyoSecret:
        """The next pair; where Klaviyo sends no new refresh token, the old one goes on."""
        answer = self._ask("token", {"grant_type": "refresh_token", "refresh_token": secret.refresh})
        return _pair(answer, refresh=secret.refresh)

    def revoke(self, secret: KlaviyoSecret) -> None:
        if secret.kind is LinkKind.OAUTH:
            self._ask("revoke", {"token": secret.refresh, "token_type_hint": "refresh_token"})

    def unhook(self, secret: KlaviyoSecret, webhook: str) -> None:
        answer = self._send("DELETE", f"{self._origin}/api/webhooks/{webhook}", headers=_headers(secret))
        if not answer.is_success and answer.status_code != 404:
            raise of_answer("delete_webhook", answer.status_code, answer.content, answer.headers)

    def look(self, secret: KlaviyoSecret) -> AccountFacts:
        answer = self._get("/api/accounts", secret)
        if not answer.is_success:
            raise of_answer("get_accounts", answer.status_code, answer.content, answer.headers)
        try:
            account = answer.json()["data"][0]
            told = account["attributes"]
            contact = told.get("contact_information") or {}
            return AccountFacts(
                account=str(account["id"]),
                name=str(contact.get("organization_name") or ""),
                sender_name=str(contact.get("default_sender_name") or ""),
                sender_email=str(contact.get("default_sender_email") or ""),
                currency=str(told.get("preferred_currency") or ""),
                timezone=str(told.get("timezone") or ""),
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise unreadable("Klaviyo’s answer about the account cannot be read") from error

    def may(self, secret: KlaviyoSecret) -> frozenset[str]:
        found = {scope for scope, path in PROBES.items() if self._get(path, secret).status_code != 403}
        found.add("accounts:read")  # `look` has read it, and Klaviyo allows that once a second.
        refused = {scope.partition(":")[0] for scope in PROBES if scope not in found}
        writable = (one for one in NEEDED if one not in PROBES and one not in NOT_WITH_A_KEY)
        return frozenset(found | {one for one in writable if one.partition(":")[0] not in refused})

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, secret: KlaviyoSecret) -> httpx.Response:
        headers = _headers(secret)
        answer = self._send("GET", f"{self._origin}{path}", headers=headers)
        for _ in range(PATIENT_TRIES):
            pause = retry_after_s(answer.headers)
            if answer.status_code != 429 or pause is None or pause > LONGEST_PAUSE_S:
                break
            # The account may be asked for once a second; who connects twice in a row need not wait for the sweeper.
            time.sleep(pause)
            answer = self._send("GET", f"{self._origin}{path}", headers=headers)
        if answer.status_code == 429 or answer.status_code >= 500:
            raise of_answer("the first look", answer.status_code, None, answer.headers)
        return answer

    def _ask(self, what: str, form: dict[str, str]) -> dict[str, Any]:
        answer = self._send("POST", f"{self._origin}/oauth/{what}", data=form, auth=self._client)
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = None
        if answer.is_success and isinstance(body, dict):
            return body
        if answer.status_code in (400, 401, 403) and isinstance(body, dict):
            reason = str(body.get("error") or answer.status_code)[:100]
            message = f"Klaviyo refuses Attune’s {what}: {masked(str(body.get('error_description') or reason))}"
            raise KlaviyoRefused(message, status=answer.status_code, code=reason)
        raise of_answer(f"oauth/{what}", answer.status_code, None, answer.headers)

    def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise of_transport(httpx.URL(url).path, error) from error


def _headers(secret: KlaviyoSecret) -> dict[str, str]:
    scheme = "Klaviyo-API-Key" if secret.kind is LinkKind.KEY else "Bearer"
    return {"Authorization": f"{scheme} {secret.access}", "revision": REVISION}


def _pair(answer: dict[str, Any], *, refresh: str = "") -> KlaviyoSecret:
    try:
        life = timedelta(seconds=float(answer.get("expires_in") or DEFAULT_LIFE_S))
        return KlaviyoSecret(
            LinkKind.OAUTH,
            access=str(answer["access_token"]),
            refresh=str(answer.get("refresh_token") or refresh),
            access_until=datetime.now(UTC) + life,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable("Klaviyo’s token answer is not a pair of tokens") from error
