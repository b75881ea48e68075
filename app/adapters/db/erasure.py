"""Every table as an erasable place: what goes with a customer, what goes with the shop, what an export shows.

The order matters for customers: a row goes before the link by which it was found, so that an erasure that was killed
half-way still finds the rest. A test compares this list with the tables that exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import CursorResult, Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import ErasablePlace, Json, Subject

IS_PERSONAL_TOPIC = "topic LIKE ANY (ARRAY['customers/%', 'orders/%', 'refunds/%', 'checkouts/%'])"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one table is treated. SQL may name :customer, :orders, :visitors, :clients; the session sets the shop."""

    table: str
    erase: str | None = None
    """None: the table holds nothing about a customer."""
    export: str | None = None
    with_shop: str | None = None
    """What the shop's erasure does; all rows are deleted unless said otherwise."""
    boxes: tuple[str, ...] = ()
    """Columns of the export that are opened first."""


RULES = (
    Rule(
        "clicks",
        erase="DELETE FROM clicks WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT at, placement, rail, product_id, position FROM clicks "
        "WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
    ),
    Rule(
        "decisions",
        # A unit is the first id of a customer, who may have come under another one this time.
        erase="UPDATE decisions SET visitor = NULL, unit = NULL "
        "WHERE visitor = ANY(:visitors) OR unit = ANY(:visitors)",
        export="SELECT request_id, at, placement, rail, product_id, strategy, variant, items FROM decisions "
        "WHERE visitor = ANY(:visitors) OR unit = ANY(:visitors)",
    ),
    Rule(
        "experiment_customers",
        erase="DELETE FROM experiment_customers WHERE customer_id = :customer",
        export="SELECT experiment_id, arm, at FROM experiment_customers WHERE customer_id = :customer",
    ),
    Rule(
        "visitor_clients",
        erase="DELETE FROM visitor_clients WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT visitor, client, at FROM visitor_clients "
        "WHERE visitor = ANY(:visitors) OR client = ANY(:clients)",
    ),
    Rule(
        # After all that is found by visitors and clients; burying has noted them here.
        "visitor_orders",
        erase="DELETE FROM visitor_orders "
        "WHERE order_id = ANY(:orders) OR visitor = ANY(:visitors) OR client = ANY(:clients)",
        export="SELECT order_id, visitor, client, at FROM visitor_orders WHERE order_id = ANY(:orders)",
    ),
    Rule(
        "deliveries",
        # Payloads can't be searched; those that may name people and are done with go a few days early.
        erase=f"UPDATE deliveries SET payload = NULL WHERE state <> 'pending' AND payload IS NOT NULL "
        f"AND {IS_PERSONAL_TOPIC}",
        # The request for the erasure is itself a delivery; without it a killed erasure would never be finished.
        with_shop="DELETE FROM deliveries WHERE state <> 'pending'",
    ),
    Rule(
        "receipts",
        erase="UPDATE receipts SET export = NULL WHERE export IS NOT NULL AND subject = cast(:customer AS text)",
        with_shop="UPDATE receipts SET export = NULL WHERE export IS NOT NULL",
    ),
    Rule(
        "order_lines",
        export="SELECT order_id, product_id, variant_id, quantity, unit_price, discount FROM order_lines "
        "WHERE order_id = ANY(:orders)",
    ),
    Rule(
        "orders",
        # What was sold stays for the shop's figures; who bought it goes.
        erase="UPDATE orders SET customer_id = NULL, contact = NULL, email_hash = NULL, erased = true "
        "WHERE id = ANY(:orders) "
        "AND (NOT erased OR customer_id IS NOT NULL OR contact IS NOT NULL OR email_hash IS NOT NULL)",
        export="SELECT id, name, contact, currency, total, discounts, refunded, discount_codes, created_at FROM orders "
        "WHERE id = ANY(:orders)",
        boxes=("contact",),
    ),
    Rule(
        # After the orders: a guest's order is found by the e-mail that stands here.
        "customers",
        erase="DELETE FROM customers WHERE id = :customer",
        export="SELECT id, contact, orders_count, amount_spent, email_marketing, opted_out, tags, created_at "
        "FROM customers WHERE id = :customer",
        boxes=("contact",),
    ),
    Rule("changed_days"),
    Rule("claims"),
    Rule("collection_products"),
    Rule("collections"),
    Rule("consents"),
    Rule("credentials"),
    Rule("event_counts"),
    Rule("experiment_changes"),
    Rule("experiment_readings"),
    Rule("experiment_windows"),
    Rule("experiments"),
    Rule("inventory_levels"),
    Rule("model_pointers"),
    Rule("model_runs"),
    Rule("model_trials"),
    Rule("product_impressions"),
    Rule("products"),
    Rule("published_lists"),
    Rule("refund_lines"),
    Rule("refunds"),
    Rule("removals"),
    Rule("settings"),
    Rule("shop_profiles"),
    Rule("steering_versions"),
    Rule("sync_problems"),
    Rule("sync_runs"),
    Rule("tombstones"),
    Rule("variants"),
    Rule("visit_days"),
    Rule("visitor_tombstones"),
)


def places(database: Database, sealer: Sealer) -> list[ErasablePlace]:
    """One place a table, in the order in which they must be erased."""
    return [TablePlace(rule, database, sealer) for rule in RULES]


class TablePlace:
    """A table of the database as an erasable place."""

    def __init__(self, rule: Rule, database: Database, sealer: Sealer) -> None:
        self.name = f"database.{rule.table}"
        self._rule = rule
        self._database = database
        self._sealer = sealer

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        return self._change(shop, self._rule.erase, _values(subject)) if self._rule.erase else 0

    def erase_shop(self, shop: ShopId) -> int:
        # Row-level security confines the statement to the session's shop.
        return self._change(shop, self._rule.with_shop or f"DELETE FROM {self._rule.table}", {})

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        if self._rule.export is None:
            return []
        with self._database.shop(shop) as session:
            rows = session.execute(text(self._rule.export), _values(subject)).all()
        return [self._opened(shop, row) for row in rows]

    def _change(self, shop: ShopId, statement: str, values: dict[str, Any]) -> int:
        with self._database.shop(shop) as session:
            done = cast("CursorResult[Any]", session.execute(text(statement), values))
            return done.rowcount

    def _opened(self, shop: ShopId, row: Row[Any]) -> dict[str, Any]:
        found = dict(row._mapping)
        for column in self._rule.boxes:
            if found[column] is not None:
                box = self._sealer.open(shop, f"{self._rule.table}.{column}", found[column])
                found[column] = orjson.loads(box)
        return found


def _values(subject: Subject) -> dict[str, Any]:
    return {
        "customer": subject.customer,
        "orders": list(subject.orders),
        "visitors": list(subject.visitors),
        "clients": list(subject.clients),
    }
