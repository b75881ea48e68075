"""The webhook inbox: a delivery is stored with the note that it is due, claimed by compare-and-set, and finished once.

The raw payload is one box, dropped some days after it is done. `claimed_until` is wall time: both the lease of the
worker at it and the pause before its next try.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db import due_work
from app.adapters.db.engine import Database
from app.adapters.db.renewing import renewing
from app.core.ids import ShopId
from app.errors import Permanent
from app.ports import Delivery

PAYLOAD = "deliveries.payload"
KIND = "webhook"
HINT_AGAIN_S = 30.0
LONGEST_ERROR = 500

INSERT = text("""
    INSERT INTO deliveries
        (shop_id, webhook_id, topic, event_id, triggered_at, received_at, payload, state, attempts, error)
    VALUES (:shop, :id, :topic, :event_id, :triggered_at, :at, :payload, 'pending', 0, '')
    ON CONFLICT (shop_id, webhook_id) DO NOTHING
    RETURNING webhook_id
""")
CLAIM = text("""
    UPDATE deliveries
    SET attempts = attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE webhook_id = :id AND state = 'pending' AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    RETURNING topic, event_id, triggered_at, payload, attempts
""")
RENEW = text("""
    UPDATE deliveries SET claimed_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE webhook_id = :id AND state = 'pending' AND attempts = :attempts
""")
OVERTAKEN = text("""
    SELECT 1 FROM deliveries
    WHERE topic = :topic AND triggered_at > :at AND state <> 'failed' LIMIT 1
""")
FORGET_DUE = text("""
    DELETE FROM due_work WHERE shop_id = :shop AND kind = 'webhook' AND id = :id
    AND NOT EXISTS (SELECT 1 FROM deliveries v WHERE v.webhook_id = :id AND v.state = 'pending')
""")
FINISH = text("""
    UPDATE deliveries SET state = 'done', done_at = :at, claimed_until = NULL, error = '',
        payload = CASE WHEN :keep AND NOT EXISTS (
            SELECT FROM receipts r WHERE r.kind = 'customer_erasure' AND r.requested_at >= deliveries.received_at
        ) THEN payload END
    WHERE webhook_id = :id
""")
RETRY = text("""
    UPDATE deliveries SET error = :error, claimed_until = clock_timestamp() + make_interval(secs => :after_s)
    WHERE webhook_id = :id AND state = 'pending'
""")
GIVE_UP = text("""
    UPDATE deliveries SET state = 'failed', done_at = :at, claimed_until = NULL, error = :error
    WHERE webhook_id = :id AND state = 'pending'
""")


class DbInbox:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def receive(self, shop: ShopId, delivery: Delivery, *, at: datetime) -> bool:
        """Store it as pending; False when this webhook id is known already."""
        values = {
            "shop": shop,
            "id": delivery.webhook_id,
            "topic": delivery.topic,
            "event_id": delivery.event_id,
            "triggered_at": delivery.triggered_at,
            "at": at,
            "payload": self._sealer.seal(shop, PAYLOAD, delivery.payload),
        }
        with self._database.shop(shop) as session:
            if session.execute(INSERT, values).first() is None:
                return False
            session.execute(
                due_work.PUT, {"shop": shop, "kind": KIND, "id": delivery.webhook_id, "after_s": HINT_AGAIN_S}
            )
        return True

    def claim(self, shop: ShopId, webhook_id: str, *, seconds: float) -> Delivery | None:
        """Take a pending delivery for `seconds`; None when it is done, taken, or waits for its turn."""
        with self._database.shop(shop) as session:
            row = session.execute(CLAIM, {"id": webhook_id, "seconds": seconds}).first()
            if row is None:
                # An erasure may have taken the delivery away from under its note.
                session.execute(FORGET_DUE, {"shop": shop, "id": webhook_id})
                return None
        delivery = Delivery(webhook_id, row.topic, row.event_id, row.triggered_at, b"", row.attempts)
        if row.payload is None:
            return replace(delivery, unreadable="the payload of a pending delivery is gone")
        try:
            return replace(delivery, payload=self._sealer.open(shop, PAYLOAD, row.payload))
        except Permanent as error:
            return replace(delivery, unreadable=str(error))

    @contextmanager
    def keep(self, shop: ShopId, delivery: Delivery, *, seconds: float) -> Iterator[None]:
        """Renew the claim for the length of the block, as long as the delivery is still in this try."""
        values = {"id": delivery.webhook_id, "attempts": delivery.attempts, "seconds": seconds}

        def renew() -> None:
            with self._database.shop(shop) as session:
                session.execute(RENEW, values)

        with renewing(renew, seconds=seconds):
            yield

    def is_overtaken(self, shop: ShopId, topic: str, triggered_at: datetime) -> bool:
        """Whether a delivery of the topic that was triggered later has been received."""
        with self._database.shop(shop) as session:
            return session.execute(OVERTAKEN, {"topic": topic, "at": triggered_at}).first() is not None

    def finish(self, shop: ShopId, webhook_id: str, *, at: datetime, keep_payload: bool) -> None:
        """It is done, and no longer due; both in one transaction.

        The payload goes at once where a customer was erased while it waited: it may name them.
        """
        with self._database.shop(shop) as session:
            session.execute(FINISH, {"id": webhook_id, "at": at, "keep": keep_payload})
            session.execute(due_work.DONE, {"shop": shop, "kind": KIND, "id": webhook_id})

    def retry(self, shop: ShopId, webhook_id: str, *, after_s: float, error: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(RETRY, {"id": webhook_id, "after_s": after_s, "error": error[:LONGEST_ERROR]})
            session.execute(due_work.POSTPONE, {"shop": shop, "kind": KIND, "id": webhook_id, "after_s": after_s + 1.0})

    def give_up(self, shop: ShopId, webhook_id: str, *, at: datetime, error: str) -> None:
        """Keep it as failed, for the doctor."""
        with self._database.shop(shop) as session:
            session.execute(GIVE_UP, {"id": webhook_id, "at": at, "error": error[:LONGEST_ERROR]})
            session.execute(due_work.DONE, {"shop": shop, "kind": KIND, "id": webhook_id})
