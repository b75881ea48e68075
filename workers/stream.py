"""The event consumer: the stream's entries into the lake, each stored once, none lost.

Run it as ``python -m workers.stream``, as often as wished. It acknowledges a batch only after it is committed; while
PostgreSQL is away it holds its batch and waits. SIGTERM ends it after the batch in hand.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence

import redis

from app.adapters.redis.consumer import Delivery, StreamConsumer
from app.adapters.redis.event_stream import record_of
from app.errors import Permanent, Retryable
from app.services.store_records import Ports, Record, store_records
from app.wiring.worker import current

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 10.0
LONGEST_PAUSE_S = 5.0


class _Stopping(Exception):
    """The loop was asked to end while a batch could not be stored; the batch stays pending for the next consumer."""


class Stream:
    """The loop of one consumer.

    Args:
        housekeeping_s: how often abandoned entries are looked for and the stream is trimmed.
    """

    def __init__(self, consumer: StreamConsumer, ports: Ports, *, housekeeping_s: float = HOUSEKEEPING_S) -> None:
        self._consumer, self._ports = consumer, ports
        self._housekeeping_s = housekeeping_s
        self._stop = threading.Event()

    def stop(self, *_signal: object) -> None:
        """Ask the loop to end after the batch in hand."""
        self._stop.set()

    def run(self) -> None:
        """Consume until `stop` is called; a Redis that went away is waited for."""
        pause = 0.1
        while not self._stop.is_set():
            try:
                self._consume()
                pause = 0.1
            except _Stopping:
                return
            except redis.RedisError as error:
                log.warning("the event stream does not answer: %s", error)
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _consume(self) -> None:
        self._consumer.open()
        for batch in self._consumer.own_pending():
            self.handle(batch)
        kept_house = 0.0
        while not self._stop.is_set():
            if time.monotonic() - kept_house > self._housekeeping_s:
                self.keep_house()
                kept_house = time.monotonic()
            self.handle(self._consumer.new())

    def keep_house(self) -> None:
        """Take over what dead consumers left, set aside what nobody can store, drop what is done."""
        while batch := self._consumer.abandoned():
            tired = self._consumer.tired(batch)
            self._consumer.bury(tired, "delivered too often without being stored")
            gone = {delivery.id for delivery in tired}
            self.handle([delivery for delivery in batch if delivery.id not in gone])
            if self._stop.is_set():
                return
        self._consumer.forget_erased()
        self._consumer.trim()
        self._consumer.forget_dead_consumers()

    def handle(self, batch: Sequence[Delivery]) -> None:
        """Store a batch, then acknowledge it. What the lake refuses stays pending and comes again."""
        records: list[tuple[Delivery, Record]] = []
        self._consumer.acknowledge([delivery for delivery in batch if not delivery.fields])
        for delivery in batch:
            if not delivery.fields:
                continue
            try:
                records.append((delivery, record_of(delivery.fields)))
            except (ValueError, KeyError, TypeError) as error:
                self._consumer.bury([delivery], f"not an entry of ours: {type(error).__name__}")
        if not records:
            return
        try:
            self._store([record for _, record in records])
            self._consumer.acknowledge([delivery for delivery, _ in records])
        except Permanent:
            self._one_by_one(records)

    def _one_by_one(self, records: Sequence[tuple[Delivery, Record]]) -> None:
        """Find the entry that the lake refuses, so that it does not hold up its neighbours."""
        for delivery, record in records:
            try:
                self._store([record])
                self._consumer.acknowledge([delivery])
            except Permanent as error:
                log.warning("entry %r cannot be stored: %s", delivery.id, error)

    def _store(self, records: Sequence[Record]) -> None:
        """Store now or as soon as PostgreSQL is back; retrying in place leaves the count of deliveries alone."""
        pause = 0.1
        while True:
            try:
                store_records(records, self._ports)
                return
            except Retryable as error:
                if self._stop.is_set():
                    raise _Stopping from error
                log.warning("%s records wait: %s", len(records), error)
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)


def main(build: Callable[[], Stream] | None = None) -> None:
    """Run one consumer until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stream = (build or _stream)()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stream.stop)
    stream.run()


def _stream() -> Stream:
    wiring = current()
    name = f"{socket.gethostname()}:{os.getpid()}"
    return Stream(StreamConsumer(wiring.redis, name), Ports(wiring.lake, wiring.live_state))


if __name__ == "__main__":
    main()
