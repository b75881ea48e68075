"""Store what came through the stream: events and decisions into the lake, events also into live state.

Both are idempotent, so a batch that is delivered again after a kill is stored once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.events import Event
from app.core.ids import ShopId
from app.ports import Decision, Lake, VisitorStates

Record = tuple[ShopId, Event | Decision]


@dataclass(frozen=True, slots=True)
class Ports:
    """What storing needs from the outside."""

    lake: Lake
    visitors: VisitorStates


def store_records(records: Iterable[Record], ports: Ports) -> int:
    """Store a batch of any shops; returns how many records were new.

    Raises:
        Retryable: the lake does not answer; what was stored before it failed stays stored.
        Permanent: the lake refuses a record of the batch.
    """
    events: dict[ShopId, list[Event]] = {}
    decisions: dict[ShopId, list[Decision]] = {}
    for shop, record in records:
        if isinstance(record, Event):
            events.setdefault(shop, []).append(record)
        else:
            decisions.setdefault(shop, []).append(record)
    new = sum(ports.lake.append_decisions(shop, batch) for shop, batch in decisions.items())
    for shop, batch in events.items():
        new += ports.lake.append_events(shop, batch)
        ports.visitors.fold(shop, batch)
    return new
