"""Note what webhooks say of who is who: orders name customers, addresses, carts and checkouts; records name addresses.

A note is worked off by `stitch_profiles` from the rows as they stand. Only the tokens of carts and checkouts are taken
from the payload itself, hashed, because no row keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app import jobs
from app.core.ids import ShopId
from app.core.profiles.identity_ties import of_tokens
from app.ports import DueWork, Jobs, TieSources
from app.services.process_webhook import Handler, Message

SOON_S: Final = 5.0
"""After so long the sweeper gives the hint again that the queue has lost."""
KINDS: Final[Mapping[str, str]] = {
    "orders/create": jobs.ORDER_TIES_DUE,
    "orders/updated": jobs.ORDER_TIES_DUE,
    "customers/create": jobs.CUSTOMER_TIES_DUE,
    "customers/update": jobs.CUSTOMER_TIES_DUE,
}


@dataclass(frozen=True, slots=True)
class Ports:
    sources: TieSources
    due: DueWork
    jobs: Jobs
    hash_email: Callable[[ShopId, str], str]
    """The keyed hash of an address, in hexadecimal digits."""
    may_be_known: Callable[[ShopId, int], bool]
    """Whether the customer neither opted out nor was erased."""


def noting(handlers: Mapping[str, Handler], ports: Ports) -> dict[str, Handler]:
    """The same handlers, of which those about people leave a note when they are done."""

    def with_note(handler: Handler) -> Handler:
        def handle(message: Message) -> None:
            handler(message)
            note_identity(message, ports)

        return handle

    return {topic: with_note(handler) if topic in KINDS else handler for topic, handler in handlers.items()}


def note_identity(message: Message, ports: Ports) -> None:
    """Note whom the webhook is about, and ask a worker to look; the same webhook again leaves the same note."""
    kind, number = KINDS[message.topic], int(message.payload["id"])
    if kind == jobs.ORDER_TIES_DUE and message.topic == "orders/create":
        _note_tokens(message, ports)
    ports.due.put(message.shop, kind, f"{number}/{message.webhook_id}", after_s=SOON_S)
    ports.jobs.enqueue(jobs.STITCH_PROFILES, message.shop)


def _note_tokens(message: Message, ports: Ports) -> None:
    payload = message.payload
    email, customer = payload.get("email"), payload.get("customer")
    number = customer.get("id") if isinstance(customer, Mapping) else None
    hashed = ports.hash_email(message.shop, email) if isinstance(email, str) and email else None
    opted_out = isinstance(number, int) and not ports.may_be_known(message.shop, number)
    ports.sources.note(message.shop, of_tokens(payload, _placed_at(payload), email=hashed, opted_out=opted_out))


def _placed_at(payload: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(payload["created_at"]))
