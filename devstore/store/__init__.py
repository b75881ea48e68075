"""The shop while it is open: owns a World's records, changes them, and tells subscribers what changed.

Everything that alters the shop (Admin API, checkout, control routes) goes through `Store`, so that each change has one
store time, one `updated_at`, and the webhooks that Shopify would send for it.
"""

from __future__ import annotations

from devstore.clock import StoreClock
from devstore.store.discounts import CodeRefused
from devstore.store.orders import NewLine, OrderChanges, SoldOut
from devstore.store.records import Unknown

__all__ = ["CodeRefused", "NewLine", "SoldOut", "Store", "StoreClock", "Unknown"]


class Store(OrderChanges):
    """One shop. Every method may be called from any thread; changes are serialised by one lock."""
