"""Push what changed of customers into their Klaviyo profiles: products, facts, segments, the arm of the hold-out.

A run first waits until every job that may be under way has ended, and has each customer in one job at most: no older
value overtakes a newer one, and whoever was being sent when a run was killed is sent again. Who objects, or is no
customer any more, loses what is ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.email.settings import MailSettings
from app.core.errors import Busy
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Claims, Clock, DueWork
from app.ports.feeds import Feeds
from app.ports.klaviyo import KlaviyoApis
from app.ports.mail import MailPromises, MailSettingsStore
from app.ports.offers import Offers
from app.ports.outlets import Tellables
from app.ports.push import Pushes
from app.services import compose_profiles
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.compose_profiles import LONGEST_FLOW, TOGETHER, Composer, Letter
from app.services.pick_for_mail import PickPorts
from app.services.send_profiles import Sending

CLAIM: Final = "push_profiles"
CLAIM_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Ports:
    picking: PickPorts
    pushes: Pushes
    tellables: Tellables
    apis: KlaviyoApis
    claims: Claims
    clock: Clock
    due: DueWork
    settings: MailSettingsStore
    feeds: Feeds
    offers: Offers
    promises: MailPromises

    @property
    def composing(self) -> compose_profiles.Ports:
        return compose_profiles.Ports(
            self.picking, self.pushes, self.tellables, self.feeds, self.offers, self.promises, self.clock
        )


@dataclass(frozen=True, slots=True)
class Done:
    """Of how many customers something was pushed, refused, and taken away."""

    pushed: int = 0
    refused: int = 0
    withdrawn: int = 0


def push_profiles(
    shop: Shop,
    ports: Ports,
    *,
    only: Iterable[CustomerId] | None = None,
    checkpoint: Checkpoint = carry_on,
    wait: Wait = time.sleep,
) -> Done:
    """Bring Klaviyo's profiles to what is known now; where it is switched off, take away what is ours.

    Args:
        only: these customers; everybody where it is not given.

    Raises:
        Busy: another worker is at it.
        KlaviyoDisconnected: no account is connected, or the connection is broken.
        KlaviyoRefused: Klaviyo lets us send nothing, whatever it is.
        Retryable: Klaviyo did not answer; what was sent is on record.
    """
    with sending(shop, ports, checkpoint, wait) as run:
        settings = ports.settings.of(shop.id)
        if not settings.push:
            run.withdraw(ports.pushes.all(shop.id))
            return _done(run)
        wanted = None if only is None else list(only)
        people = ports.picking.people.numbers(shop.id) if wanted is None else _parts(wanted)
        moved = ports.pushes.moved(shop.id)
        # What stands under an old address would never be brought up to date again.
        run.leave(moved if wanted is None else set(wanted).intersection(moved))
        unwelcome: list[CustomerId] = []
        run.send(_letters(shop, ports, people, settings, unwelcome))
        run.withdraw(dict.fromkeys([*unwelcome, *ports.pushes.strangers(shop.id)]))
        ports.pushes.ended(shop.id, sent=run.pushed, at=ports.clock.now())
        return _done(run)


def push_stale(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> Done:
    """Push anew to whoever's profile holds a product that cannot be bought any more, or who is to be mailed one.

    Raises:
        As `push_profiles`.
    """
    if not ports.settings.of(shop.id).push:
        return Done()
    goods = ports.picking.shelf.goods(shop).items.keys()
    gone = ports.pushes.products(shop.id) - goods
    promised = ports.promises.of(shop.id, since=ports.clock.now() - LONGEST_FLOW)
    stale = {
        *(ports.pushes.holding(shop.id, gone) if gone else ()),
        *(one for one in promised if promised[one] - goods),
    }
    return push_profiles(shop, ports, only=sorted(stale), wait=wait) if stale else Done()


def unpush(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> int:
    """Take ours out of the profiles of those who were erased; how many. Their rows are gone, what waits as due is the
    sealed address alone.

    Raises:
        As `push_profiles`.
    """
    waiting = ports.due.waiting(shop.id, jobs.UNPUSH_DUE)
    if not waiting:
        return 0
    with sending(shop, ports, carry_on, wait) as run:
        run.empty([ports.pushes.opened(shop.id, one) for one in waiting])
        for one in waiting:
            ports.due.done(shop.id, jobs.UNPUSH_DUE, one)
        return len(waiting)


@contextmanager
def sending(shop: Shop, ports: Ports, checkpoint: Checkpoint, wait: Wait) -> Iterator[Sending]:
    """A run of one's own, once nothing of an earlier one is under way.

    Raises:
        As `push_profiles`.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"profiles of {shop.domain} are being pushed")
        api = ports.apis.of(shop)
        run = Sending(shop, ports.picking, ports.pushes, ports.clock, api, checkpoint, wait)
        run.settle_left()
        yield run


def _letters(
    shop: Shop,
    ports: Ports,
    people: Iterable[Sequence[CustomerId]],
    settings: MailSettings,
    unwelcome: list[CustomerId],
) -> Iterator[Letter]:
    """What is to travel. Whoever may not be written to is put among `unwelcome`."""
    composer = Composer.of(shop, ports.composing, settings)
    for numbers in people:
        composed = composer.compose(numbers)
        unwelcome += composed.unwelcome
        yield from composed.letters


def _done(run: Sending) -> Done:
    return Done(run.pushed, run.refused, run.withdrawn)


def _parts(customers: Sequence[CustomerId]) -> Iterator[Sequence[CustomerId]]:
    for start in range(0, len(customers), TOGETHER):
        yield customers[start : start + TOGETHER]
