"""A world of shoppers for `attune bench identity`: who they are, which browsers they use, and what these tell the shop.

It knows nothing of the rules that stitch. It makes people in households, browsers that forget their ids, tablets that
a household shares, addresses that two people use, mistyped ones, second addresses, mails that are passed on, and a
till at which hundreds sign in; then it writes down what a shop would be told: events as browsers post them, orders,
customers' records and merges. Who was behind each of them is kept apart, as the truth.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

HOURS: Final = 24 * 120
"""How long the world lasts."""
CONSENT: Final = {"analytics": True, "preferences": True, "marketing": True}


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are, and how often what the benchmark is about happens (shares)."""

    people: int = 20_000
    visitors: int = 80_000
    identify: float = 0.30
    """People who ever tell who they are; all others only look."""
    shared_devices: float = 0.08
    household_emails: float = 0.03
    """Of those who tell, so many use an address that somebody of their household uses too."""
    typos: float = 0.02
    """Of the addresses that are typed."""
    second_accounts: float = 0.02
    tills: int = 2


@dataclass(slots=True)
class Person:
    number: int
    household: int
    tells: bool
    email: str = ""
    customers: list[int] = field(default_factory=list)
    has_account: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the shop is told, and by whom."""

    person: int
    hour: int
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, as Shopify knows it."""

    number: int
    person: int
    customer: int
    email: str
    token: str
    hour: int


