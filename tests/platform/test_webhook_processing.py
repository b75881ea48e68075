"""A delivery is worked off once: repeated, put off, given up, killed between any two steps."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.due_work import DbDueWork
from app.adapters.db.engine import Database
from app.adapters.db.inbox import DbInbox
from app.adapters.db.shops import DbShops
from app.config import Settings
from app.core.shops import Shop, ShopState
from app.errors import Permanent, Retryable
from app.ports import Delivery
from app.services.process_webhook import MOST_TRIES, Handler, Message, Outcome, Ports, pause_s, process_webhook
from tests.patience import eventually

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return AT


@dataclass
class Office:
    """An inbox with one delivery, and a handler that notes what it saw."""

    database: Database
    sealer: Sealer
    shop: Shop
    seen: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    @property
    def inbox(self) -> DbInbox:
        return DbInbox(self.database, self.sealer)

    def receive(self, topic: str = "orders/create", payload: bytes = b'{"id":1}', webhook_id: str = "w-1") -> bool:
        return self.inbox.receive(self.shop.id, Delivery(webhook_id, topic, "e-1", AT, payload), at=AT)

    def process(self, webhook_id: str = "w-1") -> Outcome:
        return process_webhook(self.shop.id, webhook_id, self.ports({"orders": self.handle}))

    def ports(self, handlers: Mapping[str, Handler]) -> Ports:
        return Ports(self.inbox, DbShops(self.database), Clock(), handlers)

    def handle(self, message: Message) -> None:
        self.seen.append(message)
        if self.failures:
            raise self.failures.pop(0)

    def row(self) -> Row[tuple[object, ...]]:
        with self.database.shop(self.shop.id) as session:
            return session.execute(text("SELECT state, attempts, payload, error FROM deliveries")).one()

    def due(self) -> int:
        with self.database.open() as connection:
            return int(connection.execute(text("SELECT count(*) FROM due_work")).scalar_one())

    def let_time_pass(self) -> None:
        with self.database.shop(self.shop.id) as session:
            session.execute(text("UPDATE deliveries SET claimed_until = now() - interval '1 second'"))


@pytest.fixture
def office(database: Database, sealer: Sealer, shop: Shop) -> Office:
    return Office(database, sealer, shop)


def test_a_delivery_is_handed_to_its_topic_once(office: Office) -> None:
    office.receive()
    assert [office.process(), office.process()] == [Outcome.DONE, Outcome.NOT_OURS]
    assert office.seen == [Message(office.shop.id, "w-1", "orders/create", {"id": 1}, AT)]
    assert office.row().state == "done"
    assert office.due() == 0


def test_the_same_delivery_received_again_is_not_due_again(office: Office) -> None:
    assert office.receive()
    office.process()
    assert not office.receive()
    assert office.due() == 0


def test_two_workers_do_not_take_the_same_delivery(office: Office) -> None:
    office.receive()
    assert office.inbox.claim(office.shop.id, "w-1", seconds=60) is not None
    assert office.process() is Outcome.NOT_OURS
    assert office.due() == 1


def test_a_claim_is_renewed_while_its_handler_runs(office: Office) -> None:
    office.receive()

    def claimed_until() -> datetime:
        with office.database.shop(office.shop.id) as session:
            until: datetime = session.execute(text("SELECT claimed_until FROM deliveries")).scalar_one()
            return until

    def take_long(message: Message) -> None:
        first = claimed_until()
        eventually(lambda: claimed_until() > first, "the claim is good for longer")
        office.seen.append(message)

    ports = office.ports({"orders": take_long})
    assert process_webhook(office.shop.id, "w-1", ports, claim_s=3.0) is Outcome.DONE
    assert (office.row().state, office.row().attempts) == ("done", 1)


def test_a_claim_that_another_worker_has_taken_over_is_not_renewed(office: Office) -> None:
    office.receive()
    first = office.inbox.claim(office.shop.id, "w-1", seconds=60)
    assert first is not None
    office.let_time_pass()
    assert office.inbox.claim(office.shop.id, "w-1", seconds=0) is not None
    with office.inbox.keep(office.shop.id, first, seconds=0.03):
        time.sleep(0.3)
    assert office.inbox.claim(office.shop.id, "w-1", seconds=60) is not None


@pytest.mark.parametrize("box", ["NULL", "'not a box'"])
def test_a_payload_that_cannot_be_opened_is_tried_again_and_then_given_up(office: Office, box: str) -> None:
    office.receive()
    with office.database.shop(office.shop.id) as session:
        session.execute(text(f"UPDATE deliveries SET payload = {box}"))
    outcomes = []
    for _ in range(MOST_TRIES):
        outcomes.append(office.process())
        office.let_time_pass()
    assert outcomes == [Outcome.PUT_OFF] * 7 + [Outcome.FAILED]
    assert office.row().error.startswith("Permanent: ")
    assert office.due() == 0


def test_a_failure_is_tried_again_after_a_pause(office: Office) -> None:
    office.receive()
    office.failures = [Retryable("busy")]
    assert [office.process(), office.process()] == [Outcome.PUT_OFF, Outcome.NOT_OURS]
    office.let_time_pass()
    assert office.process() is Outcome.DONE
    assert len(office.seen) == 2


def test_pauses_grow_up_to_half_an_hour() -> None:
    assert [pause_s(tries) for tries in (1, 2, 3, 12)] == [5, 10, 20, 1800]


def test_after_eight_tries_a_delivery_is_kept_for_the_doctor(office: Office) -> None:
    office.receive()
    office.failures = [Retryable("busy")] * MOST_TRIES
    outcomes = []
    for _ in range(MOST_TRIES):
        outcomes.append(office.process())
        office.let_time_pass()
    assert outcomes == [Outcome.PUT_OFF] * 7 + [Outcome.FAILED]
    assert (office.row().state, office.row().attempts) == ("failed", 8)
    assert office.row().payload is not None
    assert office.due() == 0


def test_what_other_libraries_say_is_not_written_down(office: Office) -> None:
    office.receive()
    office.failures = [RuntimeError("ada@example.com")]
    office.process()
    assert office.row().error == "RuntimeError"


def test_a_payload_that_is_no_json_is_put_off_and_named(office: Office) -> None:
    office.receive(payload=b"{")
    assert office.process() is Outcome.PUT_OFF
    assert office.row().error == "Permanent: the payload is no JSON"


def test_a_topic_without_a_handler_is_done(office: Office) -> None:
    office.receive(topic="themes/publish")
    assert office.process() is Outcome.DONE
    assert office.seen == []


def test_changes_of_an_uninstalled_shop_are_ignored(office: Office) -> None:
    office.receive()
    DbShops(office.database).put(office.shop.domain, ShopState.UNINSTALLED)
    assert office.process() is Outcome.DONE
    assert office.seen == []
    assert office.row().payload is None


def test_a_privacy_requests_payload_is_dropped_when_it_is_done(office: Office) -> None:
    office.receive(topic="customers/redact")
    office.process()
    assert office.row().payload is None


def test_a_delivery_that_was_erased_meanwhile_is_no_longer_due(office: Office) -> None:
    office.receive()
    with office.database.shop(office.shop.id) as session:
        session.execute(text("DELETE FROM deliveries"))
    assert office.process() is Outcome.NOT_OURS
    assert office.due() == 0


def killed_at(checkpoint: str, settings: Settings, shop: Shop) -> None:
    """Work the delivery off in a process of its own that is killed at the checkpoint."""

    def work_and_die() -> None:
        assert settings.database_url is not None
        database = Database(settings.database_url)

        def kill(name: str) -> None:
            if name == checkpoint:
                os.kill(os.getpid(), signal.SIGKILL)

        office = Office(database, Sealer(settings.encryption_keys), shop)
        process_webhook(shop.id, "w-1", office.ports({"orders": _count(database)}), checkpoint=kill)

    child = multiprocessing.get_context("fork").Process(target=work_and_die)
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL


def _count(database: Database) -> Handler:
    """An idempotent handler whose effect can be counted."""

    def handle(message: Message) -> None:
        with database.shop(message.shop) as session:
            statement = "INSERT INTO removals (shop_id, kind, id, at) VALUES (:s, 'x', :id, now())"
            session.execute(
                text(f"{statement} ON CONFLICT DO NOTHING"), {"s": message.shop, "id": message.payload["id"]}
            )

    return handle


@pytest.mark.parametrize("checkpoint", ["claimed", "handled", "finished"])
def test_a_worker_killed_between_two_steps_is_finished_by_the_next_one(
    office: Office, settings: Settings, checkpoint: str
) -> None:
    office.receive()
    office.database.close()
    killed_at(checkpoint, settings, office.shop)
    assert office.due() == (0 if checkpoint == "finished" else 1)
    office.let_time_pass()
    process_webhook(office.shop.id, "w-1", office.ports({"orders": _count(office.database)}))
    with office.database.shop(office.shop.id) as session:
        assert session.execute(text("SELECT count(*) FROM removals")).scalar_one() == 1
    assert office.row().state == "done"
    assert office.due() == 0


def test_due_work_is_given_to_one_sweeper_only(database: Database, shop: Shop) -> None:
    due = DbDueWork(database)
    due.put(shop.id, "sync", after_s=0)
    due.put(shop.id, "webhook", "w-1", after_s=60)
    assert [item.kind for item in due.take_due(limit=10, again_s=60)] == ["sync"]
    assert due.take_due(limit=10, again_s=60) == []


def test_a_permanent_failure_says_why(office: Office) -> None:
    office.receive()
    office.failures = [Permanent("no usable token")]
    office.process()
    assert office.row().error == "Permanent: no usable token"


def test_a_delivery_that_kills_its_workers_is_given_up(office: Office) -> None:
    office.receive()
    for _ in range(MOST_TRIES):
        assert office.inbox.claim(office.shop.id, "w-1", seconds=60) is not None
        office.let_time_pass()
    assert office.process() is Outcome.FAILED
    assert office.seen == []
    assert office.row().error == "its workers were killed"
    assert office.due() == 0


def test_a_privacy_request_outlasts_an_outage_of_any_length(office: Office) -> None:
    office.receive(topic="shop/redact")
    ports = office.ports({"shop/redact": office.handle})
    office.failures = [Retryable("Shopify answered 503")] * 20
    for _ in range(20):
        assert process_webhook(office.shop.id, "w-1", ports) is Outcome.PUT_OFF
        office.let_time_pass()
    assert process_webhook(office.shop.id, "w-1", ports) is Outcome.DONE


def test_a_privacy_request_that_cannot_be_understood_is_given_up(office: Office) -> None:
    office.receive(topic="customers/redact", payload=b"[]")
    ports = office.ports({"customers/redact": office.handle})
    for _ in range(MOST_TRIES):
        outcome = process_webhook(office.shop.id, "w-1", ports)
        office.let_time_pass()
    assert outcome is Outcome.FAILED
