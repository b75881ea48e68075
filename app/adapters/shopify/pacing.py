"""Pacing: how long to wait so that a shop's bucket of cost points is not overdrawn.

Shopify tells the bucket's state with every answer; between answers it refills at a known rate. Other processes draw
on the same bucket, so this is an estimate, and THROTTLED answers correct it.
https://shopify.dev/docs/api/usage/rate-limits
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_WAIT_S = 30.0


class Pace:
    """One shop's bucket as this process sees it.

    Args:
        stopwatch: seconds that only grow.
    """

    def __init__(self, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._stopwatch = stopwatch
        self._lock = threading.Lock()
        self._costs: dict[str, float] = {}
        self._maximum = 2000.0
        self._rate = 100.0
        self._available = self._maximum
        self._at = stopwatch()

    def wait_s(self, document: str) -> float:
        """Seconds to wait before sending the document; its cost is set aside at once, for the threads beside us."""
        with self._lock:
            self._refill()
            cost = min(self._costs.get(document, 0.0), self._maximum)
            missing = cost - self._available
            self._available -= cost
            return _bounded(missing / self._rate)

    def learn(self, document: str, cost: Mapping[str, Any]) -> None:
        """Take over what the answer's ``extensions.cost`` says."""
        status = cost.get("throttleStatus") or {}
        with self._lock:
            self._costs[document] = float(cost.get("requestedQueryCost") or 0.0)
            self._maximum = float(status.get("maximumAvailable") or self._maximum)
            self._rate = float(status.get("restoreRate") or self._rate)
            self._available = float(status.get("currentlyAvailable", self._available))
            self._at = self._stopwatch()

    def throttled_s(self, document: str) -> float:
        """Seconds until the bucket holds what the document was just refused for."""
        with self._lock:
            self._refill()
            missing = self._costs.get(document, 0.0) - self._available
            return _bounded(max(missing / self._rate, 0.1))

    def _refill(self) -> None:
        now = self._stopwatch()
        self._available = min(self._maximum, self._available + (now - self._at) * self._rate)
        self._at = now


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
