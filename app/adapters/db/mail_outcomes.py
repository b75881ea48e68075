"""What was chosen for mails, what became of them, and what customers bought after an occasion, by arm of the hold-out.

Money is net as of now, in the shop's currency; test and cancelled orders don't count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.email.ignored import Chosen
from app.core.ids import CustomerId, ProductId, RequestId, ShopId
from app.ports.engagement import FlowCount, SeriesCount

# The control's event brings nothing of ours, whatever was decided for the comparison.
CHOSEN = text("""
    SELECT t.customer_id, coalesce(d.at, t.done_at) AS at, t.request_id, true AS in_event,
           CASE WHEN t.arm = 'attune' THEN
               ARRAY(SELECT cast(item ->> 'product_id' AS bigint) FROM jsonb_array_elements(d.items) AS item
                     ORDER BY cast(item ->> 'position' AS int)) ELSE '{}' END AS products
    FROM mail_triggers t LEFT JOIN decisions d ON d.shop_id = t.shop_id AND d.request_id = t.request_id
    WHERE t.state = 'sent' AND coalesce(d.at, t.done_at) >= :since
    UNION ALL
    SELECT customer_id, at, '', false, products FROM klaviyo_pushes WHERE at >= :since AND products <> '{}'
""")
CUSTOMERS = text("""
    SELECT encode(email_hash, 'hex') AS hash, min(id) AS id FROM customers
    WHERE email_hash = ANY(:hashes) AND NOT opted_out GROUP BY 1 HAVING count(*) = 1
""")
FORGET = text("DELETE FROM mail_counts")
PUT = text("""
    INSERT INTO mail_counts (shop_id, flow, received, opened, clicked, counted_at)
    SELECT :shop, row.flow, row.received, row.opened, row.clicked, :at
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (flow text, received bigint, opened bigint, clicked bigint)
""")
FLOWS = text("""
    SELECT f.key, c.received, c.opened, c.clicked FROM mail_counts c JOIN klaviyo_flows f ON f.flow = c.flow
    WHERE f.flow <> ''
""")
COUNTED = text("SELECT max(counted_at) FROM mail_counts")
COUNTS = "o.cancelled_at IS NULL AND NOT o.test AND o.currency = (SELECT currency FROM shop_profiles)"
ARMS = text(f"""
    WITH first AS (
        SELECT DISTINCT ON (trigger, customer_id) shop_id, trigger, customer_id, arm, coalesce(done_at, at) AS at
        FROM mail_triggers WHERE state = 'sent' AND arm <> '' AND at >= :since AND at < :until
        ORDER BY trigger, customer_id, at
    ), spent AS (
        SELECT f.trigger, f.arm, coalesce(sum(o.total - o.refunded), 0) AS net, count(o.id) AS orders
        FROM first f LEFT JOIN orders o ON o.shop_id = f.shop_id AND o.customer_id = f.customer_id
            AND o.created_at > f.at AND o.created_at <= f.at + make_interval(days => :days) AND {COUNTS}
        GROUP BY f.trigger, f.arm, f.customer_id
    )
    SELECT trigger, arm, count(*) AS customers, count(*) FILTER (WHERE orders > 0) AS bought,
           sum(net)::bigint AS spent, sum(cast(net AS double precision) ^ 2) AS squares
    FROM spent GROUP BY trigger, arm ORDER BY trigger, arm
""")
REVENUE = text(f"""
    SELECT count(DISTINCT o.id) AS orders, coalesce(sum(round((l.unit_price * l.quantity - l.discount)
               * l.current_quantity::numeric / nullif(l.quantity, 0)))::bigint, 0) AS net
    FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
    JOIN decisions d ON d.shop_id = o.shop_id AND d.request_id = l.request_id AND d.placement = 'email'
    WHERE o.created_at >= :since AND {COUNTS}
""")


class DbMailChoices:
    """Implements `app.ports.engagement.MailChoices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chosen(self, shop: ShopId, *, since: datetime) -> Mapping[CustomerId, Sequence[Chosen]]:
        found: dict[CustomerId, list[Chosen]] = {}
        with self._database.shop(shop) as session:
            for row in session.execute(CHOSEN, {"since": since}):
                products = tuple(map(ProductId, row.products))
                one = Chosen(row.at, RequestId(row.request_id), products, row.in_event)
                found.setdefault(CustomerId(row.customer_id), []).append(one)
        return found

    def customers(self, shop: ShopId, hashes: Iterable[str]) -> Mapping[str, CustomerId]:
        """By the keyed hash of the address; one that several customers have is left out."""
        wanted = [bytes.fromhex(one) for one in hashes]
        with self._database.shop(shop) as session:
            return {row.hash: CustomerId(row.id) for row in session.execute(CUSTOMERS, {"hashes": wanted})}


class DbMailOutcomes:
    """Implements `app.ports.engagement.MailOutcomes` and `MailCounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: ShopId, counts: Mapping[str, FlowCount], *, at: datetime) -> None:
        """Take these in the place of all others."""
        rows = [
            {"flow": flow, "received": one.received, "opened": one.opened, "clicked": one.clicked}
            for flow, one in counts.items()
        ]
        with self._database.shop(shop) as session:
            session.execute(FORGET)
            session.execute(PUT, {"shop": shop, "rows": orjson.dumps(rows).decode(), "at": at})

    def flows(self, shop: ShopId) -> Mapping[str, FlowCount]:
        """By the key under which we made the flow."""
        with self._database.shop(shop) as session:
            return {row.key: FlowCount(row.received, row.opened, row.clicked) for row in session.execute(FLOWS)}

    def counted_at(self, shop: ShopId) -> datetime | None:
        with self._database.shop(shop) as session:
            found: datetime | None = session.execute(COUNTED).scalar()
            return found

    def arms(self, shop: ShopId, *, since: datetime, until: datetime, days: int) -> Sequence[SeriesCount]:
        """Each customer once a trigger, from their first occasion in [since, until) on."""
        with self._database.shop(shop) as session:
            return [
                SeriesCount(row.trigger, row.arm, row.customers, row.bought, int(row.spent), float(row.squares))
                for row in session.execute(ARMS, {"since": since, "until": until, "days": days})
            ]

    def clicked_revenue(self, shop: ShopId, *, since: datetime) -> tuple[int, int]:
        """Orders with a product that was clicked in a mail, and what those products brought, net, in minor units."""
        with self._database.shop(shop) as session:
            row = session.execute(REVENUE, {"since": since}).one()
            return int(row.orders), int(row.net)
