"""Take in a batch of visitor events: keep what fits the closed vocabulary, say what does not, pass the rest on.

Consent is checked by the parser itself, so an event without it never gets further than this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from app.core.errors import BadEvent, RefusalKind
from app.core.events import Event, parse
from app.core.ids import ShopId
from app.ports import Clock, EventLog

MOST_EVENTS = 50
MOST_REFUSALS = 10
"""So many refusals are explained; whoever sends more bad events at once learns no more from the eleventh."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What ingesting needs from the outside."""

    events: EventLog
    clock: Clock
    hash_email: Callable[[ShopId, str], str] | None = None
    """Makes the keyed hash of a sign-up's address; without it sign-ups are refused."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not taken: its place in the batch and a sentence."""

    index: int
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    accepted: int
    refused: tuple[Refusal, ...] = ()
    """The first refusals, explained."""
    unexplained: int = 0
    """How many more were refused."""
    kinds: Mapping[RefusalKind, int] | None = None
    """How many were refused, by kind; None if none were."""

    @property
    def refusals(self) -> int:
        """How many events were refused, unexplained and unread ones included."""
        return sum(self.kinds.values()) if self.kinds else 0


def ingest_events(shop: ShopId, batch: Sequence[object], ports: Ports) -> Receipt:
    """Keep the good part of a batch; it is safe in the stream when this returns.

    Raises:
        Retryable: the stream did not take the events; nothing was kept.
    """
    now = ports.clock.now()
    hash_email = partial(ports.hash_email, shop) if ports.hash_email else None
    events: list[Event] = []
    refused: list[tuple[int, BadEvent]] = []
    for index, raw in enumerate(batch[:MOST_EVENTS]):
        try:
            if not isinstance(raw, Mapping):
                raise BadEvent("an event is a JSON object", RefusalKind.SHAPE)
            events.append(parse(raw, now=now, hash_email=hash_email))
        except BadEvent as error:
            refused.append((index, error))
    ports.events.append(shop, events)
    if not refused and len(batch) <= MOST_EVENTS:
        return Receipt(len(events))
    return _with_refusals(len(events), refused, surplus=len(batch) - MOST_EVENTS)


def _with_refusals(accepted: int, refused: Sequence[tuple[int, BadEvent]], *, surplus: int) -> Receipt:
    kinds = Counter(error.kind for _, error in refused)
    explained = [Refusal(index, str(error)) for index, error in refused[:MOST_REFUSALS]]
    if surplus > 0:
        kinds[RefusalKind.SURPLUS] += surplus
        explained.append(Refusal(MOST_EVENTS, f"a batch holds at most {MOST_EVENTS} events; {surplus} were not read"))
    return Receipt(accepted, tuple(explained), max(0, len(refused) - MOST_REFUSALS), kinds)
