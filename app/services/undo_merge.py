"""Undo a wrong tie: the merchant says that two names are two people, and everything follows.

The cut stays, whatever evidence comes later, until it is taken back. Profiles split within seconds; segments count by
profile and follow; what each customer bought is read again into the store beside the hot path, and browsers are no
longer assigned to experiments in the name of somebody they are cut from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app import jobs
from app.core.ids import CustomerId
from app.core.profiles.identity import Cut, Name, Named, cut
from app.core.shops import Shop
from app.ports import Clock, CustomerHistory, CustomerStore, Jobs, Merges, Profiles, Units
from app.services.keep_customers import Ports as Keeping
from app.services.keep_customers import renew_customers


@dataclass(frozen=True, slots=True)
class Ports:
    profiles: Profiles
    merges: Merges
    history: CustomerHistory
    customers: CustomerStore
    units: Units
    jobs: Jobs
    clock: Clock


def undo_merge(shop: Shop, kept: CustomerId, gone: CustomerId, *, by: str, ports: Ports) -> bool:
    """Give both customers their own orders and profile back; False where there is nothing to undo.

    Args:
        by: which member of the staff says so.
    """
    undone = ports.merges.undo(shop.id, kept, gone, by=by, at=ports.clock.now())
    if undone is None:
        return False
    _follow(shop, (kept, gone), ports)
    return True


def cut_names(shop: Shop, profile: str, names: Iterable[Named], *, by: str, ports: Ports) -> Sequence[Cut]:
    """Part these names from the rest of their profile; returns the cuts, none where there is nothing to part.

    Customers that Shopify merged are parted by undoing the merge, so that their orders part too.
    """
    found = ports.profiles.one(shop.id, profile)
    if found is None:
        return ()
    away = set(names) & set(found.members)
    people = {name for name in found.members if name.kind in (Name.CUSTOMER, Name.EMAIL)}
    cuts = sorted({cut(one, other) for one in away for other in people - away})
    if not cuts:
        return ()
    ports.profiles.cut(shop.id, cuts, by=by, at=ports.clock.now())
    for merge in found.merges:
        sides = {Named(Name.CUSTOMER, str(merge.kept)), Named(Name.CUSTOMER, str(merge.gone))}
        if merge.undone_at is None and len(sides & away) == 1:
            ports.merges.undo(shop.id, merge.kept, merge.gone, by=by, at=ports.clock.now())
    ports.units.part(shop.id, {name.id for name in away if name.kind is Name.VISITOR})
    _follow(shop, [CustomerId(int(name.id)) for name in found.members if name.kind is Name.CUSTOMER], ports)
    return cuts


def mend_names(shop: Shop, cuts: Iterable[Cut], *, ports: Ports) -> None:
    """Take the merchant's word back: evidence decides again."""
    ports.profiles.mend(shop.id, cuts)
    ports.jobs.enqueue(jobs.STITCH_PROFILES, shop.id)


def _follow(shop: Shop, customers: Iterable[CustomerId], ports: Ports) -> None:
    renew_customers(customers, shop, Keeping(ports.history, ports.customers))
    ports.jobs.enqueue(jobs.STITCH_PROFILES, shop.id)
