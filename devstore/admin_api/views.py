"""Small objects for GraphQL types that have no record of their own, made while they are read.

A line item must know its order, an inventory item is a side of a variant, and an address belongs to someone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devstore.model import (
    Address,
    Customer,
    Discount,
    Metafield,
    Order,
    OrderLine,
    Product,
    Refund,
    RefundLine,
    Variant,
)


@dataclass(slots=True)
class Line:
    order: Order
    line: OrderLine

    @property
    def id(self) -> int:
        return self.line.id


@dataclass(slots=True)
class OrderRefund:
    order: Order
    refund: Refund

    @property
    def id(self) -> int:
        return self.refund.id


@dataclass(slots=True)
class OrderRefundLine:
    order: Order
    part: RefundLine

    @property
    def id(self) -> int:
        return self.part.id


@dataclass(slots=True)
class Item:
    """An inventory item."""

    variant: Variant

    @property
    def id(self) -> int:
        return self.variant.inventory_item_id


@dataclass(slots=True)
class Level:
    """What is in stock of one inventory item at the shop's location."""

    variant: Variant

    @property
    def id(self) -> int:
        return self.variant.inventory_item_id


@dataclass(slots=True)
class Place:
    """The shop's one location."""

    id: int


@dataclass(slots=True)
class Mail:
    """A mailing address and whose it is."""

    id: int
    address: Address
    first_name: str
    last_name: str
    phone: str | None


@dataclass(slots=True)
class Picture:
    """The drawn image of a product, as media and as image."""

    product: Product

    @property
    def id(self) -> int:
        return self.product.id


@dataclass(slots=True)
class Field:
    """A metafield and the gid of its owner."""

    owner: str
    metafield: Metafield

    @property
    def id(self) -> int:
        return self.metafield.id


@dataclass(slots=True)
class Member:
    """A customer as a segment shows them."""

    customer: Customer

    @property
    def id(self) -> int:
        return self.customer.id


@dataclass(slots=True)
class CodeNode:
    """A code discount as a node, with its status at this moment."""

    discount: Discount
    status: str

    @property
    def id(self) -> int:
        return self.discount.id

    @property
    def title(self) -> str:
        return self.discount.title

    @property
    def created_at(self) -> datetime:
        return self.discount.created_at

    @property
    def updated_at(self) -> datetime:
        return self.discount.updated_at


class AnyNode(CodeNode):
    """The same as a node of all kinds of discounts."""
