"""The orders of the small world: who buys what together, with the refunds, cancellations and guests of a real shop.

The shop grows during its year, so that its last four weeks hold enough orders to judge a model on. Each shopper has a
favourite shelf, and a basket grows along the pairs of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log
from random import Random

from devstore.model import Customer, Order, OrderLine, Product
from devstore.worlds import ids
from devstore.worlds.ids import Ids
from devstore.worlds.refunds import cancel, refund

ORDERS = 900
GROWTH = 5.0
"""Orders grow by e^GROWTH over the year: a shop that found its public."""
GUESTS = 0.12
ADDS_PARTNER = 0.72
ADDS_ANYTHING = 0.36
LOVES_SHELF = 4.0
"""How much more a shopper likes what stands on their favourite shelf."""
FREE_SHIPPING_FROM, SHIPPING = 6000, 590
CODE, CODE_PERCENT = "FERN10", 10


@dataclass(frozen=True, slots=True)
class Market:
    """What the shoppers choose from."""

    products: dict[int, Product]
    liked: dict[int, float]
    partners: dict[int, list[int]]
    shelves: list[list[int]]


def place_orders(
    market: Market, customers: list[Customer], random: Random, counters: Ids, opened: datetime, now: datetime
) -> list[Order]:
    """The year's orders, oldest first; buyers have an account by the time they buy."""
    buyers = _Buyers(market, customers, random)
    orders = []
    for number, at in enumerate(_times(random, opened, now)):
        customer, taste = buyers.someone(at)
        order = _order(number, at, customer, _basket(market, taste, random), market, random, counters)
        orders.append(order)
        _mishaps(order, number, counters, now)
    return orders


def _times(random: Random, opened: datetime, now: datetime) -> list[datetime]:
    """Moments of a growing year: the inverse of an exponential rate at random quantiles."""
    year = (now - opened).total_seconds() - 3600
    quantiles = sorted(random.random() for _ in range(ORDERS))
    return [opened + timedelta(seconds=int(year * log(1 + u * (exp(GROWTH) - 1)) / GROWTH)) for u in quantiles]


class _Buyers:
    """Customers in the order in which they joined, each with the weights of what they like."""

    def __init__(self, market: Market, customers: list[Customer], random: Random) -> None:
        self._customers, self._random = customers, random
        self._tastes = [self._taste(market, shelf) for shelf in market.shelves]

    def someone(self, at: datetime) -> tuple[Customer | None, dict[int, float]]:
        """Who buys now (None for a guest) and how much they like each product."""
        joined = sum(customer.created_at < at for customer in self._customers)
        if not joined or self._random.random() < GUESTS:
            return None, self._random.choice(self._tastes)
        place = min(int(self._random.expovariate(3.0) * joined), joined - 1)
        return self._customers[place], self._tastes[place % len(self._tastes)]

    @staticmethod
    def _taste(market: Market, shelf: list[int]) -> dict[int, float]:
        weights = {product: liked for product, liked in market.liked.items() if liked}
        return {product: liked * (LOVES_SHELF if product in shelf else 1.0) for product, liked in weights.items()}


def _basket(market: Market, taste: dict[int, float], random: Random) -> list[int]:
    """Distinct products: a first wish, then what goes with it, then perhaps something else."""
    basket = [_pick(taste, random)]
    while random.random() < ADDS_PARTNER and len(basket) < 6:
        partners = [p for p in market.partners.get(basket[-1], []) if p not in basket and market.liked[p]]
        if not partners:
            break
        basket.append(random.choice(partners))
    while random.random() < ADDS_ANYTHING and len(basket) < 6:
        basket.append(_pick(taste, random))
    return list(dict.fromkeys(basket))


def _pick(taste: dict[int, float], random: Random) -> int:
    return random.choices(list(taste), list(taste.values()))[0]


def _order(
    number: int,
    at: datetime,
    customer: Customer | None,
    basket: list[int],
    market: Market,
    random: Random,
    counters: Ids,
) -> Order:
    has_code = number % 11 == 3
    lines = [_line(market.products[product], has_code, random, counters) for product in basket]
    total = sum(line.unit_price * line.quantity - line.discount for line in lines)
    email = customer.email if customer else f"guest.{number}@example.com"
    country = customer.address.country_code if customer and customer.address else "US"
    return Order(
        id=ids.ORDER + number + 1,
        number=ids.FIRST_ORDER_NUMBER + number,
        customer_id=customer.id if customer else None,
        email=email,
        created_at=at,
        processed_at=at,
        updated_at=at,
        lines=lines,
        discount_codes=(CODE,) if has_code else (),
        shipping=0 if total >= FREE_SHIPPING_FROM else SHIPPING,
        test=number == 0,
        source_name="pos" if number % 40 == 7 else "web",
        country_code=country,
    )


def _line(product: Product, has_code: bool, random: Random, counters: Ids) -> OrderLine:
    variant = random.choice(product.variants)
    quantity = random.choices((1, 2, 3), (80, 16, 4))[0]
    discount = variant.price * quantity * CODE_PERCENT // 100 if has_code else 0
    return OrderLine(
        id=next(counters.lines),
        product_id=product.id,
        variant_id=variant.id,
        title=product.title,
        quantity=quantity,
        unit_price=variant.price,
        discount=discount,
        sku=variant.sku,
    )


def _mishaps(order: Order, number: int, counters: Ids, now: datetime) -> None:
    """Every 23rd order sends one line back after a week, every 60th is cancelled after an hour; never in the future."""
    returned_at, cancelled_at = order.created_at + timedelta(days=8), order.created_at + timedelta(hours=1)
    if number % 60 == 30 and cancelled_at < now:
        cancel(order, cancelled_at, counters)
    elif number % 23 == 5 and returned_at < now:
        refund(order, [(order.lines[0], order.lines[0].quantity)], returned_at, counters, "Did not suit")
