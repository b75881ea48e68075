"""What browsers did lately with products: a row for each browser, product and kind of deed.

An event that comes again is not counted again: only one later than the last that was counted adds to the number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.events import Event, EventType
from app.core.ids import ShopId

WHAT: Final = {
    EventType.PRODUCT_VIEW: "views",
    EventType.ADD_TO_CART: "carts",
    EventType.CHECKOUT_STARTED: "checkouts",
}
ADD = text("""
    INSERT INTO mail_deeds (shop_id, kind, who, product_id, what, times, variants, first_at, last_at)
    VALUES (:shop, :kind, :who, :product, :what, 1, cast(:variants AS jsonb), :at, :at)
    ON CONFLICT (shop_id, kind, who, product_id, what) DO UPDATE
    SET times = mail_deeds.times + 1, last_at = excluded.last_at,
        variants = mail_deeds.variants || coalesce((
            SELECT jsonb_object_agg(key, value::int + coalesce((mail_deeds.variants->>key)::int, 0))
            FROM jsonb_each_text(excluded.variants)), '{}')
    WHERE excluded.last_at > mail_deeds.last_at
""")
LESS = text("""
    UPDATE mail_deeds SET last_at = :at, variants = CASE
        WHEN (variants->>:variant)::int > :quantity
        THEN variants || jsonb_build_object(:variant, (variants->>:variant)::int - :quantity)
        ELSE variants - :variant END
    WHERE kind = :kind AND who = :who AND product_id = :product AND what = 'carts' AND last_at < :at
        AND variants ? :variant
""")
"""A part of what lies in the cart of a product was taken out."""
TAKEN_OUT = text("""
    DELETE FROM mail_deeds WHERE kind = :kind AND who = :who AND product_id = :product AND last_at <= :at
        AND what IN ('carts', 'checkouts') AND (:variant = '' OR NOT EXISTS (SELECT FROM mail_deeds c
            WHERE c.kind = :kind AND c.who = :who AND c.product_id = :product AND c.what = 'carts'
              AND c.variants <> '{}'))
""")
BOUGHT = text("""
    DELETE FROM mail_deeds WHERE kind = :kind AND who = :who AND last_at <= :at AND what IN ('carts', 'checkouts')
""")


class DbMailDeeds:
    """Implements `app.ports.mail.MailDeeds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, shop: ShopId, events: Sequence[Event]) -> None:
        with self._database.shop(shop) as session:
            for event in sorted(events, key=lambda one: one.at):
                for statement, values in _steps(event):
                    session.execute(statement, {"shop": shop, **values})


def _steps(event: Event) -> list[tuple[Any, dict[str, Any]]]:
    """What to run for one event; a browser goes by its visitor id where it has one."""
    kind, who = ("visitor", event.visitor) if event.visitor else ("client", event.client)
    values = {"kind": kind, "who": who, "at": event.at}
    if event.type is EventType.PURCHASE:
        return [(BOUGHT, values)]
    products = dict.fromkeys((*([event.product_id] if event.product_id else []), *event.products))
    variant, quantity = str(event.variant_id or ""), event.quantity or 1
    if event.type is EventType.REMOVE_FROM_CART:
        less = {**values, "variant": variant, "quantity": quantity}
        return [(statement, {**less, "product": product}) for product in products for statement in (LESS, TAKEN_OUT)]
    what, held = WHAT.get(event.type), {}
    if event.type is EventType.ADD_TO_CART and variant:
        held = {variant: quantity}
    kept = {**values, "what": what, "variants": orjson.dumps(held).decode()}
    return [(ADD, {**kept, "product": product}) for product in products] if what else []
