"""What was asked of the API, for tests and benches: without bodies, so that a long run stays small."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: str
    caller: str
    """key, oauth or empty."""
    status: int
    at: float
    """Wall time."""
    took_s: float
    size: int
    """Bytes of the body."""
    unknown: tuple[str, ...]
    """Keys of the body that Klaviyo would pass over in silence."""


class RequestsLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Asked] = deque(maxlen=KEPT)
        self._statuses: Counter[int] = Counter()

    def add(self, asked: Asked) -> None:
        with self._lock:
            self._kept.append(asked)
            self._statuses[asked.status] += 1

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._statuses.clear()

    def document(self) -> dict[str, Any]:
        with self._lock:
            unknown = sorted({name for asked in self._kept for name in asked.unknown})
            return {
                "requests": [asdict(asked) for asked in self._kept],
                "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
                "throttled": self._statuses[429],
                "unknown": unknown,
            }
