"""Klaviyo's quotas: fixed windows of a second, a minute and a day, for each endpoint and kind of credential.

Windows are wall time, whatever the account's clock says. A refused request takes nothing from the quota.
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SECOND, MINUTE, DAY = 1, 60, 86_400


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a second, a minute and a day."""

    burst: int
    steady: int
    daily: int | None = None

    def windows(self, factor: int) -> list[tuple[int, int]]:
        """(length in seconds, requests allowed)."""
        daily = [(DAY, self.daily * factor)] if self.daily else []
        return [(SECOND, self.burst * factor), (MINUTE, self.steady * factor), *daily]


XS = Rate(1, 15)
XS_100 = Rate(1, 15, 100)
S = Rate(3, 60)
M = Rate(10, 150)
M_150 = Rate(10, 150, 150)
L = Rate(75, 750)
XL = Rate(350, 3500)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands: let through, or when to come again."""

    retry_after: int | None
    headers: dict[str, str]


class Quotas:
    """What each caller has used of each endpoint's windows.

    Args:
        factor: multiplies every limit, for tests that are not about quotas.
    """

    def __init__(self, now: Callable[[], float] = time.time, factor: int = 1) -> None:
        self._now, self.factor = now, factor
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str, int], tuple[int, int]] = {}
        """(caller, endpoint, window length) to (number of the window, requests in it)."""

    def take(self, caller: str, endpoint: str, rate: Rate) -> Standing:
        """Count one request, unless a window is full."""
        now = self._now()
        with self._lock:
            windows = rate.windows(self.factor)
            used = {length: self._in_window(caller, endpoint, length, now) for length, _ in windows}
            full = [length for length, allowed in windows if used[length] >= allowed]
            if full:
                return Standing(max(1, math.ceil(_left(max(full), now))), {})
            for length, _ in windows:
                self._used[caller, endpoint, length] = int(now // length), used[length] + 1
            return Standing(None, _headers(windows, used, now))

    def _in_window(self, caller: str, endpoint: str, length: int, now: float) -> int:
        number, used = self._used.get((caller, endpoint, length), (-1, 0))
        return used if number == int(now // length) else 0


def _left(length: int, now: float) -> float:
    return length - now % length


def _headers(windows: list[tuple[int, int]], used: dict[int, int], now: float) -> dict[str, str]:
    """The three headers of a good reply; `remaining` and `reset` tell of the tightest window."""
    length, allowed = min(windows, key=lambda one: one[1] - used[one[0]])
    limits = ", ".join(f"{most};w={long}" for long, most in windows)
    return {
        "ratelimit-limit": f"{allowed}, {limits}",
        "ratelimit-remaining": str(allowed - used[length] - 1),
        "ratelimit-reset": str(math.ceil(_left(length, now))),
    }
