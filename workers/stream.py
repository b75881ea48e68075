"""The event consumers: the stream's entries into live state at once, and into the lake in large batches, none lost.

Run it as ``python -m workers.stream``, as often as wished. Two groups read the same stream: `live` folds what comes
within milliseconds, `lake` gathers for up to two seconds, because each batch becomes files. A batch is acknowledged
only after it is stored; while the lake is away its reader holds its batch and waits, and the live one goes on. SIGTERM
ends both after the batches in hand.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.consumer import Delivery, StreamConsumer
from app.adapters.redis.event_stream import is_event, record_of
from app.core.events import Event
from app.core.ids import ShopId
from app.errors import Permanent, Retryable
from app.ports import Decision
from app.services.fold_events import fold_events
from app.services.follow_live_rules import follow_live_rules
from app.services.note_mail_deeds import note_mail_deeds
from app.services.store_records import store_records
from app.wiring.worker import Worker, current

log = logging.getLogger(__name__)

HOUSEKEEPING_S: Final = 10.0
LONGEST_PAUSE_S: Final = 5.0
LAKE_BATCH: Final = 5000
LAKE_GATHERS_S: Final = 2.0
LAKE_IDLE_MS: Final = 120_000
"""Writing a batch's files may take its time; another consumer must not take it over meanwhile."""

Record = tuple[ShopId, Event | Decision]
Work = Callable[[Sequence[Record]], object]


class _Stopping(Exception):
    """The loop was asked to end while a batch could not be stored; the batch stays pending for the next consumer."""


class Stream:
    """The loop of one consumer.

    Args:
        work: what is done with a batch; it may come again after a kill. Raises Retryable to have it wait, Permanent
            for a record that it will never take.
        reads: which entries the work is about; the others are acknowledged unread.
        keeps_dead: whether what nobody can read or store is set aside with the reason; one group of the stream's does.
        housekeeping_s: how often abandoned entries are looked for and the stream is trimmed.
    """

    def __init__(
        self,
        consumer: StreamConsumer,
        work: Work,
        *,
        reads: Callable[[Mapping[bytes, bytes]], bool] = bool,
        keeps_dead: bool = True,
        housekeeping_s: float = HOUSEKEEPING_S,
    ) -> None:
        self._consumer, self._work, self._reads, self._keeps_dead = consumer, work, reads, keeps_dead
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
            self._give_up(tired, "delivered too often without being stored")
            gone = {delivery.id for delivery in tired}
            self.handle([delivery for delivery in batch if delivery.id not in gone])
            if self._stop.is_set():
                return
        self._consumer.forget_erased()
        self._consumer.trim()
        self._consumer.forget_dead_letters()
        self._consumer.forget_dead_consumers()

    def handle(self, batch: Sequence[Delivery]) -> None:
        """Work on a batch, then acknowledge it. What is refused stays pending and comes again."""
        records: list[tuple[Delivery, Record]] = []
        self._consumer.acknowledge([delivery for delivery in batch if not self._reads(delivery.fields)])
        for delivery in batch:
            if not self._reads(delivery.fields):
                continue
            try:
                records.append((delivery, record_of(delivery.fields)))
            except (ValueError, KeyError, TypeError) as error:
                self._give_up([delivery], f"not an entry of ours: {type(error).__name__}")
        if records:
            self._settle(records)

    def _settle(self, records: Sequence[tuple[Delivery, Record]]) -> None:
        """Store all, or halve again and again, so that a refused entry does not hold up its neighbours."""
        try:
            self._store([record for _, record in records])
        except Permanent as error:
            if len(records) == 1:
                log.warning("entry %r cannot be stored: %s", records[0][0].id, error)
                return
            middle = len(records) // 2
            self._settle(records[:middle])
            self._settle(records[middle:])
        else:
            self._consumer.acknowledge([delivery for delivery, _ in records])

    def _store(self, records: Sequence[Record]) -> None:
        """Store now or as soon as it can be; retrying in place leaves the count of deliveries alone."""
        pause = 0.1
        while True:
            try:
                self._work(records)
                return
            except Retryable as error:
                if self._stop.is_set():
                    raise _Stopping from error
                log.warning("%s records wait: %s", len(records), error)
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _give_up(self, batch: Sequence[Delivery], reason: str) -> None:
        if self._keeps_dead:
            self._consumer.bury(batch, reason)
        else:
            self._consumer.acknowledge(batch)


def run_together(streams: Sequence[Stream]) -> None:
    """Run the loops, each in a thread of its own, until all are stopped; what breaks one ends all."""
    failures: list[BaseException] = []

    def run(stream: Stream) -> None:
        try:
            stream.run()
        except BaseException as error:
            failures.append(error)
            for other in streams:
                other.stop()

    threads = [threading.Thread(target=run, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def main(build: Callable[[], Sequence[Stream]] | None = None) -> None:
    """Run the consumers until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    streams = (build or _streams)()

    def stop(*_signal: object) -> None:
        for stream in streams:
            stream.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    run_together(streams)


def _streams() -> list[Stream]:
    wiring, name = current(), f"{socket.gethostname()}:{os.getpid()}"
    return [live(wiring, name), lake(wiring, name)]


def live(wiring: Worker, name: str) -> Stream:
    """The reader that folds events into live state."""
    consumer = StreamConsumer(wiring.redis, name, group=keys.LIVE_GROUP)
    return Stream(consumer, lambda records: _fold_and_follow(records, wiring), reads=is_event, keeps_dead=False)


def _fold_and_follow(records: Sequence[Record], wiring: Worker) -> None:
    """What the next answer shall know comes first; live rules that can't be judged now never hold it up."""
    fold_events(records, wiring.folding)
    try:
        follow_live_rules(records, wiring.following_live_rules)
    except Retryable as error:
        log.warning("live rules are left to the shoppers' next steps and the night: %s", error)
    try:
        note_mail_deeds(records, wiring.noting_mail_deeds)
    except Retryable as error:
        log.warning("some carts and views will not be spoken of in mails: %s", error)


def lake(wiring: Worker, name: str) -> Stream:
    """The reader that stores events and decisions for good."""
    consumer = StreamConsumer(
        wiring.redis,
        name,
        group=keys.LAKE_GROUP,
        most=LAKE_BATCH,
        gather_s=LAKE_GATHERS_S,
        idle_ms=LAKE_IDLE_MS,
    )
    return Stream(consumer, lambda records: store_records(records, wiring.storing))


if __name__ == "__main__":
    main()
