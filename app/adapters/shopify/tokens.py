"""Expiring offline tokens: exchanged for an ID token at install, refreshed in time by one worker at a time.

Access tokens live 60 minutes, refresh tokens 90 days; every refresh returns a new pair. Tokens live in wall time,
whatever the store's clock says.
https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.adapters.shopify.connection import ShopifyConnection, refuse
from app.core.ids import ShopDomain
from app.core.shops import Shop
from app.errors import NoAccess, Permanent, Retryable
from app.ports import Claims, Credentials, StoredToken, TokenPair

BUFFER = timedelta(seconds=60)
CLAIM = "refresh-token"
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
CLAIM_S = 60.0
"""Longer than the time-outs together, so that a living holder never loses its claim."""
WAIT_S = 45.0
POLL_S = 0.1
OUR_FAULT = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
"""Reasons that speak of this app's credentials, not of the token: a wrong secret must not cost every shop its pair."""
OPEN_THE_APP = "there is no usable access token; the merchant must open the app in the Shopify admin"


class TokenRefused(Permanent):
    """Shopify takes the token for dead, or the app is no longer installed."""


class TokenClient:
    """Shopify's token endpoint."""

    def __init__(self, connection: ShopifyConnection, *, client_id: str, client_secret: str) -> None:
        self._connection = connection
        self._client = {"client_id": client_id, "client_secret": client_secret}

    def exchange(self, domain: ShopDomain, id_token: str) -> TokenPair:
        """Trade a verified ID token for an expiring offline token pair.

        Raises:
            Permanent: Shopify refuses the token.
        """
        return self._ask(
            domain,
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": id_token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
                "expiring": 1,
            },
        )

    def refresh(self, domain: ShopDomain, refresh_token: str) -> TokenPair:
        """Trade the refresh token for a new pair.

        Raises:
            TokenRefused: it has run out, or the app was uninstalled.
            Permanent: Shopify refuses us, not the token; or the shop is frozen.
        """
        return self._ask(domain, {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _ask(self, domain: ShopDomain, grant: dict[str, Any]) -> TokenPair:
        url = f"{self._connection.origin(domain)}/admin/oauth/access_token"
        body, headers = {**self._client, **grant}, {"Accept": "application/json"}
        answer = self._connection.post(url, json=body, headers=headers, timeout=TIMEOUT)
        if answer.status_code in (400, 401, 403):
            reason = _reason(answer)
            kind = Permanent if reason in OUR_FAULT else TokenRefused
            raise kind(f"Shopify refuses the {grant['grant_type'].rpartition(':')[2]}: {reason}")
        refuse(answer)
        return _pair(answer, now=datetime.now(UTC))


class Tokens:
    """Valid access tokens for the workers of all shops."""

    def __init__(
        self,
        client: TokenClient,
        credentials: Credentials,
        claims: Claims,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._claims = claims
        self._now = now

    def usable(self, shop: Shop) -> StoredToken:
        """The shop's pair with at least a minute to live, refreshed first if need be.

        Raises:
            NoAccess: there is no pair, or its refresh token has run out; the merchant must open the app.
        """
        stored = self._credentials.load(shop.id)
        if stored is None:
            raise NoAccess(OPEN_THE_APP)
        if stored.pair.access_expires_at - self._now() > BUFFER:
            return stored
        return self.rotated(shop, seen=stored.generation)

    def rotated(self, shop: Shop, *, seen: int) -> StoredToken:
        """A pair newer than generation `seen`: refreshed by this worker, or by another while this one waited.

        Raises:
            NoAccess: the refresh token is refused; the merchant must open the app.
            Retryable: another worker has been refreshing for too long.
        """
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with self._claims.hold(shop.id, CLAIM, seconds=CLAIM_S) as mine:
                stored = self._credentials.load(shop.id)
                if stored is None:
                    raise NoAccess(OPEN_THE_APP)
                if stored.generation != seen:
                    return stored
                if mine:
                    return self._refresh(shop, stored)
            time.sleep(POLL_S)
        raise Retryable("another worker is still refreshing the shop's token")

    def forget(self, shop: Shop, stored: StoredToken) -> None:
        """Drop a pair that Shopify refuses, so that the next visit to the app exchanges a new one."""
        self._credentials.drop(shop.id, generation=stored.generation)

    def _refresh(self, shop: Shop, stored: StoredToken) -> StoredToken:
        if stored.pair.refresh_expires_at <= self._now():
            self.forget(shop, stored)
            raise NoAccess(OPEN_THE_APP)
        try:
            pair = self._client.refresh(shop.domain, stored.pair.refresh_token)
        except TokenRefused as error:
            self.forget(shop, stored)
            raise NoAccess(f"{error}; {OPEN_THE_APP}") from error
        if not self._credentials.rotate(shop.id, pair, generation=stored.generation):
            # A re-install has put a pair of its own meanwhile; that one is newer than ours.
            return self.usable(shop)
        return StoredToken(pair, stored.generation + 1)


def _pair(answer: httpx.Response, *, now: datetime) -> TokenPair:
    try:
        body = answer.json()
        return TokenPair(
            access_token=str(body["access_token"]),
            refresh_token=str(body["refresh_token"]),
            scopes=str(body.get("scope", "")),
            access_expires_at=now + timedelta(seconds=float(body["expires_in"])),
            refresh_expires_at=now + timedelta(seconds=float(body["refresh_token_expires_in"])),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent("Shopify's token answer is not an expiring token pair") from error


def _reason(answer: httpx.Response) -> str:
    """Shopify's short reason; never the body as a whole, which might repeat a token."""
    try:
        body = answer.json()
        return str(body.get("error", answer.status_code))[:100]
    except (ValueError, AttributeError):
        return str(answer.status_code)
