"""How much of Klaviyo's quotas the last minute's calls took, as the workers' pacing has noted it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

import redis

from app.adapters.redis import keys
from app.core.email.rates import MINUTE, RATES
from app.core.ids import ShopId
from app.ports.klaviyo import KlaviyoConnections, Quota


class RedisKlaviyoQuotas:
    """Implements `app.ports.klaviyo.KlaviyoQuotas`. Quotas live in wall time."""

    def __init__(
        self, connection: redis.Redis, connections: KlaviyoConnections, *, now: Callable[[], float] = time.time
    ) -> None:
        self._redis = connection
        self._connections = connections
        self._now = now

    def used(self, shop: ShopId) -> Sequence[Quota]:
        """The calls that were made in the last minute; two shops on one account see each other's."""
        link = self._connections.of(shop)
        if link is None:
            return []
        since = self._now() - MINUTE
        with self._redis.pipeline(transaction=False) as asked:
            for call in RATES:
                asked.zcount(keys.klaviyo_calls(link.account, link.kind, call), since, "+inf")
            counts = cast(list[int], asked.execute())
        return [Quota(call, used, RATES[call].steady) for call, used in zip(RATES, counts, strict=True) if used]
