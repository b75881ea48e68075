"""Push what changed of customers into their Klaviyo profiles: products, facts, segments, the arm of the hold-out.

A push is written down before it travels, and its job as soon as Klaviyo names it. A run first waits until every job
that may be under way has ended, and has each customer in one job at most: no older value overtakes a newer one, and
whoever was being sent when a run was killed is sent again. Who objects, or is no customer any more, loses what is ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app import jobs
from app.core.email.hold_out import arm_of
from app.core.email.names import PROPERTIES, Arm
from app.core.email.outlook import outlook_of
from app.core.email.picked import MailAsk
from app.core.email.properties import (
    ENVELOPE,
    LARGEST_BODY,
    LARGEST_PROFILE,
    MOST_PROFILES,
    Facts,
    digest_of,
    favourite_of,
    profile_of,
    properties_of,
    size_of,
)
from app.core.email.settings import MailSettings
from app.core.errors import Busy
from app.core.ids import CustomerId, ProductId
from app.core.profiles.consent import Purpose, allowed
from app.core.segments.outlets import Told, scores_of, told_of
from app.core.segments.rfm import Cuts
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.ports import Claims, Clock, DueWork
from app.ports.klaviyo import ImportProblem, KlaviyoApi, KlaviyoApis
from app.ports.mail import MailSettingsStore
from app.ports.outlets import Tellables
from app.ports.push import MailPerson, Push, Pushed, Pushes
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.pick_for_mail import Choice, Desk, PickPorts, allowed_by, desk_of, record

CLAIM: Final = "push_profiles"
CLAIM_S: Final = 120.0
IN_FLIGHT: Final = 8
POLL_S: Final = 1.0
TOGETHER: Final = 1000
TOO_LARGE: Final = "The profile is larger than the 100 kB that Klaviyo takes."


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
        Retryable: Klaviyo did not answer; what was sent is on record.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"profiles of {shop.domain} are being pushed")
        run = _Run(shop, ports, ports.apis.of(shop), checkpoint, wait)
        run.settle_left()
        settings = ports.settings.of(shop.id)
        if not settings.push:
            run.withdraw(ports.pushes.all(shop.id))
            return run.done()
        people = _parts(only) if only is not None else ports.picking.people.numbers(shop.id)
        run.push(people, settings)
        run.withdraw(ports.pushes.strangers(shop.id))
        ports.pushes.ended(shop.id, sent=run.pushed, at=ports.clock.now())
        return run.done()


def push_stale(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> Done:
    """Push anew to whoever's profile holds a product that cannot be bought any more.

    Raises:
        As `push_profiles`.
    """
    if not ports.settings.of(shop.id).push:
        return Done()
    gone = ports.pushes.products(shop.id) - ports.picking.shelf.goods(shop).items.keys()
    stale = ports.pushes.holding(shop.id, gone) if gone else ()
    return push_profiles(shop, ports, only=stale, wait=wait) if stale else Done()


def unpush(shop: Shop, ports: Ports, *, wait: Wait = time.sleep) -> int:
    """Take ours out of the profiles of those who were erased; how many. Their rows are gone, their numbers wait as due.

    Raises:
        As `push_profiles`.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"profiles of {shop.domain} are being pushed")
        waiting = [CustomerId(int(id)) for id in ports.due.waiting(shop.id, jobs.UNPUSH_DUE)]
        if waiting:
            run = _Run(shop, ports, ports.apis.of(shop), carry_on, wait)
            run.settle_left()
            for customer in waiting:
                run.withdraw([customer])
                ports.due.done(shop.id, jobs.UNPUSH_DUE, str(customer))
        return len(waiting)


@dataclass(slots=True)
class _Body:
    """What goes into one job."""

    profiles: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    size: int = ENVELOPE

    def has_room(self, size: int) -> bool:
        return len(self.profiles) < MOST_PROFILES and self.size + size <= LARGEST_BODY


