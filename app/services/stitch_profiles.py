"""Keep profiles up to date with what is known of who is who: what is new within the minute, everything once a night.

New ties come from events with the lake's turns, and from webhooks as notes about orders and customers; a note is
worked off from the rows as they stand, so it does not matter whether the browser or Shopify told of an order first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.ids import CustomerId, OrderId, ShopId
from app.core.profiles.stitching import stitch
from app.core.shops import Shop
from app.ports import Clock, CustomerHistory, CustomerStore, DueWork, Merges, Stitches, TieSources
from app.services.keep_customers import Ports as Keeping
from app.services.keep_customers import renew_customers

BATCH: Final = 10_000
"""New ties that one transaction takes up."""


@dataclass(frozen=True, slots=True)
class Ports:
    stitches: Stitches
    sources: TieSources
    merges: Merges
    history: CustomerHistory
    customers: CustomerStore
    due: DueWork
    clock: Clock


def stitch_profiles(shop: Shop, ports: Ports) -> int:
    """Work off notes and new ties; returns how many names have moved to another profile."""
    _read_notes(shop.id, ports)
    # Before the ties are read: one that comes meanwhile makes it due again.
    ports.due.done(shop.id, jobs.STITCH_DUE)
    moved = _stitch_all(shop.id, ports)
    apart = ports.merges.hold_apart(shop.id)
    renew_customers(apart, shop, Keeping(ports.history, ports.customers))
    return moved


def renew_profiles(shop: Shop, ports: Ports, *, from_scratch: bool = False) -> int:
    """Read all orders and customers again, drop what may not be known any more, and stitch; returns what has moved.

    Args:
        from_scratch: make every profile again, instead of those around what is new.
    """
    ports.sources.drop_objectors(shop.id)
    for batch in (*ports.sources.of_customers(shop.id), *ports.sources.of_orders(shop.id)):
        ports.sources.note(shop.id, batch)
    if from_scratch:
        ports.stitches.forget_stitches(shop.id)
    moved = stitch_profiles(shop, ports)
    ports.sources.place_customers(shop.id, now=ports.clock.now())
    return moved


def _read_notes(shop: ShopId, ports: Ports) -> None:
    for kind, read in ((jobs.ORDER_TIES_DUE, _of_orders), (jobs.CUSTOMER_TIES_DUE, _of_customers)):
        while notes := ports.due.waiting(shop, kind):
            read(shop, sorted({int(note.partition("/")[0]) for note in notes}), ports)
            for note in notes:
                ports.due.done(shop, kind, note)


def _of_orders(shop: ShopId, numbers: Sequence[int], ports: Ports) -> None:
    for ties in ports.sources.of_orders(shop, [OrderId(number) for number in numbers]):
        ports.sources.note(shop, ties)


def _of_customers(shop: ShopId, numbers: Sequence[int], ports: Ports) -> None:
    for ties in ports.sources.of_customers(shop, [CustomerId(number) for number in numbers]):
        ports.sources.note(shop, ties)
    ports.sources.place_customers(shop, now=ports.clock.now())


def _stitch_all(shop: ShopId, ports: Ports) -> int:
    moved = 0
    while True:
        with ports.stitches.turn(shop) as turn:
            region = turn.region(limit=BATCH)
            if region is None:
                return moved
            members = stitch(region.ties, region.cuts, alone=region.names, public=region.public)
            moved += turn.settle(region, members, now=ports.clock.now())
