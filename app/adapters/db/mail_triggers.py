"""The occasions that wait for their event, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.catalog import CARDS
from app.adapters.db.engine import Database
from app.adapters.db.mail_wishes import WISHED, WISHES_OF_ASKED, WISHING, wish_of
from app.core.email.names import Arm, Trigger
from app.core.email.products import MailItem
from app.core.email.triggers import Occasion
from app.core.ids import CustomerId, ProductId, ShopDomain, ShopId, VariantId
from app.core.money import written
from app.core.shops import Shop
from app.ports.mail import Fate, MailCount, Waiting

CONTACT: Final = "customers.contact"
LONGEST: Final = 500
WAITING = text(f"""
    WITH asked AS (
        SELECT shop_id, trigger, customer_id, key, at, product_id, cart, facts FROM mail_triggers
        WHERE state = 'waiting' ORDER BY at, trigger, customer_id, key LIMIT :limit
    ), {WISHES_OF_ASKED}
    SELECT t.trigger, t.customer_id, t.key, t.at, t.product_id, t.cart, t.facts, c.contact,
           coalesce(encode(c.email_hash, 'hex'), '') AS address, {WISHED}
    FROM asked t LEFT JOIN customers c ON c.shop_id = t.shop_id AND c.id = t.customer_id {WISHING}
    ORDER BY t.at, t.trigger, t.customer_id, t.key
""")
SETTLE = text("""
    UPDATE mail_triggers SET state = :state, arm = :arm, request_id = :request, done_at = :at, complaint = :complaint,
        items = cast(:items AS jsonb)
    WHERE trigger = :trigger AND customer_id = :customer AND key = :key
""")
COUNTS = text("""
    SELECT trigger, count(*) FILTER (WHERE state = 'sent' AND arm = 'attune') AS attune,
           count(*) FILTER (WHERE state = 'sent' AND arm = 'control') AS control,
           count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(*) FILTER (WHERE state = 'withheld') AS withheld,
           count(*) FILTER (WHERE state = 'refused') AS refused,
           coalesce((array_agg(complaint ORDER BY done_at DESC) FILTER (WHERE state = 'refused'))[1], '') AS complaint
    FROM mail_triggers WHERE at >= :since GROUP BY trigger ORDER BY trigger
""")
ITEMS = text(f"""
    SELECT c.id, c.handle, c.title, c.image_url, v.price, coalesce((SELECT currency FROM shop_profiles), '') AS currency
    FROM ({CARDS}) c JOIN variants v ON v.id = c.variant_id WHERE c.buyable AND c.id = ANY(:products)
""")
SOLD = text(f"""
    SELECT v.id FROM variants v JOIN ({CARDS}) c ON c.id = v.product_id
    WHERE v.id = ANY(:variants) AND c.buyable AND v.price > 0 AND (NOT v.tracked OR v.oversell OR v.quantity > 0)
    ORDER BY v.id
""")
"""Of these variants, those that a cart takes."""


class DbMailTriggers:
    """Implements `app.ports.mail.MailTriggers`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[Waiting]:
        with self._database.shop(shop) as session:
            rows = session.execute(WAITING, {"limit": limit}).all()
        return [Waiting(_occasion(row), wish_of(row), self._email(shop, row.contact), row.address) for row in rows]

    def settle(
        self,
        shop: ShopId,
        occasion: Occasion,
        fate: Fate,
        *,
        at: datetime,
        arm: Arm | None = None,
        request_id: str = "",
        complaint: str = "",
        items: Sequence[ProductId] = (),
    ) -> None:
        own = {"trigger": occasion.trigger.value, "customer": occasion.customer, "key": occasion.key}
        said = {"state": fate.value, "arm": arm.value if arm else "", "complaint": complaint[:LONGEST]}
        with self._database.shop(shop) as session:
            shown = orjson.dumps(list(items)).decode()
            session.execute(SETTLE, {**own, **said, "request": request_id, "at": at, "items": shown})

    def counts(self, shop: ShopId, *, since: datetime) -> Sequence[MailCount]:
        with self._database.shop(shop) as session:
            rows = session.execute(COUNTS, {"since": since}).all()
        return [
            MailCount(
                Trigger(row.trigger), row.attune, row.control, row.waiting, row.withheld, row.refused, row.complaint
            )
            for row in rows
        ]

    def _email(self, shop: ShopId, contact: bytes | None) -> str:
        said = orjson.loads(self._sealer.open(shop, CONTACT, contact)) if contact else {}
        return str(said.get("email") or "")


class DbMailGoods:
    """Implements `app.ports.mail.MailGoods`.

    Args:
        origin_of: where a shop's storefront is.
    """

    def __init__(self, database: Database, origin_of: Callable[[ShopDomain], str]) -> None:
        self._database, self._origin_of = database, origin_of

    def items(self, shop: Shop, products: Iterable[ProductId]) -> Mapping[ProductId, MailItem]:
        origin = self._origin_of(shop.domain)
        with self._database.shop(shop.id) as session:
            rows = session.execute(ITEMS, {"products": list(products)}).all()
        return {
            ProductId(row.id): MailItem(
                ProductId(row.id),
                title=row.title,
                url=f"{origin}/products/{row.handle}",
                image=row.image_url,
                price=written(row.price, row.currency),
                reason="",
            )
            for row in rows
        }

    def cart_url(self, shop: Shop, lines: Mapping[VariantId, int]) -> str:
        with self._database.shop(shop.id) as session:
            found = session.execute(SOLD, {"variants": list(lines)}).scalars().all()
        # https://shopify.dev/docs/apps/build/checkout/create-cart-permalinks
        named = ",".join(f"{one}:{lines[VariantId(one)]}" for one in found)
        return f"{self._origin_of(shop.domain)}/cart/{named}?storefront=true" if named else ""


def _occasion(row: Row[Any]) -> Occasion:
    return Occasion(
        Trigger(row.trigger),
        CustomerId(row.customer_id),
        row.key,
        row.at,
        ProductId(row.product_id) if row.product_id else None,
        tuple(ProductId(product) for product in row.cart),
        row.facts,
    )
