"""The catalogue as rails need it: a card per product, with law 5 (recommend only what can be bought) decided in SQL.

The same rule in Python is `app.core.catalog`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.core.ids import ProductId, ShopId, VariantId
from app.ports import Card

OUTSIDE = """
    SELECT CASE
        WHEN count(*) = 0 THEN NULL
        WHEN NOT v.tracked THEN coalesce(max(available) FILTER (WHERE location = ''), sum(available))
        WHEN bool_or(location = '') THEN
            max(CASE winner WHEN 'outside' THEN available ELSE least(available, v.quantity) END)
            FILTER (WHERE location = '')
        ELSE v.quantity + sum(CASE winner WHEN 'outside' THEN available - coalesce(level, 0)
                              ELSE coalesce(least(available - level, 0), 0) END)
    END AS units
    FROM (
        SELECT s.location, s.available, l.available AS level, coalesce((
            SELECT r.winner FROM stock_rules r
            WHERE r.shop_id = s.shop_id AND r.product_id IN (0, v.product_id) AND r.location IN ('*', s.location)
            ORDER BY r.product_id = 0, r.location = '*' LIMIT 1
        ), 'lower') AS winner
        FROM outside_stock s LEFT JOIN inventory_levels l ON l.shop_id = s.shop_id
            AND l.inventory_item_id = v.inventory_item_id AND cast(l.location_id AS text) = s.location
        WHERE (SELECT EXISTS (SELECT FROM outside_stock))
          AND s.shop_id = v.shop_id AND s.item IN (nullif(v.sku, ''), 'variant:' || v.id)
    ) heard WHERE winner <> 'shopify'
"""
"""`app.core.sources.outside_stock.quantity_of` for a variant `v`; NULL where Shopify's own count stays."""
CARDS = f"""
    SELECT p.id, p.handle, p.title, p.image_url, p.created_at, v.stock, coalesce(v.id, 0) AS variant_id,
           upper(p.status) = 'ACTIVE' AND p.published AND NOT p.is_gift_card AND p.deleted_at IS NULL
             AND coalesce(v.buyable, false) AS buyable
    FROM products p LEFT JOIN LATERAL (
        SELECT id, price > 0 AND (NOT counted OR oversell OR units > 0) AS buyable,
               CASE WHEN bool_and(counted AND NOT oversell) OVER ()
                    THEN cast(sum(greatest(units, 0)) OVER () AS bigint) END AS stock
        FROM (
            SELECT v.id, v.price, v.oversell, v.position, v.tracked OR o.units IS NOT NULL AS counted,
                   -- `app.core.catalog.as_counted`
                   CASE WHEN v.tracked AND v.quantity <= 0 THEN least(o.units, v.quantity)
                        ELSE coalesce(o.units, v.quantity) END AS units
            FROM variants v LEFT JOIN LATERAL ({OUTSIDE}) o ON true
            WHERE v.shop_id = p.shop_id AND v.product_id = p.id
        ) each
        ORDER BY buyable DESC, position, id LIMIT 1
    ) v ON true
"""
ALL = text(f"{CARDS} ORDER BY p.id")
CHANGED = text(f"{CARDS} WHERE p.changed_at > :since ORDER BY p.id")
NOW = text("SELECT clock_timestamp()")
NAMED = text(f"{CARDS} WHERE p.id = ANY(:products)")


class DbCatalog:
    """Reads cards; `variant_id` is the first buyable variant by position, else the first, else 0."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """The database's own clock, by which ``products.changed_at`` is stamped."""
        with self._database.open() as connection:
            moment: datetime = connection.execute(NOW).scalar_one()
            return moment

    def cards(self, shop: ShopId, *, changed_since: datetime | None = None) -> Sequence[Card]:
        """All cards, or those that changed since; deleted products come as not buyable."""
        if changed_since is None:
            return self._read(shop, ALL, {})
        return self._read(shop, CHANGED, {"since": changed_since})

    def cards_of(self, shop: ShopId, products: Iterable[ProductId]) -> Sequence[Card]:
        """The cards of the products that are known, in no order."""
        wanted = list(products)
        return self._read(shop, NAMED, {"products": wanted}) if wanted else []

    def _read(self, shop: ShopId, statement: Any, values: dict[str, Any]) -> Sequence[Card]:
        with self._database.shop(shop) as session:
            return [_card(row) for row in session.execute(statement, values)]


def _card(row: Row[Any]) -> Card:
    return Card(
        product_id=ProductId(row.id),
        variant_id=VariantId(row.variant_id),
        handle=row.handle,
        title=row.title,
        image=row.image_url,
        buyable=row.buyable,
        created_at=row.created_at,
        stock=row.stock,
    )
