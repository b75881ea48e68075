"""Customers as mails need them, and the products that mails show. Addresses are opened only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db.catalog import CARDS
from app.adapters.db.customer_history import ORDERS
from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.told_customers import WISHES
from app.core.email.ignored import TIMES
from app.core.email.products import MailItem
from app.core.ids import CustomerId, ProductId, ShopDomain, ShopId
from app.core.money import written
from app.core.profiles.consent import OwnSwitches, ShopperConsent
from app.core.recommend.past_orders import MOST_ORDERS, PastOrder, newest_of
from app.core.shops import Shop
from app.ports.push import MailGoods, MailPerson

PART: Final = 1000
THEIR_PROFILES = " AND n.profile IN (SELECT m.profile FROM profile_members m " \
    "WHERE m.kind = 'customer' AND m.id = ANY(:names))"  # fmt: skip
PEOPLE = text(f"""
    WITH wishes AS ({WISHES.format(of=THEIR_PROFILES)}), theirs AS (
        SELECT id::bigint AS customer, profile FROM profile_members WHERE kind = 'customer' AND id = ANY(:names)
    ), members AS (
        SELECT t.customer, array_agg(m.segment_id ORDER BY m.segment_id) AS segments,
               array_agg(g.key ORDER BY m.segment_id) AS keys
        FROM theirs t JOIN segment_members m ON m.profile = t.profile
        JOIN segments g ON g.shop_id = m.shop_id AND g.id = m.segment_id GROUP BY 1
    ), bought AS (
        SELECT o.customer_id AS customer, count(*) AS orders, count(*) FILTER (WHERE o.discounts > 0) AS discounted,
               max(floor(extract(epoch FROM o.created_at)))::bigint AS last_s,
               sum(greatest(o.total - o.refunded, 0))::bigint AS net
        FROM orders o WHERE o.customer_id = ANY(:ids) AND {USABLE} GROUP BY 1
    ), ignored AS (
        SELECT customer_id AS customer, array_agg(product_id) AS products FROM ignored_products
        WHERE customer_id = ANY(:ids) AND times >= :times GROUP BY 1
    )
    SELECT c.id, CASE WHEN c.contact IS NULL THEN '' ELSE coalesce(encode(c.email_hash, 'hex'), '') END AS address,
           c.opted_out OR coalesce(w.opted_out, false) OR EXISTS (
               SELECT FROM tombstones d WHERE d.shop_id = c.shop_id AND d.customer_id = c.id) AS opted_out,
           c.email_marketing, coalesce(s.personalise, true) AND coalesce(w.personalise, true) AS personalise,
           coalesce(s.email, true) AND coalesce(w.email, true) AS email,
           s.hidden, i.products AS ignored, coalesce(m.segments, '{{}}') AS segments, coalesce(m.keys, '{{}}') AS keys,
           coalesce(b.orders, 0) AS orders, coalesce(b.discounted, 0) AS discounted, coalesce(b.last_s, 0) AS last_s,
           coalesce(b.net, 0) AS net
    FROM customers c
    LEFT JOIN theirs t ON t.customer = c.id
    LEFT JOIN wishes w ON w.profile = t.profile
    LEFT JOIN members m ON m.customer = c.id
    LEFT JOIN bought b ON b.customer = c.id
    LEFT JOIN ignored i ON i.customer = c.id
    LEFT JOIN shopper_preferences s ON s.shop_id = c.shop_id AND s.kind = 'customer' AND s.who = c.id::text
    WHERE c.id = ANY(:ids)
""")
BOUGHT = text(f"""
    SELECT customer_id, day, products FROM ({ORDERS.format(whose="o.customer_id = ANY(:ids)")}) bought
    WHERE place <= :most ORDER BY customer_id, place
