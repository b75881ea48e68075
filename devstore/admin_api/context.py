"""What a getter may see of the world: the store, the options, who asks, and how money is written.

A `Context` belongs to one request or one bulk operation, because the granted scopes may differ between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from devstore.admin_api.access import Access
from devstore.admin_api.errors import BadInput
from devstore.model import Order
from devstore.options import Options
from devstore.store import Store

if TYPE_CHECKING:
    from devstore.admin_api.bulk import BulkOperations
    from devstore.admin_api.uploads import Uploads

RECENT = timedelta(days=60)
"""How far back an app sees orders without read_all_orders."""
_NO_MINOR_UNITS = frozenset(("JPY", "KRW", "VND", "CLP", "ISK"))


def amount(minor: int, currency: str) -> str:
    """Minor units as Shopify writes them: ``1999`` -> ``"19.99"``."""
    if currency in _NO_MINOR_UNITS:
        return str(minor)
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


@dataclass(slots=True)
class Context:
    store: Store
    options: Options
    access: Access
    bulk: BulkOperations
    uploads: Uploads

    def money(self, minor: int) -> str:
        return amount(minor, self.store.world.shop.currency)

    def minor(self, given: Any) -> int:
        """A decimal as requests carry it (text or number) in minor units of the shop's currency."""
        try:
            value = Decimal(str(given))
        except InvalidOperation:
            raise BadInput(f"Invalid decimal: {given}") from None
        return round(value if self.store.world.shop.currency in _NO_MINOR_UNITS else value * 100)

    def money_v2(self, minor: int) -> dict[str, Any]:
        currency = self.store.world.shop.currency
        return {"__typename": "MoneyV2", "amount": amount(minor, currency), "currencyCode": currency}

    def bag(self, minor: int) -> dict[str, Any]:
        """A MoneyBag; the shop sells in one currency, so both sides are the same."""
        money = self.money_v2(minor)
        return {"shopMoney": money, "presentmentMoney": money}

    def sees(self, order: Order) -> bool:
        return self.access.all_orders or order.created_at >= self.store.clock.now() - RECENT

    def visible(self, orders: list[Order]) -> list[Order]:
        if self.access.all_orders:
            return orders
        since = self.store.clock.now() - RECENT
        return [order for order in orders if order.created_at >= since]
