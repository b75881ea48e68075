"""Faults on demand: what the devstore does wrong on purpose, as often as it was told to.

Shopify loses, repeats and reorders webhooks, and its files get cut and expire; tests ask for each of these by name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

WEBHOOK_MODES = ("lose", "late", "twice", "swap", "stale")
BULK_MODES = ("cut", "expire", "garbage", "fail", "slow")


@dataclass(slots=True)
class Fault:
    mode: str
    count: int = 1
    topics: tuple[str, ...] = ()
    """Webhook topics it applies to; empty means all."""
    delay_s: float = 2.0
    at_line: int | None = None


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._webhooks: list[Fault] = []
        self._bulk: list[Fault] = []

    def add_webhook(self, fault: Fault) -> None:
        _known(fault.mode, WEBHOOK_MODES)
        with self._lock:
            self._webhooks.append(fault)

    def add_bulk(self, fault: Fault) -> None:
        _known(fault.mode, BULK_MODES)
        with self._lock:
            self._bulk.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._webhooks.clear()
            self._bulk.clear()

    def webhook(self, topic: str) -> Fault | None:
        """The fault that hits the next delivery of this topic; asking uses it up once."""
        with self._lock:
            return _use(self._webhooks, lambda f: not f.topics or topic in f.topics)

    def bulk(self, *modes: str) -> Fault | None:
        with self._lock:
            return _use(self._bulk, lambda f: f.mode in modes)

    def bulk_planned(self, mode: str) -> Fault | None:
        """The same without using it up."""
        with self._lock:
            return next((f for f in self._bulk if f.mode == mode), None)


def _known(mode: str, modes: tuple[str, ...]) -> None:
    if mode not in modes:
        raise ValueError(f"no fault {mode}; known are {', '.join(modes)}")


def _use(faults: list[Fault], applies: Callable[[Fault], bool]) -> Fault | None:
    found = next((f for f in faults if applies(f)), None)
    if found is not None:
        found.count -= 1
        if found.count <= 0:
            faults.remove(found)
    return found
