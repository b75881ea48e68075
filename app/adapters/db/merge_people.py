"""Merging staged customers, orders and refunds into the tables: newest wins, and an order comes whole or not at all.

What a customer's erasure removed stays removed: tombstoned customers are skipped, and their orders lose the link and
the contact, as does every order whose buyer was erased, a guest's too.
"""

from __future__ import annotations

from app.adapters.db.merge_catalog import NEWEST, NOT_REMOVED
from app.adapters.db.staging import CUSTOMERS, LINES, ORDERS, REFUND_LINES, REFUNDS

BUYER = "buyer"
"""The kind of removal that says: whoever placed the order of this id was erased. The order itself stays."""

MERGE_CUSTOMERS = f"""
    applied AS (
        INSERT INTO customers AS old (shop_id, id, contact, email_hash, orders_count, amount_spent, email_marketing,
                                      opted_out, tags, created_at, updated_at, triggered_at)
        SELECT %(shop)s, s.id, s.contact, s.email_hash,
               coalesce(s.orders_count, c.orders_count, 0), coalesce(s.amount_spent, c.amount_spent, 0),
               coalesce(s.email_marketing, c.email_marketing, ''), coalesce(s.opted_out, c.opted_out, false),
               coalesce(s.tags, c.tags, '{{}}'), s.created_at, s.updated_at, %(triggered_at)s
        FROM (SELECT DISTINCT ON (id) * FROM staged_customers ORDER BY id, updated_at DESC, line DESC) s
        LEFT JOIN customers c ON c.shop_id = %(shop)s AND c.id = s.id
        WHERE NOT EXISTS (SELECT FROM tombstones t WHERE t.shop_id = %(shop)s AND t.customer_id = s.id)
          AND {NOT_REMOVED.format(kind="customer")}
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET
            contact = coalesce(excluded.contact, old.contact),
            email_hash = CASE WHEN excluded.contact IS NULL THEN old.email_hash ELSE excluded.email_hash END,
            orders_count = excluded.orders_count, amount_spent = excluded.amount_spent,
            email_marketing = excluded.email_marketing, opted_out = excluded.opted_out, tags = excluded.tags,
            created_at = excluded.created_at, updated_at = excluded.updated_at, triggered_at = excluded.triggered_at
        WHERE {NEWEST}
        RETURNING id
    )
    SELECT count(*) FROM applied
"""

MERGE_ORDERS = f"""
    applied AS (
        INSERT INTO orders AS old (shop_id, id, name, customer_id, contact, email_hash, currency, total, discounts,
                                   refunded, discount_codes, source_name, test, created_at, updated_at, cancelled_at,
                                   triggered_at, erased)
        SELECT %(shop)s, s.id, s.name, CASE WHEN known THEN s.customer_id END, CASE WHEN known THEN s.contact END,
               CASE WHEN known THEN s.email_hash END,
               s.currency, s.total, s.discounts, s.refunded, s.discount_codes, s.source_name, s.test, s.created_at,
               s.updated_at, s.cancelled_at, %(triggered_at)s, NOT known
        FROM (SELECT DISTINCT ON (id) * FROM staged_orders ORDER BY id, updated_at DESC, line DESC) s
        LEFT JOIN tombstones t ON t.shop_id = %(shop)s AND t.customer_id = s.customer_id
        LEFT JOIN removals b ON b.shop_id = %(shop)s AND b.kind = '{BUYER}' AND b.id = s.id
        CROSS JOIN LATERAL (SELECT t.at IS NULL AND b.at IS NULL AS known) may
        WHERE {NOT_REMOVED.format(kind="order")}
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET
            name = excluded.name, customer_id = excluded.customer_id,
            contact = coalesce(excluded.contact, old.contact),
            email_hash = CASE WHEN excluded.contact IS NULL THEN old.email_hash ELSE excluded.email_hash END,
            currency = excluded.currency, total = excluded.total, discounts = excluded.discounts,
            refunded = excluded.refunded, discount_codes = excluded.discount_codes,
            source_name = excluded.source_name, test = excluded.test, created_at = excluded.created_at,
            updated_at = excluded.updated_at, cancelled_at = excluded.cancelled_at,
            triggered_at = excluded.triggered_at, erased = old.erased OR excluded.erased
        WHERE {NEWEST}
        RETURNING id
    ), bought AS (
        INSERT INTO order_lines AS old (shop_id, id, order_id, product_id, variant_id, quantity, current_quantity,
                                 unit_price, discount, request_id, position)
        SELECT %(shop)s, s.id, s.order_id, s.product_id, s.variant_id, s.quantity, s.current_quantity, s.unit_price,
               s.discount, s.request_id, s.position
        FROM (SELECT DISTINCT ON (id) * FROM staged_lines ORDER BY id, line DESC) s
        JOIN applied a ON a.id = s.order_id
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET
            -- Shopify forgets which product was bought once that is deleted; we don't.
            order_id = excluded.order_id, product_id = coalesce(excluded.product_id, old.product_id),
            variant_id = coalesce(excluded.variant_id, old.variant_id),
            quantity = excluded.quantity, current_quantity = excluded.current_quantity,
            unit_price = excluded.unit_price, discount = excluded.discount, request_id = excluded.request_id,
            position = excluded.position
    ), gone AS (
        DELETE FROM order_lines o USING applied a
        WHERE o.shop_id = %(shop)s AND o.order_id = a.id
          AND NOT EXISTS (SELECT FROM staged_lines s WHERE s.id = o.id)
    )
    SELECT count(*) FROM applied
"""

