"""RQ as the queue: jobs by name, JSON arguments, results forgotten at once."""

from __future__ import annotations

import redis
from rq import Queue
from rq.serializers import JSONSerializer

RESULT_TTL_S = 0
FAILURE_TTL_S = 24 * 3600
TIMEOUT_S = 6 * 3600


class RqJobs:
    """Enqueues by name, so that the web process never imports what a worker runs."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._queues: dict[str, Queue] = {}

    def enqueue(self, name: str, *arguments: str | int | bool | None, queue: str = "default") -> None:
        """Ask a worker to run the job `name`. Call it after the commit."""
        self._queue(queue).enqueue(
            name, args=arguments, result_ttl=RESULT_TTL_S, failure_ttl=FAILURE_TTL_S, job_timeout=TIMEOUT_S
        )

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._connection, serializer=JSONSerializer)
        return self._queues[name]
