"""What the importer does with each resource: which tables are staged, which merges follow, what is checked before."""

from __future__ import annotations

from dataclasses import dataclass

from app.adapters.db import merge_catalog as catalog
from app.adapters.db import merge_people as people
from app.adapters.db.compare_ids import LAG_BEFORE
from app.adapters.db.staging import (
    COLLECTIONS,
    CUSTOMERS,
    LINES,
    MEMBERS,
    ORDERS,
    PRODUCTS,
    VARIANTS,
    Staged,
)
from app.adapters.db.writers import CATALOGUE, PEOPLE
from app.core.records import Kind
from app.core.syncs import Resource


@dataclass(frozen=True, slots=True)
class Family:
    """A child table whose rows need their parent in the same file."""

    child: Staged
    key: str
    parent: Staged

    @property
    def drop_orphans(self) -> str:
        """Remove children without a parent; returns their line numbers and the parents that they name."""
        return (
            f"DELETE FROM {self.child.name} c WHERE NOT EXISTS "
            f"(SELECT FROM {self.parent.name} p WHERE p.id = c.{self.key}) RETURNING c.line, c.{self.key}"
        )


def _not_removed(kind: Kind, staged: Staged) -> str:
    return (
        f"DELETE FROM removals r USING {staged.name} s "
        f"WHERE r.shop_id = %(shop)s AND r.kind = '{kind}' AND r.id = s.id AND r.at < {LAG_BEFORE}"
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """How one resource is imported. Statements take ``shop`` and ``triggered_at``."""

    half: str
    """Which writers it takes turns with (see `writers`)."""
    tables: tuple[Staged, ...]
    merges: tuple[str, ...]
    """Bodies behind ``WITH``; the last value of the first one counts what was applied."""
    different: str
    families: tuple[Family, ...] = ()
    revives: str = ""
    """Takes back what was taken for deleted long before this export, which shows that it is not; takes ``before``."""
    settles: tuple[str, ...] = ()
    """Updates behind ``WITH touched AS (…)``."""


PLANS = {
    Resource.PRODUCTS: Plan(
        half=CATALOGUE,
        tables=catalog.CATALOG_TABLES,
        merges=(catalog.MERGE_PRODUCTS,),
        different=catalog.DIFFERENT_PRODUCTS,
        families=(Family(VARIANTS, "product_id", PRODUCTS),),
        revives="UPDATE products p SET deleted_at = NULL, changed_at = clock_timestamp() FROM staged_products s "
        f"WHERE p.shop_id = %(shop)s AND p.id = s.id AND p.deleted_at < {LAG_BEFORE}",
    ),
    Resource.INVENTORY: Plan(
        half=CATALOGUE, tables=catalog.STOCK_TABLES, merges=(catalog.MERGE_STOCK,), different=catalog.DIFFERENT_STOCK
    ),
    Resource.COLLECTIONS: Plan(
        half=CATALOGUE,
        tables=catalog.COLLECTION_TABLES,
        merges=(catalog.MERGE_COLLECTIONS, catalog.MERGE_MEMBERS),
        different=catalog.DIFFERENT_COLLECTIONS,
        families=(Family(MEMBERS, "collection_id", COLLECTIONS),),
        revives=_not_removed(Kind.COLLECTION, COLLECTIONS),
    ),
    Resource.CUSTOMERS: Plan(
        half=PEOPLE,
        tables=people.CUSTOMER_TABLES,
        merges=(people.MERGE_CUSTOMERS,),
        different=people.DIFFERENT_CUSTOMERS,
        revives=_not_removed(Kind.CUSTOMER, CUSTOMERS),
    ),
    Resource.ORDERS: Plan(
        half=PEOPLE,
        tables=people.ORDER_TABLES,
        merges=(people.MERGE_ORDERS, people.MERGE_REFUNDS),
        different=people.DIFFERENT_ORDERS,
        families=(Family(LINES, "order_id", ORDERS),),
        revives=_not_removed(Kind.ORDER, ORDERS),
        settles=(people.SETTLE_ORDERS, people.SETTLE_LINES),
    ),
}

HALF_ORDERS = """
    DELETE FROM staged_orders o
    WHERE o.units IS DISTINCT FROM (SELECT coalesce(sum(l.quantity), 0) FROM staged_lines l WHERE l.order_id = o.id)
    RETURNING o.line, o.id
"""
"""Orders whose lines don't add up. Only asked for when lines of the file were unusable."""

UNKNOWN_PRODUCTS = """
    SELECT s.line, s.product_id FROM staged_lines s
    WHERE s.product_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM products p WHERE p.shop_id = %(shop)s AND p.id = s.product_id)
    ORDER BY s.line LIMIT %(limit)s
"""
