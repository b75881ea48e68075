"""Take in a batch of visitor events: keep what fits the closed vocabulary, say what does not, pass the rest on.

Consent is checked by the parser itself, so an event without it never gets further than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import BadEvent
from app.core.events import Event, parse
from app.core.ids import ShopId
from app.ports import Clock, EventLog

MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Ports:
    """What ingesting needs from the outside."""

    events: EventLog
    clock: Clock


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not taken: its place in the batch and a sentence."""

    index: int
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    accepted: int
    refused: tuple[Refusal, ...]


def ingest_events(shop: ShopId, batch: Sequence[object], ports: Ports) -> Receipt:
    """Keep the good part of a batch; it is safe in the stream when this returns.

    Raises:
        Retryable: the stream did not take the events; nothing was kept.
    """
    now = ports.clock.now()
    events: list[Event] = []
    refused: list[Refusal] = []
    for index, raw in enumerate(batch):
        try:
            if index >= MOST_EVENTS:
                raise BadEvent(f"a batch holds at most {MOST_EVENTS} events")
            events.append(parse(_object(raw), now=now))
        except BadEvent as error:
            refused.append(Refusal(index, str(error)))
    ports.events.append(shop, events)
    return Receipt(len(events), tuple(refused))


def _object(raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise BadEvent("an event is a JSON object")
    return raw