@dataclass(slots=True)
class World:
    people: list[Person] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    orders: list[Placed] = field(default_factory=list)
    records: dict[int, str | None] = field(default_factory=dict)
    """Customer → the address in their record."""
    merges: list[tuple[int, int, int]] = field(default_factory=list)
    """Kept customer, gone customer, hour."""
    users: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Visitor → who used it."""


def build(seed: int, size: Size) -> World:
    """The world of one seed."""
    return _Builder(random.Random(seed), size).build()  # noqa: S311 - a world, no secret


class _Builder:
    def __init__(self, chance: random.Random, size: Size) -> None:
        self._chance, self._size, self._world = chance, size, World()
        self._numbers = iter(range(1, 10**9))
        self._by_typo: dict[str, int] = {}

    def build(self) -> World:
        self._settle_people()
        self._name_people()
        self._share_addresses()
        for visitor in range(self._size.visitors):
            self._use(f"{self._chance.getrandbits(128):032x}", *self._browser_of(visitor))
        for _ in range(self._size.tills):
            self._stand_a_till()
        self._merge_some()
        return self._world

    # -- people ------------------------------------------------------------------------------------------------------

    def _settle_people(self) -> None:
        household = 0
        while len(self._world.people) < self._size.people:
            household += 1
            for _ in range(self._chance.choices((1, 2, 3, 4), (40, 35, 15, 10))[0]):
                number = len(self._world.people)
                self._world.people.append(Person(number, household, self._chance.random() < self._size.identify))
        del self._world.people[self._size.people :]
        self._households: defaultdict[int, list[Person]] = defaultdict(list)
        for person in self._world.people:
            self._households[person.household].append(person)
        self._clients: defaultdict[int, list[str]] = defaultdict(list)

    def _name_people(self) -> None:
        for person in self._world.people:
            if not person.tells:
                continue
            person.email = f"p{person.number}@mail.example"
            person.has_account = self._chance.random() < 0.5
            self._record(person, person.email)
            if self._chance.random() < self._size.second_accounts:
                self._record(person, f"p{person.number}@work.example")

    def _record(self, person: Person, email: str | None) -> None:
        customer = next(self._numbers)
        person.customers.append(customer)
        self._world.records[customer] = email

    def _share_addresses(self) -> None:
        """Two of a household type one address: with a record each, with one nameless record, or with one record."""
        telling = [person for person in self._world.people if person.tells]
        couples = [group for group in self._households.values() if sum(one.tells for one in group) > 1]
        self._chance.shuffle(couples)
        for group in couples[: round(len(telling) * self._size.household_emails / 2)]:
            first, second = [one for one in group if one.tells][:2]
            second.email = first.email
            way = self._chance.random()
            if way < 0.5:
                self._world.records[second.customers[0]] = first.email
            elif way < 0.85:
                self._world.records[second.customers[0]] = None
            else:
                del self._world.records[second.customers[0]]
                second.customers[0] = first.customers[0]

    # -- browsers ----------------------------------------------------------------------------------------------------

    def _browser_of(self, number: int) -> tuple[list[Person], str]:
        """Who uses the browser, and its id of the pixel, which may outlive the theme's."""
        owner = self._world.people[number % self._size.people]
        users = [owner]
        if self._chance.random() < self._size.shared_devices:
            others = [one for one in self._households[owner.household] if one is not owner]
            others = others or [self._chance.choice(self._world.people)]
            users += self._chance.sample(others, min(len(others), self._chance.choices((1, 2), (80, 20))[0]))
        old = self._clients[owner.number]
        if len(users) == 1 and old and self._chance.random() < 0.1:
            return users, self._chance.choice(old)
        client = f"c{self._chance.getrandbits(64):x}"
        if len(users) == 1:
            old.append(client)
        return users, client

    def _use(self, visitor: str, users: list[Person], client: str) -> None:
        first = self._chance.randrange(HOURS)
        for visit in range(self._chance.choices((1, 2, 3, 5, 8), (30, 25, 20, 15, 10))[0]):
            person = users[min(visit, len(users) - 1)] if visit < len(users) else self._chance.choice(users)
            hour = first + round(visit * self._chance.uniform(2, 200))
            self._visit(visitor, client, person, hour)

    def _visit(self, visitor: str, client: str, person: Person, hour: int) -> None:
        self._world.users[visitor].add(person.number)
        self._tell(person, hour, "identity", visitor=visitor, client_id=client)
        if not person.tells:
            return
        what = self._chance.random()
        if person.has_account and what < 0.35:
            self._sign_in(visitor, person, hour)
        elif what < 0.50:
            self._order(visitor, client, person, hour)
        elif what < 0.58:
            form = "account" if person.has_account else "newsletter"
            self._tell(person, hour, "sign_up", visitor=visitor, form=form, email=self._typed(person))
        elif what < 0.64:
            self._open_mail(visitor, person, hour)

    def _sign_in(self, visitor: str, person: Person, hour: int) -> None:
        self._tell(person, hour, "signed_in", visitor=visitor, customer=self._chance.choice(person.customers))

    def _order(self, visitor: str, client: str, person: Person, hour: int) -> None:
        """Shopify finds the customer by the address, so a mistyped one makes another customer."""
        email, customer = self._typed(person), self._chance.choice(person.customers)
        if email != person.email and not person.has_account:
            customer = self._by_typo.setdefault(email, next(self._numbers))
            self._world.records[customer] = email
        number, token = next(self._numbers), f"checkout-{self._chance.getrandbits(64):x}"
        self._world.orders.append(Placed(number, person.number, customer, email, token, hour))
        self._tell(person, hour, "checkout_started", client_id=client, products=[], checkout=token)
        if self._chance.random() < 0.85:
            self._tell(person, hour, "purchase", visitor=visitor, client_id=client, order_id=number, products=[])

    def _open_mail(self, visitor: str, person: Person, hour: int) -> None:
        """A link in a mail to this person, or, one time in a hundred, to somebody who passed it on."""
        to = person
        if self._chance.random() < 0.01:
            to = self._chance.choice(self._world.people)
        if to.tells:
            self._tell(person, hour, "identity", visitor=visitor, kx=f"token-of-{to.email}".replace("@", "."))

    def _typed(self, person: Person) -> str:
        if self._chance.random() >= self._size.typos:
            return person.email
        place = self._chance.randrange(len(person.email.partition("@")[0]))
        return f"{person.email[:place]}{self._chance.choice('qxz')}{person.email[place:]}"

    def _tell(self, person: Person, hour: int, type: str, **fields: Any) -> None:
        event = {"id": f"e{len(self._world.told)}", "type": type, "age_ms": 0, "consent": CONSENT, **fields}
        self._world.told.append(Told(person.number, hour, event))

    # -- the shop ----------------------------------------------------------------------------------------------------

    def _stand_a_till(self) -> None:
        """The browser is the shop's: it is nobody's, whoever signs in at it."""
        visitor, client = f"{self._chance.getrandbits(128):032x}", f"c{self._chance.getrandbits(64):x}"
        telling = [one for one in self._world.people if one.tells]
        for person in self._chance.sample(telling, min(300, len(telling))):
            hour = self._chance.randrange(HOURS)
            self._tell(person, hour, "identity", visitor=visitor, client_id=client)
            self._sign_in(visitor, person, hour)

    def _merge_some(self) -> None:
        """The staff notices one second account in three, and merges it."""
        for person in self._world.people:
            kept, *others = person.customers or [0]
            if others and self._chance.random() < 0.33:
                self._world.merges.append((kept, others[0], HOURS))
