"""The app's installation in this shop: granted scopes and live tokens, all in wall time.

Shopify grants the scopes of shopify.app.toml when the merchant installs; the app counts as installed here from its
first token exchange on. An uninstalled app's tokens are dead at once.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ACCESS_LIFETIME_S = 3600
REFRESH_LIFETIME_S = 90 * 24 * 3600
OLD_REFRESH_GRACE_S = 30 * 24 * 3600


@dataclass(slots=True)
class Pair:
    """An access token with the refresh token that came with it."""

    access_token: str
    refresh_token: str
    access_until: float
    refresh_until: float
    parent: Pair | None = None
    """The pair whose refresh token made this one; it stays usable until this one's refresh token is first used."""
    refreshed_at: float | None = None


class Installation:
    def __init__(self, scopes: Iterable[str], now: Callable[[], float] = time.time) -> None:
        self._declared = frozenset(scopes)
        self.scopes = set(self._declared)
        self.installed = False
        self.uninstalled_at: float | None = None
        self._now = now
        self._lock = threading.Lock()
        self._access: dict[str, Pair] = {}
        self._refresh: dict[str, Pair] = {}
        self._online: dict[str, float] = {}

    def grant(self) -> Pair:
        """A new pair of offline tokens; the first one installs the app."""
        with self._lock:
            self._install()
            return self._new_pair(None)

    def grant_online(self) -> tuple[str, int]:
        with self._lock:
            self._install()
            token = "shpua_" + secrets.token_hex(16)
            self._online[token] = self._now() + 86_399
            return token, 86_399

    def _install(self) -> None:
        if not self.installed and self.uninstalled_at is not None:
            self.scopes = set(self._declared)
        self.installed = True

    def refresh(self, refresh_token: str) -> Pair | None:
        """The next pair, or None when the refresh token is unknown, expired, used up or revoked."""
        with self._lock:
            now = self._now()
            pair = self._refresh.get(refresh_token)
            if pair is None or pair.refresh_until <= now:
                return None
            if pair.refreshed_at is None:
                pair.refreshed_at = now
            elif now > pair.refreshed_at + OLD_REFRESH_GRACE_S:
                return None
            if pair.parent is not None:
                self._refresh.pop(pair.parent.refresh_token, None)
                pair.parent = None
            return self._new_pair(pair)

    def _new_pair(self, parent: Pair | None) -> Pair:
        now = self._now()
        pair = Pair(
            "shpat_" + secrets.token_hex(16),
            "shprt_" + secrets.token_hex(16),
            now + ACCESS_LIFETIME_S,
            now + REFRESH_LIFETIME_S,
            parent,
        )
        self._access[pair.access_token] = pair
        self._refresh[pair.refresh_token] = pair
        return pair

    def accepts(self, token: str) -> bool:
        now = self._now()
        pair = self._access.get(token)
        return (pair is not None and pair.access_until > now) or self._online.get(token, 0) > now

    def expire(self, *, refresh: bool = False) -> None:
        """Let every access token (and refresh token) run out now; a knob for tests."""
        with self._lock:
            for pair in self._access.values():
                pair.access_until = 0
                if refresh:
                    pair.refresh_until = 0
            self._online.clear()

    def uninstall(self) -> None:
        with self._lock:
            self.installed = False
            self.uninstalled_at = self._now()
            self._access.clear()
            self._refresh.clear()
            self._online.clear()
