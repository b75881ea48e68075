"""Store what came through the stream: events and decisions into the lake.

Storing is idempotent, so a batch that is delivered again after a kill is stored once. Live state has a reader of its
own (`app.services.fold_events`), because a shopper does not wait for files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.core.events import Event
from app.core.ids import ShopId
from app.ports import Decision, Lake

Record = tuple[ShopId, Event | Decision]


@dataclass(frozen=True, slots=True)
class Ports:
    """What storing needs from the outside."""

    lake: Lake


@dataclass(slots=True)
class _Batch:
    events: list[Event] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


def store_records(records: Iterable[Record], ports: Ports) -> int:
    """Store a batch of any shops, each in one step; returns how many records there were, less the events let go.

    What was captured before its visitor was erased, or belongs to a shop that has left, is let go.

    Raises:
        Retryable: the lake does not answer; what was stored before it failed stays stored.
        Permanent: the lake refuses a record of the batch.
    """
    batches: dict[ShopId, _Batch] = {}
    for shop, record in records:
        batch = batches.setdefault(shop, _Batch())
        if isinstance(record, Event):
            batch.events.append(record)
        else:
            batch.decisions.append(record)
    kept = 0
    for shop, batch in batches.items():
        with ports.lake.turn(shop) as turn:
            events = turn.append(batch.events, batch.decisions)
        kept += len(events) + len(batch.decisions)
    return kept
