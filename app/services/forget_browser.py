"""A shopper asks to forget what they looked at: at once where serving reads it, within minutes where it is stored.

The settings stay, and so does what was bought. The tombstone comes first: what the browser did before this moment and
is still on its way is not stored any more; what it does later is, unless the shopper also asked not to be remembered.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app import jobs
from app.core.ids import ClientId, CustomerId, ShopId, VisitorId
from app.core.profiles.preferences import known_as
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import (
    Boxes,
    Clock,
    DueWork,
    ErasablePlace,
    ForgetsBrowsers,
    Jobs,
    Privacy,
    ShopperConsents,
    ShopperNames,
    Subject,
)
from app.services.erase_customer import erase_places

KIND: Final = "browser_forgotten"
BOX: Final = "due_work.id"
PLACES: Final = frozenset({"lake", "database.clicks", "database.decisions"})
"""Where behaviour stands; live state is emptied before these."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the web process needs to promise it."""

    consents: ShopperConsents
    privacy: Privacy
    live: ForgetsBrowsers
    boxes: Boxes
    due: DueWork
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class WorkPorts:
    """What the worker needs to keep the promise."""

    places: Sequence[ErasablePlace]
    privacy: Privacy
    live: ForgetsBrowsers
    boxes: Boxes
    due: DueWork
    clock: Clock


def forget_browser(shop: Shop, names: ShopperNames, ports: Ports) -> None:
    """Bury the visitor's browser as of now and drop its live state; the rest is noted as due.

    Raises:
        Retryable: Redis does not answer; the shopper may ask again.
    """
    known = ports.consents.named(shop.id, names)
    if not known.browsers:
        return
    ports.privacy.bury_browsers(shop.id, _subject(known), at=ports.clock.now())
    ports.live.forget(shop.id, known.browsers)
    # The note is read by whoever reads the table of due work, so it does not say which browser.
    body = orjson.dumps({"visitor": known.visitor, "clients": list(known.clients)})
    note = base64.urlsafe_b64encode(ports.boxes.seal(shop.id, BOX, body)).decode()
    ports.due.put(shop.id, jobs.FORGET_BROWSER_DUE, note)
    ports.jobs.enqueue(jobs.FORGET_BROWSER, shop.id, note)


def finish_forgetting(shop: ShopId, note: str, ports: WorkPorts) -> dict[str, Any]:
    """Erase what the note's browser did, read it again, and close the receipt; returns what it says by place.

    Raises:
        Retryable: a place still holds something.
    """
    try:
        body = orjson.loads(ports.boxes.open(shop, BOX, base64.urlsafe_b64decode(note)))
    except (Permanent, ValueError):
        ports.due.done(shop, jobs.FORGET_BROWSER_DUE, note)
        raise
    names = ShopperNames(VisitorId(body["visitor"]), clients=tuple(ClientId(one) for one in body["clients"]))
    subject, request = _subject(names), f"forget-{known_as('note', note)[:16]}"
    said: dict[str, Any] = {}
    who = known_as("visitor", body["visitor"])[:16]
    if ports.privacy.open_receipt(shop, request, KIND, who, at=ports.clock.now()):
        ports.live.forget(shop, names.browsers)
        places = [place for place in ports.places if place.name in PLACES]
        erase_places(shop, subject, request, places, ports.privacy, ports.clock)
        said = ports.privacy.close_receipt(shop, request, at=ports.clock.now(), places={})
    ports.due.done(shop, jobs.FORGET_BROWSER_DUE, note)
    return said


def _subject(names: ShopperNames) -> Subject:
    visitors = (names.visitor,) if names.visitor else ()
    return Subject(CustomerId(0), visitors=visitors, clients=names.clients)
