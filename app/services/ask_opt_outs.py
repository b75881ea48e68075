"""Ask Shopify who has opted out: webhooks about customers don't say, and an objection can't wait for the night.

Each webhook about a customer leaves a note, and the notes of a minute are worked off together, fifty customers a call.
Whoever opted out leaves the keyed store of purchases and the news since the last training at once, and what their
segments put into the store's metafields is due to go; the next training leaves out everything else of theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app import jobs
from app.core.ids import CustomerId, ShopId, gid, number_of
from app.core.money import minor_units
from app.core.records import CustomerRecord
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import AdminApis, CustomerHistory, CustomerStore, DueWork, Jobs, StoreRecords
from app.ports.outlets import ToldCustomers
from app.services.note_news import note_person

CUSTOMERS_A_CALL: Final = 50
MOST_CALLS: Final = 20
"""How many calls one job makes, so that a store that changes all its customers does not hold a worker for hours."""
SOON_S: Final = 20.0
"""How long a note waits for others."""

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ports:
    apis: AdminApis
    store: StoreRecords
    due: DueWork
    jobs: Jobs
    history: CustomerHistory
    purchases: CustomerStore
    told: ToldCustomers


def note_customer(shop: ShopId, customer: int, *, reason: str, due: DueWork) -> None:
    """Have Shopify asked about the customer within a minute.

    Args:
        reason: what tells this note from others about the same customer, so that one that comes while Shopify is being
            asked is not taken for answered.
    """
    due.put(shop, jobs.OPT_OUTS_DUE, f"{customer}/{reason}", after_s=SOON_S)


def ask_opt_outs(shop: Shop, ports: Ports) -> int:
    """Ask about the customers of whom notes wait, and act upon the answers; returns how many customers were asked for.

    Raises:
        Permanent: there is no usable token, or Shopify refuses the fields; the notes wait for an hour.
        Retryable: Shopify or Redis can't be reached; the notes still wait.
    """
    asked = 0
    try:
        for _ in range(MOST_CALLS):
            notes = ports.due.waiting(shop.id, jobs.OPT_OUTS_DUE, limit=CUSTOMERS_A_CALL)
            if not notes:
                break
            customers = list(dict.fromkeys(int(note.partition("/")[0]) for note in notes))
            _ask(shop, customers, ports)
            for note in notes:
                ports.due.done(shop.id, jobs.OPT_OUTS_DUE, note)
            asked += len(customers)
        else:
            # The rest comes after what has been waiting in the queue meanwhile.
            ports.jobs.enqueue(jobs.ASK_OPT_OUTS, shop.id)
    except Permanent:
        ports.due.put_off(shop.id, jobs.OPT_OUTS_DUE, after_s=jobs.PUT_OFF_S)
        raise
    return asked


def drop_objectors(shop: Shop, ports: Ports) -> None:
    """Take everybody who objects out of the keyed store: after an import, which tells of many at once."""
    barred = ports.history.barred(shop.id)
    _let_go(shop, barred, ports)


def _let_go(shop: Shop, objectors: Sequence[CustomerId], ports: Ports) -> None:
    ports.purchases.drop(shop.id, objectors)
    if objectors:
        ports.told.withdraw(shop.id, objectors)
        note_person(shop.id, secrets.token_hex(8), ports.due, ports.jobs)


def _ask(shop: Shop, customers: Sequence[int], ports: Ports) -> None:
    found = ports.apis.of(shop).run("customers_by_id", {"ids": [gid("Customer", number) for number in customers]})
    records = [_record(raw) for raw in found["nodes"] if raw]
    ports.store.apply(shop.id, records, triggered_at=None)
    _let_go(shop, [CustomerId(record.id) for record in records if record.opted_out], ports)


def _record(raw: Raw) -> CustomerRecord:
    """A customer as an export brings them, without personal fields; those that are stored stay."""
    email, spent = raw["defaultEmailAddress"], raw["amountSpent"]
    return CustomerRecord(
        id=number_of(raw["id"]),
        contact=None,
        orders_count=int(raw["numberOfOrders"]),
        amount_spent=minor_units(spent["amount"], spent["currencyCode"]),
        email_marketing=email["marketingState"] if email else "",
        opted_out=raw["dataSaleOptOut"],
        tags=tuple(raw["tags"]),
        created_at=datetime.fromisoformat(raw["createdAt"]),
        updated_at=datetime.fromisoformat(raw["updatedAt"]),
    )
