"""A shop with two customers who ordered after a click, as rows: what an erasure must tell apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.events import Event, EventType
from app.core.ids import ClientId, OrderId, ShopId, VisitorId
from app.core.shops import Shop
from app.wiring.worker import Worker

AT = datetime(2026, 10, 1, 12, tzinfo=UTC)
ADA, BOB = 11, 12
VISITORS = {ADA: "a" * 32, BOB: "b" * 32}
CLIENTS = {ADA: "client-of-ada", BOB: "client-of-bob"}
"""The pixel's names of the same browsers."""
EMAILS = {ADA: "ada@example.com", BOB: "bob@example.com"}
GUEST_ORDER = 9000
"""An order without a customer, placed with Ada's e-mail."""


class Killed(BaseException):
    """What ends a worker in the middle of its work."""


def rows(database: Database, shop: Shop, query: str) -> list[Any]:
    with database.shop(shop.id) as session:
        return [tuple(row) for row in session.execute(text(query))]


def settle(database: Database, sealer: Sealer, shop: ShopId) -> None:
    """Write both customers with an order each, what their visitors saw, and a guest order with Ada's e-mail."""
    for customer in (ADA, BOB):
        _customer(database, sealer, shop, customer)
        _order(database, sealer, shop, customer * 100, customer, customer)
    _order(database, sealer, shop, GUEST_ORDER, None, ADA)


def behave(wiring: Worker, shop: ShopId) -> None:
    """Put into the lake what both browsers did, each event under one of its names."""
    for customer, visitor in VISITORS.items():
        names: list[tuple[str, EventType, VisitorId | None, ClientId | None]] = [
            ("seen", EventType.PRODUCT_VIEW, VisitorId(visitor), None),
            ("paired", EventType.IDENTITY, VisitorId(visitor), ClientId(CLIENTS[customer])),
            ("bought", EventType.PURCHASE, None, ClientId(CLIENTS[customer])),
        ]
        events = [
            Event(
                event_id=f"{name}-{customer}",
                type=type,
                at=AT,
                visitor=theirs,
                client=client,
                consent={"analytics": True},
                order_id=OrderId(customer * 100) if type is EventType.PURCHASE else None,
            )
            for name, type, theirs, client in names
        ]
        with wiring.lake.turn(shop) as turn:
            turn.append(events, [])


def _customer(database: Database, sealer: Sealer, shop: ShopId, customer: int) -> None:
    request = f"r-{customer}"
    with database.shop(shop) as session:
        session.execute(
            text(
                "INSERT INTO customers (shop_id, id, contact, email_hash, orders_count, amount_spent, "
                "email_marketing, opted_out) VALUES (:shop, :id, :contact, :hash, 1, 500, '', false)"
            ),
            {"shop": shop, "id": customer, **_contact(sealer, shop, "customers.contact", customer)},
        )
        session.execute(
            text(
                "INSERT INTO decisions (shop_id, request_id, at, placement, visitor, strategy, variant) "
                "VALUES (:shop, :request, :at, 'product', :visitor, 'item_item', '')"
            ),
            {"shop": shop, "request": request, "at": AT, "visitor": VISITORS[customer]},
        )
        session.execute(
            text(
                "INSERT INTO clicks (shop_id, event_id, at, visitor, client, placement, rail, product_id, request_id) "
                "VALUES (:shop, :id, :at, :visitor, :client, 'product', 'bought_together', 1, :request)"
            ),
            {
                "shop": shop,
                "id": f"e-{customer}",
                "at": AT,
                "visitor": VISITORS[customer],
                "client": CLIENTS[customer],
                "request": request,
            },
        )


def _order(database: Database, sealer: Sealer, shop: ShopId, order: int, customer: int | None, whose: int) -> None:
    with database.shop(shop) as session:
        session.execute(
            text(
                "INSERT INTO orders (shop_id, id, name, customer_id, contact, email_hash, currency, total, discounts, "
                "refunded, source_name, test, created_at, updated_at) VALUES (:shop, :id, '', :customer, :contact, "
                ":hash, 'EUR', 500, 0, 0, 'web', false, :at, :at)"
            ),
            {"shop": shop, "id": order, "customer": customer, "at": AT}
            | _contact(sealer, shop, "orders.contact", whose),
        )
        session.execute(
            text(
                "INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, "
                "discount, request_id, position) VALUES (:shop, :id, :order, 1, 1, 1, 500, 0, :request, 0)"
            ),
            {"shop": shop, "id": order, "order": order, "request": f"r-{customer}" if customer else None},
        )


def _contact(sealer: Sealer, shop: ShopId, column: str, customer: int) -> dict[str, bytes]:
    contact = {"name": "N", "email": EMAILS[customer], "phone": None, "address": None}
    box = sealer.seal(shop, column, orjson.dumps(contact))
    return {"contact": box, "hash": sealer.email_hash(shop, EMAILS[customer])}
