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
from app.core.email.names import Arm, Trigger
from app.core.email.products import MailItem
from app.core.email.triggers import Occasion
from app.core.ids import CustomerId, ProductId, ShopDomain, ShopId
from app.core.money import written
from app.core.profiles.consent import OwnSwitches, ShopperConsent
from app.core.shops import Shop
from app.ports.mail import Fate, MailCount, Waiting

CONTACT: Final = "customers.contact"
LONGEST: Final = 500
WAITING = text("""
    SELECT t.trigger, t.customer_id, t.key, t.at, t.product_id, t.cart, t.facts, c.contact, c.email_marketing,
           c.id IS NULL OR c.opted_out OR EXISTS (SELECT FROM tombstones b WHERE b.shop_id = t.shop_id
               AND b.customer_id = t.customer_id) AS opted_out, p.personalise, p.email AS wants_mail
    FROM mail_triggers t LEFT JOIN customers c ON c.shop_id = t.shop_id AND c.id = t.customer_id
    LEFT JOIN shopper_preferences p ON p.shop_id = t.shop_id AND p.kind = 'customer' AND p.who = t.customer_id::text
    WHERE t.state = 'waiting' ORDER BY t.at, t.trigger, t.customer_id, t.key LIMIT :limit
""")
SETTLE = text("""
    UPDATE mail_triggers SET state = :state, arm = :arm, request_id = :request, done_at = :at, complaint = :complaint
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


class DbMailTriggers:
    """Implements `app.ports.mail.MailTriggers`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[Waiting]:
        with self._database.shop(shop) as session:
            rows = session.execute(WAITING, {"limit": limit}).all()
        return [Waiting(_occasion(row), _consent(row), self._email(shop, row.contact)) for row in rows]

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
    ) -> None:
        own = {"trigger": occasion.trigger.value, "customer": occasion.customer, "key": occasion.key}
        said = {"state": fate.value, "arm": arm.value if arm else "", "complaint": complaint[:LONGEST]}
        with self._database.shop(shop) as session:
            session.execute(SETTLE, {**own, **said, "request": request_id, "at": at})

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


def _consent(row: Row[Any]) -> ShopperConsent:
    own = OwnSwitches(personalise=row.personalise, email=row.wants_mail)
    return ShopperConsent(email_marketing=row.email_marketing or None, opted_out=row.opted_out, own=own)
