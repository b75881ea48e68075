"""What the rules of segments may be about: the shop's collections, products, types, vendors and customers' tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.core.segments.rules import Kind, Selection
from app.ports.segments import Choice

OF_KIND: Final = {
    Kind.COLLECTION: "SELECT id::text AS key, title FROM collections",
    Kind.PRODUCT: "SELECT id::text AS key, title FROM products WHERE deleted_at IS NULL",
    Kind.TYPE: "SELECT DISTINCT product_type AS key, product_type AS title FROM products WHERE product_type <> ''",
    Kind.VENDOR: "SELECT DISTINCT vendor AS key, vendor AS title FROM products WHERE vendor <> ''",
    Kind.TAG: "SELECT DISTINCT tag AS key, tag AS title FROM customers, unnest(tags) tag WHERE tag <> ''",
}


class DbSegmentCatalogue:
    """Implements `app.ports.segments.SegmentCatalogue`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def choices(self, shop: ShopId, kind: Kind, *, limit: int = 500) -> Sequence[Choice]:
        statement = text(f"SELECT key, title FROM ({OF_KIND[kind]}) known ORDER BY lower(title), key LIMIT :limit")
        with self._database.shop(shop) as session:
            rows = session.execute(statement, {"limit": limit})
            return [Choice(Selection(kind, row.key), row.title) for row in rows]

    def titles(self, shop: ShopId, selections: Iterable[Selection]) -> Mapping[Selection, str]:
        """Those that there are."""
        by_kind: dict[Kind, list[str]] = {}
        for one in selections:
            by_kind.setdefault(one.kind, []).append(one.key)
        found: dict[Selection, str] = {}
        with self._database.shop(shop) as session:
            for kind, keys in by_kind.items():
                statement = text(f"SELECT key, title FROM ({OF_KIND[kind]}) known WHERE key = ANY(:keys)")
                rows = session.execute(statement, {"keys": keys})
                found |= {Selection(kind, row.key): row.title for row in rows}
        return found

    def currency(self, shop: ShopId) -> str:
        with self._database.shop(shop) as session:
            return session.execute(text("SELECT currency FROM shop_profiles")).scalar() or ""
