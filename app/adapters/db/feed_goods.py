"""The products of feeds: what can be bought now, with its price, its categories, and how it sells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text

from app.adapters.db.catalog import CARDS
from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.product_pulse import DbProductPulse
from app.core.email.feeds import Good, category_handle
from app.core.email.products import MailItem
from app.core.ids import ProductId, ShopDomain, ShopId
from app.core.money import written
from app.core.shops import Shop

LATELY = timedelta(days=7)
GOODS = text(f"""
    SELECT c.id, c.handle, c.title, c.image_url, c.created_at, v.price, p.product_type,
           coalesce((SELECT array_agg(k.handle) FROM collection_products m
                     JOIN collections k ON k.shop_id = m.shop_id AND k.id = m.collection_id
                     WHERE m.product_id = c.id), '{{}}') AS collections,
           coalesce((SELECT currency FROM shop_profiles), '') AS currency
    FROM ({CARDS}) c JOIN products p ON p.id = c.id JOIN variants v ON v.id = c.variant_id
    WHERE c.buyable ORDER BY c.id
""")
BUYABLE = text(f"SELECT count(*) FROM ({CARDS} WHERE p.id = ANY(:products)) c WHERE c.buyable")
SOLD = text(f"""
    SELECT l.product_id, sum(l.current_quantity)::bigint AS units
    FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
    WHERE o.created_at >= :since AND o.created_at < :until AND {USABLE} AND l.product_id IS NOT NULL GROUP BY 1
""")


class DbFeedGoods:
    """Implements `app.ports.feeds.Goods`.

    Args:
        origin_of: where a shop's storefront is.
    """

    def __init__(self, database: Database, origin_of: Callable[[ShopDomain], str]) -> None:
        self._database, self._origin_of = database, origin_of
        self._pulse = DbProductPulse(database)

    def are_buyable(self, shop: ShopId, products: Collection[ProductId]) -> bool:
        """Whether each of them can be bought now."""
        with self._database.shop(shop) as session:
            return bool(session.execute(BUYABLE, {"products": list(products)}).scalar_one() == len(products))

    def buyable(self, shop: Shop, *, now: datetime) -> Sequence[Good]:
        """All products that can be bought now."""
        origin, sold = self._origin_of(shop.domain), self._pulse.sold_per_day(shop.id, now=now)
        seen = self._pulse.impressions(shop.id, since=date.fromordinal(now.date().toordinal() - 28))
        with self._database.shop(shop.id) as session:
            lately = {row.product_id: row.units for row in session.execute(SOLD, {"since": now - LATELY, "until": now})}
            rows = session.execute(GOODS).all()
        return [
            Good(
                item=MailItem(
                    ProductId(row.id),
                    title=row.title,
                    url=f"{origin}/products/{row.handle}",
                    image=row.image_url,
                    price=written(row.price, row.currency),
                    reason="",
                ),
                categories=frozenset(filter(None, map(category_handle, (*row.collections, row.product_type)))),
                since=row.created_at,
                sold=sold.get(ProductId(row.id), 0.0),
                sold_lately=int(lately.get(row.id, 0)),
                seen=seen.get(ProductId(row.id), 0),
            )
            for row in rows
        ]
