"""What is known of the products themselves: texts, prices, ages, and how long the stock lasts.

Unit costs are not asked of Shopify, so margins stay unknown. Texts come a batch at a time; numbers as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.ids import ProductId, ShopId
from app.core.recommend.item_words import ItemText
from app.ports import ProductNumbers

SALES = timedelta(days=56)
"""The time over which sales per day are counted: shorter, and a product that sells once a month has no rate."""
LEAST_DAYS = 7.0
"""A product younger than this is given a week before what it sold is called a rate."""
LONGEST_COVER = 365.0
"""Days; stock that lasts longer, or of which nothing is sold, is all the same."""
MOST_OPTIONS = 50
NO_OPTION = "Default Title"
"""What Shopify calls the only variant of a product without options."""
BATCH = 2000

SOLD_HERE = "p.deleted_at IS NULL AND NOT p.is_gift_card"
TEXTS = text(f"""
    SELECT p.id, p.title, p.product_type, p.vendor, p.tags, coalesce(v.options, '{{}}') AS options
    FROM products p LEFT JOIN (
        SELECT product_id, (array_agg(title ORDER BY position, id))[1:{MOST_OPTIONS}] AS options
        FROM variants WHERE title <> '{NO_OPTION}' GROUP BY 1
    ) v ON v.product_id = p.id
    WHERE {SOLD_HERE} ORDER BY p.id
""")
# What is learnt leaves objectors out, and so does this: the rate of sales is one of the ranker's features.
NUMBERS = text(f"""
    SELECT p.id, v.price, extract(epoch FROM p.created_at) / 86400 AS created, v.stock, coalesce(s.sold, 0) AS sold,
           upper(p.status) = 'ACTIVE' AND p.published AS shown
    FROM products p LEFT JOIN (
        SELECT product_id, min(price) FILTER (WHERE price > 0) AS price,
               CASE WHEN bool_and(tracked AND NOT oversell) THEN sum(greatest(quantity, 0)) END AS stock
        FROM variants GROUP BY 1
    ) v ON v.product_id = p.id LEFT JOIN (
        SELECT l.product_id, sum(l.current_quantity) AS sold
        FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
        WHERE o.created_at >= :since AND o.created_at < :until AND {USABLE} GROUP BY 1
    ) s ON s.product_id = p.id
    WHERE {SOLD_HERE} ORDER BY p.id
""")
ROW = np.dtype([("product", "i8"), ("price", "f4"), ("created", "f4"), ("stock", "f4"), ("sold", "f4"), ("shown", "?")])


class DbProductFacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def texts(self, shop: ShopId) -> Iterator[tuple[ProductId, ItemText]]:
        """Every product that is not deleted and no gift card, by its id."""
        with self._database.shop(shop) as session:
            for row in session.execute(TEXTS, execution_options={"yield_per": BATCH}):
                told = ItemText(row.title, row.product_type, row.vendor, tuple(row.tags), tuple(row.options))
                yield ProductId(row.id), told

    def numbers(self, shop: ShopId, *, now: datetime) -> ProductNumbers:
        """Of the same products; 25 bytes each."""
        values = {"since": now - SALES, "until": now}
        with self._database.shop(shop) as session:
            rows = session.execute(NUMBERS, values, execution_options={"yield_per": BATCH})
            found = np.fromiter((tuple(np.nan if value is None else value for value in row) for row in rows), dtype=ROW)
        days = np.fmin(now.timestamp() / 86400 - found["created"], SALES / timedelta(days=1))
        rate = found["sold"] / np.maximum(days, LEAST_DAYS)
        with np.errstate(divide="ignore", invalid="ignore"):
            cover = np.where(found["stock"] > 0, np.minimum(found["stock"] / rate, LONGEST_COVER), found["stock"])
        product, price, created, shown = (found[name].copy() for name in ("product", "price", "created", "shown"))
        return ProductNumbers(product, price, created, cover, shown)
