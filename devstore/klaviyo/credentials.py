"""Who may speak to the account: private keys and OAuth apps, with tokens that live in wall time.

A refresh gives a new pair and kills the old one, refresh token included; a refresh token that is used again, was
revoked, or lay idle for 90 days is an `invalid_grant`. https://developers.klaviyo.com/en/docs/set_up_oauth
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

ACCESS_LIFETIME_S = 3600
REFRESH_LIFETIME_S = 90 * 24 * 3600
CODE_LIFETIME_S = 300
VERIFIER = re.compile(r"[a-zA-Z0-9\-._~]{43,128}")

PRIVATE_KEY = "pk_" + "7" * 34
CLIENT_ID = "5b1d9c52-0000-4000-8000-a77e00000001"
CLIENT_SECRET = "klaviyo-client-secret-of-the-twin"  # noqa: S105 -- it opens nothing but this simulation.


class GrantRefused(Exception):
    """The code or refresh token is not good; the text is OAuth's error code."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a request; quotas are counted by `quota`."""

    kind: str
    """key or oauth."""
    quota: str
    scopes: frozenset[str] | None
    """None for everything."""
    client_id: str = ""

    def lacks(self, needed: Iterable[str]) -> list[str]:
        return [] if self.scopes is None else sorted(set(needed) - self.scopes)


@dataclass(slots=True)
class OAuthClient:
    id: str
    secret: str
    redirect_uris: tuple[str, ...] = ()
    """Empty allows every loopback address."""


@dataclass(slots=True)
class Code:
    client_id: str
    redirect_uri: str
    challenge: str
    scopes: frozenset[str]
    until: float


@dataclass(slots=True)
class Pair:
    client_id: str
    scopes: frozenset[str]
    access_until: float
    refresh_until: float
    access: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    refresh: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Credentials:
    """The keys and tokens of one account; every method may be called from any thread."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.private_keys: dict[str, frozenset[str] | None] = {PRIVATE_KEY: None}
        """Each with its scopes; None means full access."""
        self.clients: dict[str, OAuthClient] = {CLIENT_ID: OAuthClient(CLIENT_ID, CLIENT_SECRET)}
        self._codes: dict[str, Code] = {}
        self._by_access: dict[str, Pair] = {}
        self._by_refresh: dict[str, Pair] = {}
        self.refreshes = 0
        self.revoked = 0

    def caller(self, authorization: str) -> Caller | None:
        """Who an Authorization header names; None for nobody."""
        kind, _, secret = authorization.partition(" ")
        if kind == "Klaviyo-API-Key" and secret in self.private_keys:
            return Caller("key", "key", self.private_keys[secret])
        pair = self._by_access.get(secret) if kind == "Bearer" else None
        if pair is None or pair.access_until <= self._now():
            return None
        return Caller("oauth", f"oauth:{pair.client_id}", pair.scopes, pair.client_id)

    def client(self, authorization: str) -> OAuthClient | None:
        """The app that HTTP Basic names."""
        try:
            name, _, secret = (
                base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")
            )
        except ValueError:
            return None
        known = self.clients.get(name)
        return known if known and hmac.compare_digest(known.secret.encode(), secret.encode()) else None

    def allow(self, client_id: str, redirect_uri: str, challenge: str, scopes: Iterable[str]) -> str:
        """The merchant agrees: a code that can be exchanged once."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            until = self._now() + CODE_LIFETIME_S
            self._codes[code] = Code(client_id, redirect_uri, challenge, frozenset(scopes), until)
        return code

    def exchange(self, client: OAuthClient, code: str, redirect_uri: str, verifier: str) -> Pair:
        """The first pair of tokens.

        Raises:
            GrantRefused: the code is unknown, used, too old, another app's, or the verifier does not fit (RFC 7636).
        """
        with self._lock:
            known = self._codes.pop(code, None)
            if known is None or known.client_id != client.id or known.until <= self._now():
                raise GrantRefused("invalid_grant")
            if known.redirect_uri != redirect_uri or not _fits(verifier, known.challenge):
                raise GrantRefused("invalid_grant")
            # One installation per app and account: an earlier one's tokens end.
            self._forget(client.id)
            return self._grant(client.id, known.scopes)

    def refresh(self, client: OAuthClient, refresh_token: str) -> Pair:
        """The next pair; the one before is dead at once.

        Raises:
            GrantRefused: the token is unknown, used up, revoked, too old or another app's.
        """
        with self._lock:
            pair = self._by_refresh.pop(refresh_token, None)
            if pair is None or pair.client_id != client.id or pair.refresh_until <= self._now():
                raise GrantRefused("invalid_grant")
            self._by_access.pop(pair.access, None)
            self.refreshes += 1
            return self._grant(client.id, pair.scopes)

    def revoke(self, client: OAuthClient, token: str) -> None:
        """End the installation that the token belongs to; unknown tokens are no error (RFC 7009)."""
        with self._lock:
            pair = self._by_refresh.get(token) or self._by_access.get(token)
            if pair is not None and pair.client_id == client.id:
                self._by_access.pop(pair.access, None)
                self._by_refresh.pop(pair.refresh, None)
                self.revoked += 1

    def expire_access(self) -> None:
        """Let every access token run out now."""
        with self._lock:
            self._by_access.clear()

    def uninstall(self) -> None:
        """The merchant removes the app in Klaviyo: no token of it lives on."""
        with self._lock:
            self._by_access.clear()
            self._by_refresh.clear()

    @property
    def live_grants(self) -> int:
        return len(self._by_refresh)

    def _grant(self, client_id: str, scopes: frozenset[str]) -> Pair:
        now = self._now()
        pair = Pair(client_id, scopes, now + ACCESS_LIFETIME_S, now + REFRESH_LIFETIME_S)
        self._by_access[pair.access] = pair
        self._by_refresh[pair.refresh] = pair
        return pair

    def _forget(self, client_id: str) -> None:
        for pair in [one for one in self._by_refresh.values() if one.client_id == client_id]:
            self._by_refresh.pop(pair.refresh, None)
            self._by_access.pop(pair.access, None)


def _fits(verifier: str, challenge: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge)
