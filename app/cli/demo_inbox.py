"""The demo's first mails: some people sign up or order in the store, and a day passes, so that inboxes hold something.

They do so over HTTP in the storefront, as anybody can; webhooks, occasions and mails follow by themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import httpx

from app import jobs
from app.core.ids import CustomerId
from app.core.profiles.consent import Purpose, allowed
from app.core.shops import Shop
from app.wiring.worker import Worker

NEWCOMERS: Final = ("juno.park@example.com", "theo.ruiz@example.com")
BUYERS: Final = 4
DAY_S: Final = 25 * 3600.0
"""A day and an hour: the first mail after an order goes out on the next day."""
LOOK_S: Final = 2.0
PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class FirstMails:
    """`store` and `klaviyo` are addresses; `say` tells the terminal how far it is."""

    shop: Shop
    wiring: Worker
    store: str
    klaviyo: str
    say: Callable[[str], None]

    def come(self) -> str:
        """Returns what there is after a minute at the latest; the rest comes later, as mails do."""
        for address in NEWCOMERS:
            self._sign_up(address)
        buyers = list(islice(self._buyers(), BUYERS))
        cards = [card for card in self.wiring.catalog.cards(self.shop.id) if card.buyable]
        for customer, card in zip(buyers, cards, strict=False):
            self._order(customer, str(card.variant_id))
        expected = len(NEWCOMERS) + len(buyers)
        self._until(lambda: self._occasions() >= expected)
        httpx.post(f"{self.store}/_dev/clock", json={"advance_s": DAY_S}, timeout=30).raise_for_status()
        self._until(lambda: self._mails() >= self._occasions())
        return f"{self._mails()} mails, to {len(NEWCOMERS)} who signed up and {len(buyers)} who ordered the day before"

    def _sign_up(self, address: str) -> None:
        form = {"contact[email]": address, "return_to": "/"}
        httpx.post(f"{self.store}/contact", data=form, timeout=30)

    def _order(self, customer: CustomerId, variant: str) -> None:
        with httpx.Client(base_url=self.store, timeout=30, follow_redirects=True) as browser:
            browser.get("/account/login", params={"customer_id": str(customer)}).raise_for_status()
            browser.post("/cart/add", data={"id": variant, "quantity": "1"}).raise_for_status()
            browser.post("/checkout", data={"email": ""}).raise_for_status()

    def _buyers(self) -> Iterator[CustomerId]:
        """Customers who accept mails and have bought before, so that something is known of them."""
        people = self.wiring.picking.people
        for numbers in people.numbers(self.shop.id):
            for number, person in people.of(self.shop.id, numbers).items():
                if person.address and person.orders and allowed(Purpose.EMAIL, person.consent):
                    yield number

    def _occasions(self) -> int:
        counts = self.wiring.mail_triggers.counts(self.shop.id, since=self._before)
        return sum(one.attune + one.control for one in counts)

    @property
    def _before(self) -> datetime:
        return self.wiring.clock.now() - timedelta(days=2)

    def _mails(self) -> int:
        people = httpx.get(f"{self.klaviyo}/inbox.json", timeout=30).raise_for_status().json()["people"]
        return sum(one["sent"] for one in people)

    def _until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done() and time.monotonic() < deadline:
            self.say(f"{self._occasions()} occasions, {self._mails()} mails")
            # What the clock asks for each minute, and every five minutes.
            self.wiring.jobs.enqueue(jobs.STITCH_PROFILES, self.shop.id)
            self.wiring.jobs.enqueue(jobs.START_EVERYWHERE)
            time.sleep(LOOK_S)
