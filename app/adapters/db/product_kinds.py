"""Which products the merchant calls alike: their types, and the collections that they stand in."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import CollectionId, ProductId, ShopId

TYPES = text("SELECT id, product_type FROM products WHERE deleted_at IS NULL AND NOT is_gift_card")
COLLECTIONS = text("SELECT collection_id, array_agg(product_id) AS products FROM collection_products GROUP BY 1")


class DbProductKinds:
    def __init__(self, database: Database) -> None:
        self._database = database

    def types(self, shop: ShopId) -> Mapping[ProductId, str]:
        """The product types as written, often empty; gift cards go with everything and so have none."""
        with self._database.shop(shop) as session:
            return {ProductId(row.id): row.product_type for row in session.execute(TYPES)}

    def collections(self, shop: ShopId) -> Mapping[CollectionId, frozenset[ProductId]]:
        with self._database.shop(shop) as session:
            rows = session.execute(COLLECTIONS)
            return {CollectionId(row.collection_id): frozenset(map(ProductId, row.products)) for row in rows}
