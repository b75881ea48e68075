"""Waits for free quota before each call, so that none runs into a limit that could be known.

What was asked stands in Redis, shared by all workers, for each account, kind of credential and call. Klaviyo counts in
fixed windows whose edges nobody tells; within any interval of a window's length no more is asked than the window
holds, which fits however the edges lie.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

from app.adapters.klaviyo.errors import NO_WISH_S
from app.adapters.redis import keys
from app.core.email.rates import DAY, MINUTE, RATES, Rate
from app.errors import KlaviyoTrouble

MARGIN_S: Final = 0.1
"""Requests travel: two that leave a window's length apart may arrive a little closer."""
LONGEST_WAIT_S: Final = 90.0
"""Who has to wait longer, for a new day, gives its worker back."""
USED_UP: Final = "What Klaviyo allows in a day is used up; it goes on when the day is over."

# KEYS: the log of requests, the pause. ARGV: now, margin, name of the request, then window and limit in turns.
# Gives the seconds to wait, 0 once the request is noted.
TAKE: Final = """
local now, margin = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait = tonumber(redis.call('GET', KEYS[2]) or '0') - now
local longest = 0
for i = 4, #ARGV, 2 do
  local length, limit = tonumber(ARGV[i]) + margin, tonumber(ARGV[i + 1])
  if length > longest then longest = length end
  local nth = redis.call('ZREVRANGE', KEYS[1], limit - 1, limit - 1, 'WITHSCORES')
  if nth[2] and tonumber(nth[2]) + length - now > wait then wait = tonumber(nth[2]) + length - now end
end
if wait > 0 then return tostring(wait) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - longest)
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('EXPIRE', KEYS[1], math.ceil(longest) + 1)
return '0'
"""


class Pace:
    """The quota of one account, by one kind of credential.

    Args:
        now, sleep: wall time in seconds; quotas live in it, whatever the store's clock says.
    """

    def __init__(
        self,
        connection: redis.Redis,
        account: str,
        kind: str,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._redis = connection
        self._account, self._kind = account, kind
        self._now, self._sleep = now, sleep
        self._take = connection.register_script(TAKE)
        self._rates = dict(RATES)
        self._asked = 0

    def wait(self, call: str) -> None:
        """Return when the call may be made; it is counted then.

        Raises:
            KlaviyoTrouble: that would take too long, with the time that it takes.
        """
        while (left := self._left(call)) > 0:
            if left > LONGEST_WAIT_S:
                raise KlaviyoTrouble(f"the quota of {call} is used up", plain=USED_UP, after_s=left)
            self._sleep(left)

    def learn(self, call: str, headers: Mapping[str, Any]) -> None:
        """Take in what a good answer says of the quota: its limits, and whether somebody else has used it up."""
        named = {str(name).lower(): str(value) for name, value in headers.items()}
        windows = {int(w): int(n) for n, w in re.findall(r"(\d+);w=(\d+)", named.get("ratelimit-limit", ""))}
        if 1 in windows and MINUTE in windows:
            self._rates[call] = Rate(windows[1], windows[MINUTE], windows.get(DAY, 0))
        first = re.match(r"\d+", named.get("ratelimit-limit", ""))
        if first is None or named.get("ratelimit-remaining") != "0":
            return
        tightest = next((w for w, n in windows.items() if n == int(first[0])), MINUTE)
        own = self._redis.zcount(self._log(call), self._now() - tightest, "+inf")
        if own < int(first[0]) and re.fullmatch(r"\d+", named.get("ratelimit-reset", "")):
            self._pause(call, float(named["ratelimit-reset"]))

    def throttled(self, call: str, wish_s: float | None) -> float:
        """Keep everybody from the call for as long as Klaviyo wants; returns how long that is, in seconds."""
        pause = NO_WISH_S if wish_s is None else wish_s
        self._pause(call, pause)
        return pause

    def _left(self, call: str) -> float:
        now = self._now()
        self._asked += 1
        windows = [number for window in self._rates[call].windows() for number in window]
        name = f"{now:.6f}:{id(self)}:{self._asked}"
        keys = [self._log(call), f"{self._log(call)}:pause"]
        return float(self._take(keys=keys, args=[f"{now:.6f}", MARGIN_S, name, *windows]))

    def _pause(self, call: str, seconds: float) -> None:
        until = self._now() + seconds + MARGIN_S
        self._redis.set(f"{self._log(call)}:pause", f"{until:.6f}", ex=max(1, int(seconds) + 2))

    def _log(self, call: str) -> str:
        return keys.klaviyo_calls(self._account, self._kind, call)
