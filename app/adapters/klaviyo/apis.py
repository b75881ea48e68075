"""The APIs of all shops: one SDK client per shop and process, made anew when the merchant connects anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis

from app.adapters.klaviyo.api import KlaviyoSdkApi
from app.adapters.klaviyo.calls import TIMEOUT_S, Calls
from app.adapters.klaviyo.pacing import Pace
from app.adapters.klaviyo.tokens import Tokens
from app.core.ids import ShopId
from app.core.shops import Shop
from app.ports.klaviyo import LinkKind


class KlaviyoSdkApis:
    """Implements `app.ports.klaviyo.KlaviyoApis`.

    Args:
        origin: what stands in for Klaviyo's hosts in demo and tests.
        timeout_s: to connect, and between two packets.
        now, sleep: the pacing's wall time, in seconds.
    """

    def __init__(
        self,
        tokens: Tokens,
        connection: redis.Redis,
        *,
        origin: str | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tokens = tokens
        self._redis = connection
        self._origin = origin
        self._timeout_s = timeout_s
        self._now, self._sleep = now, sleep
        self._lock = threading.Lock()
        self._calls: dict[ShopId, tuple[tuple[LinkKind, str, str], Calls]] = {}

    def of(self, shop: Shop) -> KlaviyoSdkApi:
        """The shop's API.

        Raises:
            KlaviyoDisconnected: no account is connected, or the connection is broken.
        """
        stored = self._tokens.usable(shop)
        kind = stored.secret.kind
        # A key stays in its client; tokens are exchanged within theirs.
        mark = (kind, stored.account, stored.secret.access if kind is LinkKind.KEY else "")
        with self._lock:
            known = self._calls.get(shop.id)
            if known is None or known[0] != mark:
                pace = Pace(self._redis, stored.account, kind, now=self._now, sleep=self._sleep)
                calls = Calls(shop, self._tokens, stored, pace, origin=self._origin, timeout_s=self._timeout_s)
                known = self._calls[shop.id] = (mark, calls)
        known[1].use(stored)
        return KlaviyoSdkApi(known[1])
