"""An audience as a file for advertising networks: hashed e-mail addresses of those who allow it, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.core.ids import CustomerId
from app.core.segments.outlets_audiences import Audience, hashed
from app.core.shops import Shop
from app.ports import Access, AccessLog, Clock
from app.ports.outlets import Audiences, Tellables
from app.services.tell_segments import reachable

HEADER: Final = "email\r\n"
FIELDS: Final = "customers.contact"


@dataclass(frozen=True, slots=True)
class Ports:
    people: Tellables
    audiences: Audiences
    access_log: AccessLog
    clock: Clock


def export_audience(shop: Shop, audience: Audience, *, by: str, ports: Ports) -> Iterator[str]:
    """The lines of the file; who allows it is asked now, whenever the page has counted. The access log has it first."""
    now = ports.clock.now()
    who = list(_members(shop, audience, int(now.timestamp()), ports))
    access = Access(by, f"audience for ads: {audience.title}, {len(who)} customers")
    ports.access_log.note(shop.id, access, subject_kind="audience", subject_id=audience.key, fields=FIELDS, at=now)
    return _lines(shop, who, ports)


def _lines(shop: Shop, who: list[CustomerId], ports: Ports) -> Iterator[str]:
    """Each address once: two customers may have one."""
    seen: set[str] = set()
    yield HEADER
    for address in ports.audiences.addresses(shop.id, who):
        line = hashed(address)
        if line not in seen:
            seen.add(line)
            yield line + "\r\n"


def _members(shop: Shop, audience: Audience, now_s: int, ports: Ports) -> Iterator[CustomerId]:
    for one in ports.people.everybody(shop.id):
        audiences, may = reachable(one, now_s)
        if may and audience in audiences:
            yield one.customer
