"""Customer segments: their queries, and which customers each finds at this moment of store time.

Membership is worked out anew whenever it is asked for, never stored, so that a segment follows its customers at once.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from zoneinfo import ZoneInfo

from devstore import totals
from devstore.clock import StoreClock
from devstore.model import Customer, Order, Segment, World
from devstore.store.people import CustomerChanges
from devstore.store.segment_query import Condition, Day, Filter, Group, Kind, Node, parse

Test = Callable[[Customer], bool]

EMAIL_STATES = ("SUBSCRIBED", "NOT_SUBSCRIBED", "PENDING", "UNSUBSCRIBED", "REDACTED", "INVALID")
FILTERS = {
    "number_of_orders": Filter(Kind.NUMBER, nullable=False),
    "amount_spent": Filter(Kind.NUMBER, nullable=False),
    "last_order_date": Filter(Kind.DATE),
    "customer_added_date": Filter(Kind.DATE, nullable=False),
    "customer_tags": Filter(Kind.LIST),
    "customer_countries": Filter(Kind.LIST),
    "customer_language": Filter(Kind.TEXT),
    "customer_email_domain": Filter(Kind.TEXT),
    "email_subscription_status": Filter(Kind.TEXT, choices=EMAIL_STATES),
}
_METAFIELD_KINDS = {
    "number_integer": Kind.NUMBER,
    "number_decimal": Kind.NUMBER,
    "boolean": Kind.FLAG,
    "date": Kind.DATE,
    "date_time": Kind.DATE,
    "single_line_text_field": Kind.TEXT,
    "list.single_line_text_field": Kind.LIST,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, ">": gt, "<": lt, ">=": ge, "<=": le}


class SegmentChanges(CustomerChanges):
    """The shop's segments."""

    def __init__(self, world: World, clock: StoreClock | None = None) -> None:
        super().__init__(world, clock)
        self.segments: dict[int, Segment] = {}

    def orders_by(self, customer: Customer) -> list[Order]:
        """A customer's orders, oldest first."""
        return [self.orders[i] for i in list(self.orders_of.get(customer.id, ())) if i in self.orders]

    def amount_spent(self, customer: Customer) -> int:
        """What the customer has paid and kept, cancelled orders excluded; minor units."""
        return sum(totals.current_total(order) for order in self.orders_by(customer) if order.cancelled_at is None)

    def segment_query(self, query: str) -> Node:
        """The query, understood.

        Raises:
            QueryError: Shopify would not accept it, or the devstore does not know a filter of it.
        """
        return parse(query, self._filter)

    def segment_members(self, query: str) -> list[Customer]:
        """All customers that the query finds, by id; raises as `segment_query`."""
        test = self._test(self.segment_query(query))
        return [customer for customer in self.customers.values() if test(customer)]

    def in_segment(self, customer: Customer, segment: Segment) -> bool:
        return self._test(self.segment_query(segment.query))(customer)

    def _filter(self, name: str) -> Filter | None:
        if not name.startswith("metafields."):
            return FILTERS.get(name)
        namespace, _, key = name.removeprefix("metafields.").rpartition(".")
        found = self.definitions.get(("CUSTOMER", self.full_namespace(namespace), key))
        kind = _METAFIELD_KINDS.get(found.type) if found else None
        return Filter(kind) if kind else None

    def _test(self, node: Node) -> Test:
        if isinstance(node, Group):
            tests = [self._test(part) for part in node.parts]
            return (lambda c: all(t(c) for t in tests)) if node.every else (lambda c: any(t(c) for t in tests))
        read = self._reader(node.name)
        values = [self._resolved(value) for value in node.values]
        return lambda customer: _holds(node, read(customer), values)

    def _resolved(self, value: object) -> object:
        """Relative days become dates of the shop's own calendar."""
        return _date(value, self._day(self.clock.now())) if isinstance(value, Day) else value

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.world.shop.timezone)).date()

    def _reader(self, name: str) -> Callable[[Customer], Any]:
        if name.startswith("metafields."):
            return self._metafield_reader(name)
        readers: dict[str, Callable[[Customer], Any]] = {
            "number_of_orders": lambda c: Decimal(len(self.orders_of.get(c.id, ()))),
            "amount_spent": lambda c: Decimal(self.amount_spent(c)) / 100,
            "last_order_date": lambda c: max((self._day(o.created_at) for o in self.orders_by(c)), default=None),
            "customer_added_date": lambda c: self._day(c.created_at),
            "customer_tags": lambda c: c.tags,
            "customer_countries": lambda c: (c.address.country_code,) if c.address else (),
            "customer_language": lambda c: c.locale,
            "customer_email_domain": lambda c: c.email.rpartition("@")[2].lower() if c.email else None,
            "email_subscription_status": lambda c: c.email_marketing if c.email else None,
        }
        return readers[name]

    def _metafield_reader(self, name: str) -> Callable[[Customer], Any]:
        namespace, _, key = name.removeprefix("metafields.").rpartition(".")
        place = (self.full_namespace(namespace), key)

        def read(customer: Customer) -> Any:
            held = self.metafields(f"gid://shopify/Customer/{customer.id}").get(place)
            return self._metafield_value(held.type, held.value) if held else None

        return read

    def _metafield_value(self, kind: str, value: str) -> Any:
        match _METAFIELD_KINDS.get(kind):
            case Kind.NUMBER:
                return Decimal(value)
            case Kind.FLAG:
                return value == "true"
            case Kind.LIST:
                return tuple(json.loads(value))
            case Kind.DATE if kind == "date":
                return date.fromisoformat(value)
            case Kind.DATE:
                return self._day(datetime.fromisoformat(value))
        return value


def _holds(condition: Condition, held: Any, values: list[Any]) -> bool:
    operator, missing = condition.operator, held is None or held == ()
    if operator.startswith("IS"):
        return missing == (operator == "IS NULL")
    if operator.endswith("CONTAINS"):
        found = not missing and values[0].casefold() in {item.casefold() for item in held}
        return found == (operator == "CONTAINS")
    if missing:
        return operator == "!="
    if operator == "BETWEEN":
        return bool(values[0] <= held <= values[1])
    return _COMPARE[operator](held, values[0])


def _date(day: Day, today: date) -> date:
    if day.on is not None:
        return day.on
    if day.unit in "dw":
        return today + timedelta(days=day.offset * (7 if day.unit == "w" else 1))
    months = today.year * 12 + today.month - 1 + day.offset * (12 if day.unit == "y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
