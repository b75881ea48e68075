"""Ask for the lines of refunds of which only the amount is known: exports can't carry them, so they come in pages.

Some refunds a call, newest first, at the pace that Shopify's rate limit allows. Each call is stored before the next,
and what is left stays due, so a worker that is killed or put off is followed by one that goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app import jobs
from app.core.ids import ShopId, gid, number_of
from app.core.money import minor_units
from app.core.records import RefundLineRecord, RefundRecord
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import AdminApi, AdminApis, DueWork, Jobs, StoreRecords

REFUNDS_A_CALL: Final = 10
"""Keeps the requested cost of ``refunds.graphql`` below the 1,000 points that one query may cost."""

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ports:
    apis: AdminApis
    store: StoreRecords
    due: DueWork


def ask_for_refunds(shop: ShopId, due: DueWork, queue: Jobs) -> None:
    """Have the lines fetched: after an import."""
    due.put(shop, jobs.REFUNDS_DUE)
    queue.enqueue(jobs.FETCH_REFUNDS, shop)


def fetch_refunds(shop: Shop, ports: Ports) -> int:
    """Fetch the missing lines of all refunds; returns how many refunds were completed.

    Raises:
        Permanent: there is no usable token; the rest waits for an hour.
        Retryable: Shopify can't be reached; the rest is still due.
    """
    try:
        completed = _fetch(shop, ports)
    except Permanent:
        ports.due.put_off(shop.id, jobs.REFUNDS_DUE, after_s=jobs.PUT_OFF_S)
        raise
    ports.due.done(shop.id, jobs.REFUNDS_DUE)
    return completed


def _fetch(shop: Shop, ports: Ports) -> int:
    api, completed = ports.apis.of(shop), 0
    while refunds := ports.store.refunds_lacking_lines(shop.id, limit=REFUNDS_A_CALL):
        found = api.run("refunds", {"ids": [gid("Refund", number) for number in refunds]})["nodes"]
        records = [_refund(api, raw) for raw in found if raw]
        ports.store.apply(shop.id, records, triggered_at=None)
        # What Shopify no longer shows is not asked for again.
        ports.store.close_refunds(shop.id, refunds)
        completed += len(records)
    return completed


def _refund(api: AdminApi, raw: Raw) -> RefundRecord:
    refund_id, currency = number_of(raw["id"]), raw["order"]["currencyCode"]
    return RefundRecord(
        id=refund_id,
        order_id=number_of(raw["order"]["id"]),
        amount=_money(raw["totalRefundedSet"], currency),
        created_at=datetime.fromisoformat(raw["createdAt"]),
        lines=tuple(
            RefundLineRecord(
                id=number_of(part["id"]),
                refund_id=refund_id,
                order_line_id=number_of(part["lineItem"]["id"]),
                quantity=part["quantity"],
                subtotal=_money(part["subtotalSet"], currency),
            )
            for part in _parts(api, raw)
            if part["id"] is not None
        ),
    )


def _parts(api: AdminApi, refund: Raw) -> Iterator[Raw]:
    """The lines of a refund, over all pages."""
    page = refund["refundLineItems"]
    yield from page["nodes"]
    while page["pageInfo"]["hasNextPage"]:
        answer = api.run("refund_lines", {"id": refund["id"], "after": page["pageInfo"]["endCursor"]})
        page = answer["refund"]["refundLineItems"]
        yield from page["nodes"]


def _money(bag: Raw, currency: str) -> int:
    return minor_units(bag["shopMoney"]["amount"], currency)
