"""Counters that outlive the process that counts: a small memory-mapped file per process slot.

A process takes the first free slot by a file lock, which the kernel gives back however the process ends, and goes on
from the figures that its predecessor left. That is how a killed web process's unflushed decisions become visible as
lost: its successor finds more accepted than flushed. `totals` adds up all slots, so any process can answer /metrics.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from enum import StrEnum
from pathlib import Path

from app.errors import Permanent


class Count(StrEnum):
    """What is counted. The order is the file's layout: add at the end only."""

    DECISIONS_ACCEPTED = "decisions_accepted"
    DECISIONS_FLUSHED = "decisions_flushed"
    DECISIONS_DROPPED = "decisions_dropped"
    DECISIONS_LOST = "decisions_lost"
    RECOMMENDATIONS_ANSWERED = "recommendations_answered"
    RECOMMENDATIONS_EMPTY = "recommendations_empty"
    RECOMMENDATIONS_FAILED = "recommendations_failed"
    RECOMMENDATIONS_UNMAPPED = "recommendations_unmapped"
    SOURCES_SKIPPED = "sources_skipped"
    LIVE_STATE_FAILED = "live_state_failed"
    CATALOG_POLLS_FAILED = "catalog_polls_failed"
    EVENTS_ACCEPTED = "events_accepted"
    EVENTS_REFUSED = "events_refused"
    COLLECT_FAILED = "collect_failed"
    WEBHOOKS_STORED = "webhooks_stored"
    WEBHOOKS_REPEATED = "webhooks_repeated"
    WEBHOOKS_REFUSED = "webhooks_refused"


SLOTS = 256
_NAMES = tuple(Count)
_PLACE = {name: 8 * place for place, name in enumerate(_NAMES)}
_SIZE = 512
_CELL = struct.Struct("<q")


class Counters:
    """This process's slot under `folder`; taken at the first count, again after a fork."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._map: mmap.mmap | None = None
        self._file = -1

    def add(self, name: Count, number: int = 1) -> None:
        """Count; safe between threads."""
        place = _PLACE[name]
        with self._lock:
            cells = self._cells()
            _CELL.pack_into(cells, place, _CELL.unpack_from(cells, place)[0] + number)

    def totals(self) -> dict[str, int]:
        """The sums over all slots, those of ended processes included."""
        sums = dict.fromkeys(_NAMES, 0)
        for path in sorted(self._folder.glob("*.count")):
            content = path.read_bytes()
            for name in _NAMES if len(content) == _SIZE else ():
                sums[name] += _CELL.unpack_from(content, _PLACE[name])[0]
        return {str(name): value for name, value in sums.items()}

    def close(self) -> None:
        """Give the slot back."""
        with self._lock:
            if self._map is not None and self._pid == os.getpid():
                self._map.close()
                os.close(self._file)
            self._map, self._pid = None, 0

    def _cells(self) -> mmap.mmap:
        if self._map is None or self._pid != os.getpid():
            self._take_slot()
        assert self._map is not None
        return self._map

    def _take_slot(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for slot in range(SLOTS):
            file = os.open(self._folder / f"{slot}.count", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                continue
            os.ftruncate(file, _SIZE)
            self._file, self._map, self._pid = file, mmap.mmap(file, _SIZE), os.getpid()
            _settle(self._map)
            return
        raise Permanent(f"all {SLOTS} counter slots in {self._folder} are taken")


def _settle(cells: mmap.mmap) -> None:
    """Book as lost what the slot's last owner had accepted and neither flushed nor dropped when it ended."""

    def value(name: Count) -> int:
        return int(_CELL.unpack_from(cells, _PLACE[name])[0])

    done = value(Count.DECISIONS_FLUSHED) + value(Count.DECISIONS_DROPPED) + value(Count.DECISIONS_LOST)
    missing = value(Count.DECISIONS_ACCEPTED) - done
    if missing > 0:
        _CELL.pack_into(cells, _PLACE[Count.DECISIONS_LOST], value(Count.DECISIONS_LOST) + missing)
