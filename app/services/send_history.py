"""Tell Klaviyo of the orders from before the trigger was switched on, as history that starts no flow.

How far it came is noted after each request. A run that was killed in between sends the same request again: Klaviyo
knows its events by their `unique_id`, and they are those of the occasions themselves, so that no order counts twice.
Klaviyo works a request off later and tells of none of its events what became of it; it drops one whose address it calls
invalid, to whom no mail could go, and drops all where one of them is known, which after a kill are all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.email.history import AT_ONCE, TOLD, past_event
from app.core.errors import Busy
from app.core.profiles.consent import Purpose, allowed
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.ports import Claims, Clock, Json
from app.ports.engagement import EngagementMarks, Mark
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis
from app.ports.mail import MailSettingsStore, Waiting
from app.ports.mail_history import MailHistory
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "send_history"
CLAIM_S: Final = 120.0
ALL_REFUSED: Final = frozenset({401, 402, 403})
"""What speaks of the account, and would be said of every single event."""


@dataclass(frozen=True, slots=True)
class Ports:
    history: MailHistory
    marks: EngagementMarks
    settings: MailSettingsStore
    apis: KlaviyoApis
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Sent:
    """Of how many past orders Klaviyo was told, and how many it refused."""

    told: int = 0
    refused: int = 0


def is_waiting(shop: Shop, ports: Ports) -> bool:
    """Whether there is a past that Klaviyo was not told of yet."""
    until = ports.settings.of(shop.id).triggers.get(TOLD)
    mark = ports.marks.all(shop.id).get(TOLD)
    return until is not None and (mark is None or mark.read_until < until)


def send_history(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> Sent:
    """Go on where the last run stopped, to the moment at which the trigger was switched on.

    Raises:
        Busy: another worker is at it.
        KlaviyoDisconnected, Retryable: what was told is noted.
        KlaviyoRefused: the account takes no events at all.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the past of {shop.domain} is being told already")
        if not is_waiting(shop, ports):
            return Sent()
        api, until = ports.apis.of(shop), ports.settings.of(shop.id).triggers[TOLD]
        mark, begin = ports.marks.all(shop.id).get(TOLD), ports.history.begin(shop.id, until=until)
        reached, trouble = max(begin, mark.read_until) if mark else begin, mark.trouble if mark else ""
        told = refused = 0
        while page := ports.history.orders(shop.id, after=reached, until=until, limit=AT_ONCE):
            events = _events(page)
            complaints = _send(events, api)
            checkpoint("sent")
            told, refused = told + len(events) - len(complaints), refused + len(complaints)
            trouble = complaints[-1] if complaints else trouble
            reached = page[-1].occasion.at
            _note(shop, reached, trouble, ports)
            checkpoint("noted")
        _note(shop, until, trouble, ports)
        return Sent(told, refused)


def _events(page: Sequence[Waiting]) -> list[Json]:
    """Those of shoppers who accept mails and have not objected."""
    return [
        past_event(one.occasion, email=one.email)
        for one in page
        if one.email and allowed(Purpose.EMAIL, one.consent) and allowed(Purpose.PERSONALISE, one.consent)
    ]


def _send(events: Sequence[Json], api: KlaviyoApi) -> list[str]:
    """Klaviyo's complaints, one of each event that it refused."""
    complaints: list[str] = []
    for some in [events[first : first + AT_ONCE] for first in range(0, len(events), AT_ONCE)]:
        try:
            api.send_events(some)
        except KlaviyoRefused as refused:
            if refused.status in ALL_REFUSED:
                raise
            complaints += _one_by_one(some, api)
    return complaints


def _one_by_one(events: Sequence[Json], api: KlaviyoApi) -> list[str]:
    """One wrong event refuses the whole request; alone the others are taken, and those that are known do no harm."""
    complaints = []
    for event in events:
        try:
            api.send_event(event)
        except KlaviyoRefused as refused:
            complaints.append(str(refused))
    return complaints


def _note(shop: Shop, reached: datetime, trouble: str, ports: Ports) -> None:
    ports.marks.put(shop.id, Mark(TOLD, reached, ports.clock.now(), trouble))
