"""Collect what is held about one customer, for the merchant to hand on (``customers/data_request``).

Personal fields are opened on the way, so the access log says first who asked for it and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.core.ids import CustomerId, OrderId, ShopId
from app.ports import Access, AccessLog, Clock, ErasablePlace, Privacy

KIND: Final = "customer_export"
FIELDS: Final = "customers.contact, orders.contact"


@dataclass(frozen=True, slots=True)
class Ports:
    places: Sequence[ErasablePlace]
    privacy: Privacy
    access: AccessLog
    clock: Clock


def export_customer(
    shop: ShopId,
    customer: CustomerId,
    *,
    request_id: str,
    access: Access,
    ports: Ports,
    orders: Sequence[OrderId] = (),
    email: str | None = None,
) -> dict[str, Any]:
    """What each place holds, by its name, personal fields opened; also kept with the receipt, encrypted.

    Args:
        access: who gets to see it, and why.
    """
    now = ports.clock.now()
    whose = {"subject_kind": "customer", "subject_id": str(customer)}
    ports.access.note(shop, access, fields=FIELDS, at=now, **whose)
    ports.privacy.open_receipt(shop, request_id, KIND, str(customer), at=now)
    subject = ports.privacy.subject(shop, customer, orders, email=email)
    found = {place.name: list(place.export_customer(shop, subject)) for place in ports.places}
    held = {name: records for name, records in found.items() if records}
    counts = {name: {"records": len(records), "at": now.isoformat()} for name, records in held.items()}
    box = orjson.dumps(held, default=str)
    ports.privacy.close_receipt(shop, request_id, at=ports.clock.now(), places=counts, export=box)
    return held
