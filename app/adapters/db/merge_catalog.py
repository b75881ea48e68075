"""Merging staged products, variants, collections and stock into the tables: newest wins, whatever the order of arrival.

Every statement starts behind ``WITH`` so that staged rows may come as common table expressions of a webhook. A row is
replaced unless what is stored is younger by `updated_at`, or as old and from a webhook that was sent later.
"""

from __future__ import annotations

from app.adapters.db.staging import COLLECTIONS, MEMBERS, PRODUCTS, STOCK, VARIANTS

NEWEST = """
    (old.updated_at IS NULL OR old.updated_at < excluded.updated_at
     OR (old.updated_at = excluded.updated_at
         AND (old.triggered_at IS NULL OR excluded.triggered_at IS NULL OR old.triggered_at <= excluded.triggered_at)))
"""
"""Whether `excluded` may replace `old`. Shopify dates to whole seconds, so equal dates are common."""

NOT_REMOVED = """
    NOT EXISTS (SELECT FROM removals r
                WHERE r.shop_id = %(shop)s AND r.kind = '{kind}' AND r.id = s.id AND r.at >= s.updated_at)
"""

MERGE_PRODUCTS = f"""
    applied AS (
        INSERT INTO products AS old (shop_id, id, handle, title, vendor, product_type, tags, status, published,
                                     is_gift_card, image_url, created_at, updated_at, triggered_at, changed_at)
        SELECT %(shop)s, s.id, s.handle, s.title, s.vendor, s.product_type, s.tags, s.status, s.published,
               coalesce(s.is_gift_card, p.is_gift_card, false), s.image_url, s.created_at, s.updated_at,
               %(triggered_at)s, clock_timestamp()
        FROM (SELECT DISTINCT ON (id) * FROM staged_products ORDER BY id, updated_at DESC, line DESC) s
        LEFT JOIN products p ON p.shop_id = %(shop)s AND p.id = s.id
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET
            handle = excluded.handle, title = excluded.title, vendor = excluded.vendor,
            product_type = excluded.product_type, tags = excluded.tags, status = excluded.status,
            published = excluded.published, is_gift_card = excluded.is_gift_card, image_url = excluded.image_url,
            created_at = excluded.created_at, updated_at = excluded.updated_at,
            triggered_at = excluded.triggered_at, deleted_at = NULL, changed_at = clock_timestamp()
        WHERE {NEWEST} AND (old.deleted_at IS NULL OR old.deleted_at < excluded.updated_at)
        RETURNING id, updated_at
    ), sold AS (
        INSERT INTO variants (shop_id, id, product_id, title, sku, price, inventory_item_id, quantity, tracked,
                              oversell, position, updated_at)
        SELECT %(shop)s, s.id, s.product_id, s.title, s.sku, s.price, s.inventory_item_id,
               coalesce(levels.available, s.quantity, 0), coalesce(s.tracked, v.tracked, true), s.oversell,
               s.position, s.updated_at
        FROM (SELECT DISTINCT ON (id) * FROM staged_variants ORDER BY id, line DESC) s
        JOIN applied a ON a.id = s.product_id
        LEFT JOIN variants v ON v.shop_id = %(shop)s AND v.id = s.id
        LEFT JOIN LATERAL (
            -- Stock that was reported after the product is the newer truth.
            SELECT sum(l.available)::integer AS available FROM inventory_levels l
            WHERE l.shop_id = %(shop)s AND l.inventory_item_id = s.inventory_item_id
            HAVING max(l.updated_at) > a.updated_at
        ) levels ON true
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET
            product_id = excluded.product_id, title = excluded.title, sku = excluded.sku, price = excluded.price,
            inventory_item_id = excluded.inventory_item_id, quantity = excluded.quantity,
            tracked = excluded.tracked, oversell = excluded.oversell, position = excluded.position,
            updated_at = excluded.updated_at
    ), gone AS (
        DELETE FROM variants v USING applied a
        WHERE v.shop_id = %(shop)s AND v.product_id = a.id
          AND NOT EXISTS (SELECT FROM staged_variants s WHERE s.id = v.id)
          AND NOT EXISTS (SELECT FROM staged_products s WHERE s.id = a.id AND NOT s.complete)
    )
    SELECT count(*) FROM applied
"""

MERGE_COLLECTIONS = f"""
    applied AS (
        INSERT INTO collections AS old (shop_id, id, handle, title, updated_at, triggered_at)
        SELECT %(shop)s, s.id, s.handle, s.title, s.updated_at, %(triggered_at)s
        FROM (SELECT DISTINCT ON (id) * FROM staged_collections ORDER BY id, updated_at DESC, line DESC) s
        WHERE {NOT_REMOVED.format(kind="collection")}
        ON CONFLICT (shop_id, id) DO UPDATE SET
            handle = excluded.handle, title = excluded.title, updated_at = excluded.updated_at,
            triggered_at = excluded.triggered_at
        WHERE {NEWEST}
        RETURNING id
    )
    SELECT count(*) FROM applied
"""

