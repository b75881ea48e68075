"""Comparing an export of ids with what is stored: what the store deleted, and what we never got or got too old.

Only rows that are older than the export can have been deleted before it; a younger one came by webhook meanwhile, and
Shopify's exports lag behind a little, so the last minutes before it are left to the next night. An
export of orders may reach back less far than we do (without `read_all_orders` it shows 60 days), so orders older than
its oldest are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.adapters.db.merge_people import DELETE_ORDERS, KEEP_OBJECTION
from app.core.records import Kind
from app.core.syncs import Resource

LAG_BEFORE = "%(before)s::timestamptz - interval '10 minutes'"
"""What was so then is shown by an export that was asked for at ``before``."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Statements take ``shop`` and ``before``, the store time at which the export was asked for.

    `gone` fills the temporary table ``gone_ids`` with what was deleted; `deletes` act on it.
    """

    missed: str
    gone: str
    deletes: tuple[str, ...]


def _missed(table: str, also: str = "") -> str:
    return f"""
        SELECT DISTINCT s.id FROM staged_ids s LEFT JOIN {table} o ON o.shop_id = %(shop)s AND o.id = s.id
        WHERE (o.id IS NULL OR o.updated_at IS NULL OR o.updated_at < s.updated_at {also})
          AND s.updated_at <= %(before)s
        ORDER BY s.id
    """


def _gone(table: str, also: str = "") -> str:
    return f"""
        CREATE TEMP TABLE gone_ids ON COMMIT DROP AS
        SELECT o.id FROM {table} o
        WHERE o.shop_id = %(shop)s AND (o.updated_at IS NULL OR o.updated_at < {LAG_BEFORE}) {also}
          AND NOT EXISTS (SELECT FROM staged_ids s WHERE s.id = o.id)
    """


def _removed(kind: Kind) -> str:
    return f"""
        INSERT INTO removals AS old (shop_id, kind, id, at)
        SELECT %(shop)s, '{kind}', id, %(before)s::timestamptz FROM gone_ids
        ON CONFLICT (shop_id, kind, id) DO UPDATE SET at = greatest(old.at, excluded.at)
    """


COMPARISONS = {
    Resource.PRODUCT_IDS: Comparison(
        missed=_missed("products", "OR o.deleted_at IS NOT NULL"),
        gone=_gone("products", "AND o.deleted_at IS NULL"),
        deletes=(
            "UPDATE products SET deleted_at = %(before)s, changed_at = clock_timestamp() "
            "WHERE shop_id = %(shop)s AND id IN (SELECT id FROM gone_ids)",
            "DELETE FROM collection_products WHERE shop_id = %(shop)s AND product_id IN (SELECT id FROM gone_ids)",
        ),
    ),
    Resource.COLLECTION_IDS: Comparison(
        missed=_missed("collections"),
        gone=_gone("collections"),
        deletes=(
            "DELETE FROM collection_products WHERE shop_id = %(shop)s AND collection_id IN (SELECT id FROM gone_ids)",
            "DELETE FROM collections WHERE shop_id = %(shop)s AND id IN (SELECT id FROM gone_ids)",
            _removed(Kind.COLLECTION),
        ),
    ),
    Resource.CUSTOMER_IDS: Comparison(
        missed=_missed("customers")
        .replace("WHERE", "LEFT JOIN tombstones t ON t.shop_id = %(shop)s AND t.customer_id = s.id WHERE", 1)
        .replace("AND s.updated_at", "AND t.at IS NULL AND s.updated_at", 1),
        gone=_gone("customers"),
        deletes=(
            KEEP_OBJECTION.format(ids="SELECT id FROM gone_ids"),
            "DELETE FROM customers WHERE shop_id = %(shop)s AND id IN (SELECT id FROM gone_ids)",
            _removed(Kind.CUSTOMER),
        ),
    ),
    Resource.ORDER_IDS: Comparison(
        missed=_missed("orders"),
        gone=_gone("orders", "AND o.created_at >= (SELECT min(created_at) FROM staged_ids)"),
        deletes=(*(delete.format(ids="SELECT id FROM gone_ids") for delete in DELETE_ORDERS), _removed(Kind.ORDER)),
    ),
}
