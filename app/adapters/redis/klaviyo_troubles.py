"""What of the work for Klaviyo did not go through lately. It is forgotten after a week in which nothing was tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

import orjson
import redis

from app.adapters.redis import keys
from app.core.ids import ShopId
from app.ports.klaviyo_troubles import KlaviyoWork, WorkTrouble

KEPT_S: Final = 7 * 24 * 3600


class RedisKlaviyoTroubles:
    """Implements `app.ports.klaviyo_troubles.KlaviyoTroubles`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def note(self, shop: ShopId, work: KlaviyoWork, said: str, *, at: datetime, again: bool) -> None:
        key = keys.klaviyo_troubles(shop)
        before = cast(bytes | None, self._redis.hget(key, work.value))
        since = orjson.loads(before)["since"] if before else at.isoformat()
        told = {"said": said, "at": at.isoformat(), "since": since, "again": again}
        with self._redis.pipeline() as asked:
            asked.hset(key, work.value, orjson.dumps(told))
            asked.expire(key, KEPT_S)
            asked.execute()

    def over(self, shop: ShopId, work: KlaviyoWork | None = None) -> None:
        key = keys.klaviyo_troubles(shop)
        if work is None:
            self._redis.delete(key)
        else:
            self._redis.hdel(key, work.value)

    def of(self, shop: ShopId) -> Sequence[WorkTrouble]:
        noted = cast(dict[bytes, bytes], self._redis.hgetall(keys.klaviyo_troubles(shop)))
        held = {name.decode(): orjson.loads(told) for name, told in noted.items()}
        return [_trouble(work, held[work.value]) for work in KlaviyoWork if work.value in held]


def _trouble(work: KlaviyoWork, told: dict[str, str | bool]) -> WorkTrouble:
    at, since = datetime.fromisoformat(str(told["at"])), datetime.fromisoformat(str(told["since"]))
    return WorkTrouble(work, str(told["said"]), at, since, bool(told["again"]))
