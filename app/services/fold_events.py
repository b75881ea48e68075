"""Let what visitors do change what they see next: events of the stream into live state, as soon as they arrive.

Only events whose visitor allows preferences, and has not switched them off, are used so; the others go to the lake
alone (law 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.events import Event
from app.core.ids import ShopId
from app.core.profiles.consent import OwnSwitches, Purpose, allowed, captured
from app.ports import LivePreferences, VisitorStates


@dataclass(frozen=True, slots=True)
class Ports:
    """What folding needs from the outside."""

    visitors: VisitorStates
    preferences: LivePreferences


def fold_events(records: Iterable[tuple[ShopId, object]], ports: Ports) -> None:
    """Fold the events among the records, of any shops.

    Raises:
        Retryable: live state takes nothing now; folding everything again later is harmless.
    """
    events: dict[ShopId, list[Event]] = {}
    for shop, record in records:
        if isinstance(record, Event) and allowed(Purpose.PERSONALISE, captured(record.consent)):
            events.setdefault(shop, []).append(record)
    for shop, batch in events.items():
        ports.visitors.fold(shop, _willing(shop, batch, ports))


def _willing(shop: ShopId, events: Sequence[Event], ports: Ports) -> list[Event]:
    """The events of those who have switched nothing off."""
    switches = ports.preferences.switches(shop, (name for event in events for name in _names(event)))
    return [event for event in events if _may_be_used(event, switches)] if switches else list(events)


def _names(event: Event) -> list[tuple[str, str]]:
    return [(kind, id) for kind, id in (("visitor", event.visitor), ("client", event.client)) if id]


def _may_be_used(event: Event, switches: Mapping[tuple[str, str], OwnSwitches]) -> bool:
    """Both to be remembered and to be used for choosing what the visitor sees."""
    return all(
        allowed(purpose, captured(event.consent, switches[name]))
        for name in _names(event)
        if name in switches
        for purpose in (Purpose.STORE_BEHAVIOUR, Purpose.PERSONALISE)
    )
