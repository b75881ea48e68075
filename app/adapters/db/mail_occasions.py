"""Finds the occasions for mails in what stands in PostgreSQL: one query for each rule of `app.core.email.triggers`.

A query may find the same occasion at every look; it is written down once by its key. Pauses, quiet and orders are
judged in the same statement that writes, so two workers can't both find room for a mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, TextClause, text

from app.adapters.db.catalog import CARDS
from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.email.names import Trigger
from app.core.email.settings import MailSettings
from app.core.email.triggers import AFTER_ORDER, LINES, QUIET, RULES
from app.core.ids import ShopId

KEPT: Final = timedelta(days=90)
"""What a browser did is forgotten then."""
OLD_DEEDS: Final = text("DELETE FROM mail_deeds WHERE last_at < :before")
# A price or a stock that merely came to be known is no news.
LOOK: Final = text(f"""
    INSERT INTO mail_goods (shop_id, product_id, price, buyable)
    SELECT :shop, c.id, v.price, c.buyable FROM ({CARDS}) c JOIN variants v ON v.id = c.variant_id
    ON CONFLICT (shop_id, product_id) DO UPDATE SET price = excluded.price, buyable = excluded.buyable,
        news = CASE WHEN excluded.buyable AND NOT mail_goods.buyable THEN 'back'
                    WHEN excluded.buyable AND excluded.price * 100 <= mail_goods.price * 95 THEN 'cheaper'
                    ELSE mail_goods.news END,
        news_at = CASE WHEN excluded.buyable
                            AND (NOT mail_goods.buyable OR excluded.price * 100 <= mail_goods.price * 95)
                       THEN cast(:now AS timestamptz) ELSE mail_goods.news_at END
    WHERE (excluded.price, excluded.buyable) IS DISTINCT FROM (mail_goods.price, mail_goods.buyable)
""")
# All orders ever are gone through, and a rhythm of weeks does not change within the day but by an import.
RHYTHMS_DUE: Final = text("""
    UPDATE mail_settings s SET rhythms_at = :now WHERE s.rhythms_at IS NULL OR s.rhythms_at > :now
        OR s.rhythms_at <= cast(:now AS timestamptz) - interval '1 day'
        OR EXISTS (SELECT FROM sync_runs r WHERE r.shop_id = s.shop_id AND r.resource = 'orders'
                   AND r.finished_at > s.rhythms_at AND r.finished_at <= :now)
    RETURNING 1
""")
_DEEDS: Final = """
    SELECT min(c.id::bigint) AS customer_id, d.kind, d.who, d.product_id, d.what, d.times, d.variants, d.first_at,
           d.last_at
    FROM mail_deeds d
    JOIN profile_members b ON b.shop_id = d.shop_id AND b.kind = d.kind AND b.id = d.who AND b.standing = 'own'
    JOIN profile_members c ON c.shop_id = b.shop_id AND c.profile = b.profile AND c.kind = 'customer'
    GROUP BY d.kind, d.who, d.product_id, d.what, d.times, d.variants, d.first_at, d.last_at
"""
"""The deeds of known shoppers, on any of their browsers."""
_ORDERED: Final = (
    f"EXISTS (SELECT FROM orders o WHERE o.customer_id = {{who}} AND o.created_at >= {{since}} AND {USABLE})"
)
_ENTERED: Final = """
    SELECT m.customer_id, c.profile || ':' || extract(epoch FROM c.at)::bigint AS key, c.at,
           NULL::bigint AS product_id, '[]'::jsonb AS cart, '{{}}'::jsonb AS facts
    FROM segment_changes c JOIN segments s ON s.shop_id = c.shop_id AND s.id = c.segment_id AND s.key = '{stage}'
    JOIN LATERAL (SELECT min(p.id::bigint) AS customer_id FROM profile_members p
                  WHERE p.shop_id = c.shop_id AND p.profile = c.profile AND p.kind = 'customer') m ON true
    WHERE c.entered AND c.at > s.first_counted_at AND m.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM segment_changes b JOIN segments l ON l.shop_id = b.shop_id AND l.id = b.segment_id
        WHERE b.shop_id = c.shop_id AND b.profile = c.profile AND b.at = c.at AND NOT b.entered
          AND l.key = 'stage_lost' AND s.key = 'stage_at_risk')
