"""Let what visitors do change what they see next: events of the stream into live state, as soon as they arrive.

Only events whose visitor allows preferences are used so; the others go to the lake alone (law 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.events import Event
from app.core.ids import ShopId
from app.ports import VisitorStates


@dataclass(frozen=True, slots=True)
class Ports:
    """What folding needs from the outside."""

    visitors: VisitorStates


def fold_events(records: Iterable[tuple[ShopId, object]], ports: Ports) -> None:
    """Fold the events among the records, of any shops.

    Raises:
        Retryable: live state takes nothing now; folding everything again later is harmless.
    """
    events: dict[ShopId, list[Event]] = {}
    for shop, record in records:
        if isinstance(record, Event) and record.consent.get("preferences") is True:
            events.setdefault(shop, []).append(record)
    for shop, batch in events.items():
        ports.visitors.fold(shop, batch)
