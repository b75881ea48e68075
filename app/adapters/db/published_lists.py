"""What stands in the store's `$app` metafields, product by product, so that only changed lists are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ProductId, ShopId
from app.ports import ListPlace

PLACES = text("""
    SELECT p.id, nullif(l.digest, '') AS digest FROM products p
    LEFT JOIN published_lists l ON l.shop_id = p.shop_id AND l.product_id = p.id
    WHERE p.deleted_at IS NULL AND upper(p.status) = 'ACTIVE' ORDER BY p.id
""")
GONE = text("""
    DELETE FROM published_lists l WHERE NOT EXISTS (
        SELECT 1 FROM products p WHERE p.shop_id = l.shop_id AND p.id = l.product_id AND p.deleted_at IS NULL)
""")
STANDING = text("SELECT product_id FROM published_lists WHERE digest <> '' ORDER BY product_id")
RECORD = text("""
    INSERT INTO published_lists (shop_id, product_id, digest, published_at, error)
    SELECT :shop, unnest(cast(:products AS bigint[])), unnest(cast(:digests AS text[])), :at, ''
    ON CONFLICT (shop_id, product_id)
    DO UPDATE SET digest = excluded.digest, published_at = excluded.published_at, error = ''
""")
REMOVE = text("DELETE FROM published_lists WHERE product_id = ANY(:products)")
REFUSED = text("""
    INSERT INTO published_lists (shop_id, product_id, digest, published_at, error)
    SELECT :shop, unnest(cast(:products AS bigint[])), '', :at, unnest(cast(:errors AS text[]))
    ON CONFLICT (shop_id, product_id) DO UPDATE SET error = excluded.error
""")
LONGEST_ERROR = 500


class DbPublishedLists:
    def __init__(self, database: Database) -> None:
        self._database = database

    def places(self, shop: ShopId) -> Sequence[ListPlace]:
        """All active products; what is noted of products that no longer exist is forgotten on the way."""
        with self._database.shop(shop) as session:
            session.execute(GONE)
            return [ListPlace(ProductId(row.id), row.digest) for row in session.execute(PLACES)]

    def standing(self, shop: ShopId) -> Sequence[ProductId]:
        """The products whose metafields hold a list; those deleted in the store took theirs along."""
        with self._database.shop(shop) as session:
            session.execute(GONE)
            return [ProductId(number) for number in session.execute(STANDING).scalars()]

    def record(self, shop: ShopId, digests: Mapping[ProductId, str], *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            values = {"products": list(digests.keys()), "digests": list(digests.values())}
            session.execute(RECORD, {"shop": shop, "at": at, **values})

    def remove(self, shop: ShopId, products: Iterable[ProductId]) -> None:
        with self._database.shop(shop) as session:
            session.execute(REMOVE, {"products": list(products)})

    def record_failures(self, shop: ShopId, failures: Mapping[ProductId, str], *, at: datetime) -> None:
        """Keep what Shopify said of the lists that it refused; what stood there before stands there still."""
        with self._database.shop(shop) as session:
            errors = [error[:LONGEST_ERROR] for error in failures.values()]
            session.execute(REFUSED, {"shop": shop, "at": at, "products": list(failures), "errors": errors})
