"""The shop of `attune bench klaviyo`: customers with sealed addresses, their orders, a For-you model, and segments.

Orders are drawn as `attune bench train` draws them, so that there is something to recommend. The model's parts are
fitted on the newest of them without exams, whose verdict the bench does not ask for. Everything follows from the
number of profiles, but for boxes, which are sealed anew each time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import text

from app.adapters.db.staging import CUSTOMER_CONTACT
from app.cli.bench.klaviyo_stand import DOMAIN, KEY, NOW, open_worker
from app.cli.bench.train_shop import END, draw
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.blend import Blend
from app.core.recommend.blended import NO_BLENDS, Blends
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import als, ranked
from app.core.recommend.models.outcome import Chosen, Material
from app.core.recommend.models.training import fit_both
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop, ShopState
from app.ports import ModelRecord
from app.services.connect_klaviyo import connect, offer_key
from app.services.prepare_feeds import prepare_feeds
from app.services.segment_customers import segment_customers
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.wiring.worker import Worker

PRODUCTS: Final = 2000
INTERACTIONS: Final = 12.5
"""Of each customer: two orders of two and a half lines, and the looks around them; a third never order."""
LEARNT_FROM: Final = 20_000
"""Orders, the newest, that the model is fitted on: what it learns from more costs minutes and asks the push no more."""
DAY_S: Final = 86_400
TOGETHER: Final = 10_000
VERSION: Final = ModelVersion("bench")
SHOP: Final = text(
    "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at) "
    "VALUES (:shop, 'The bench', 'EUR', 'UTC', 'bench', :now)"
)
CATALOGUE: Final = (
    text("""
        INSERT INTO products (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card,
                              image_url, created_at)
        SELECT :shop, id, 'recycled-glass-carafe-' || n, 'Recycled glass carafe No. ' || n, 'Vendor ' || n % 7,
               'Type ' || place % 40, 'ACTIVE', true, false,
               'https://cdn.shopify.com/s/files/1/0000/0001/products/carafe-' || n || '.jpg?v=1700000000', :now
        FROM unnest(cast(:ids AS bigint[]), cast(:kinds AS int[])) WITH ORDINALITY AS row (id, place, n)
    """),
    text("""
        INSERT INTO variants (shop_id, id, product_id, title, sku, price, quantity, tracked, oversell, position)
        SELECT :shop, id, id, '', '', 500 + n * 7919 % 20000, CASE WHEN n % 20 = 0 THEN 0 ELSE 25 END, true, false, 1
        FROM unnest(cast(:ids AS bigint[])) WITH ORDINALITY AS row (id, n)
    """),
)
"""One product in twenty is sold out."""
PEOPLE: Final = (
    text("""
        INSERT INTO customers (shop_id, id, contact, email_hash, orders_count, amount_spent, email_marketing, opted_out,
                               created_at, updated_at)
        SELECT :shop, id, contact, hash, 0, 0, 'SUBSCRIBED', false, :now, :now
        FROM unnest(cast(:ids AS bigint[]), cast(:contacts AS bytea[]), cast(:hashes AS bytea[]))
             AS row (id, contact, hash)
    """),
    text("""
        INSERT INTO profile_members (shop_id, kind, id, profile, standing)
        SELECT :shop, 'customer', id::text, 'p' || md5('profile ' || id), 'own' FROM unnest(cast(:ids AS bigint[])) id
    """),
)
ORDERS: Final = text("""
    INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, source_name, test,
                        created_at, updated_at)
    SELECT :shop, id, '#' || id, customer, 'EUR', 2000 + id % 9000, CASE WHEN id % 4 = 0 THEN 300 ELSE 0 END, 0, 'web',
           false, to_timestamp(day * 86400.0 + id % 86400), to_timestamp(day * 86400.0 + id % 86400)
    FROM unnest(cast(:ids AS bigint[]), cast(:customers AS bigint[]), cast(:days AS int[])) AS row (id, customer, day)
""")
LINES: Final = text("""
    INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, discount)
    SELECT :shop, :first + place, id, product, 1, 1, 1000, 0
    FROM unnest(cast(:ids AS bigint[]), cast(:products AS bigint[])) WITH ORDINALITY AS row (id, product, place)
""")


def main() -> None:
    """Fill the database that the task on standard input names, and say the shop's number."""
    task = orjson.loads(sys.stdin.buffer.read())
    wiring = open_worker(task)
    try:
        sys.stdout.buffer.write(orjson.dumps({"shop": float(fill(wiring, task["profiles"]))}))
    finally:
        wiring.close()


def email_of(customer: int) -> str:
    return f"shopper{customer}@example.com"


