"""The least-recently-used set of mapped shops, the thread that maps new ones and those that keep all fresh.

Freshness costs one Redis MGET for all mapped shops every half second: workers bump a counter after each commit, and
only a shop whose counter moved is read again. A worker that is killed between its commit and the bump would leave a
shop behind, so every shop is read again now and then without being told.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis

from app.adapters.counters import Count, Counters
from app.adapters.redis import keys
from app.adapters.shelves.pulse import PulseReader
from app.adapters.shelves.reading import ShelfReader
from app.adapters.shelves.shelf import CatalogShelf
from app.core.experiments.assign import UNREAD_EXPERIMENTS
from app.core.ids import ProductId, ShopId
from app.ports import ArtefactStore, CatalogReader, ExperimentRegister, FreshStore, Models, SteeringRegister

log = logging.getLogger(__name__)

PULSE_S = 0.5
"""Pause between two looks at whose pulse is due: a slider that has just been moved acts within two seconds."""
POLL_S = 0.4
"""Pause between two looks at the counters; a change is served within a second of the worker's commit."""
OVERLAP = timedelta(seconds=60)
"""Rows are stamped before they are committed: an incremental read goes back so far."""
UNASKED_S = 30.0
MOST_SHOPS = 64
MOST_PRODUCTS = 500_000
"""Of all mapped shops together: a card takes about 1 kB. One shop is mapped whatever its size."""
LONGEST_READ_S = 5.0

Marks = tuple[bytes | None, ...]
"""A shop's counters as last seen: those of `COUNTERS`, in order."""
COUNTERS = (keys.catalog, keys.catalog_epoch, keys.model, keys.experiments, keys.fresh_counter)


@dataclass(slots=True)
class _Mapped:
    shop: ShopId
    shelf: CatalogShelf
    marks: Marks
    rows_at: datetime
    """The database's clock before the rows were last read; where the next incremental read goes on from."""
    read_at: float
    used_at: float = field(default_factory=time.monotonic)


