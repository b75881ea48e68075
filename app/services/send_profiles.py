"""Send composed profiles to Klaviyo in bulk jobs, follow the jobs to their end, and empty profiles again.

A body is noted before it travels, and its job as soon as Klaviyo names it. While one body travels the next is
composed: one thread sends, in order. Nothing waits for a job to end before the next body goes; jobs have a quota of
their own for being looked at, and are looked at no more often than bodies are sent until all are under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.email.names import PROPERTIES
from app.core.email.properties import ENVELOPE, LARGEST_BODY, LARGEST_PROFILE, MOST_PROFILES, emptied, size_of
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.errors import KlaviyoRefused, KlaviyoTrouble
from app.ports import Clock
from app.ports.klaviyo import ImportProblem, KlaviyoApi
from app.ports.push import Pushes
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint
from app.services.compose_profiles import Letter
from app.services.pick_for_mail import PickPorts, record

POLL_S: Final = 1.0
MOST_POLLS: Final = 1800
"""Of a job that does not end; the next run goes on with it."""
NOT_FINISHED: Final = "Klaviyo has not finished taking the profiles in yet."
TOO_LARGE: Final = "The profile is larger than the 100 kB that Klaviyo takes."
ABOUT_THE_BODY: Final = frozenset({400, 413, 422})
"""Refusals for which something in the body can be to blame; others, such as a lacking scope, are about all of it."""
MOST_REFUSALS: Final = 40
"""Tries of one body with some profile to blame; finding one among 10,000 takes about 28."""
FOUND_AT_ONCE: Final = 50
"""Addresses in one look-up, so that its URL stays short."""
LEAST_IN_BULK: Final = 20
"""Klaviyo wants fewer changes than this made one by one."""


@dataclass(slots=True)
class Body:
    """What goes into one job."""

    letters: list[Letter] = field(default_factory=list)
    size: int = ENVELOPE

    def has_room(self, size: int) -> bool:
        return len(self.letters) < MOST_PROFILES and self.size + size <= LARGEST_BODY


@dataclass(slots=True)
class Sending:
    """One run's work with Klaviyo, and what became of it."""

    shop: Shop
    picking: PickPorts
    pushes: Pushes
    clock: Clock
    api: KlaviyoApi
    checkpoint: Checkpoint
    wait: Wait
    pushed: int = 0
    refused: int = 0
    withdrawn: int = 0
    _flying: deque[str] = field(default_factory=deque)
    _tries: int = 0

    def settle_left(self) -> None:
        """Wait for the jobs of a run that ended early, also for those whose names it could not write down."""
        for job in dict.fromkeys([*self.pushes.jobs(self.shop.id), *self.api.imports_under_way()]):
            self._settle(job)

    def send(self, letters: Iterable[Letter]) -> None:
        """Send them all, and wait until every job has ended.

        Raises:
            KlaviyoRefused: Klaviyo lets us send nothing; what was sent is on record.
        """
        with _in_turn() as hand_over:
            for body in self._bodies(letters):
                hand_over(lambda body=body: self._send(body))  # type: ignore[misc]
        while self._flying:
            self._settle(self._flying.popleft())

    def _bodies(self, letters: Iterable[Letter]) -> Iterator[Body]:
        body = Body()
        for letter in letters:
            size = size_of(letter.profile)
            if size > LARGEST_PROFILE:
                self.pushes.sending(self.shop.id, [letter.push], at=self.clock.now())
                self._refuse([letter.push.customer], TOO_LARGE)
                continue
            if not body.has_room(size):
                yield body
                body = Body()
            body.letters.append(letter)
            body.size += size
        if body.letters:
            yield body

    def _send(self, body: Body) -> None:
        record(self.shop, [letter.choice for letter in body.letters], self.picking)
        self.pushes.sending(self.shop.id, [letter.push for letter in body.letters], at=self.clock.now())
        self.checkpoint("noted")
        self._tries = 0
        self._import(body.letters)
        if self._flying and self.api.import_job(self._flying[0]).done:
            self._settle(self._flying.popleft())

    def _import(self, letters: Sequence[Letter]) -> None:
        """Hand over what was noted; of a body that Klaviyo refuses, halves, until whoever is to blame is alone."""
        customers = [letter.push.customer for letter in letters]
        try:
            job = self.api.import_profiles([letter.profile for letter in letters])
        except KlaviyoRefused as refusal:
            if refusal.status not in ABOUT_THE_BODY:
                raise
            self._tries += 1
            if len(letters) == 1 or self._tries > MOST_REFUSALS:
                self._refuse(customers, str(refusal))
                return
            half = len(letters) // 2
            self._import(letters[:half])
            self._import(letters[half:])
            return
        self.checkpoint("sent")
        self.pushes.sent(self.shop.id, customers, job)
        self.checkpoint("recorded")
        self.pushed += len(customers)
        self._flying.append(job)

    def _settle(self, job: str) -> None:
        """Wait until the job has ended; what it could not take is noted."""
        try:
            problems = self._problems(job)
        except KlaviyoRefused as refusal:
            if refusal.status != 404:
                raise
            problems = ()  # Klaviyo has forgotten it, so it has ended.
        said = _said(problems, self.pushes.of_job(self.shop.id, job)) if problems else {}
        if said:
            self.pushes.refused(self.shop.id, said)
            self.refused += len(said)
        self.pushes.settled(self.shop.id, job)
        self.checkpoint("settled")

    def _problems(self, job: str) -> Sequence[ImportProblem]:
        for _ in range(MOST_POLLS):
            state = self.api.import_job(job)
            if state.done:
                return self.api.import_problems(job) if state.failed else ()
            self.wait(POLL_S)
        raise KlaviyoTrouble(f"Klaviyo’s job {job} does not end", plain=NOT_FINISHED)

    def _refuse(self, customers: Sequence[CustomerId], complaint: str) -> None:
        self.pushes.refused(self.shop.id, dict.fromkeys(customers, complaint))
        self.refused += len(customers)

    def withdraw(self, customers: Iterable[CustomerId]) -> None:
        """Take ours out of their profiles; no job that writes there is under way."""
        own = list(customers)
        for start in range(0, len(own), MOST_PROFILES):
            some = own[start : start + MOST_PROFILES]
            # A profile whose address was changed since, here and there, is found under the new one.
            now = self.picking.people.emails(self.shop.id, some).values()
            self.empty(list(dict.fromkeys([*self.pushes.addresses(self.shop.id, some).values(), *now])))
            self.pushes.withdrawn(self.shop.id, some)
            self.withdrawn += len(some)

    def leave(self, customers: Iterable[CustomerId]) -> None:
        """Take ours out of the profiles under those customers' old addresses; nothing of them is under way."""
        own = list(customers)
        for start in range(0, len(own), MOST_PROFILES):
            some = own[start : start + MOST_PROFILES]
            now = {number: email.casefold() for number, email in self.picking.people.emails(self.shop.id, some).items()}
            stood = self.pushes.addresses(self.shop.id, some)
            # Hashes are others, too, after their key was changed.
            left = {number: email for number, email in stood.items() if email.casefold() != now.get(number)}
            self.empty(list(left.values()))
            self.pushes.withdrawn(self.shop.id, left)
            self.withdrawn += len(left)

    def empty(self, emails: Sequence[str]) -> None:
        """Take ours out of the profiles with these addresses. Where there is none, none is made: hence by their ids."""
        found: list[str] = []
        for start in range(0, len(emails), FOUND_AT_ONCE):
            found += self.api.find_profiles(emails[start : start + FOUND_AT_ONCE])
        if len(found) < LEAST_IN_BULK:
            for profile in found:
                self.api.unset(profile, PROPERTIES)
            return
        for start in range(0, len(found), MOST_PROFILES):
            self._settle(self.api.import_profiles([emptied(one) for one in found[start : start + MOST_PROFILES]]))


@contextmanager
def _in_turn() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives what hands work over to one thread: it returns once the work before is done, raising what that raised.

    The block's end waits for the last.
    """
    doing: list[Future[None]] = []

    def hand_over(work: Callable[[], None]) -> None:
        while doing:
            doing.pop().result()
        doing.append(pool.submit(work))

    with ThreadPoolExecutor(1, thread_name_prefix="profiles") as pool:
        yield hand_over
        while doing:
            doing.pop().result()


def _said(problems: Sequence[ImportProblem], addressed: Mapping[CustomerId, str]) -> dict[CustomerId, str]:
    """Klaviyo's complaints by customer; it names the profile by the address that we sent."""
    named = {email.casefold(): customer for customer, email in addressed.items()}
    found: dict[CustomerId, Any] = {named.get(one.email.casefold(), CustomerId(0)): one for one in problems}
    return {customer: one.detail or one.code for customer, one in found.items() if customer}
