"""What must hold in every world, whatever it is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from devstore.model import Order, World


def check(world: World) -> None:
    """Assert the rules that the rest of the devstore relies on."""
    _ids_and_handles(world)
    _references(world)
    _times(world)
    _money(world)


def all_ids(world: World) -> Iterator[int]:
    variants = list(chain.from_iterable(product.variants for product in world.products))
    lines = chain.from_iterable(order.lines for order in world.orders)
    refunds = list(chain.from_iterable(order.refunds for order in world.orders))
    records: Iterable[object] = chain(
        world.products, variants, world.collections, world.customers, world.orders, lines, refunds,
        chain.from_iterable(refund.lines for refund in refunds),
    )  # fmt: skip
    yield from (record.id for record in records)  # type: ignore[attr-defined]
    yield from (variant.inventory_item_id for variant in variants)


def _ids_and_handles(world: World) -> None:
    ids = list(all_ids(world))
    assert len(ids) == len(set(ids))
    assert all(10**12 <= number < 10**13 for number in ids)
    for records in (world.products, world.collections, world.customers, world.orders):
        numbers = [record.id for record in records]
        assert numbers == sorted(numbers)
    for named in (world.products, world.collections):
        handles = [record.handle for record in named]
        assert len(handles) == len(set(handles))
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", handle) for handle in handles)
    skus = [variant.sku for product in world.products for variant in product.variants]
    assert len(skus) == len(set(skus))
    assert len({order.number for order in world.orders}) == len(world.orders)


def _references(world: World) -> None:
    products = {product.id: product for product in world.products}
    customers = {customer.id for customer in world.customers}
    variants = {variant.id: product.id for product in world.products for variant in product.variants}
    assert all(customer.email is None or "@example." in customer.email for customer in world.customers)
    assert all(set(collection.product_ids) <= products.keys() for collection in world.collections)
    assert all(change.variant_id in variants for change in world.price_changes)
    for order in world.orders:
        assert order.lines
        assert order.customer_id is None or order.customer_id in customers
        assert all(line.variant_id and variants[line.variant_id] == line.product_id for line in order.lines)
        _refunds(order)


def _refunds(order: Order) -> None:
    """What a line says was refunded is what the refunds say, and never more than was bought."""
    returned: dict[int, int] = {}
    for refund in order.refunds:
        assert refund.amount == sum(line.subtotal for line in refund.lines)
        for line in refund.lines:
            returned[line.line_id] = returned.get(line.line_id, 0) + line.quantity
    assert returned == {line.id: line.refunded_quantity for line in order.lines if line.refunded_quantity}
    assert all(0 <= line.refunded_quantity <= line.quantity for line in order.lines)


def _times(world: World) -> None:
    placed = [order.created_at for order in world.orders]
    assert placed == sorted(placed)
    joined = {customer.id: customer.created_at for customer in world.customers}
    moments = [world.now, *placed, *joined.values(), *(product.updated_at for product in world.products)]
    assert all(moment.utcoffset() == timedelta(0) and moment <= world.now for moment in moments)
    for order in world.orders:
        assert order.customer_id is None or joined[order.customer_id] <= order.created_at
        assert order.created_at <= order.updated_at <= world.now
        assert all(order.created_at <= refund.created_at <= world.now for refund in order.refunds)


def _money(world: World) -> None:
    for order in world.orders:
        for line in order.lines:
            assert type(line.unit_price) is int
            assert type(line.quantity) is int
            assert line.quantity > 0
            assert 0 <= line.discount <= line.unit_price * line.quantity
