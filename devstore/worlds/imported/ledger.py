"""Orders per invoice, and cancellations as refunds of what the same customer had bought before.

Rows of one product at one price within an invoice become one line, as a cart would merge them; at two prices they stay
two lines. A cancellation is matched to the latest earlier purchase of that product by that customer that has enough
left, or split over several where none has; what finds nothing is counted and not invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from devstore.model import Customer, Order, OrderLine, Product
from devstore.worlds import ids
from devstore.worlds.ids import Ids
from devstore.worlds.imported.log import Log
from devstore.worlds.imported.people import country_code
from devstore.worlds.imported.times import London
from devstore.worlds.refunds import refund

_Bought = dict[tuple[int, str], list[tuple[Order, OrderLine]]]


@dataclass(slots=True)
class Ledger:
    orders: list[Order] = field(default_factory=list)
    bought: _Bought = field(default_factory=dict)
    """Lines by customer of the log and stock code, oldest first."""
    unmatched: int = 0
    matched: int = 0
    """Rows that found a purchase, or at least a part of one."""
    pieces: int = 0
    pieces_too_many: int = 0
    """Pieces taken back, and those that such rows ask for beyond what was bought."""


def write_orders(log: Log, products: dict[str, Product], customers: dict[int, Customer], clock: London) -> Ledger:
    """The orders by time, with their refunds."""
    ledger, counters = Ledger(), Ids()
    _place_all(ledger, log, products, customers, counters, clock)
    _cancel_all(ledger, log, counters, clock)
    return ledger


def _place_all(
    ledger: Ledger,
    log: Log,
    products: dict[str, Product],
    customers: dict[int, Customer],
    counters: Ids,
    clock: London,
) -> None:
    columns, order_lines = log.orders(), _lines(log, products, counters)
    rows = zip(
        columns["invoice"].tolist(), clock.utc(columns["placed"]), columns["customer"].tolist(),
        columns["country"].tolist(), order_lines, strict=True,
    )  # fmt: skip
    for number, (invoice, at, who, country, lines) in enumerate(rows):
        order = _order(number, invoice, at, customers.get(who), country_code(country), lines)
        ledger.orders.append(order)
        for line in lines if who else ():
            ledger.bought.setdefault((who, line.sku), []).append((order, line))


def _lines(log: Log, products: dict[str, Product], counters: Ids) -> list[list[OrderLine]]:
    """The lines of each order."""
    columns, listed = log.lines(), list(products.values())
    made: list[list[OrderLine]] = [[] for _ in range(int(columns["place"].max()) + 1)]
    rows = zip(
        columns["place"].tolist(), columns["product"].tolist(), columns["price"].tolist(), columns["quantity"].tolist(),
        strict=True,
    )  # fmt: skip
    for place, product, price, quantity in rows:
        made[place].append(_line(listed[product], price, quantity, counters))
    return made


def _line(product: Product, price: int, quantity: int, counters: Ids) -> OrderLine:
    return OrderLine(
        next(counters.lines), product.id, product.variants[0].id, product.title, quantity, price,
        sku=product.variants[0].sku,
    )  # fmt: skip


def _order(
    number: int, invoice: str, at: datetime, customer: Customer | None, country: str, lines: list[OrderLine]
) -> Order:
    return Order(
        id=ids.ORDER + number + 1,
        number=int(invoice) if invoice.isdecimal() else ids.FIRST_ORDER_NUMBER + number,
        customer_id=customer.id if customer else None,
        email=customer.email if customer else None,
        created_at=at,
        processed_at=at,
        updated_at=at,
        lines=lines,
        country_code=country,
    )


def _cancel_all(ledger: Ledger, log: Log, counters: Ids, clock: London) -> None:
    """Row by row in the order of time; rows of one credit note on one order become one refund."""
    columns = log.cancellations()
    notes: dict[tuple[str, int], _Note] = {}
    rows = zip(
        columns["invoice"].tolist(), clock.utc(columns["moment"]), columns["customer"].tolist(),
        columns["code"].tolist(), columns["quantity"].tolist(), columns["price"].tolist(), strict=True,
    )  # fmt: skip
    for invoice, at, who, code, quantity, price in rows:
        found = _find(ledger.bought.get((who, code), []), at, quantity, price)
        ledger.matched += bool(found)
        ledger.unmatched += not found
        taken = sum(pieces for _, _, pieces in found)
        ledger.pieces += taken
        ledger.pieces_too_many += quantity - taken if found else 0
        for order, line, pieces in found:
            # Counted at once, so that the next row cannot return the same pieces; `refund` counts them for good.
            line.refunded_quantity += pieces
            notes.setdefault((invoice, order.id), _Note(order, at)).add(line, pieces)
    for (invoice, _), note in notes.items():
        note.book(invoice, counters)


def _find(
    bought: list[tuple[Order, OrderLine]], at: datetime, quantity: int, price: int
) -> list[tuple[Order, OrderLine, int]]:
    """The pieces to take back: from the latest earlier line with enough of them left, else from several, latest first.

    Lines at the price of the cancellation go before others.
    """
    earlier = [line for line in reversed(bought) if line[0].created_at <= at and _left(line[1])]
    earlier.sort(key=lambda pair: pair[1].unit_price != price)
    for order, line in earlier:
        if _left(line) >= quantity:
            return [(order, line, quantity)]
    found, wanted = [], quantity
    for order, line in earlier:
        pieces = min(wanted, _left(line))
        if pieces:
            found.append((order, line, pieces))
            wanted -= pieces
    return found


def _left(line: OrderLine) -> int:
    return line.quantity - line.refunded_quantity


class _Note:
    """A credit note against one order."""

    def __init__(self, order: Order, at: datetime) -> None:
        self._order, self._at = order, at
        self._pieces: dict[int, tuple[OrderLine, int]] = {}

    def add(self, line: OrderLine, pieces: int) -> None:
        self._pieces[line.id] = (line, self._pieces.get(line.id, (line, 0))[1] + pieces)

    def book(self, invoice: str, counters: Ids) -> None:
        for line, pieces in self._pieces.values():
            line.refunded_quantity -= pieces
        refund(self._order, list(self._pieces.values()), self._at, counters, f"Credit note {invoice}")
