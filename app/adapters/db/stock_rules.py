"""Whose stock counts, as the merchant has decided, and the secret with which the other system signs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.shop_secrets import ShopSecrets
from app.core.ids import ShopId
from app.core.sources.outside_stock import StockRule, Winner
from app.ports import CatalogSignals

EVERY_LOCATION = "*"
ALL = text("SELECT product_id, location, winner FROM stock_rules ORDER BY product_id, location")
PUT = text("""
    INSERT INTO stock_rules (shop_id, product_id, location, winner) VALUES (:shop, :product, :location, :winner)
    ON CONFLICT (shop_id, product_id, location) DO UPDATE SET winner = excluded.winner
""")
REMOVE = text("DELETE FROM stock_rules WHERE product_id = :product AND location = :location")
# Whatever an outside system counts may be decided anew by a rule.
TOUCH = text("""
    UPDATE products SET changed_at = clock_timestamp() WHERE id IN (
        SELECT v.product_id FROM variants v JOIN outside_stock s
            ON s.shop_id = v.shop_id AND s.item IN (nullif(v.sku, ''), 'variant:' || v.id)
        WHERE :product = 0 OR v.product_id = :product)
""")
COUNTED = text("""
    SELECT count(*) AS items, count(DISTINCT location) AS locations, max(at) AS newest FROM outside_stock
""")


class DbStockRules:
    """Implements `app.ports.StockRules`."""

    def __init__(self, database: Database, signals: CatalogSignals) -> None:
        self._database, self._signals = database, signals

    def all(self, shop: ShopId) -> Sequence[StockRule]:
        with self._database.shop(shop) as session:
            return [
                StockRule(Winner(row.winner), row.product_id, None if row.location == EVERY_LOCATION else row.location)
                for row in session.execute(ALL)
            ]

    def put(self, shop: ShopId, rule: StockRule) -> None:
        """Set it in the place of one for the same product and location; what may be shown follows within a second."""
        with self._database.shop(shop) as session:
            session.execute(PUT, {"shop": shop, "winner": rule.winner, **_key(rule)})
            session.execute(TOUCH, {"product": rule.product})
        self._signals.changed(shop)

    def remove(self, shop: ShopId, rule: StockRule) -> None:
        with self._database.shop(shop) as session:
            session.execute(REMOVE, _key(rule))
            session.execute(TOUCH, {"product": rule.product})
        self._signals.changed(shop)


class DbStockKeys(ShopSecrets):
    """Implements `app.ports.StockKeys`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer, table="stock_keys", make=_made)


def _made(_shop: ShopId) -> str:
    return f"attune_stock_{secrets.token_urlsafe(32)}"


def _key(rule: StockRule) -> dict[str, object]:
    return {"product": rule.product, "location": EVERY_LOCATION if rule.location is None else rule.location}
