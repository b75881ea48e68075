"""Apply what a webhook reports. Webhooks come late, twice and in any order; the store of records keeps the newest.

Topics that change nothing that is stored here are ignored. A payload that does not fit its topic is a Permanent
failure: the nightly reconciliation brings what it should have said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.core import webhook_payloads as payloads
from app.core.ids import ShopId
from app.core.records import Kind, Record
from app.errors import Permanent
from app.ports import DueWork, StoreRecords
from app.services.ask_opt_outs import note_customer
from app.services.process_webhook import Handler, Message

Payload = Mapping[str, Any]
PARSERS: Mapping[str, Callable[[Payload, str], Record | None]] = {
    "products/create": payloads.product,
    "products/update": payloads.product,
    "collections/create": lambda raw, _: payloads.collection(raw),
    "collections/update": lambda raw, _: payloads.collection(raw),
    "customers/create": lambda raw, _: payloads.customer(raw),
    "customers/update": lambda raw, _: payloads.customer(raw),
    "orders/create": lambda raw, _: payloads.order(raw),
    "orders/updated": lambda raw, _: payloads.order(raw),
    "orders/cancelled": lambda raw, _: payloads.order(raw),
    "refunds/create": payloads.refund,
    "inventory_levels/update": lambda raw, _: payloads.stock(raw),
}
"""What each topic says, as a record; the second argument is the shop's currency."""

DELETIONS: Mapping[str, Kind] = {
    "products/delete": Kind.PRODUCT,
    "collections/delete": Kind.COLLECTION,
    "customers/delete": Kind.CUSTOMER,
    "orders/delete": Kind.ORDER,
}
TOPICS = frozenset((*PARSERS, *DELETIONS))
"""The topics that `apply_change` acts on."""
SILENT_ON_OPT_OUTS = ("customers/create", "customers/update")
"""Topics that tell of a customer, but not whether they opted out: Shopify is asked."""
CONSENT = "customers_email_marketing_consent/update"
"""It tells of nothing else, and comes without a customer's own date: Shopify is asked, too."""


def apply_change(
    shop: ShopId, topic: str, payload: Payload, *, triggered_at: datetime | None, store: StoreRecords
) -> None:
    """Write what the webhook reports; the same delivery twice, or an older one, changes nothing.

    Raises:
        Permanent: the payload does not fit its topic.
    """
    try:
        if topic in DELETIONS:
            store.remove(shop, DELETIONS[topic], payloads.deleted(payload), at=triggered_at)
        elif topic in PARSERS:
            record = PARSERS[topic](payload, store.currency(shop))
            if record is not None:
                store.apply(shop, [record], triggered_at=triggered_at)
    except ValueError as error:
        raise Permanent(f"{topic}: {error}") from error


def handlers(store: StoreRecords, due: DueWork) -> Mapping[str, Handler]:
    """The handlers of the topics about the store's data, by topic."""

    def handle(message: Message) -> None:
        apply_change(message.shop, message.topic, message.payload, triggered_at=message.triggered_at, store=store)

    def handle_customer(message: Message) -> None:
        handle(message)
        note_customer(message.shop, message.payload["id"], reason=message.webhook_id, due=due)

    def handle_consent(message: Message) -> None:
        number = message.payload.get("customer_id")
        if not isinstance(number, int):
            raise Permanent(f"{CONSENT}: the payload names no customer")
        note_customer(message.shop, number, reason=message.webhook_id, due=due)

    of_people = {**dict.fromkeys(SILENT_ON_OPT_OUTS, handle_customer), CONSENT: handle_consent}
    return {**dict.fromkeys(TOPICS, handle), **of_people}
