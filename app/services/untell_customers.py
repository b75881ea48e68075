"""Take what was told about erased customers out of the store: their rows are gone, their numbers wait as due."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from app import jobs
from app.core.ids import CustomerId
from app.core.segments.outlets import KEYS
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import AdminApis, DueWork
from app.services.bulk_metafields import Wait
from app.services.tell_customers import delete_told


@dataclass(frozen=True, slots=True)
class Ports:
    admin: AdminApis
    due: DueWork


def untell_customers(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> int:
    """Delete our metafields of all who wait; how many. A customer whom Shopify no longer has is no error to it.

    Raises:
        Permanent: there is no usable token.
        Retryable: Shopify did not finish, or gave an answer that can't be read; who is left waits on.
    """
    waiting = [CustomerId(int(id)) for id in ports.due.waiting(shop.id, jobs.UNTELL_DUE)]
    done = 0
    if not waiting:
        return done
    unsure = 0
    for outcome in delete_told(ports.admin.of(shop), dict.fromkeys(waiting, KEYS), wait=wait):
        # What Shopify refuses it will refuse again: there is no such customer.
        done += _settle(shop, [*outcome.accepted, *outcome.refused], ports)
        unsure += len(outcome.unsure)
    if unsure:
        raise Retryable(f"of {unsure} erased customers it is not known whether the store still holds what was told")
    return done


def _settle(shop: Shop, customers: Iterable[CustomerId], ports: Ports) -> int:
    own = list(customers)
    for customer in own:
        ports.due.done(shop.id, jobs.UNTELL_DUE, str(customer))
    return len(own)
