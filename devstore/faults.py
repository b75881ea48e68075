"""Faults on demand: what the devstore does wrong on purpose, as often as it was told to.

Shopify loses, repeats and reorders webhooks, its files get cut and expire, and its API fails, stalls and throttles;
tests ask for each of these by name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MODES = {
    "webhooks": ("lose", "late", "twice", "swap", "stale"),
    "bulk": ("cut", "expire", "garbage", "fail", "slow"),
    "admin": ("error", "hang", "revoked", "throttled", "reset"),
}
ENDPOINTS = ("graphql", "token")


@dataclass(slots=True)
class Fault:
    mode: str
    count: int = 1
    topics: tuple[str, ...] = ()
    """Webhook topics it applies to; empty means all."""
    delay_s: float = 2.0
    at_line: int | None = None
    endpoint: str = "graphql"
    """Admin faults: whether the GraphQL API breaks or the endpoint that gives tokens."""
    status: int | None = None
    """Admin faults: the HTTP status of an error; of a hang too, which is answered properly without one."""
    drop: bool = False
    """A hang that ends without an answer."""
    late: bool = False
    """Admin faults: the request is carried out first, and only its answer is spoilt."""


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, list[Fault]] = {kind: [] for kind in MODES}

    def add(self, kind: str, fault: Fault) -> None:
        """Plan a fault of webhooks, bulk or admin.

        Raises:
            ValueError: there is no such fault.
        """
        if fault.mode not in MODES[kind]:
            raise ValueError(f"no fault {fault.mode}; known are {', '.join(MODES[kind])}")
        if fault.endpoint not in ENDPOINTS:
            raise ValueError(f"no endpoint {fault.endpoint}; known are {', '.join(ENDPOINTS)}")
        with self._lock:
            self._planned[kind].append(fault)

    def clear(self) -> None:
        with self._lock:
            for planned in self._planned.values():
                planned.clear()

    def planned(self) -> dict[str, list[dict[str, Any]]]:
        """What is still to come, by kind."""
        with self._lock:
            return {
                kind: [{"mode": fault.mode, "count": fault.count} for fault in planned]
                for kind, planned in self._planned.items()
            }

    def webhook(self, topic: str) -> Fault | None:
        """The fault that hits the next delivery of this topic; asking uses it up once."""
        return self._use("webhooks", lambda f: not f.topics or topic in f.topics)

    def bulk(self, *modes: str) -> Fault | None:
        return self._use("bulk", lambda f: f.mode in modes)

    def bulk_planned(self, mode: str) -> Fault | None:
        """The same without using it up."""
        with self._lock:
            return next((f for f in self._planned["bulk"] if f.mode == mode), None)

    def admin(self, endpoint: str) -> Fault | None:
        return self._use("admin", lambda f: f.endpoint == endpoint)

    def _use(self, kind: str, applies: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            planned = self._planned[kind]
            found = next((f for f in planned if applies(f)), None)
            if found is not None:
                found.count -= 1
                if found.count <= 0:
                    planned.remove(found)
            return found