def fill(wiring: Worker, profiles: int) -> ShopId:
    """Make the shop with so many customers who may be mailed, with everything that is told of them."""
    shop = wiring.shops.put(DOMAIN, ShopState.INSTALLED)
    market = draw(round(profiles * INTERACTIONS), products=PRODUCTS, shoppers=profiles)
    _write(wiring, shop, market, profiles)
    _publish(wiring, shop, market)
    segment_customers(shop, wiring.segmenting)
    # Prepared before Klaviyo is connected, so that it is told of no feeds.
    prepare_feeds(shop, wiring.preparing_feeds)
    offer_key(shop, KEY, by="the bench", ports=wiring.connecting_klaviyo)
    connect(shop.id, wiring.finishing_klaviyo)
    set_mail_settings(shop, Wanted(push=True), by="the bench", ports=wiring.setting_mails)
    return shop.id


def _write(wiring: Worker, shop: Shop, market: Material, profiles: int) -> None:
    assert market.groups is not None
    orders, items = market.orders, market.orders.items
    with wiring.database.shop(shop.id) as session:
        own: dict[str, Any] = {"shop": shop.id, "now": NOW}
        session.execute(SHOP, own)
        for statement in CATALOGUE:
            session.execute(statement, {**own, "ids": items.tolist(), "kinds": market.groups.tolist()})
        for numbers in _parts(1, profiles + 1):
            for statement in PEOPLE:
                session.execute(statement, {**own, "ids": list(numbers), **_contacts(wiring, shop.id, numbers)})
        for part in _parts(0, len(orders)):
            session.execute(ORDERS, own | _orders(orders, part))
            session.execute(LINES, own | _lines(orders, part))


def _contacts(wiring: Worker, shop: ShopId, numbers: range) -> dict[str, list[bytes]]:
    boxes, hashes = [], []
    for number in numbers:
        contact = {"first_name": "A", "last_name": f"Shopper {number}", "email": email_of(number), "phone": None}
        boxes.append(wiring.sealer.seal(shop, CUSTOMER_CONTACT, orjson.dumps(contact)))
        hashes.append(wiring.sealer.email_hash(shop, email_of(number)))
    return {"contacts": boxes, "hashes": hashes}


def _orders(orders: Baskets, part: range) -> dict[str, Any]:
    """The newest order is of the day before `NOW`."""
    chosen, moved = slice(part.start, part.stop), int(NOW.timestamp()) // DAY_S - 1 - END
    return {
        "ids": [number + 1 for number in part],
        "customers": orders.customer[chosen].tolist(),
        "days": (orders.day[chosen] + moved).tolist(),
    }


def _lines(orders: Baskets, part: range) -> dict[str, Any]:
    first, end = int(orders.starts[part.start]), int(orders.starts[part.stop])
    of = np.repeat(np.arange(part.start, part.stop) + 1, orders.sizes[part.start : part.stop])
    return {"first": first, "ids": of.tolist(), "products": orders.items[orders.item[first:end]].tolist()}


def _parts(first: int, end: int) -> Iterator[range]:
    for start in range(first, end, TOGETHER):
        yield range(start, min(start + TOGETHER, end))


def _publish(wiring: Worker, shop: Shop, market: Material) -> None:
    """A model as a training publishes it: For you from the blend of what customers buy, of factors in a small shop."""
    orders = market.orders.part(max(len(market.orders) - LEARNT_FROM, 0), len(market.orders))
    today, chosen = int(orders.day[-1]), Chosen()
    is_large = len(np.unique(orders.customer)) >= ranked.LEAST_CUSTOMERS
    model, _ = fit_both(Material(orders, groups=market.groups, facts=market.facts), chosen, today=today)
    model = replace(
        als.into(model, orders, chosen.als, today=today),
        version=VERSION,
        groups=market.groups,
        rails=frozenset({Rail.BOUGHT_TOGETHER, Rail.COMPLETE_THE_LOOK, Rail.FOR_YOU}),
        for_you=Strategy.RANKED if is_large else Strategy.ALS,
        blends=Blends(bought=_blend(orders, market.facts)) if is_large else NO_BLENDS,
    )
    wiring.artefacts.write(shop.id, VERSION, model.arrays(), model.meta())
    record = ModelRecord(VERSION, "training", model.strategy, NOW, len(orders), PRODUCTS, {}, "")
    wiring.models.record(shop.id, record)
    wiring.models.publish(shop.id, VERSION, at=NOW)


def _blend(orders: Baskets, facts: ItemFacts | None) -> Blend:
    return ranked.fit_bought(ranked.learn_bought(orders, facts), orders, facts)


if __name__ == "__main__":
    main()
