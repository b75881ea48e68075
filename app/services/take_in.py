"""Take in the rows of one delivery: read, ask for consent, store, and count what became of each.

Rows go in batches, each stored in one step; a delivery that was killed is simply taken in again, because every store
knows what it has. The report does not hold what a field said, only numbers of rows and reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from app.core.ids import ShopId
from app.core.profiles.consent import Purpose, ShopperConsent, allowed
from app.core.shop_days import zone_of
from app.core.sources import ad_spend, ga4, klaviyo, outside_stock, tickets
from app.core.sources.contract import Source
from app.core.sources.contracts import CONTRACTS
from app.core.sources.report import LetGo, Letting, Reason, Refused, Report
from app.core.sources.rows import Found, Given, Read
from app.core.sources.values import Clock, DayOrder
from app.ports.sources import BadRow, Kept, KnownCustomers, Numbered, RawRow, SourceStore, StoreKeys
from app.services.checkpoints import Checkpoint, carry_on

READERS: Final[Mapping[Source, Read]] = {
    Source.KLAVIYO: klaviyo.read,
    Source.GA4: ga4.read,
    Source.TICKETS: tickets.read,
    Source.AD_SPEND: ad_spend.read,
    Source.STOCK: outside_stock.read,
}
BEHAVIOUR: Final = frozenset({Source.GA4, Source.KLAVIYO})
"""What of these is delivered is what somebody looked at or clicked."""
BATCH: Final = 20_000
"""Rows that are stored in one step: about 20 MB while they are at work."""


@dataclass(frozen=True, slots=True)
class Ports:
    stores: Mapping[Source, SourceStore]
    keys: StoreKeys
    hash_email: Callable[[ShopId, str], str]


def take_in(
    shop: ShopId,
    source: Source,
    rows: Iterable[RawRow | BadRow],
    *,
    delivery: str,
    now: datetime,
    ports: Ports,
    order: DayOrder | None = None,
    checkpoint: Checkpoint = carry_on,
) -> Report:
    """Take in all rows; returns what became of them.

    Raises:
        BadFile: the file broke off; what was stored before stays.
        Retryable: a store takes nothing now; likewise.
    """
    given = Given(
        Clock(now, zone_of(ports.keys.timezone(shop)), order),
        ports.keys.currency(shop) or "USD",
        lambda address: ports.hash_email(shop, address),
    )
    report = Report()
    oldest = ports.keys.oldest(shop, now=now) if CONTRACTS[source].kind else None
    more = iter(rows)
    while batch := list(islice(more, BATCH)):
        read = list(_read(batch, READERS[source], given, oldest, report))
        meant = _with_meaning(shop, source, read, ports, report)
        _count(meant, ports.stores[source].keep(shop, delivery, meant), report)
        checkpoint("batch_stored")
    return report


def _read(
    batch: Sequence[RawRow | BadRow], read: Read, given: Given, oldest: datetime | None, report: Report
) -> Iterator[Numbered]:
    for row in batch:
        if isinstance(row, BadRow):
            report.refuse(row.number, row.refused)
            continue
        try:
            found = read(row.raw, given)
        except Refused as refused:
            report.refuse(row.number, refused)
        except LetGo as let_go:
            report.drop(let_go.why)
        else:
            if oldest is not None and found.at < oldest:
                report.drop(Letting.TOO_OLD)
            else:
                yield Numbered(row.number, found)


def _with_meaning(
    shop: ShopId, source: Source, rows: Sequence[Numbered], ports: Ports, report: Report
) -> list[Numbered]:
    """The rows with products and orders of the store; without those of people who don't want it."""
    hashes = {str(one.found.values["email_hash"]) for one in rows if one.found.values.get("email_hash")}
    people = ports.keys.customers(shop, hashes) if hashes else {}
    googles = {str(one.found.values["ga4"]) for one in rows if one.found.values.get("ga4")}
    browsers = ports.keys.browsers(shop, googles) if googles else {}
    items = {item for one in rows for item in one.found.items if not item.startswith(outside_stock.VARIANT)}
    products = ports.keys.products(shop, items) if items else {}
    names = {one.found.order for one in rows if one.found.order}
    orders = ports.keys.orders(shop, names) if names else {}
    meant = []
    for one in rows:
        hashed = one.found.values.get("email_hash")
        person = people.get(str(hashed)) if hashed else None
        unwanted = _unwanted(source, person or browsers.get(str(one.found.values.get("ga4"))))
        if unwanted is not None:
            report.drop(unwanted)
            continue
        if hashed and person is None:
            report.miss("customers")
        if person is not None and person.customers > 1:
            report.shared += 1
        strangers = [item for item in one.found.items if item in items and item not in products]
        if strangers:
            report.miss("products", strangers[0])
        if one.found.order and one.found.order not in orders:
            report.miss("orders")
        meant.append(replace(one, found=_meaning(one.found, source, products, orders)))
    return meant


def _unwanted(source: Source, person: KnownCustomers | None) -> Letting | None:
    """Why a row about this person is let go; None where nothing speaks against it."""
    if person is None:
        return None
    consent = ShopperConsent(opted_out=person.opted_out, own=person.own)
    if not allowed(Purpose.LEARN, consent):
        return Letting.OPTED_OUT if person.opted_out else Letting.SWITCHED_OFF
    # What a browser allowed is asked where the row is read; the shopper's own word is left to ask here.
    if source in BEHAVIOUR and not allowed(Purpose.STORE_BEHAVIOUR, replace(consent, analytics=True)):
        return Letting.SWITCHED_OFF
    return None


def _meaning(found: Found, source: Source, products: Mapping[str, Any], orders: Mapping[str, Any]) -> Found:
    if source is not Source.GA4:
        return found
    known = [products[item] for item in found.items if item in products]
    about: dict[str, Any] = {"products": [product for product, _ in known] or None}
    if len(known) == 1:
        about |= {"product_id": known[0][0], "variant_id": known[0][1]}
    return replace(found, values={**found.values, **about, "order_id": orders.get(found.order)})


def _count(rows: Sequence[Numbered], kept: Kept, report: Report) -> None:
    for place, one in enumerate(rows):
        if place in kept.fresh or place in kept.own or place in kept.changed:
            report.take(one.found.at)
            report.changed += place in kept.changed
        elif place in kept.older:
            report.drop(Letting.OLDER)
        elif place in kept.erased:
            report.drop(Letting.ERASED)
        elif place in kept.contradictions:
            detail = "another row of the file has the same key and other figures"
            report.refuse(one.row, Refused(Reason.CONTRADICTION, detail))
        else:
            report.repeat()
