"""The history as order records: prices of the week, codes and their discounts, shipping, refunds and cancellations.

A shopper always takes the same variant of a product, so that what is replenished is the same size and scent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from devstore.model import Customer, Order, OrderLine, Product
from devstore.worlds import ids
from devstore.worlds.generated.arrays import Ints
from devstore.worlds.generated.catalogue import Catalogue
from devstore.worlds.generated.history import History
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.shelves import Shelves
from devstore.worlds.generated.timing import DAY, WEEK
from devstore.worlds.ids import Ids
from devstore.worlds.refunds import cancel, refund

_SEASON_CODES = ("WINTER15", "SPRING15", "SUMMER15", "AUTUMN15")
_PERCENT = {0: 0, 1: 10, 2: 15}
_NOTES = ("Did not suit", "Damaged on the way", "Ordered twice", "Other colour expected")


def write_orders(
    params: Parameters,
    goods: Catalogue,
    shelves: Shelves,
    customers: list[Customer],
    history: History,
    counters: Ids,
    random: np.random.Generator,
) -> list[Order]:
    """All orders by time, with what happened to them afterwards."""
    gift_note = (history.occasions.recipient != history.occasions.shopper) & (
        random.random(len(history.occasions.time)) < params.gifts_marked
    )
    lines = _lines(shelves, history, counters)
    columns = zip(
        history.occasions.shopper.tolist(), history.occasions.time.tolist(), history.occasions.code.tolist(),
        gift_note.tolist(), lines, strict=True,
    )  # fmt: skip
    orders = [
        _order(params, number, customers, shopper, seconds, code, gift=gift, lines=lines_)
        for number, (shopper, seconds, code, gift, lines_) in enumerate(columns)
    ]
    _aftermath(params, goods, history, orders, counters, random)
    return orders


def _lines(shelves: Shelves, history: History, counters: Ids) -> list[list[OrderLine]]:
    """The lines of each order."""
    shopper, week = history.occasions.shopper[history.order], history.occasions.time[history.order] // WEEK
    code = history.occasions.code[history.order]
    made: list[list[OrderLine]] = [[] for _ in history.occasions.time]
    rows = zip(history.order.tolist(), history.product.tolist(), history.quantity.tolist(), shopper.tolist(),
               week.tolist(), code.tolist(), strict=True)  # fmt: skip
    tables = [table.tolist() for table in shelves.variant_prices]
    for order, product, quantity, who, when, used in rows:
        variants = shelves.products[product].variants
        place = (who * 7919 + product * 104_729) % len(variants)
        price = tables[product][when][place]
        made[order].append(
            _line(shelves.products[product], place, price, quantity, _PERCENT[used], next(counters.lines))
        )
    return made


def _line(product: Product, place: int, price: int, quantity: int, percent: int, line_id: int) -> OrderLine:
    variant = product.variants[place]
    return OrderLine(
        id=line_id,
        product_id=product.id,
        variant_id=variant.id,
        title=product.title,
        quantity=quantity,
        unit_price=price,
        discount=0 if product.is_gift_card else price * quantity * percent // 100,
        sku=variant.sku,
    )


def _order(
    params: Parameters,
    number: int,
    customers: list[Customer],
    shopper: int,
    seconds: int,
    code: int,
    *,
    gift: bool,
    lines: list[OrderLine],
) -> Order:
    at = params.start + timedelta(seconds=seconds)
    customer = customers[shopper] if shopper < len(customers) else None
    total = sum(line.unit_price * line.quantity - line.discount for line in lines)
    return Order(
        id=ids.ORDER + number + 1,
        number=ids.FIRST_ORDER_NUMBER + number,
        customer_id=customer.id if customer else None,
        email=customer.email if customer else f"guest.{shopper}@example.net",
        created_at=at,
        processed_at=at,
        updated_at=at,
        lines=lines,
        discount_codes=_codes(code, at),
        shipping=0 if total >= params.free_shipping_from else params.shipping,
        country_code=customer.address.country_code if customer and customer.address else "DE",
        custom_attributes=(("gift_note", "yes"),) if gift else (),
    )


def _codes(code: int, at: datetime) -> tuple[str, ...]:
    if code == 0:
        return ()
    return ("WELCOME10",) if code == 1 else (_SEASON_CODES[at.month % 12 // 3],)


def _aftermath(
    params: Parameters,
    goods: Catalogue,
    history: History,
    orders: list[Order],
    counters: Ids,
    random: np.random.Generator,
) -> None:
    """Lines sent back after one to four weeks, orders cancelled within a day; in the order of time per order."""
    now = params.start + timedelta(days=params.days, hours=params.quiet_hours)
    returned = random.random(len(history.product)) < goods.return_rate[history.product]
    delays = random.integers(5 * DAY, 28 * DAY, len(orders)).tolist()
    cancelled = np.flatnonzero(random.random(len(orders)) < params.cancelled)
    _cancel(orders, cancelled, counters, now, random)
    starts = np.searchsorted(history.order, np.arange(len(orders)))
    for row in np.flatnonzero(returned).tolist():
        order = orders[history.order[row]]
        at = order.created_at + timedelta(seconds=delays[history.order[row]])
        if order.cancelled_at is None and at < now:
            line = order.lines[row - int(starts[history.order[row]])]
            refund(order, [(line, line.quantity)], at, counters, _NOTES[row % len(_NOTES)])


def _cancel(orders: list[Order], cancelled: Ints, counters: Ids, now: datetime, random: np.random.Generator) -> None:
    waits = random.integers(600, DAY, len(cancelled)).tolist()
    for number, wait in zip(cancelled.tolist(), waits, strict=True):
        at = orders[number].created_at + timedelta(seconds=wait)
        if at < now:
            cancel(orders[number], at, counters)