MERGE_MEMBERS = """
    joined AS (
        INSERT INTO collection_products (shop_id, collection_id, product_id)
        SELECT DISTINCT %(shop)s::bigint, m.collection_id, m.product_id
        FROM staged_members m JOIN collections c ON c.shop_id = %(shop)s AND c.id = m.collection_id
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), gone AS (
        DELETE FROM collection_products p USING (SELECT DISTINCT id FROM staged_collections) s
        WHERE p.shop_id = %(shop)s AND p.collection_id = s.id
          AND NOT EXISTS (SELECT FROM staged_members m
                          WHERE m.collection_id = p.collection_id AND m.product_id = p.product_id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM joined) + (SELECT count(*) FROM gone)
"""
"""Only exports name a collection's products, so they alone replace the membership."""

MERGE_STOCK = f"""
    applied AS (
        INSERT INTO inventory_levels AS old (shop_id, inventory_item_id, location_id, available, updated_at,
                                             triggered_at)
        SELECT %(shop)s, s.inventory_item_id, s.location_id, s.available, s.updated_at, %(triggered_at)s
        FROM (SELECT DISTINCT ON (inventory_item_id, location_id) * FROM staged_stock
              ORDER BY inventory_item_id, location_id, updated_at DESC NULLS LAST, line DESC) s
        ON CONFLICT (shop_id, inventory_item_id, location_id) DO UPDATE SET
            available = excluded.available, updated_at = excluded.updated_at, triggered_at = excluded.triggered_at
        WHERE {NEWEST} OR excluded.updated_at IS NULL
        RETURNING inventory_item_id, location_id, available
    ), totals AS (
        -- This statement does not see its own insertions: levels that were not touched, and those that were.
        SELECT t.inventory_item_id, sum(t.available)::integer AS available FROM (
            SELECT inventory_item_id, available FROM applied
            UNION ALL
            SELECT l.inventory_item_id, l.available FROM inventory_levels l
            WHERE l.shop_id = %(shop)s AND l.inventory_item_id IN (SELECT inventory_item_id FROM applied)
              AND NOT EXISTS (SELECT FROM applied a WHERE a.inventory_item_id = l.inventory_item_id
                              AND a.location_id = l.location_id)
        ) t GROUP BY t.inventory_item_id
    ), counted AS (
        UPDATE variants v SET quantity = t.available FROM totals t
        WHERE v.shop_id = %(shop)s AND v.inventory_item_id = t.inventory_item_id
          AND v.quantity IS DISTINCT FROM t.available
        RETURNING v.product_id
    ), touched AS (
        UPDATE products p SET changed_at = clock_timestamp()
        WHERE p.shop_id = %(shop)s AND p.id IN (SELECT product_id FROM counted)
        RETURNING 1
    )
    SELECT count(*) FROM touched
"""

DELETE_PRODUCT = """
    INSERT INTO products AS old (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card,
                                 image_url, deleted_at, changed_at)
    VALUES (%(shop)s, %(id)s, '', '', '', '', 'ARCHIVED', false, false, '', coalesce(%(at)s, clock_timestamp()),
            clock_timestamp())
    ON CONFLICT (shop_id, id) DO UPDATE SET deleted_at = excluded.deleted_at, changed_at = clock_timestamp()
    WHERE old.deleted_at IS NULL
    RETURNING 1
"""
"""A deletion may overtake the creation, so it leaves a row either way."""
DELETE_MEMBERS_OF_PRODUCT = "DELETE FROM collection_products WHERE shop_id = %(shop)s AND product_id = %(id)s"
DELETE_COLLECTION = "DELETE FROM collections WHERE shop_id = %(shop)s AND id = %(id)s"
DELETE_MEMBERS = "DELETE FROM collection_products WHERE shop_id = %(shop)s AND collection_id = %(id)s"

DIFFERENT_PRODUCTS = """
    SELECT count(*) FROM staged_products s LEFT JOIN products p ON p.shop_id = %(shop)s AND p.id = s.id
    WHERE p.id IS NULL OR p.deleted_at IS NOT NULL OR p.updated_at IS NULL OR p.updated_at < s.updated_at
"""
DIFFERENT_COLLECTIONS = """
    SELECT count(*) FROM staged_collections s LEFT JOIN collections c ON c.shop_id = %(shop)s AND c.id = s.id
    WHERE c.id IS NULL OR c.updated_at < s.updated_at
"""
DIFFERENT_STOCK = """
    SELECT count(*) FROM staged_stock s
    LEFT JOIN inventory_levels l ON l.shop_id = %(shop)s AND l.inventory_item_id = s.inventory_item_id
        AND l.location_id = s.location_id
    WHERE l.available IS DISTINCT FROM s.available AND (l.updated_at IS NULL OR l.updated_at <= s.updated_at)
"""
"""What an export brings that was not known: what the nightly reconciliation counts as repaired."""

CATALOG_TABLES = (PRODUCTS, VARIANTS)
COLLECTION_TABLES = (COLLECTIONS, MEMBERS)
STOCK_TABLES = (STOCK,)
