"""What all webhook bodies share: how money and times are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devstore.admin_api.context import amount
from devstore.options import Options
from devstore.store import Store

Payload = dict[str, Any]


class Wire:
    def __init__(self, store: Store, options: Options) -> None:
        self._store, self._options = store, options
        self._zone = ZoneInfo(store.world.shop.timezone)

    def money(self, minor: int) -> str:
        return amount(minor, self._store.world.shop.currency)

    def time(self, moment: datetime) -> str:
        """With the shop's own offset, as REST bodies carry it; only instants may be compared, never texts."""
        return moment.astimezone(self._zone).isoformat(timespec="seconds")

    def _maybe(self, moment: datetime | None) -> str | None:
        return self.time(moment) if moment else None

    def money_set(self, minor: int) -> Payload:
        money = {"amount": self.money(minor), "currency_code": self._store.world.shop.currency}
        return {"shop_money": money, "presentment_money": money}
