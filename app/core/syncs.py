"""Imports of a store: what is imported, why, and how far an import is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Resource(StrEnum):
    """What one export brings, in the order in which exports are imported: lines of orders name products."""

    PRODUCTS = "products"
    INVENTORY = "inventory"
    COLLECTIONS = "collections"
    CUSTOMERS = "customers"
    ORDERS = "orders"
    PRODUCT_IDS = "products_ids"
    COLLECTION_IDS = "collections_ids"
    CUSTOMER_IDS = "customers_ids"
    ORDER_IDS = "orders_ids"
    """Only ids and dates: what the nightly reconciliation compares with ours to find what was deleted or missed."""


class Reason(StrEnum):
    BACKFILL = "backfill"
    """The first import after an installation."""
    COMMAND = "command"
    """Somebody asked for it."""
    RECONCILE = "reconcile"
    """The nightly repair of what webhooks lost."""


class RunState(StrEnum):
    """The checkpoints of one resource's import; a worker killed between two of them is continued at the earlier one."""

    REQUESTED = "requested"
    RUNNING = "running"
    """Shopify is writing the export; its operation id is stored."""
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


UNFINISHED = (RunState.REQUESTED, RunState.RUNNING, RunState.IMPORTING)

CATALOG = (Resource.PRODUCTS, Resource.INVENTORY, Resource.COLLECTIONS)
RECORDS = (*CATALOG, Resource.CUSTOMERS, Resource.ORDERS)
"""Everything that an import brings."""
COUNTERPART = {
    Resource.PRODUCT_IDS: Resource.PRODUCTS,
    Resource.COLLECTION_IDS: Resource.COLLECTIONS,
    Resource.CUSTOMER_IDS: Resource.CUSTOMERS,
    Resource.ORDER_IDS: Resource.ORDERS,
}
"""Which resource an export of ids is about."""


@dataclass(frozen=True, slots=True)
class Run:
    """One export and its import, as it stands in the register."""

    id: int
    resource: Resource
    reason: Reason
    state: RunState
    search: str
    """Shopify's search syntax; empty for everything."""
    document: str
    """The query document in use; empty before the first export."""
    operation_id: str
    started_at: datetime
    """Store time of the request: the export shows everything that happened before."""


def changed_since(moment: datetime) -> str:
    """The search for what changed at `moment` or later."""
    return f"updated_at:>='{moment.strftime('%Y-%m-%dT%H:%M:%SZ')}'"


def these(ids: Sequence[int]) -> str:
    """The search for records by their ids."""
    return " OR ".join(f"id:{number}" for number in ids)
