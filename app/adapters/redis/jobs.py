"""RQ as the queue: jobs by name, JSON arguments, results forgotten at once."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Final

import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from app import jobs
from app.core.ids import ShopId

log = logging.getLogger(__name__)

RESULT_TTL_S: Final = 0
FAILURE_TTL_S: Final = 24 * 3600
TIMEOUT_S: Final = 6 * 3600
BATCH: Final = 500


class RqJobs:
    """Enqueues by name, so that the web process never imports what a worker runs."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._queues: dict[str, Queue] = {}

    def enqueue(self, name: str, *arguments: str | int | bool | None) -> None:
        """Ask a worker of the job's queue (`app.jobs.queue_of`) to run the job `name`. Call it after the commit.

        A queue that does not answer is logged, not raised: what matters stands in the database, for the sweeper.
        """
        try:
            self._queue(jobs.queue_of(name)).enqueue(
                name, args=arguments, result_ttl=RESULT_TTL_S, failure_ttl=FAILURE_TTL_S, job_timeout=TIMEOUT_S
            )
        except redis.RedisError as error:
            log.warning("the queue took no hint for %s: %s", name, type(error).__name__)

    def waiting(self, queue: str) -> int:
        """How many jobs wait in the queue; 0 when it does not answer."""
        try:
            return self._queue(queue).count
        except redis.RedisError:
            return 0

    def forget(self, shop: ShopId) -> int:
        """Take the shop's waiting jobs out of all queues; returns how many there were."""
        forgotten = 0
        for name in jobs.QUEUES:
            for job in self._waiting_jobs(name):
                if job.args and job.args[0] == shop:
                    job.delete()
                    forgotten += 1
        return forgotten

    def _waiting_jobs(self, name: str) -> Iterator[Job]:
        """The jobs of a queue, read many at a time: it may be long. Those that are taken meanwhile are left out."""
        ids = iter(self._queue(name).get_job_ids())
        while batch := list(itertools.islice(ids, BATCH)):
            found = Job.fetch_many(batch, connection=self._connection, serializer=JSONSerializer)
            yield from (job for job in found if job is not None)

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._connection, serializer=JSONSerializer)
        return self._queues[name]
