"""Work off one delivery of the inbox: claimed by compare-and-set, handed to its topic's handler, finished once.

A worker killed in between leaves the claim to run out, and the sweeper's next hint starts over; handlers are
idempotent. What fails is tried again with growing pauses, eight times (privacy requests: until they are done), and is
then kept for the doctor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from app.core.errors import DomainError
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent, Retryable
from app.ports import Clock, Delivery, Inbox, Shops
from app.services.checkpoints import Checkpoint, carry_on

CLAIM_S: Final = 45.0
"""The claim is renewed while the worker lives, so this is how long a killed one blocks the next."""
MOST_TRIES: Final = 8
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 1800.0

WHEN_UNINSTALLED: Final = frozenset({"app/uninstalled", "customers/data_request", "customers/redact", "shop/redact"})
"""The topics that still matter once the app is gone from the shop. Their payloads go as soon as they are done."""
OWED: Final = WHEN_UNINSTALLED
"""The law asks for these, so an outage longer than eight tries does not end them; only a Permanent failure does."""


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery as its handler sees it."""

    shop: ShopId
    webhook_id: str
    topic: str
    payload: dict[str, Any]
    triggered_at: datetime | None


Handler = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Ports:
    """`handlers` go by topic, or by its part before the slash; a topic without one is ignored."""

    inbox: Inbox
    shops: Shops
    clock: Clock
    handlers: Mapping[str, Handler]


class Outcome(StrEnum):
    DONE = "done"
    NOT_OURS = "not ours"
    """It is done, or another worker is at it, or its next try is not due."""
    PUT_OFF = "put off"
    FAILED = "failed"


def process_webhook(
    shop: ShopId, webhook_id: str, ports: Ports, *, checkpoint: Checkpoint = carry_on, claim_s: float = CLAIM_S
) -> Outcome:
    """Work off the delivery; never raises for what a delivery may hold or meet, but says how it ended."""
    delivery = ports.inbox.claim(shop, webhook_id, seconds=claim_s)
    if delivery is None:
        return Outcome.NOT_OURS
    if delivery.attempts > MOST_TRIES and delivery.topic not in OWED:
        # No try ended by itself: each worker that took it was killed by it.
        ports.inbox.give_up(shop, webhook_id, at=ports.clock.now(), error="its workers were killed")
        return Outcome.FAILED
    checkpoint("claimed")
    try:
        with ports.inbox.keep(shop, delivery, seconds=claim_s):
            installed = _handle(shop, delivery, ports)
    except Exception as error:
        # Whatever it is, the delivery must not be lost.
        return _failed(shop, delivery, error, ports)
    checkpoint("handled")
    keep = installed and delivery.topic not in WHEN_UNINSTALLED
    ports.inbox.finish(shop, webhook_id, at=ports.clock.now(), keep_payload=keep)
    checkpoint("finished")
    return Outcome.DONE


def pause_s(attempts: int) -> float:
    """Seconds to wait after the given number of tries: 5, 10, 20 … at most half an hour."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (attempts - 1))


def _handle(shop: ShopId, delivery: Delivery, ports: Ports) -> bool:
    """Let the topic's handler do its work; returns whether the shop has the app."""
    known = ports.shops.by_id(shop)
    installed = known is not None and known.state is ShopState.INSTALLED
    handler = ports.handlers.get(delivery.topic) or ports.handlers.get(delivery.topic.partition("/")[0])
    if handler is None or not (installed or delivery.topic in WHEN_UNINSTALLED):
        return installed
    if delivery.unreadable:
        raise Permanent(delivery.unreadable)
    try:
        payload = orjson.loads(delivery.payload)
    except ValueError:
        raise Permanent("the payload is no JSON") from None
    if not isinstance(payload, dict):
        raise Permanent("the payload is no JSON object")
    handler(Message(shop, delivery.webhook_id, delivery.topic, payload, delivery.triggered_at))
    return installed


def _failed(shop: ShopId, delivery: Delivery, error: Exception, ports: Ports) -> Outcome:
    reason = _reason(error)
    if delivery.attempts >= MOST_TRIES and (delivery.topic not in OWED or isinstance(error, Permanent)):
        ports.inbox.give_up(shop, delivery.webhook_id, at=ports.clock.now(), error=reason)
        return Outcome.FAILED
    wanted = error.after_s if isinstance(error, Retryable) and error.after_s else 0.0
    ports.inbox.retry(shop, delivery.webhook_id, after_s=max(wanted, pause_s(delivery.attempts)), error=reason)
    return Outcome.PUT_OFF


def _reason(error: Exception) -> str:
    """What may be written down: our own messages hold no personal data (law 3), other libraries' may."""
    if isinstance(error, Retryable | Permanent | DomainError):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
