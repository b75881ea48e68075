"""Count what became of mails: figures of each series for pages, and the products that shoppers leave alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.core.email.hold_out import arm_of
from app.core.email.ignored import Chosen, ignored
from app.core.email.names import Arm
from app.core.email.settings import MailSettings
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Clock
from app.ports.engagement import IgnoredProducts, MailChoices, MailCounts, MailDeedsReader
from app.ports.flows import MadeFlows
from app.ports.mail import MailSettingsStore

LOOKED_AT: Final = timedelta(days=90)
"""What was ignored longer ago may be shown again."""
PERIOD: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Ports:
    deeds: MailDeedsReader
    made: MadeFlows
    choices: MailChoices
    ignored: IgnoredProducts
    counts: MailCounts
    settings: MailSettingsStore
    clock: Clock


def count_mails(shop: Shop, ports: Ports) -> int:
    """Count anew; returns in how many pairs of customer and product a product was in a mail and not clicked."""
    now = ports.clock.now()
    ours = [one.flow for one in ports.made.flows(shop.id).values() if one.flow]
    deeds = ports.deeds.read(shop.id, since=now - LOOKED_AT, counted_since=now - PERIOD, until=now, flows=ours)
    ports.counts.put(shop.id, deeds.flows, at=now)
    known = ports.choices.customers(shop.id, {*deeds.received, *deeds.clicked})
    counts = ignored(
        shown_of(ports.choices.chosen(shop.id, since=now - LOOKED_AT), ports.settings.of(shop.id)),
        {known[who]: at for who, at in deeds.received.items() if who in known},
        {known[who]: what for who, what in deeds.clicked.items() if who in known},
    )
    ports.ignored.replace(shop.id, counts)
    return len(counts)


def shown_of(
    chosen: Mapping[CustomerId, Sequence[Chosen]], settings: MailSettings
) -> dict[CustomerId, Sequence[Chosen]]:
    """Without what stands in profiles of the control group: mails that split on the arm don't show it to them."""

    def is_held_out(customer: CustomerId) -> bool:
        return arm_of(settings.salt, customer, share=settings.hold_out) is Arm.CONTROL

    return {
        customer: [one for one in own if one.in_event] if is_held_out(customer) else own
        for customer, own in chosen.items()
    }