MERGE_REFUNDS = """
    kept AS (
        INSERT INTO refunds AS old (shop_id, id, order_id, amount, created_at, lines_known)
        SELECT DISTINCT ON (s.id) %(shop)s::bigint, s.id, s.order_id, s.amount, s.created_at, s.lines_known
        FROM staged_refunds s
        WHERE NOT EXISTS (SELECT FROM removals r
                          WHERE r.shop_id = %(shop)s AND r.kind = 'order' AND r.id = s.order_id)
        ORDER BY s.id, s.lines_known DESC
        ON CONFLICT (shop_id, id) DO UPDATE SET
            amount = excluded.amount, lines_known = old.lines_known OR excluded.lines_known
        RETURNING id
    ), parts AS (
        INSERT INTO refund_lines (shop_id, id, refund_id, order_line_id, quantity, subtotal)
        SELECT DISTINCT ON (s.id) %(shop)s::bigint, s.id, s.refund_id, s.order_line_id, s.quantity, s.subtotal
        FROM staged_refund_lines s JOIN kept ON kept.id = s.refund_id
        ORDER BY s.id
        ON CONFLICT (shop_id, id) DO UPDATE SET quantity = excluded.quantity, subtotal = excluded.subtotal
    )
    SELECT count(*) FROM kept
"""

SETTLE_ORDERS = """
    UPDATE orders o SET refunded = r.amount
    FROM (SELECT order_id, sum(amount)::bigint AS amount FROM refunds
          WHERE shop_id = %(shop)s AND order_id IN (SELECT id FROM touched) GROUP BY order_id) r
    WHERE o.shop_id = %(shop)s AND o.id = r.order_id AND o.refunded < r.amount
"""
SETTLE_LINES = """
    UPDATE order_lines l SET current_quantity = l.quantity - r.quantity
    FROM (SELECT p.order_line_id, sum(p.quantity)::integer AS quantity
          FROM refund_lines p JOIN refunds f ON f.shop_id = p.shop_id AND f.id = p.refund_id
          WHERE p.shop_id = %(shop)s AND f.order_id IN (SELECT id FROM touched) GROUP BY p.order_line_id) r
    WHERE l.shop_id = %(shop)s AND l.id = r.order_line_id AND l.current_quantity > l.quantity - r.quantity
"""
"""A refund may come before its order, or before the order's update: what is known of refunds is settled either way."""
TOUCHED = "touched AS (SELECT id FROM staged_orders UNION SELECT order_id FROM staged_refunds)"

KEEP_OBJECTION = (
    "UPDATE orders SET erased = true FROM customers c WHERE orders.shop_id = %(shop)s AND c.shop_id = %(shop)s "
    "AND c.id = orders.customer_id AND c.opted_out AND NOT orders.erased AND c.id IN ({ids})"
)
"""Before a customer is deleted: their opt-out goes with the row, so the orders must say themselves that nobody learns
from them."""
DELETE_CUSTOMER = "DELETE FROM customers WHERE shop_id = %(shop)s AND id = %(id)s"
DELETE_ORDERS = (
    "DELETE FROM refund_lines USING refunds f WHERE refund_lines.shop_id = %(shop)s AND f.shop_id = %(shop)s "
    "AND f.id = refund_lines.refund_id AND f.order_id IN ({ids})",
    "DELETE FROM refunds WHERE shop_id = %(shop)s AND order_id IN ({ids})",
    "DELETE FROM order_lines WHERE shop_id = %(shop)s AND order_id IN ({ids})",
    "DELETE FROM orders WHERE shop_id = %(shop)s AND id IN ({ids})",
)
REMEMBER_REMOVAL = """
    INSERT INTO removals AS old (shop_id, kind, id, at)
    VALUES (%(shop)s, %(kind)s, %(id)s, coalesce(%(at)s, clock_timestamp()))
    ON CONFLICT (shop_id, kind, id) DO UPDATE SET at = greatest(old.at, excluded.at)
"""

DIFFERENT_CUSTOMERS = """
    SELECT count(*) FROM staged_customers s LEFT JOIN customers c ON c.shop_id = %(shop)s AND c.id = s.id
    WHERE (c.id IS NULL OR c.updated_at < s.updated_at)
      AND NOT EXISTS (SELECT FROM tombstones t WHERE t.shop_id = %(shop)s AND t.customer_id = s.id)
"""
DIFFERENT_ORDERS = """
    SELECT count(*) FROM staged_orders s LEFT JOIN orders o ON o.shop_id = %(shop)s AND o.id = s.id
    WHERE o.id IS NULL OR o.updated_at < s.updated_at
"""

CUSTOMER_TABLES = (CUSTOMERS,)
ORDER_TABLES = (ORDERS, LINES, REFUNDS, REFUND_LINES)
