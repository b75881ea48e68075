"""The imported world: a real transaction log becomes the shop.

Products, orders, countries and cancellations are the log's own; list prices and stock are inferred from it; names of
people and what the shop is called are invented, because a log does not have them. Rows that are no sale of a product
(postage, fees, adjustments) are counted in `World.rejected` by reason.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from devstore.model import ShopInfo, World
from devstore.worlds import ids
from devstore.worlds.imported.catalogue import Shelves
from devstore.worlds.imported.ledger import Ledger, write_orders
from devstore.worlds.imported.log import Log
from devstore.worlds.imported.people import make_customers
from devstore.worlds.imported.times import London

SHOP = ShopInfo(
    id=61_200_000_003,
    domain="lantern-row-gifts.myshopify.com",
    name="Lantern Row Gifts",
    email="owner@lantern-row-gifts.example",
    owner_name="Alice Lantern",
    currency="GBP",
    timezone=London.ZONE,
    country_code="GB",
)
_USED = ("read", "sale", "cancellation")


def build_imported(path: Path) -> World:
    """The shop whose log lies at `path`.

    Raises:
        WorldError: the file cannot be read, lacks columns or holds no sale.
    """
    log, clock = Log(path), London()
    try:
        return _build(log, clock)
    finally:
        log.close()


def _build(log: Log, clock: London) -> World:
    last = clock.utc_of(log.now)
    shelves = Shelves(log, SHOP.name, clock, last)
    customers = make_customers(log, clock)
    ledger = write_orders(log, shelves.by_code, customers, clock)
    return World(
        "imported", SHOP, last + timedelta(hours=1), shelves.products, shelves.collections, list(customers.values()),
        ledger.orders, ids.LOCATION + 1, price_changes=shelves.price_changes,
        truth={"rows": _rows(log, ledger), **_gaps(shelves, clock)}, rejected=_rejected(log, ledger),
    )  # fmt: skip


def _rows(log: Log, ledger: Ledger) -> dict[str, int]:
    """What became of the rows that were used."""
    fates = log.fates()
    rows = {"read": fates["read"], "sale": fates["sale"], "refund": ledger.matched}
    return rows | {"pieces refunded": ledger.pieces, "pieces refunded beyond a purchase": ledger.pieces_too_many}


def _gaps(shelves: Shelves, clock: London) -> dict[str, Any]:
    """Times without stock that ended within the log: the product's id, and epoch seconds."""
    stock, numbers = shelves.stock, np.array([product.id for product in shelves.products], np.int64)
    columns = {"stock_gap_from": stock.gap_from, "stock_gap_until": stock.gap_until}
    seconds = {
        name: np.array([int(moment.timestamp()) for moment in clock.utc(days)], np.int64)
        for name, days in columns.items()
    }
    return {"stock_gap_product": numbers[stock.gap_product], **seconds}


def _rejected(log: Log, ledger: Ledger) -> dict[str, int]:
    """Rows set aside by reason; with the used rows they add up to those read."""
    fates = {reason: count for reason, count in log.fates().items() if reason not in _USED}
    fates["cancellations without a purchase"] = ledger.unmatched
    return {reason: count for reason, count in fates.items() if count}
