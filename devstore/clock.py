"""Store time: a world ends at a fixed instant, and from there the shop's clock runs with the wall clock.

Tests and the demo may advance it. Only tokens, signatures and link expiries use wall time instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class StoreClock:
    def __init__(self, start: datetime, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._start = start.astimezone(UTC)
        self._elapsed = elapsed
        self._opened = elapsed()
        self._advanced = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed() - self._opened + self._advanced)

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward; a clock that runs backwards would break every `updated_at` comparison."""
        if seconds < 0:
            raise ValueError("the store clock only moves forward")
        self._advanced += seconds
        return self.now()


def iso(moment: datetime) -> str:
    """UTC with seconds, as Shopify's GraphQL prints a DateTime."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