@dataclass(slots=True)
class _Run:
    shop: Shop
    ports: Ports
    api: KlaviyoApi
    checkpoint: Checkpoint
    wait: Wait
    pushed: int = 0
    refused: int = 0
    withdrawn: int = 0
    flying: list[str] = field(default_factory=list)

    def done(self) -> Done:
        return Done(self.pushed, self.refused, self.withdrawn)

    def settle_left(self) -> None:
        """Wait for the jobs of a run that ended early, also for those whose names it could not write down."""
        for job in dict.fromkeys([*self.ports.pushes.jobs(self.shop.id), *self.api.imports_under_way()]):
            self._settle(job)

    def push(self, people: Iterable[Sequence[CustomerId]], settings: MailSettings) -> None:
        desk, body = desk_of(self.shop, self.ports.picking), _Body()
        cuts = self.ports.tellables.cuts(self.shop.id)
        for numbers in people:
            for profile, push, choice in self._changed(numbers, desk, cuts, settings):
                size = size_of(profile)
                if size > LARGEST_PROFILE:
                    self._refuse([push], TOO_LARGE)
                    continue
                if not body.has_room(size):
                    self._send(body)
                    body = _Body()
                body.profiles.append(profile)
                body.pushes.append(push)
                body.choices.append(choice)
                body.size += size
        self._send(body)
        for job in self.flying:
            self._settle(job)
        self.flying.clear()

    def _changed(
        self,
        numbers: Sequence[CustomerId],
        desk: Desk,
        cuts: Cuts,
        settings: MailSettings,
    ) -> Iterator[tuple[dict[str, Any], Push, Choice]]:
        own = self.ports.picking.people
        people, standing = own.of(self.shop.id, numbers), self.ports.pushes.of(self.shop.id, numbers)
        welcome = [one for one in numbers if allowed_by(people, one)]
        self.withdraw([one for one in standing if one not in set(welcome)])
        found: list[tuple[Push, dict[str, Any], Choice]] = []
        for number in welcome:
            person = people[number]
            choice = desk.choose(MailAsk(number), person)
            facts = _facts(person, desk, cuts, arm_of(settings.salt, number, share=settings.hold_out))
            properties = properties_of(choice.picked, facts)
            products = tuple([ProductId(item.product_id) for item in choice.picked.items])
            push = Push(number, digest_of(choice.picked, properties), person.address, products)
            if not _stands(push, standing.get(number)):
                found.append((push, properties, choice))
        emails = own.emails(self.shop.id, [push.customer for push, _, _ in found])
        for push, properties, choice in found:
            if push.customer in emails:
                yield profile_of(push.customer, emails[push.customer], properties), push, choice

    def _send(self, body: _Body) -> None:
        if not body.profiles:
            return
        if len(self.flying) >= IN_FLIGHT:
            self._settle(self.flying.pop(0))
        record(self.shop, body.choices, self.ports.picking)
        self.ports.pushes.sending(self.shop.id, body.pushes, at=self.ports.clock.now())
        self.checkpoint("noted")
        try:
            job = self.api.import_profiles(body.profiles)
        except KlaviyoRefused as error:
            self._refuse(body.pushes, str(error))
            return
        self.checkpoint("sent")
        self.ports.pushes.sent(self.shop.id, [push.customer for push in body.pushes], job)
        self.checkpoint("recorded")
        self.pushed += len(body.pushes)
        self.flying.append(job)

    def _settle(self, job: str) -> None:
        """Wait until the job has ended; what it could not take is noted."""
        try:
            state = self.api.import_job(job)
            while not state.done:
                self.wait(POLL_S)
                state = self.api.import_job(job)
            problems = self.api.import_problems(job) if state.failed else ()
        except KlaviyoRefused as error:
            if error.status != 404:
                raise
            problems = ()  # Klaviyo has forgotten it, so it has ended.
        said = dict(filter(None, map(_complaint, problems)))
        if said:
            self.ports.pushes.refused(self.shop.id, said)
            self.refused += len(said)
        self.ports.pushes.settled(self.shop.id, job)
        self.checkpoint("settled")

    def _refuse(self, pushes: Sequence[Push], complaint: str) -> None:
        self.ports.pushes.sending(self.shop.id, pushes, at=self.ports.clock.now())
        self.ports.pushes.refused(self.shop.id, {push.customer: complaint for push in pushes})
        self.refused += len(pushes)

    def withdraw(self, customers: Iterable[CustomerId]) -> None:
        """Take ours out of their profiles; a job that may still write there has ended before."""
        own = list(customers)
        if own:
            for job in self.flying:
                self._settle(job)
            self.flying.clear()
        for customer in own:
            profile = self.api.find_profile(external_id=str(customer))
            if profile is not None:
                self.api.unset(str(profile["id"]), PROPERTIES)
            self.ports.pushes.withdrawn(self.shop.id, [customer])
            self.withdrawn += 1


def _stands(push: Push, standing: Pushed | None) -> bool:
    """Whether Klaviyo has it already, or has refused it and nothing that it refused is different."""
    if standing is None:
        return False
    if standing.state == "refused":
        return standing.address == push.address
    return standing.state == "done" and standing.digest == push.digest and standing.address == push.address


def _facts(person: MailPerson, desk: Desk, cuts: Cuts, arm: Arm) -> Facts:
    """Nothing is told of whoever may not be learnt from."""
    if not allowed(Purpose.LEARN, person.consent):
        return Facts(Told(), outlook_of("", (), orders=0, discounted=0), arm=arm)
    told = told_of(person.segments, (), scores_of(person.bought, person.last_s, person.net, cuts))
    days = [order.day for order in person.orders]
    kinds = [desk.goods.kinds.get(product, "") for order in person.orders for product in order.products]
    outlook = outlook_of(told.stage, days, orders=person.bought, discounted=person.discounted)
    return Facts(told, outlook, favourite_of(kinds), arm)


def _complaint(problem: ImportProblem) -> tuple[CustomerId, str] | None:
    if not problem.external_id.isdecimal():
        return None
    return CustomerId(int(problem.external_id)), problem.detail or problem.code


def _parts(customers: Iterable[CustomerId]) -> Iterator[Sequence[CustomerId]]:
    own = list(customers)
    for start in range(0, len(own), TOGETHER):
        yield own[start : start + TOGETHER]
