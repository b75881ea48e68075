"""Work that Shopify does after it has answered: the job is named at once, done a moment later, and polled meanwhile."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

DELAY_S = 0.05


@dataclass(slots=True)
class Job:
    id: str
    done: bool = False


class Jobs:
    """All jobs of one shop. The work runs under the shop's lock, in a thread of its own."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._jobs: dict[str, Job] = {}

    def start(self, work: Callable[[], None]) -> Job:
        job = Job(str(uuid.uuid4()))
        self._jobs[job.id] = job

        def run() -> None:
            with self._lock:
                work()
                job.done = True

        timer = threading.Timer(DELAY_S, run)
        timer.daemon = True
        timer.start()
        return job

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)
