"""Note what shoppers look at and put into their carts, so that a mail can speak of it hours later.

It runs behind the folding of events, for shops that send such mails, and only of those who let themselves be
remembered and personalised for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.core.email.names import Trigger
from app.core.events import Event, EventType
from app.core.ids import ShopId
from app.core.profiles.consent import OwnSwitches, Purpose, allowed, captured
from app.ports import LivePreferences
from app.ports.live_rules import Browser
from app.ports.mail import MailDeeds, MailSettingsStore

NOTED: Final = frozenset(
    {
        EventType.PRODUCT_VIEW,
        EventType.ADD_TO_CART,
        EventType.REMOVE_FROM_CART,
        EventType.CHECKOUT_STARTED,
        EventType.PURCHASE,
    }
)
SPEAK_OF_IT: Final = frozenset(
    {Trigger.SIGNED_UP, Trigger.BROWSE_ABANDONED, Trigger.CART_LEFT, Trigger.BACK_IN_FAVOURITES}
)
PURPOSES: Final = (Purpose.STORE_BEHAVIOUR, Purpose.PERSONALISE)


@dataclass(frozen=True, slots=True)
class Ports:
    settings: MailSettingsStore
    deeds: MailDeeds
    preferences: LivePreferences


def note_mail_deeds(records: Iterable[tuple[ShopId, object]], ports: Ports) -> int:
    """Note the batch; how many events were. Noting it again changes nothing."""
    events: dict[ShopId, list[Event]] = {}
    for shop, record in records:
        if isinstance(record, Event) and record.type in NOTED and not record.ghost:
            events.setdefault(shop, []).append(record)
    return sum(_note(shop, batch, ports) for shop, batch in events.items())


def _note(shop: ShopId, events: list[Event], ports: Ports) -> int:
    if not SPEAK_OF_IT & set(ports.settings.of(shop).triggers):
        return 0
    switches = ports.preferences.switches(shop, [name for event in events for name in _names(event)])
    willing = []
    for event in events:
        consents = [captured(event.consent, switches.get(name) or OwnSwitches()) for name in _names(event)]
        if all(allowed(purpose, one) for one in consents for purpose in PURPOSES):
            willing.append(event)
    if willing:
        ports.deeds.add(shop, willing)
    return len(willing)


def _names(event: Event) -> list[Browser]:
    return [(kind, id) for kind, id in (("visitor", event.visitor), ("client", event.client)) if id]
