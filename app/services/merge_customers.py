"""Follow `customers/merge`: two customers of the shop have become one in Shopify.

What the one who is gone bought is the other's from now on, in rails and figures too. What was whose is kept, so that a
wrong merge can be undone here (`undo_merge`), although Shopify itself cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app import jobs
from app.core.ids import CustomerId, number_of
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import Clock, CustomerHistory, CustomerStore, DueWork, Jobs, Merges, Shops
from app.services.ask_opt_outs import note_customer
from app.services.keep_customers import Ports as Keeping
from app.services.keep_customers import renew_customers
from app.services.process_webhook import Handler, Message

TOPIC: Final = "customers/merge"
DONE: Final = "completed"
"""Shopify also tells of merges that were asked for, are under way, or failed: those have changed nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    shops: Shops
    merges: Merges
    history: CustomerHistory
    customers: CustomerStore
    due: DueWork
    jobs: Jobs
    clock: Clock


def handlers(ports: Ports) -> Mapping[str, Handler]:
    """The handler of the topic."""

    def handle(message: Message) -> None:
        merge_customers(message, ports)

    return {TOPIC: handle}


def merge_customers(message: Message, ports: Ports) -> bool:
    """Follow the merge that the webhook tells of; False where it changed nothing, or is known already.

    Raises:
        Permanent: the payload does not say who was merged.
    """
    if str(message.payload.get("status", "")).lower() != DONE:
        return False
    kept, gone = (_customer(message.payload, field) for field in ("kept", "deleted"))
    shop = ports.shops.by_id(message.shop)
    if shop is None or kept == gone:
        return False
    new = ports.merges.merge(shop.id, kept, gone, at=message.triggered_at or ports.clock.now())
    # What follows may have been lost by a kill after the merge was written, so it is done in any case.
    _follow(shop, kept, gone, ports)
    note_customer(shop.id, kept, reason=message.webhook_id, due=ports.due)
    return new


def _follow(shop: Shop, kept: CustomerId, gone: CustomerId, ports: Ports) -> None:
    renew_customers((kept, gone), shop, Keeping(ports.history, ports.customers))
    ports.jobs.enqueue(jobs.STITCH_PROFILES, shop.id)


def _customer(payload: Mapping[str, Any], which: str) -> CustomerId:
    try:
        return CustomerId(number_of(str(payload[f"admin_graphql_api_customer_{which}_id"])))
    except (KeyError, ValueError):
        raise Permanent(f"customers/merge without the customer who was {which}") from None
