"""Faults on demand: what the twin does wrong on purpose, as often as it was told to.

`error` answers with a status; `hang` waits first; `throttled` is a 429 without Retry-After unless one is given;
`rubbish` is a 200 that is no JSON; `unauthorized` a 401; `unknown_enum` a good answer with a status that nobody
knows; `empty` a good answer without any of what it should list, as of what Klaviyo has not taken in yet;
`feature_unavailable` the 403 of a plan without the feature; `cut` an answer that ends early.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

MODES = (
    "error", "hang", "throttled", "rubbish", "unauthorized", "unknown_enum", "empty", "feature_unavailable", "cut",
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    mode: str
    count: int = 1
    path: str = "/api/"
    """What the request's path begins with."""
    method: str = ""
    """Empty for every method."""
    status: int = 500
    seconds: float = 2.0
    retry_after: str | None = None
    late: bool = False
    """Whether the request is carried out first, and only its answer spoilt."""


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self.refused_emails: set[str] = set()
        """Addresses because of which a whole import is refused."""

    def add(self, fault: Fault) -> None:
        """Plan a fault.

        Raises:
            ValueError: there is no such fault.
        """
        if fault.mode not in MODES:
            raise ValueError(f"no fault {fault.mode}; known are {', '.join(MODES)}")
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()
            self.refused_emails.clear()

    def planned(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{"mode": one.mode, "count": one.count, "path": one.path} for one in self._planned]

    def next(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request; asking uses it up once."""
        with self._lock:
            for fault in self._planned:
                if path.startswith(fault.path) and fault.method in ("", method):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._planned.remove(fault)
                    return fault
            return None
