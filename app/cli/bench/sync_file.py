"""The file of `attune bench sync`: a bulk export of orders as Shopify would write it for ``orders_contact.graphql``.

Two orders hold five lines on average, children stand anywhere after their parent, and every order has an e-mail and an
address. The people are invented.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

PRODUCTS = 1500
CUSTOMERS = 60_000
WINDOW = 2000
"""Orders whose children are shuffled among each other, after all of their parents."""
LINE_COUNTS = (1, 1, 2, 2, 2, 3, 3, 3, 4, 4)
"""2.5 lines an order: a million lines of the file are 285,714 orders with their items."""
FIRST = ("Ada", "Ben", "Chloe", "Dara", "Eli", "Fay", "Gus", "Hana", "Ines", "Jon", "Kim", "Leo", "Mia", "Ned", "Ola")
LAST = ("Archer", "Brook", "Carver", "Dale", "Ember", "Frost", "Grove", "Hart", "Jessop", "Keel", "Lark", "Moss", "Oak")
STREETS = ("Mill Lane", "High Street", "Station Road", "Church Walk", "Orchard Way", "Harbour View")
CITIES = ("Leeds", "York", "Bath", "Ely", "Hull", "Derby", "Truro", "Stroud")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def write(path: Path, *, lines: int, seed: int = 20261001) -> tuple[int, int]:
    """Write exactly `lines` lines to `path`; returns how many of them are orders and how many order lines."""
    rng = random.Random(seed)  # noqa: S311 - a seeded file, no secret
    orders = written = 0
    with path.open("w", encoding="ascii", buffering=1 << 20) as file:
        while written < lines:
            parents: list[str] = []
            children: list[str] = []
            while len(parents) < WINDOW and written + len(parents) + len(children) < lines:
                room = lines - written - len(parents) - len(children) - 1
                count = min(LINE_COUNTS[rng.randrange(10)], room)
                order, items = _order(rng, orders, count)
                parents.append(order)
                children.extend(items)
                orders += 1
            rng.shuffle(children)
            file.writelines(parents)
            file.writelines(children)
            written += len(parents) + len(children)
    return orders, lines - orders


def _order(rng: random.Random, number: int, count: int) -> tuple[str, list[str]]:
    order_id = 5_000_000_000 + number * 7
    customer = rng.randrange(CUSTOMERS)
    at = _at(BEGIN + timedelta(seconds=number * 220 + rng.randrange(200)))
    items, total, units = [], 0, 0
    for position in range(count):
        product, quantity = int(PRODUCTS * rng.random() ** 2), 1 + (rng.random() < 0.2)
        price = 495 + (product * 7919) % 9000
        total += price * quantity
        units += quantity
        items.append(_line(order_id, order_id * 4 + position, product, quantity, price, rng.random()))
    order = (
        f'{{"__typename":"Order","id":"gid:\\/\\/shopify\\/Order\\/{order_id}","name":"#{1001 + number}",'
        f'"createdAt":"{at}","updatedAt":"{at}","cancelledAt":null,"test":false,"sourceName":"web",'
        f'"currencyCode":"GBP","discountCodes":[],"subtotalLineItemsQuantity":{units},'
        f'"customer":{{"id":"gid:\\/\\/shopify\\/Customer\\/{7_000_000_000 + customer}"}},'
        f"{_contact(customer)},"
        f'"totalPriceSet":{_money(total + 395)},"totalDiscountsSet":{_money(0)},"totalRefundedSet":{_money(0)},'
        f'"refunds":[]}}\n'
    )
    return order, items


def _line(order_id: int, line_id: int, product: int, quantity: int, price: int, chance: float) -> str:
    clicked = f'[{{"key":"_attune","value":"r{line_id % 10**11}:{line_id % 8}"}}]' if chance < 0.03 else "[]"
    return (
        f'{{"__typename":"LineItem","id":"gid:\\/\\/shopify\\/LineItem\\/{line_id}","quantity":{quantity},'
        f'"currentQuantity":{quantity},"product":{{"id":"gid:\\/\\/shopify\\/Product\\/{8_000_000_000 + product}"}},'
        f'"variant":{{"id":"gid:\\/\\/shopify\\/ProductVariant\\/{9_000_000_000 + product}"}},'
        f'"originalUnitPriceSet":{_money(price)},"discountAllocations":[],"customAttributes":{clicked},'
        f'"__parentId":"gid:\\/\\/shopify\\/Order\\/{order_id}"}}\n'
    )


def _contact(customer: int) -> str:
    first, last = FIRST[customer % len(FIRST)], LAST[customer % len(LAST)]
    street = f"{1 + customer % 180} {STREETS[customer % len(STREETS)]}"
    return (
        f'"email":"{first.lower()}.{last.lower()}{customer}@shop.example","phone":null,"shippingAddress":{{'
        f'"firstName":"{first}","lastName":"{last}","address1":"{street}","address2":null,'
        f'"city":"{CITIES[customer % len(CITIES)]}","province":null,"zip":"ZZ{customer % 99} {customer % 9}AA",'
        f'"countryCodeV2":"GB"}}'
    )


def _money(minor: int) -> str:
    return f'{{"shopMoney":{{"amount":"{minor // 100}.{minor % 100:02d}"}}}}'


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
