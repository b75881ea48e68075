"""A crowd: so many shoppers in the store at a time, each coming, leaving and coming again, and some bots among them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import httpx
import numpy as np

from devstore.shoppers.bots import Crawl
from devstore.shoppers.browser import AGENTS, CRAWLER, Browser
from devstore.shoppers.catalogue import Catalogue
from devstore.shoppers.habits import HABITS, Habits
from devstore.shoppers.mind import Mind
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally
from devstore.shoppers.visit import Visit
from devstore.worlds.taste import Tastes

TIMEOUT_S = 30.0
TICK_S = 1.0
SAME_PERSON = 0.6
"""Chance that the next visit of a place in the crowd is made by the same person."""


@dataclass(slots=True)
class Person:
    """One shopper with her one or two browsers; she stays the same person from visit to visit."""

    row: int
    browsers: list[Browser]


class Crowd:
    """Runs shoppers against one store.

    Args:
        store: the store's origin.
        size: how many are in the store or between two visits at any time, bots included.
        pace: 2 makes everybody twice as fast; the shares of what they do stay.
        most_visits: stop after so many visits (bots' runs not counted); None goes on for ever.
        transport: carries the requests instead of the network, such as to a store in this process.
    """

    def __init__(
        self,
        store: str,
        tastes: Tastes,
        size: int,
        *,
        seed: int,
        pace: float = 1.0,
        most_visits: int | None = None,
        habits: Habits = HABITS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport = transport
        self._store, self._tastes, self._size = store, tastes, size
        self._pace, self._most_visits, self._habits = pace, most_visits, habits
        self._seeds = np.random.SeedSequence(seed)
        self._began, self._now = monotonic(), datetime.now(UTC)
        self._catalogue = Catalogue()
        self._certificates = ssl.create_default_context()
        self._bought: dict[int, set[int]] = {}
        self.tally = Tally()

    async def run(self, *, report: Callable[[Tally], None], stop: asyncio.Event) -> None:
        """Until `stop` is set or all visits are made; `report` is called about once a second.

        Raises:
            httpx.HTTPError: the store does not answer at the start.
        """
        told = asyncio.create_task(stop.wait())
        tasks = {asyncio.create_task(self._open())}
        try:
            await self._until_done(tasks, told, report=lambda _: None)
            if not stop.is_set():
                tasks = self._begin()
                await self._until_done(tasks, told, report)
        finally:
            for task in (told, *tasks):
                task.cancel()
            await asyncio.gather(told, *tasks, return_exceptions=True)
            report(self.tally)

    async def _until_done(
        self, tasks: set[asyncio.Task[None]], told: asyncio.Task[bool], report: Callable[[Tally], None]
    ) -> None:
        """A mistake of ours in a task ends the program; those of the store are counted."""
        left = set(tasks)
        while left and not told.done():
            done, _ = await asyncio.wait({told, *left}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
            report(self.tally)
            for task in done & left:
                task.result()
            left -= done

    def _begin(self) -> set[asyncio.Task[None]]:
        """A task for every place of the crowd."""
        bots, seeds = self._bots(), self._seeds.spawn(self._size)
        return {
            asyncio.create_task(self._live(np.random.default_rng(seed), bots.get(place)))
            for place, seed in enumerate(seeds)
        }

    async def _open(self) -> None:
        """Read the public lists and the store's clock."""
        async with self._client() as http:
            self._catalogue = await Catalogue.read(http)
            clock = (await http.get("/_dev/clock")).raise_for_status().json()
        self._began, self._now = monotonic(), datetime.fromisoformat(clock["now"])

    def _bots(self) -> dict[int, bool]:
        """The last places of the crowd are bots': place → whether it is a hidden one."""
        declared, hidden = (
            round(share * self._size) for share in (self._habits.declared_bots, self._habits.hidden_bots)
        )
        return {self._size - 1 - number: number >= declared for number in range(min(declared + hidden, self._size))}

    def _at(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._began)

    def _over(self) -> bool:
        return self._most_visits is not None and self.tally.visits >= self._most_visits

    async def _live(self, random: np.random.Generator, hidden: bool | None) -> None:
        """One place in the crowd: a bot for ever (`hidden` or not), or one person after the other."""
        await asyncio.sleep(float(random.random()) * self._habits.away_s / self._pace)
        while not self._over():
            if hidden is None:
                await self._somebody(random)
            else:
                await self._crawl(random, hidden=hidden)
                await self._pause(random)

    async def _somebody(self, random: np.random.Generator) -> None:
        """One person's visits, until another takes her place."""
        async with AsyncExitStack() as kept:
            devices = 2 if random.random() < self._habits.second_device else 1
            browsers = [self._browser(await kept.enter_async_context(self._client()), random) for _ in range(devices)]
            person = Person(self._tastes.draw_visitor(random, self._at()), browsers)
            while not self._over():
                await self._visit(person, random)
                if self._over():
                    return
                await self._pause(random)
                if random.random() >= SAME_PERSON:
                    return

    async def _visit(self, person: Person, random: np.random.Generator) -> None:
        second = len(person.browsers) > 1 and random.random() < self._habits.on_second
        browser = person.browsers[1 if second else 0]
        customer = int(self._tastes.customers[person.row])
        bought = self._bought.get(person.row, set())
        visit = Visit(
            browser=browser,
            scripts=Scripts(browser),
            mind=Mind(self._tastes, person.row, self._habits, random, at=self._at(), bought=bought),
            catalogue=self._catalogue,
            habits=self._habits,
            random=random,
            tally=self.tally,
            pace=self._pace,
            customer=customer or None,
            signs_in=bool(random.random() < self._habits.sign_in),
            email=f"shopper{person.row}@visitors.example",
        )
        await visit.run()
        if visit.bought:
            self._bought.setdefault(person.row, set()).update(visit.bought)

    async def _crawl(self, random: np.random.Generator, *, hidden: bool) -> None:
        async with self._client() as http:
            browser = Browser(http, self.tally, _agent(random) if hidden else CRAWLER, scripts=hidden)
            scripts = Scripts(browser)
            crawl = Crawl(browser, scripts, self._habits, random, self.tally, self._pace, hidden)
            await crawl.run()

    async def _pause(self, random: np.random.Generator) -> None:
        await asyncio.sleep(float(random.exponential(self._habits.away_s)) / self._pace)

    def _browser(self, http: httpx.AsyncClient, random: np.random.Generator) -> Browser:
        return Browser(http, self.tally, _agent(random), scripts=bool(random.random() >= self._habits.without_script))

    def _client(self) -> httpx.AsyncClient:
        """A client of its own for every browser, as cookies are; what it would need for HTTPS is read once for all."""
        return httpx.AsyncClient(
            base_url=self._store,
            timeout=TIMEOUT_S,
            follow_redirects=True,
            trust_env=False,
            verify=self._certificates,
            transport=self._transport,
        )


def _agent(random: np.random.Generator) -> str:
    return AGENTS[int(random.integers(len(AGENTS)))]
