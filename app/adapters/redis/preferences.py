"""What shoppers have set for themselves, where serving and storing can know it at once: a line of JSON under each name.

PostgreSQL holds the same for good (`app.adapters.db.shopper_consents`); this copy is written in the same request, so
that the next answer honours it, and anew every night.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import redis

from app.adapters.redis import keys
from app.core.ids import ProductId, ShopId
from app.core.profiles.consent import OwnSwitches
from app.core.profiles.preferences import UNSET, Preferences, together
from app.errors import Retryable
from app.ports import KeptPreferences

LIVES_S: Final = 400 * 24 * 3600
BATCH: Final = 500


def line_of(preferences: Preferences) -> bytes:
    """As it stands in Redis: the switches, and every product that is hidden. Kinds have been resolved to products."""
    switches = preferences.switches
    said = [switches.personalise, switches.remember, switches.email]
    return orjson.dumps({"s": said, "p": [int(one) for one in preferences.products]})


def read_line(text: bytes) -> Preferences:
    """Raises:
    ValueError: it is not one of ours.
    """
    try:
        body = orjson.loads(text)
        return Preferences(OwnSwitches(*body["s"]), tuple([ProductId(one) for one in body["p"]]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a shopper's settings") from error


def preferences_of(lines: Sequence[bytes | None]) -> Preferences:
    """What stands under all of a shopper's names; a shopper who never set anything costs a request nothing."""
    found = [read_line(line) for line in lines if line]
    return together(found) if found else UNSET


class RedisPreferences:
    """Implements `app.ports.LivePreferences`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def keep(self, shop: ShopId, rows: Iterable[KeptPreferences]) -> int:
        """Write what stands under each name; returns how many names.

        Raises:
            Retryable: Redis does not answer.
        """
        written, rest = 0, iter(rows)
        try:
            while batch := list(itertools.islice(rest, BATCH)):
                pipeline = self._redis.pipeline(transaction=True)
                for row in batch:
                    pipeline.set(keys.own(shop, row.kind, row.who), line_of(row.preferences), ex=LIVES_S)
                pipeline.execute()
                written += len(batch)
        except redis.RedisError as error:
            raise Retryable(f"Redis does not take what a shopper has set: {error}") from error
        return written

    def switches(self, shop: ShopId, browsers: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], OwnSwitches]:
        """What these browsers have switched, by kind and id; who never did is left out.

        Raises:
            Retryable: Redis does not answer.
        """
        asked = list(dict.fromkeys(browsers))
        if not asked:
            return {}
        try:
            lines: Any = self._redis.mget([keys.own_of(shop, kind, id) for kind, id in asked])
        except redis.RedisError as error:
            raise Retryable(f"Redis does not tell what shoppers have set: {error}") from error
        return {one: read_line(line).switches for one, line in zip(asked, lines, strict=True) if line}
