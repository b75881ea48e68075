"""Clocks: the wall's, and the devstore's for demo and tests.

Worlds end at a fixed date, so the store's time is not ours; it is read once and then carried on by the stopwatch, and
read again now and then because a test may advance it.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from app.errors import Retryable


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class StoreClock:
    """The time that a devstore publishes at `url`; asked again every `refresh_s` seconds."""

    def __init__(self, url: str, *, refresh_s: float = 1.0) -> None:
        self._url = url
        self._refresh_s = refresh_s
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._read = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The store's time.

        Raises:
            Retryable: the devstore has never answered.
        """
        with self._lock:
            age = time.monotonic() - self._read_at
            if age > self._refresh_s:
                age = self._ask(age)
            return self._read + timedelta(seconds=age)

    def _ask(self, age: float) -> float:
        import httpx  # Late: the wall's clock, which a shop's process reads, needs no HTTP client.

        try:
            answer = httpx.get(self._url, timeout=2.0)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            if age != float("inf"):
                return age
            raise Retryable(f"the store's clock at {self._url} does not answer: {error}") from error
        self._read = datetime.fromisoformat(answer.json()["now"])
        self._read_at = time.monotonic()
        return 0.0