class MappedShelves:
    """Implements `app.ports.Shelves`.

    Args:
        connection: a Redis client of this process; used by the background threads only.
        steering: what the rails' sliders are set to; without it all of them are off.
        pulse: reads how products do, for sliders that ask; without it nothing is known of that.
    """

    def __init__(
        self,
        catalog: CatalogReader,
        models: Models,
        artefacts: ArtefactStore,
        experiments: ExperimentRegister,
        connection: redis.Redis,
        counters: Counters,
        *,
        steering: SteeringRegister | None = None,
        pulse: PulseReader | None = None,
        most_shops: int = MOST_SHOPS,
        most_products: int = MOST_PRODUCTS,
        poll_s: float = POLL_S,
        fresh: FreshStore | None = None,
    ) -> None:
        self._catalog, self._read = catalog, ShelfReader(models, artefacts, experiments, counters, steering, fresh)
        self._pulse = pulse
        self._redis, self._counters = connection, counters
        self._most_shops, self._most_products, self._poll_s = most_shops, most_products, poll_s
        self._mapped: dict[ShopId, _Mapped] = {}
        self._wanted: queue.SimpleQueue[ShopId | None] = queue.SimpleQueue()
        self._asked: set[ShopId] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pid = 0
        self._threads: list[threading.Thread] = []

    def mapped(self, shop: ShopId) -> CatalogShelf | None:
        """The shop's shelf; None when it is not in memory yet, which is then seen to in the background."""
        found = self._mapped.get(shop)
        if found is None:
            self._want(shop)
            return None
        found.used_at = time.monotonic()
        return found.shelf

    def small(self, shop: ShopId, products: Iterable[ProductId]) -> CatalogShelf:
        """A shelf of just these products, read now: what an unmapped shop is answered from meanwhile."""
        shelf = CatalogShelf(self._catalog.cards_of(shop, products))
        shelf.experiments = self._read.experiments(shop) or UNREAD_EXPERIMENTS
        return shelf

    def map_now(self, shop: ShopId) -> CatalogShelf:
        """Read the shop into memory before returning: for the command line and for whoever can wait."""
        # Both read before the rows, so that what changes meanwhile is noticed.
        marks, now = self._marks([shop]).get(shop, ()), self._catalog.now()
        shelf = CatalogShelf(self._catalog.cards(shop), self._read.model(shop))
        known = self._put_experiments(shop, shelf)
        entry = _Mapped(shop, shelf, marks if known else (), rows_at=now, read_at=time.monotonic())
        with self._lock:
            self._mapped[shop] = entry
            while len(self._mapped) > 1 and self._is_full():
                del self._mapped[min(self._mapped.values(), key=lambda one: one.used_at).shop]
        return entry.shelf

    def close(self) -> None:
        """End all threads."""
        self._stop.set()
        self._wanted.put(None)
        for thread in self._threads if self._pid == os.getpid() else ():
            thread.join(timeout=LONGEST_READ_S)

    def _is_full(self) -> bool:
        products = sum(len(one.shelf) for one in self._mapped.values())
        return len(self._mapped) > self._most_shops or products > self._most_products

    # -- the background ----------------------------------------------------------------------------------------------

    def _want(self, shop: ShopId) -> None:
        with self._lock:
            if shop in self._asked:
                return
            self._asked.add(shop)
            self._start()
        self._wanted.put(shop)

    def _start(self) -> None:
        """Threads do not survive a fork, so each process starts its own, at its first shop."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._threads = [
            threading.Thread(target=self._map_wanted, name="attune-mapper", daemon=True),
            threading.Thread(target=self._poll, name="attune-shelves", daemon=True),
            threading.Thread(target=self._feel, name="attune-pulse", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _map_wanted(self) -> None:
        while (shop := self._wanted.get()) is not None and not self._stop.is_set():
            try:
                self.map_now(shop)
            except Exception:  # The thread must outlive a failed read; the next request asks again.
                log.exception("shop %s could not be mapped", shop)
                self._stop.wait(self._poll_s)
            finally:
                with self._lock:
                    self._asked.discard(shop)

    def _poll(self) -> None:
        while not self._stop.wait(self._poll_s):
            try:
                self.refresh()
            except Exception:  # As above: the shelves stay as they are until the next look.
                log.exception("the mapped shops could not be refreshed")
                self._counters.add(Count.CATALOG_POLLS_FAILED)

    def _feel(self) -> None:
        """Apart from the polling thread, because sums over weeks of orders must not keep it from reading stock."""
        while not self._stop.wait(PULSE_S):
            self.refresh_pulse()

    def refresh_pulse(self) -> None:
        """One look at how the products of all mapped shops do, as far as sliders ask and it has grown old."""
        if self._pulse is None:
            return
        with self._lock:
            entries = list(self._mapped.values())
        for entry in entries:
            try:
                self._pulse.refresh(entry.shop, entry.shelf)
            except Exception:  # What was known before goes on to count.
                log.exception("how the products of shop %s do cannot be read", entry.shop)
                self._counters.add(Count.CATALOG_POLLS_FAILED)
                self._stop.wait(self._poll_s)

    def refresh(self) -> None:
        """One look at all mapped shops; reads again what has changed."""
        with self._lock:
            entries = list(self._mapped.values())
        if not entries:
            return
        marks = self._marks([entry.shop for entry in entries])
        now = time.monotonic()
        for entry in entries:
            seen = marks.get(entry.shop, ())
            if not seen or seen != entry.marks or now - entry.read_at > UNASKED_S:
                try:
                    entry.marks = self._renew(entry, seen)
                except Exception:  # One shop's trouble must not keep the others' stock from being read.
                    log.exception("shop %s could not be read again", entry.shop)
                    self._counters.add(Count.CATALOG_POLLS_FAILED)
                else:
                    entry.read_at = now

    def _renew(self, entry: _Mapped, marks: Marks) -> Marks:
        """Read what has changed; returns the marks to remember, none where something must be looked for again."""
        told, known = bool(marks) and bool(entry.marks), True
        if not told or marks[2:] != entry.marks[2:] or marks == entry.marks:
            entry.shelf.model = self._read.model(entry.shop, entry.shelf.model)
            known = self._put_experiments(entry.shop, entry.shelf)
        now = self._catalog.now()
        if told and marks[1] != entry.marks[1]:
            shelf = CatalogShelf(self._catalog.cards(entry.shop), entry.shelf.model)
            shelf.experiments, shelf.pinned = entry.shelf.experiments, entry.shelf.pinned
            shelf.canary, shelf.pulse = entry.shelf.canary, entry.shelf.pulse
            entry.shelf = shelf
        else:
            entry.shelf.apply(self._catalog.cards(entry.shop, changed_since=entry.rows_at - OVERLAP))
        entry.rows_at = now
        return marks if known else ()

    def _put_experiments(self, shop: ShopId, shelf: CatalogShelf) -> bool:
        """Those that run now, and the models that they name; returns whether they could be read."""
        running = self._read.experiments(shop)
        if running is not None:
            shelf.experiments = running
        canary = self._read.canary(shop)
        shelf.pinned = self._read.pinned(shop, shelf, canary)
        shelf.canary = canary
        return running is not None

    def _marks(self, shops: list[ShopId]) -> dict[ShopId, Marks]:
        """The counters; empty when Redis does not answer, and then the rows themselves are looked at instead."""
        names = [name(shop) for shop in shops for name in COUNTERS]
        try:
            values: list[Any] = self._redis.mget(names)
        except redis.RedisError:
            self._counters.add(Count.CATALOG_POLLS_FAILED)
            return {}
        each = len(COUNTERS)
        return {shop: tuple(values[each * place : each * (place + 1)]) for place, shop in enumerate(shops)}
