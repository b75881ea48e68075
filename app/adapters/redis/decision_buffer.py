"""Decisions on their way to the stream: a bounded buffer in the web process, emptied every 50 ms by one thread.

The request pays for an append, nothing more. What does not fit is dropped, what a killed process had not flushed is
lost; both are counted (`app.adapters.counters`), so the reader of a report knows what is missing.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from typing import Final

import redis

from app.adapters.counters import Count, Counters
from app.adapters.redis.backlog import MOST_FOR_DECISIONS, Gate
from app.adapters.redis.event_stream import add_command
from app.adapters.redis.round_trip import RoundTrips
from app.core.events import Event
from app.core.ids import ShopId
from app.ports import Decision

log = logging.getLogger(__name__)

FLUSH_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
"""While the stream takes nothing it is tried less and less often, down to this."""
CAPACITY: Final = 10_000
BATCH: Final = 500
LAST_FLUSH_S: Final = 5.0

Batch = list[tuple[ShopId, Decision | Event]]


class DecisionBuffer:
    """Implements `app.ports.DecisionLog` and `SignInLog`.

    Args:
        most_in_stream: the length of the stream at which decisions wait here instead.
    """

    def __init__(
        self,
        connection: redis.Redis,
        counters: Counters,
        *,
        capacity: int = CAPACITY,
        flush_s: float = FLUSH_S,
        most_in_stream: int = MOST_FOR_DECISIONS,
    ) -> None:
        self._round_trip, self._counters = RoundTrips(connection), counters
        self._gate = Gate(self._round_trip, most_in_stream)
        self._capacity, self._flush_s = capacity, flush_s
        self._waiting: deque[tuple[ShopId, Decision | Event]] = deque()
        self._stuck_since: float | None = None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def record(self, shop: ShopId, decision: Decision) -> None:
        """Take the decision for storing; never waits and never raises. What does not fit is dropped and counted."""
        self._counters.add(Count.DECISIONS_ACCEPTED)
        if not self._put(shop, decision):
            self._counters.add(Count.DECISIONS_DROPPED)

    def tell(self, shop: ShopId, event: Event) -> None:
        """Take what the app itself has seen of a visitor, as `record` does. The next hour sees what does not fit."""
        self._put(shop, event)

    def _put(self, shop: ShopId, record: Decision | Event) -> bool:
        if self._pid != os.getpid():
            self._start()
        if len(self._waiting) >= self._capacity:
            return False
        self._waiting.append((shop, record))
        if not self._wake.is_set():
            self._wake.set()
        return True

    def flush(self) -> int:
        """Write what is waiting into the stream; returns how many. Keeps all of a batch that Redis did not take."""
        flushed = 0
        with self._flushing:
            while batch := self._take():
                try:
                    if self._gate.is_shut():
                        self._keep(batch, "the event stream is full")
                        break
                    self._round_trip([add_command(shop, record) for shop, record in batch])
                except redis.RedisError as error:
                    self._keep(batch, f"the event stream does not answer: {error}")
                    break
                except Exception:  # What cannot be written must not stand in the way of all that follow.
                    self._counters.add(Count.DECISIONS_DROPPED, _decisions(batch))
                    log.exception("%s decisions could not be written", len(batch))
                    continue
                self._counters.add(Count.DECISIONS_FLUSHED, _decisions(batch))
                self._well_again()
                flushed += len(batch)
        return flushed

    def close(self) -> None:
        """Flush for the last time and end the thread."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout=LAST_FLUSH_S)
            self.flush()
            self._round_trip.close()
            atexit.unregister(self.close)

    def _take(self) -> Batch:
        batch: Batch = []
        while self._waiting and len(batch) < BATCH:
            batch.append(self._waiting.popleft())
        return batch

    def _keep(self, batch: Batch, reason: str) -> None:
        """Put the batch back; an outage is logged once, when it begins."""
        self._waiting.extendleft(reversed(batch))
        if self._stuck_since is None:
            self._stuck_since = time.monotonic()
            log.warning("%s; decisions wait, up to %s of them", reason, self._capacity)

    def _well_again(self) -> None:
        """And once more when it ends."""
        if self._stuck_since is not None:
            log.warning("the event stream takes decisions again, after %.1f s", time.monotonic() - self._stuck_since)
            self._stuck_since = None

    def _start(self) -> None:
        """A thread does not survive a fork, so each process starts its own, at its first decision."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._waiting.clear()
            self._thread = threading.Thread(target=self._run, name="attune-decisions", daemon=True)
            self._thread.start()
        atexit.register(self.close)

    def _run(self) -> None:
        pause = self._flush_s
        while not self._ending.is_set():
            self._wake.wait()
            self._wake.clear()
            self._ending.wait(pause)  # Gather what comes meanwhile; a quiet process does not wake up at all.
            self.flush()
            pause = self._flush_s
            if self._stuck_since is not None:
                pause = min(max(pause, 2 * (time.monotonic() - self._stuck_since)), LONGEST_PAUSE_S)
            if self._waiting:
                self._wake.set()


def _decisions(batch: Batch) -> int:
    return sum(isinstance(record, Decision) for _, record in batch)
