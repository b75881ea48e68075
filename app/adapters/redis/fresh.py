"""What shops have learnt since their trainings, a value for each version, and the counter that tells the web processes.

It holds sums over orders that name nobody. Whoever is erased was in those sums, so an erasure empties them and has
them reckoned anew; a shop's erasure takes them along with the shop's other keys.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson
import redis

from app.adapters.redis import keys
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.fresh import Fresh
from app.errors import Retryable
from app.ports import Json, Subject

log = logging.getLogger(__name__)

LIVES_S: Final = 7 * 24 * 3600
"""Where no training takes the orders in for so long, what was learnt of them goes by itself."""


class RedisFresh:
    """Implements `app.ports.FreshStore`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def mark(self, shop: ShopId) -> int:
        """The number of changes so far.

        Raises:
            Retryable: Redis does not answer.
        """
        try:
            counted: Any = self._redis.get(keys.fresh_counter(shop))
        except redis.RedisError as error:
            raise Retryable(f"Redis does not tell what was learnt: {error}") from error
        return int(counted or 0)

    def put(self, shop: ShopId, fresh: Iterable[Fresh], *, since: int | None = None) -> bool:
        """Put these in the place of all that stands there, and tell every process.

        Args:
            since: write only if `mark` is still this.

        Raises:
            Retryable: Redis does not answer.
        """
        return self._change(shop, {one.version: orjson.dumps(one.as_json()) for one in fresh}, since)

    def get(self, shop: ShopId, version: ModelVersion) -> Fresh | None:
        """What stands beside this version; None where nothing does, or nothing that can be read."""
        try:
            written: Any = self._redis.hget(keys.fresh(shop), version)
            return Fresh.of(orjson.loads(written)) if written else None
        except (redis.RedisError, ValueError, TypeError):
            log.exception("what shop %s has learnt since its training cannot be read", shop)
            return None

    def forget(self, shop: ShopId) -> int:
        """Remove all of it, and tell every process; returns for how many versions there was something.

        Raises:
            Retryable: Redis does not answer.
        """
        try:
            number: Any = self._redis.hlen(keys.fresh(shop))
        except redis.RedisError as error:
            raise Retryable(f"Redis does not let go of what was learnt: {error}") from error
        self._change(shop, {}, None)
        return int(number)

    def _change(self, shop: ShopId, written: dict[ModelVersion, bytes], since: int | None) -> bool:
        place, counter = keys.fresh(shop), keys.fresh_counter(shop)
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                if since is not None:
                    pipeline.watch(counter)  # type: ignore[no-untyped-call]
                    if int(pipeline.get(counter) or 0) != since:
                        return False
                    pipeline.multi()
                pipeline.delete(place)
                if written:
                    pipeline.hset(place, mapping=written)  # type: ignore[arg-type]  # versions are strings
                    pipeline.expire(place, LIVES_S)
                pipeline.incr(counter)
                pipeline.execute()
        except redis.WatchError:
            return False
        except redis.RedisError as error:
            raise Retryable(f"Redis does not take what was learnt: {error}") from error
        return True


class FreshPlace:
    """What was learnt since the trainings as an erasable place.

    Whose order is in a sum is not written there, so all sums go, and the note has the others' learnt again at once.
    """

    name = "news"

    def __init__(self, store: RedisFresh, relearn: Callable[[ShopId, str], None]) -> None:
        self._store, self._relearn = store, relearn

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:  # noqa: ARG002  (the port's shape)
        """Remove it; returns for how many versions of the model there was something."""
        number = self._store.forget(shop)
        self._relearn(shop, secrets.token_hex(8))
        return number

    def remaining(self, shop: ShopId, subject: Subject) -> int:  # noqa: ARG002  (the port's shape)
        """None: sums name nobody, and those that stand here by now were reckoned after the orders had lost theirs."""
        return 0

    def erase_shop(self, shop: ShopId) -> int:  # noqa: ARG002  (the port's shape)
        """Nothing: it goes with the shop's other keys (`LiveStatePlace`)."""
        return 0

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:  # noqa: ARG002  (the port's shape)
        return []
