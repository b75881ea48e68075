"""How many come and how many of them buy, from the shop's own last weeks: what a plan for an experiment starts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

SEEN = text("""
    SELECT count(*) AS days, coalesce(sum(visitors), 0)::bigint AS visitors FROM visit_days
    WHERE day >= cast(:since AS timestamptz)::date AND visitors > 0
""")
BOUGHT = text("SELECT count(DISTINCT order_id) FROM visitor_orders WHERE at >= :since")


@dataclass(frozen=True, slots=True)
class ShopBaseline:
    """Over the days on which anybody was there."""

    days: int
    visitors: int
    """Added up over the days: who came on two of them counts twice."""
    orders: int
    """That browsers reported, or that followed a click of theirs."""

    @property
    def daily(self) -> float:
        return self.visitors / self.days if self.days else 0.0

    @property
    def conversion(self) -> float:
        """Orders for each visitor of a day."""
        return self.orders / self.visitors if self.visitors else 0.0


class DbBaselines:
    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, shop: ShopId, since: datetime) -> ShopBaseline:
        """What was counted from then on."""
        with self._database.shop(shop) as session:
            seen = session.execute(SEEN, {"since": since}).one()
            bought = session.execute(BOUGHT, {"since": since}).scalar_one()
        return ShopBaseline(seen.days, seen.visitors, bought)