""")
NUMBERS = text("SELECT id FROM customers WHERE id > :after ORDER BY id LIMIT :limit")
CONTACTS = text(
    "SELECT id, contact FROM customers WHERE id = ANY(:ids) AND contact IS NOT NULL AND email_hash IS NOT NULL"
)
GOODS = text(f"""
    SELECT c.id, c.handle, c.title, c.image_url, c.buyable, v.price, p.product_type,
           coalesce((SELECT currency FROM shop_profiles), '') AS currency
    FROM ({CARDS}) c JOIN products p ON p.id = c.id LEFT JOIN variants v ON v.id = c.variant_id
""")


class DbMailPeople:
    """Implements `app.ports.push.MailPeople`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def of(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, MailPerson]:
        ids = list(customers)
        asked = {"ids": ids, "names": [str(one) for one in ids], "times": TIMES}
        with self._database.shop(shop) as session:
            orders = _orders(session, ids)
            rows = session.execute(PEOPLE, asked).all()
        people = (_person(row, orders.get(CustomerId(row.id), ())) for row in rows)
        return {one.customer: one for one in people}

    def numbers(self, shop: ShopId) -> Iterator[Sequence[CustomerId]]:
        after = -1
        while True:
            with self._database.shop(shop) as session:
                found = list(session.execute(NUMBERS, {"after": after, "limit": PART}).scalars())
            if not found:
                return
            yield [CustomerId(number) for number in found]
            after = found[-1]

    def emails(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, str]:
        with self._database.shop(shop) as session:
            rows = session.execute(CONTACTS, {"ids": list(customers)}).all()
        opened = {row.id: orjson.loads(self._sealer.open(shop, "customers.contact", row.contact)) for row in rows}
        return {CustomerId(number): contact["email"] for number, contact in opened.items() if contact.get("email")}


class DbMailShelf:
    """Implements `app.ports.push.MailShelf`.

    Args:
        origin_of: where a shop's storefront is.
    """

    def __init__(self, database: Database, origin_of: Callable[[ShopDomain], str]) -> None:
        self._database, self._origin_of = database, origin_of

    def goods(self, shop: Shop) -> MailGoods:
        origin = self._origin_of(shop.domain)
        with self._database.shop(shop.id) as session:
            rows = session.execute(GOODS).all()
        return MailGoods(
            items={ProductId(row.id): _item(row, origin) for row in rows if row.buyable and row.price},
            titles={ProductId(row.id): row.title for row in rows},
            kinds={ProductId(row.id): row.product_type or "" for row in rows},
        )


def _item(row: Row[Any], origin: str) -> MailItem:
    return MailItem(
        ProductId(row.id),
        title=row.title,
        url=f"{origin}/products/{row.handle}",
        image=row.image_url or "",
        price=written(row.price, row.currency),
        reason="",
    )


def _orders(session: Session, ids: Sequence[CustomerId]) -> Mapping[CustomerId, tuple[PastOrder, ...]]:
    rows = session.execute(BOUGHT, {"ids": list(ids), "most": MOST_ORDERS})
    return {
        CustomerId(customer): newest_of(PastOrder(row.day, tuple(map(ProductId, row.products))) for row in own)
        for customer, own in groupby(rows, attrgetter("customer_id"))
    }


def _person(row: Row[Any], orders: tuple[PastOrder, ...]) -> MailPerson:
    hidden = row.hidden or {}
    own = OwnSwitches(personalise=None if row.personalise else False, email=None if row.email else False)
    return MailPerson(
        CustomerId(row.id),
        ShopperConsent(email_marketing=row.email_marketing or None, opted_out=row.opted_out, own=own),
        row.address,
        hidden=frozenset(map(ProductId, [*hidden.get("products", []), *(row.ignored or [])])),
        hidden_kinds=frozenset(hidden.get("kinds", [])),
        segments=list(zip(row.segments, row.keys, strict=True)),
        orders=orders,
        bought=row.orders,
        discounted=row.discounted,
        last_s=row.last_s,
        net=row.net,
    )
