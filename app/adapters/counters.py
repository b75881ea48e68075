"""Counters that outlive the process that counts: a small memory-mapped file per process slot.

A process takes the first free slot by a file lock, which the kernel gives back however the process ends, and goes on
from the figures that its predecessor left. That is how a killed web process's unflushed decisions become visible as
lost: its successor finds more accepted than flushed. `totals` adds up all slots, so any process can answer /metrics.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import struct
import threading
from enum import StrEnum
from pathlib import Path

log = logging.getLogger(__name__)


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
    EVENTS_REFUSED_SHAPE = "events_refused_shape"
    EVENTS_REFUSED_CONSENT = "events_refused_consent"
    EVENTS_REFUSED_TYPE = "events_refused_type"
    EVENTS_REFUSED_IDENTITY = "events_refused_identity"
    EVENTS_REFUSED_AGE = "events_refused_age"
    EVENTS_REFUSED_FIELD = "events_refused_field"
    EVENTS_REFUSED_SURPLUS = "events_refused_surplus"
    EVENTS_FROM_BOTS = "events_from_bots"
    COLLECT_MALFORMED = "collect_malformed"
    COLLECT_TOO_LARGE = "collect_too_large"
    COLLECT_FROM_STRANGERS = "collect_from_strangers"
    COLLECT_FULL = "collect_full"
    CLIENTS_PAIRED = "clients_paired"
    CLIENTS_CONTRADICTED = "clients_contradicted"
    CONTROLS_ANSWERED = "controls_answered"
    """Answers whose rail shows something else, or nothing, because the visitor is in a control arm."""
    PAGES_STALE = "pages_stale"
    """Answers to pages that were painted before the visitor's arms were known, and so are not measured."""
    TREATMENTS_MISSED = "treatments_missed"
    """Answers that could not follow their arm: the shop's model does not have what it asks for."""
    UNITS_STITCHED = "units_stitched"
    """Browsers that turned out to be a customer's who had been assigned under an earlier one."""
    UNITS_CONFLICTING = "units_conflicting"
    """Those of them that had been in another arm until then."""
    EXPERIMENTS_UNREAD = "experiments_unread"
    ARMS_ANSWERED = "arms_answered"
    MODELS_UNREAD = "models_unread"
    """Model files that could not be read; the model before, or lists, served instead."""


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
                if self._file >= 0:
                    os.close(self._file)
            self._map, self._pid = None, 0

    def _cells(self) -> mmap.mmap:
        if self._map is None or self._pid != os.getpid():
            self._take_slot()
        assert self._map is not None
        return self._map

    def _take_slot(self) -> None:
        self._pid, self._file, self._map = os.getpid(), -1, None
        try:
            self._file = _free_slot(self._folder)
            self._map = mmap.mmap(self._file, _SIZE)
            _settle(self._map)
        except OSError as error:
            # Figures are worth less than an answer: without a place for them the process counts for itself.
            log.warning("counters cannot be kept in %s: %s", self._folder, error)
            self._map = mmap.mmap(-1, _SIZE)


def _free_slot(folder: Path) -> int:
    """Open and lock the first file that no living process holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for slot in range(SLOTS):
        file = os.open(folder / f"{slot}.count", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        os.ftruncate(file, _SIZE)
        return file
    raise OSError(f"all {SLOTS} slots are taken")


def _settle(cells: mmap.mmap) -> None:
    """Book as lost what the slot's last owner had accepted and neither flushed nor dropped when it ended."""

    def value(name: Count) -> int:
        return int(_CELL.unpack_from(cells, _PLACE[name])[0])

    done = value(Count.DECISIONS_FLUSHED) + value(Count.DECISIONS_DROPPED) + value(Count.DECISIONS_LOST)
    missing = value(Count.DECISIONS_ACCEPTED) - done
    if missing > 0:
        _CELL.pack_into(cells, _PLACE[Count.DECISIONS_LOST], value(Count.DECISIONS_LOST) + missing)
