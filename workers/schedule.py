"""The clock: enqueues the house's own jobs on time, once, however many clocks run (``python -m workers.schedule``).

RQ's scheduler enqueues whatever is due in each process, pickled. Here a tick is written into a ledger in the same
transaction that enqueues its job, and a clock that finds the tick taken leaves it alone; a clock that was down catches
up with the last tick it missed. Times are UTC wall time.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

import redis
from rq import Queue
from rq.cron import CronJob, CronScheduler
from rq.serializers import JSONSerializer

from app import jobs
from app.adapters.redis.jobs import FAILURE_TTL_S, RESULT_TTL_S, TIMEOUT_S
from app.core.nightly import HOUR
from app.wiring.worker import current

LEDGER: Final = "attune:clock"
"""Hash: job name → the tick (seconds since 1970) that was enqueued last."""
LONGEST_SLEEP_S: Final = 30.0


class Timed(CronJob):
    """A job by name, run once in each period.

    Args:
        every_s: the period in seconds.
        offset_s: when in the period, counted from 1970-01-01T00:00Z, which was a Thursday.
        at_once: run at the very first start too, instead of waiting for the first full period.
    """

    def __init__(self, func_name: str, *, every_s: int, offset_s: int = 0, at_once: bool = False) -> None:
        super().__init__(jobs.QUEUE_DEFAULT, func_name=func_name, interval=every_s)
        self.every_s = every_s
        self.offset_s = offset_s
        self.at_once = at_once

    def tick(self, now: datetime) -> int:
        """The latest moment up to `now` at which the job was to be enqueued, in seconds since 1970."""
        return (int(now.timestamp()) - self.offset_s) // self.every_s * self.every_s + self.offset_s

    def enqueue_with(self, pipeline: redis.client.Pipeline, connection: redis.Redis) -> None:
        """Put the job into the transaction that the pipeline holds."""
        queue = Queue(self.queue_name, connection=connection, serializer=JSONSerializer)
        queue.enqueue(
            self.func_name,
            result_ttl=RESULT_TTL_S,
            failure_ttl=FAILURE_TTL_S,
            job_timeout=TIMEOUT_S,
            pipeline=pipeline,
        )


class Clock(CronScheduler):
    """One of any number of clocks over the same Redis."""

    def __init__(self, connection: redis.Redis, timed: tuple[Timed, ...]) -> None:
        super().__init__(connection, logging_level=logging.INFO)
        self._cron_jobs = list(timed)

    def enqueue_jobs(self) -> list[CronJob]:
        """Enqueue what is due and not taken by another clock; returns it."""
        now = _now()
        return [job for job in self._cron_jobs if isinstance(job, Timed) and self._enqueue_once(job, now)]

    def calculate_sleep_interval(self) -> float:
        now = _now()
        soonest = min(job.tick(now) + job.every_s for job in self._cron_jobs if isinstance(job, Timed))
        return min(max(soonest - now.timestamp(), 0.1), LONGEST_SLEEP_S)

    def _enqueue_once(self, job: Timed, now: datetime) -> bool:
        tick = job.tick(now)
        with self.connection.pipeline() as pipeline:
            pipeline.watch(LEDGER)  # type: ignore[no-untyped-call]
            last: Any = pipeline.hget(LEDGER, job.name)
            if last is not None and int(last) >= tick:
                return False
            due = last is not None or job.at_once
            pipeline.multi()
            if due:
                job.enqueue_with(pipeline, self.connection)
            pipeline.hset(LEDGER, job.name, tick)
            try:
                pipeline.execute()
            except redis.WatchError:
                return False
        return due


DAY_S: Final = 24 * 3600
NIGHT_S: Final = HOUR * 3600
TIMETABLE: Final = (
    Timed(jobs.SWEEP, every_s=30, at_once=True),
    Timed(jobs.CONNECT_CHANGED_PIXELS, every_s=3600),
    Timed(jobs.READ_EVERYWHERE, every_s=3600),
    Timed(jobs.FORGET_PREVIEWS, every_s=3600),
    Timed(jobs.PLAN_TRAININGS, every_s=3600),
    Timed(jobs.WATCH_EVERYWHERE, every_s=300),
    Timed(jobs.PUSH_STALE, every_s=300),
    Timed(jobs.FEEDS_EVERYWHERE, every_s=600),
    Timed(jobs.RENEW_FEEDS, every_s=30),
    Timed(jobs.ENGAGEMENT_EVERYWHERE, every_s=300),
    Timed(jobs.HISTORY_EVERYWHERE, every_s=300),
    Timed(jobs.START_EVERYWHERE, every_s=300),
    Timed(jobs.EACH_NIGHT, every_s=DAY_S, offset_s=NIGHT_S),
    Timed(jobs.CARE_EVERYWHERE, every_s=DAY_S, offset_s=NIGHT_S),
    Timed(jobs.TIDY_LAKES, every_s=DAY_S, offset_s=NIGHT_S),
    Timed(jobs.REFRESH_TOKENS, every_s=7 * DAY_S, offset_s=NIGHT_S),
    Timed(jobs.REFRESH_KLAVIYO, every_s=7 * DAY_S, offset_s=NIGHT_S),
)


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    Clock(current().redis, TIMETABLE).start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
