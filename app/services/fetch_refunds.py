"""Ask for the lines of refunds of which only the amount is known: exports can't carry them, so they come in pages.

A few orders a call, newest first, at the pace that Shopify's rate limit allows. Each call is stored before the next,
so a worker that is killed or put off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.ids import gid, number_of
from app.core.money import minor_units
from app.core.records import RefundLineRecord, RefundRecord
from app.core.shops import Shop
from app.ports import AdminApi, AdminApis, StoreRecords

ORDERS_A_CALL: Final = 8
"""Keeps the requested cost of ``refunds.graphql`` below the 1,000 points that one query may cost."""

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ports:
    apis: AdminApis
    store: StoreRecords


def fetch_refunds(shop: Shop, ports: Ports) -> int:
    """Fetch the missing lines of all refunds; returns how many refunds were completed.

    Raises:
        Permanent: there is no usable token.
        Retryable: Shopify can't be reached; the rest is still missing.
    """
    api, completed = ports.apis.of(shop), 0
    while orders := ports.store.orders_lacking_refund_lines(shop.id, limit=ORDERS_A_CALL):
        found = api.run("refunds", {"ids": [gid("Order", order) for order in orders]})["nodes"]
        records = [record for order in found if order for record in _refunds(api, order)]
        ports.store.apply(shop.id, records, triggered_at=None)
        # An order that Shopify no longer shows, or whose refund it no longer lists, is not asked for again.
        ports.store.close_refunds(shop.id, orders)
        completed += len(records)
    return completed


def _refunds(api: AdminApi, order: Raw) -> Iterator[RefundRecord]:
    currency = order["currencyCode"]
    for raw in order["refunds"]:
        refund_id = number_of(raw["id"])
        yield RefundRecord(
            id=refund_id,
            order_id=number_of(order["id"]),
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
