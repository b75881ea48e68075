"""Count what became of mails: figures of each series for pages, and the products that shoppers leave alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.core.email.ignored import ignored
from app.core.shops import Shop
from app.ports import Clock
from app.ports.engagement import IgnoredProducts, MailChoices, MailCounts, MailDeedsReader

LOOKED_AT: Final = timedelta(days=90)
"""What was ignored longer ago may be shown again."""
PERIOD: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Ports:
    deeds: MailDeedsReader
    choices: MailChoices
    ignored: IgnoredProducts
    counts: MailCounts
    clock: Clock


def count_mails(shop: Shop, ports: Ports) -> int:
    """Count anew; returns in how many pairs of customer and product a product was in a mail and not clicked."""
    now = ports.clock.now()
    lately = ports.deeds.read(shop.id, since=now - PERIOD, until=now)
    ports.counts.put(shop.id, lately.flows, at=now)
    deeds = ports.deeds.read(shop.id, since=now - LOOKED_AT, until=now)
    known = ports.choices.customers(shop.id, {*deeds.received, *deeds.clicked})
    counts = ignored(
        ports.choices.chosen(shop.id, since=now - LOOKED_AT),
        {known[who]: at for who, at in deeds.received.items() if who in known},
        {known[who]: what for who, what in deeds.clicked.items() if who in known},
    )
    ports.ignored.replace(shop.id, counts)
    return len(counts)
