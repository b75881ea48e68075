"""Care of products in PostgreSQL: articles, picks by product type, and what metafields say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.email.care import Care, CarePick, CareSource
from app.core.ids import ProductId, ShopDomain, ShopId
from app.core.shops import Shop
from app.ports.care import Article, CareReading

SETTING: Final = "care"
ARTICLES = text("SELECT id, title, url, text FROM store_articles ORDER BY lower(title), id")
NO_ARTICLES = text("DELETE FROM store_articles")
ARTICLE = text("INSERT INTO store_articles (shop_id, id, title, url, text) VALUES (:shop, :id, :title, :url, :text)")
TYPES = text("""
    SELECT product_type FROM products WHERE product_type <> '' AND status = 'ACTIVE' GROUP BY 1
    ORDER BY lower(product_type), 1
""")
PRODUCTS = text("SELECT id FROM products WHERE product_type = :type ORDER BY id")
PICKS = text("SELECT product_type, source, ref FROM mail_care ORDER BY lower(product_type), product_type")
PICK = text("""
    INSERT INTO mail_care (shop_id, product_type, source, ref) VALUES (:shop, :type, :source, :ref)
    ON CONFLICT (shop_id, product_type) DO UPDATE SET source = excluded.source, ref = excluded.ref
""")
DROP = text("DELETE FROM mail_care WHERE product_type = :type")
NO_TEXTS = text("DELETE FROM care_texts")
TEXT = text("""
    INSERT INTO care_texts (shop_id, product_id, title, text, url) VALUES (:shop, :product, :title, :text, :url)
""")
READING = text("SELECT value FROM settings WHERE name = :name")
WAS_READ = text("""
    INSERT INTO settings (shop_id, name, value, updated_at) VALUES (:shop, :name, cast(:value AS jsonb), :at)
    ON CONFLICT (shop_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
""")
OF = text("""
    SELECT p.id, coalesce(a.title, t.title) AS title, coalesce(a.url, t.url) AS url, coalesce(a.text, t.text) AS text
    FROM products p JOIN mail_care m ON m.product_type = p.product_type
    LEFT JOIN store_articles a ON m.source = 'article' AND a.id::text = m.ref
    LEFT JOIN care_texts t ON m.source = 'metafield' AND t.product_id = p.id
    WHERE p.id = ANY(:products) AND coalesce(a.title, t.title) IS NOT NULL
""")


class DbCare:
    """Implements `app.ports.care.CareShelf`.

    Args:
        origin_of: where a shop's storefront is.
    """

    def __init__(self, database: Database, origin_of: Callable[[ShopDomain], str]) -> None:
        self._database, self._origin_of = database, origin_of

    def articles(self, shop: ShopId) -> Sequence[Article]:
        with self._database.shop(shop) as session:
            return [Article(row.id, row.title, row.url, row.text) for row in session.execute(ARTICLES)]

    def keep_articles(self, shop: ShopId, articles: Iterable[Article]) -> None:
        rows = [{"shop": shop, "id": a.id, "title": a.title, "url": a.url, "text": a.text} for a in articles]
        with self._database.shop(shop) as session:
            session.execute(NO_ARTICLES)
            if rows:
                session.execute(ARTICLE, rows)

    def types(self, shop: ShopId) -> Sequence[str]:
        with self._database.shop(shop) as session:
            return list(session.execute(TYPES).scalars())

    def products(self, shop: ShopId, product_type: str) -> Sequence[ProductId]:
        with self._database.shop(shop) as session:
            return [ProductId(id) for id in session.execute(PRODUCTS, {"type": product_type}).scalars()]

    def picks(self, shop: ShopId) -> Sequence[CarePick]:
        with self._database.shop(shop) as session:
            rows = session.execute(PICKS).all()
        return [CarePick(row.product_type, CareSource(row.source), row.ref) for row in rows]

    def pick(self, shop: ShopId, pick: CarePick) -> None:
        said = {"type": pick.product_type, "source": pick.source.value, "ref": pick.ref}
        with self._database.shop(shop) as session:
            session.execute(PICK, {"shop": shop, **said})

    def drop(self, shop: ShopId, product_type: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP, {"type": product_type})

    def keep_texts(self, shop: ShopId, texts: Mapping[ProductId, Care]) -> None:
        rows = [
            {"shop": shop, "product": product, "title": care.title, "text": care.text, "url": care.url}
            for product, care in texts.items()
        ]
        with self._database.shop(shop) as session:
            session.execute(NO_TEXTS)
            if rows:
                session.execute(TEXT, rows)

    def reading(self, shop: ShopId) -> CareReading:
        with self._database.shop(shop) as session:
            value = session.execute(READING, {"name": SETTING}).scalar()
        return CareReading(datetime.fromisoformat(value["at"]), value["trouble"]) if value else CareReading()

    def was_read(self, shop: ShopId, reading: CareReading) -> None:
        if reading.at is None:
            return
        value = orjson.dumps({"at": reading.at.isoformat(), "trouble": reading.trouble}).decode()
        with self._database.shop(shop) as session:
            session.execute(WAS_READ, {"shop": shop, "name": SETTING, "value": value, "at": reading.at})

    def of(self, shop: Shop, products: Iterable[ProductId]) -> Mapping[ProductId, Care]:
        origin = self._origin_of(shop.domain)
        with self._database.shop(shop.id) as session:
            rows = session.execute(OF, {"products": list(products)}).all()
        return {ProductId(row.id): Care(row.title, _absolute(origin, row.url), row.text) for row in rows}


def _absolute(origin: str, url: str) -> str:
    """An article's path with the storefront before it; a metafield's address as it is."""
    return f"{origin}{url}" if url.startswith("/") else url
