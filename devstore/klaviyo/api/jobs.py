"""Asynchronous jobs: one worker thread takes them in the order in which they came. Tests may hold it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from devstore.klaviyo.api.errors import missing
from devstore.klaviyo.records import Job
from devstore.klaviyo.state import Account

Work = Callable[[Job], None]

_log = logging.getLogger(__name__)


class Jobs:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._waiting: queue.SimpleQueue[tuple[Job, Work]] = queue.SimpleQueue()
        self._going = threading.Event()
        self._going.set()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, kind: str, total: int, work: Work, list_ids: tuple[str, ...] = ()) -> Job:
        """Queue a job; the worker thread begins with the first one."""
        job = Job(self._account.new_id() + self._account.new_id(), kind, self._account.now(), total, list_ids=list_ids)
        self._account.jobs[job.id] = job
        self._waiting.put((job, work))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="klaviyo-jobs", daemon=True)
                self._thread.start()
        return job

    def get(self, kind: str, name: str) -> Job:
        job = self._account.jobs.get(name)
        if job is None or job.kind != kind:
            raise missing(kind, name)
        return job

    def of(self, kind: str) -> list[Job]:
        return [job for job in self._account.jobs.copy().values() if job.kind == kind]

    def hold(self, held: bool) -> None:
        """Leave queued what is queued, until let go again."""
        if held:
            self._going.clear()
        else:
            self._going.set()

    @property
    def idle(self) -> bool:
        return all(job.finished is not None for job in self._account.jobs.copy().values())

    def _run(self) -> None:
        while True:
            job, work = self._waiting.get()
            self._going.wait()
            job.status, job.started = "processing", self._account.now()
            try:
                work(job)
                job.status = "complete"
            except Exception:
                # A mistake of the twin's: the job must not stay "processing" for ever, and the next must run.
                _log.exception("job %s broke", job.id)
                job.status = "cancelled"
            del work  # It holds the job's input, which nobody needs any more.
            job.finished = self._account.now()
