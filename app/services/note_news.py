"""Note that something has happened in a shop that its rails should know within the minute: an order, a new product.

The note stands in PostgreSQL before its webhook counts as done, so that a kill loses nothing; `learn_news` works the
notes off. What comes twice is noted twice, and learnt once, because what is learnt is reckoned from the shop's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app import jobs
from app.core.ids import ModelVersion, OrderId, ShopId
from app.ports import DueWork, Jobs
from app.services.process_webhook import Handler, Message

SOON_S: Final = 10.0
"""After so long the sweeper gives the hint again that the queue has lost."""
NEW: Final = timedelta(days=60)
"""A product that is older is no newcomer: what it lacks are buyers, and the trainings have seen it."""


class About(StrEnum):
    ORDER = "order"
    PRODUCT = "product"
    VERSION = "version"
    """Another version of the model is in use, or on trial, beside which nothing stands yet."""
    PERSON = "person"
    """Somebody was erased, or objects: what they bought counts no more. Who it was does not matter, nor is it noted."""


TOPICS: Final[Mapping[str, tuple[About, str]]] = {
    "orders/create": (About.ORDER, "id"),
    "orders/updated": (About.ORDER, "id"),
    "orders/cancelled": (About.ORDER, "id"),
    "refunds/create": (About.ORDER, "order_id"),
    "products/create": (About.PRODUCT, "id"),
    "products/update": (About.PRODUCT, "id"),
}
"""Which topics are news, and where their payloads name what it is about. A deletion is seen by who may be shown."""


@dataclass(frozen=True, slots=True)
class News:
    """What notes are about."""

    orders: frozenset[OrderId] = frozenset()
    products: bool = False
    people: bool = False

    @classmethod
    def of(cls, notes: list[str]) -> News:
        parts = [note.split("/") for note in notes]
        orders = frozenset(OrderId(int(number)) for about, number, *_ in parts if about == About.ORDER)
        abouts = {about for about, *_ in parts}
        return cls(orders, About.PRODUCT in abouts, About.PERSON in abouts)


def noting(handlers: Mapping[str, Handler], due: DueWork, queue: Jobs) -> dict[str, Handler]:
    """The same handlers, of which those of news leave a note when they are done."""

    def with_note(handler: Handler) -> Handler:
        def handle(message: Message) -> None:
            handler(message)
            note_news(message, due, queue)

        return handle

    return {topic: with_note(handler) if topic in TOPICS else handler for topic, handler in handlers.items()}


def note_news(message: Message, due: DueWork, queue: Jobs) -> None:
    """Note what the webhook is about, and ask a worker to look; the same webhook again leaves the same note."""
    about, field = TOPICS[message.topic]
    if about is About.PRODUCT and not _is_new(message.payload, message.triggered_at):
        return
    due.put(message.shop, jobs.NEWS_DUE, f"{about}/{int(message.payload[field])}/{message.webhook_id}", after_s=SOON_S)
    queue.enqueue(jobs.LEARN_NEWS, message.shop)


def note_version(shop: ShopId, version: ModelVersion, due: DueWork, queue: Jobs) -> None:
    """Note that another version serves: what happened since its training began is to be learnt beside it."""
    due.put(shop, jobs.NEWS_DUE, f"{About.VERSION}/{version}", after_s=SOON_S)
    queue.enqueue(jobs.LEARN_NEWS, shop)


def note_person(shop: ShopId, token: str, due: DueWork, queue: Jobs) -> None:
    """Note that there is one person less to learn from.

    Args:
        token: what tells this note from others, so that one that comes while the news are learnt is not taken for done.
    """
    due.put(shop, jobs.NEWS_DUE, f"{About.PERSON}/{token}", after_s=SOON_S)
    queue.enqueue(jobs.LEARN_NEWS, shop)


def _is_new(payload: Mapping[str, Any], triggered_at: datetime | None) -> bool:
    """Stores touch their old products thousands of times a day: each change of stock is one."""
    created = payload.get("created_at")
    if not isinstance(created, str) or triggered_at is None:
        return True
    return triggered_at - datetime.fromisoformat(created) <= NEW