"""
"""Whoever was in a segment when it was first counted is in it, perhaps for years, and did not come into it."""
FOUND: Final[Mapping[Trigger, str]] = {
    Trigger.SIGNED_UP: f"""
        WITH said AS (
            SELECT c.id AS customer_id, c.created_at AS at FROM customers c WHERE c.email_marketing = 'SUBSCRIBED'
            UNION ALL
            SELECT x.who::bigint, x.at FROM consent_changes x JOIN customers c ON c.id::text = x.who
            WHERE x.kind = 'customer' AND x.what = 'email_marketing' AND x.became = 'SUBSCRIBED' AND x.was <> ''
              AND c.email_marketing = 'SUBSCRIBED'
        ), seen AS (
            SELECT DISTINCT ON (customer_id) customer_id, product_id FROM ({_DEEDS}) d
            WHERE what = 'views' ORDER BY customer_id, last_at DESC
        )
        SELECT s.customer_id, 'once' AS key, min(s.at) FILTER (WHERE s.at > cast(:since AS timestamptz)) AS at,
               min(d.product_id) AS product_id, '[]'::jsonb AS cart, '{{}}'::jsonb AS facts
        FROM said s LEFT JOIN seen d ON d.customer_id = s.customer_id
        WHERE NOT {_ORDERED.format(who="s.customer_id", since="'-infinity'")} GROUP BY s.customer_id
    """,
    Trigger.BROWSE_ABANDONED: f"""
        WITH known AS ({_DEEDS}), idle AS (
            SELECT customer_id, max(last_at) AS last_at FROM known GROUP BY 1)
        SELECT DISTINCT ON (k.customer_id) k.customer_id, k.product_id || ':' || (k.last_at::date) AS key,
               i.last_at + interval '4 hours' AS at, k.product_id, '[]'::jsonb AS cart, '{{}}'::jsonb AS facts
        FROM known k JOIN idle i ON i.customer_id = k.customer_id
        WHERE k.what = 'views' AND k.times >= 2 AND k.last_at > cast(:now AS timestamptz) - interval '1 day'
          AND NOT EXISTS (SELECT FROM known t WHERE t.customer_id = k.customer_id AND t.what IN ('carts', 'checkouts'))
          AND NOT {_ORDERED.format(who="k.customer_id", since="k.first_at")}
        ORDER BY k.customer_id, k.times DESC, k.last_at DESC, k.product_id
    """,
    Trigger.CART_LEFT: f"""
        WITH known AS ({_DEEDS}), idle AS (
            SELECT customer_id, max(last_at) AS last_at FROM known GROUP BY 1)
        SELECT k.customer_id, extract(epoch FROM min(k.first_at))::bigint::text AS key,
               max(i.last_at) + interval '1 hour' AS at, max(k.product_id) AS product_id,
               jsonb_agg(DISTINCT k.product_id) AS cart, jsonb_build_object('{LINES}', coalesce(
                   jsonb_object_agg(v.key, v.value::int) FILTER (WHERE v.key IS NOT NULL), '{{}}')) AS facts
        FROM known k JOIN idle i ON i.customer_id = k.customer_id
        LEFT JOIN LATERAL jsonb_each_text(k.variants) v ON k.what = 'carts'
        WHERE k.what IN ('carts', 'checkouts') AND k.last_at > cast(:now AS timestamptz) - interval '1 day'
          AND NOT {_ORDERED.format(who="k.customer_id", since="k.last_at")}
        GROUP BY k.customer_id
    """,
    Trigger.ORDERED: f"""
        SELECT o.customer_id, o.id::text AS key, o.created_at AS at, min(l.product_id) AS product_id,
               jsonb_agg(DISTINCT l.product_id) AS cart,
               jsonb_build_object('order_name', o.name, 'product_types', jsonb_agg(DISTINCT p.product_type)) AS facts
        FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
        JOIN products p ON p.shop_id = l.shop_id AND p.id = l.product_id
        WHERE o.created_at > cast(:since AS timestamptz) AND o.customer_id IS NOT NULL AND {USABLE}
        GROUP BY o.customer_id, o.id, o.created_at, o.name
    """,
    Trigger.REPLENISHMENT_DUE: f"""
        WITH bought AS (
            SELECT DISTINCT o.customer_id, l.product_id, o.id, o.created_at AS at
            FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
            WHERE o.customer_id IS NOT NULL AND l.product_id IS NOT NULL AND l.current_quantity > 0 AND {USABLE}
        ), gaps AS (
            SELECT *, extract(epoch FROM at - lag(at) OVER (PARTITION BY customer_id, product_id ORDER BY at)) AS gap_s
            FROM bought
        ), rhythm AS (
            SELECT customer_id, product_id, max(at) AS last_at, max(id) AS last_order,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY gap_s) AS median_s
            FROM gaps GROUP BY 1, 2 HAVING count(*) >= 3
        )
        SELECT DISTINCT ON (customer_id) customer_id, product_id || ':' || last_order AS key,
               last_at + make_interval(secs => median_s) AS at, product_id, '[]'::jsonb AS cart,
               jsonb_build_object('interval_days', round(median_s / 86400)::text) AS facts
        FROM rhythm WHERE median_s >= 7 * 86400
          AND last_at + make_interval(secs => median_s) <= cast(:now AS timestamptz)
        ORDER BY customer_id, at DESC, product_id
    """,
    Trigger.BACK_IN_FAVOURITES: f"""
        SELECT DISTINCT ON (k.customer_id) k.customer_id,
               g.product_id || ':' || extract(epoch FROM g.news_at)::bigint AS key, g.news_at AS at, g.product_id,
               '[]'::jsonb AS cart, jsonb_build_object('news', g.news) AS facts
        FROM mail_goods g JOIN ({_DEEDS}) k ON k.product_id = g.product_id
        WHERE g.news <> '' AND g.buyable AND k.what = 'views' AND k.last_at < g.news_at
          AND k.last_at > g.news_at - interval '30 days'
          AND NOT {_ORDERED.format(who="k.customer_id", since="k.first_at")}
        ORDER BY k.customer_id, g.news_at DESC, g.product_id
    """,
    Trigger.CHURN_RISK_ROSE: _ENTERED.format(stage="stage_at_risk"),
    Trigger.WIN_BACK: _ENTERED.format(stage="stage_lost"),
}
"""For each rule a query of (customer_id, key, at, product_id, cart, facts)."""


def _collecting(trigger: Trigger) -> TextClause:
    """The statement that writes down what the rule finds, where nothing else is too near."""
    return text(f"""
        INSERT INTO mail_triggers (shop_id, trigger, customer_id, key, at, product_id, cart, facts)
        SELECT DISTINCT ON (f.customer_id) :shop, cast(:trigger AS text), f.customer_id, f.key, f.at, f.product_id,
               f.cart, f.facts
        FROM ({FOUND[trigger]}) f
        WHERE f.at > cast(:since AS timestamptz) AND f.at > cast(:fresh AS timestamptz)
          AND f.at <= cast(:now AS timestamptz) AND NOT EXISTS (
            SELECT FROM mail_triggers t WHERE t.customer_id = f.customer_id AND t.state <> 'withheld' AND (
                t.trigger = cast(:trigger AS text) AND t.at > f.at - cast(:pause AS interval)
                OR NOT cast(:own_act AS boolean) AND t.at > f.at - cast(:quiet AS interval)))
          AND (cast(:own_act AS boolean) OR NOT EXISTS (
            SELECT FROM orders o WHERE o.customer_id = f.customer_id AND o.cancelled_at IS NULL
                AND o.created_at > cast(:now AS timestamptz) - cast(:after_order AS interval)))
        ORDER BY f.customer_id, f.at DESC ON CONFLICT DO NOTHING
    """)


COLLECTING: Final = {trigger: _collecting(trigger) for trigger in Trigger}


class DbOccasions:
    """Implements `app.ports.mail.Occasions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self, shop: ShopId, settings: MailSettings, *, now: datetime) -> Mapping[Trigger, int]:
        with self._database.shop(shop) as session:
            session.execute(OLD_DEEDS, {"before": now - KEPT})
            if Trigger.BACK_IN_FAVOURITES in settings.triggers:
                session.execute(LOOK, {"shop": shop, "now": now})
        found: dict[Trigger, int] = {}
        for trigger in (one for one in Trigger if one in settings.triggers):
            values = _values(trigger, settings.triggers[trigger], now)
            with self._database.shop(shop) as session:
                if trigger is Trigger.REPLENISHMENT_DUE and session.execute(RHYTHMS_DUE, {"now": now}).first() is None:
                    continue
                result = session.execute(COLLECTING[trigger], {"shop": shop, **values})
                found[trigger] = cast("CursorResult[Any]", result).rowcount
        return found


def _values(trigger: Trigger, since: datetime, now: datetime) -> dict[str, Any]:
    rule = RULES[trigger]
    return {
        "trigger": trigger.value,
        "since": since,
        "now": now,
        "fresh": now - rule.stale,
        "pause": rule.pause,
        "quiet": QUIET,
        "own_act": rule.own_act,
        "after_order": AFTER_ORDER,
    }
