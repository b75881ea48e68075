"""What became of orders: their net revenue as of now, whether it follows a click, and whether staff placed them.

Net is the lines' price after discounts, less refunded and removed units, as in the report, less what was refunded
without taking units back. Both change long after the order: a reading asks anew each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import numpy as np
from sqlalchemy import RowMapping, text

from app.adapters.db.engine import Database
from app.core.experiments.types import ArmKey, ExperimentId
from app.core.ids import CustomerId, OrderId, ShopId
from app.ports import Listed, OrderFacts

STAFF_TAG: Final = "staff"
"""Customers with this tag are the store's own people."""
BATCH: Final = 20_000

_FACTS: Final = """
    WITH shop AS (SELECT coalesce((SELECT currency FROM shop_profiles), '') AS currency), lines AS (
        SELECT o.id, sum(l.net) AS net, coalesce(sum(l.net) FILTER (WHERE l.clicked), 0) AS clicked
        FROM orders o JOIN LATERAL (
            SELECT round((unit_price * quantity - discount) * current_quantity::numeric / nullif(quantity, 0)) AS net,
                   current_quantity,
                   EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = l.request_id)
                   OR EXISTS (SELECT 1 FROM clicks c WHERE c.request_id = l.request_id) AS clicked
            FROM order_lines l WHERE l.order_id = o.id
        ) l ON true
        WHERE {which} AND o.cancelled_at IS NULL AND NOT o.test
        GROUP BY o.id HAVING sum(l.current_quantity) > 0
    ), returned AS (
        -- A refund that names no line takes money back and no goods, so no line tells of it.
        SELECT f.order_id, sum(f.amount) AS amount FROM refunds f JOIN lines ON lines.id = f.order_id
        WHERE f.lines_known AND NOT EXISTS (SELECT 1 FROM refund_lines p WHERE p.refund_id = f.id) GROUP BY 1
    )
    SELECT o.id, coalesce(o.customer_id, 0) AS customer,
           (extract(epoch FROM o.created_at) * 1000000)::bigint AS at,
           greatest(lines.net - coalesce(returned.amount, 0), 0)::bigint AS net,
           least(lines.clicked, greatest(lines.net - coalesce(returned.amount, 0), 0))::bigint AS clicked,
           shop.currency <> '' AND o.currency <> shop.currency AS "foreign",
           EXISTS (SELECT 1 FROM unnest(c.tags) AS tag WHERE lower(tag) = :tag) AS staff
    FROM lines JOIN orders o ON o.id = lines.id CROSS JOIN shop
    LEFT JOIN returned ON returned.order_id = o.id LEFT JOIN customers c ON c.id = o.customer_id
    ORDER BY o.id
"""
OF_ORDERS = text(_FACTS.format(which="o.id = ANY(:orders)"))
OF_LISTED = text(
    _FACTS.format(
        which="o.created_at >= :since AND o.created_at < :until AND o.customer_id IN "
        "(SELECT e.customer_id FROM experiment_customers e WHERE e.experiment_id = :experiment "
        "AND NOT EXISTS (SELECT FROM customers c WHERE c.id = e.customer_id AND c.opted_out))"
    )
)
# Whoever has opted out since is counted no more, neither what they order nor that they were there.
LISTED = text("""
    SELECT e.customer_id, e.arm, e.at FROM experiment_customers e WHERE e.experiment_id = :experiment
    AND NOT EXISTS (SELECT FROM customers c WHERE c.id = e.customer_id AND c.opted_out) ORDER BY e.customer_id
""")
CURRENCY = text("SELECT currency FROM shop_profiles")
COLUMNS: Final = {
    "order": ("id", np.int64),
    "customer": ("customer", np.int64),
    "at": ("at", np.int64),
    "net": ("net", np.int64),
    "clicked": ("clicked", np.int64),
    "foreign": ("foreign", np.bool_),
    "staff": ("staff", np.bool_),
}


class DbOutcomes:
    """Implements `app.ports.Outcomes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_orders(self, shop: ShopId, orders: Collection[OrderId]) -> OrderFacts:
        """Those of these orders that count."""
        wanted = iter(sorted(orders))

        def rows() -> Iterator[RowMapping]:
            while batch := list(islice(wanted, BATCH)):
                yield from self._rows(shop, OF_ORDERS, {"orders": batch})

        return _facts(rows())

    def of_listed(self, shop: ShopId, experiment: ExperimentId, *, since: datetime, until: datetime) -> OrderFacts:
        """The orders of the customers on an e-mail experiment's list."""
        values = {"experiment": experiment, "since": since, "until": until}
        return _facts(self._rows(shop, OF_LISTED, values))

    def listed(self, shop: ShopId, experiment: ExperimentId) -> Sequence[Listed]:
        """An e-mail experiment's customers, by number."""
        with self._database.shop(shop) as session:
            rows = session.execute(LISTED, {"experiment": experiment})
            return [Listed(CustomerId(row.customer_id), ArmKey(row.arm), row.at) for row in rows]

    def currency(self, shop: ShopId) -> str:
        """The shop's; empty before it is known."""
        with self._database.shop(shop) as session:
            return str(session.execute(CURRENCY).scalar() or "")

    def _rows(self, shop: ShopId, statement: Any, values: Mapping[str, Any]) -> Iterator[RowMapping]:
        with self._database.shop(shop) as session:
            options = {"yield_per": BATCH}
            yield from session.execute(statement, {"tag": STAFF_TAG, **values}, execution_options=options).mappings()


def _facts(rows: Iterator[RowMapping]) -> OrderFacts:
    found = [tuple(row[name] for name, _ in COLUMNS.values()) for row in rows]
    columns = zip(*found, strict=True) if found else ((),) * len(COLUMNS)
    parts = zip(COLUMNS.items(), columns, strict=True)
    return OrderFacts(**{name: np.array(values, dtype=kind) for (name, (_, kind)), values in parts})
