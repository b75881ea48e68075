"""A crowd: so many shoppers in the store at a time, each coming, leaving and coming again, and some bots among them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
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
    ) -> None:
        self._store, self._tastes, self._size = store, tastes, size
        self._pace, self._most_visits, self._habits = pace, most_visits, habits
        self._seeds = np.random.SeedSequence(seed)
        self._began, self._now = monotonic(), datetime.now(UTC)
        self._catalogue = Catalogue()
        self.tally = Tally()

    async def run(self, *, report: Callable[[Tally], None], stop: asyncio.Event) -> None:
        """Until `stop` is set or all visits are made; `report` is called about once a second.

        Raises:
            httpx.HTTPError: the store does not answer at the start.
        """
        async with self._client() as http:
            self._catalogue = await Catalogue.read(http)
            clock = (await http.get("/_dev/clock")).raise_for_status().json()
        self._began, self._now = monotonic(), datetime.fromisoformat(clock["now"])
        tasks = [asyncio.create_task(self._live(np.random.default_rng(seed))) for seed in self._seeds.spawn(self._size)]
        try:
            while not stop.is_set() and not all(task.done() for task in tasks):
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), TICK_S)
                report(self.tally)
                for task in tasks:
                    if task.done():
                        task.result()  # A mistake of ours ends the program; those of the store are counted.
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            report(self.tally)

    def _at(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._began)

    def _over(self) -> bool:
        return self._most_visits is not None and self.tally.visits >= self._most_visits

    async def _live(self, random: np.random.Generator) -> None:
        """One place in the crowd: a bot for ever, or one person after the other."""
        chance, habits = random.random(), self._habits
        await asyncio.sleep(float(random.random()) * habits.away_s / self._pace)
        while not self._over():
            if chance < habits.declared_bots + habits.hidden_bots:
                await self._crawl(random, hidden=chance >= habits.declared_bots)
                await self._pause(random)
            else:
                await self._somebody(random)

    async def _somebody(self, random: np.random.Generator) -> None:
        """One person's visits, until another takes her place."""
        async with AsyncExitStack() as kept:
            devices = 2 if random.random() < self._habits.second_device else 1
            browsers = [self._browser(await kept.enter_async_context(self._client()), random) for _ in range(devices)]
            person = Person(self._tastes.draw_visitor(random, self._at()), browsers)
            while not self._over():
                await self._visit(person, random)
                await self._pause(random)
                if random.random() >= SAME_PERSON:
                    return

    async def _visit(self, person: Person, random: np.random.Generator) -> None:
        second = len(person.browsers) > 1 and random.random() < self._habits.on_second
        browser = person.browsers[1 if second else 0]
        customer = int(self._tastes.customers[person.row])
        signs_in = customer > 0 and random.random() < self._habits.sign_in
        visit = Visit(
            browser=browser,
            scripts=Scripts(browser),
            mind=Mind(self._tastes, person.row, self._habits, random, at=self._at()),
            catalogue=self._catalogue,
            habits=self._habits,
            random=random,
            tally=self.tally,
            pace=self._pace,
            customer=customer if signs_in else None,
            email=f"shopper{person.row}@visitors.example",
        )
        await visit.run()

    async def _crawl(self, random: np.random.Generator, *, hidden: bool) -> None:
        async with self._client() as http:
            browser = Browser(http, self.tally, _agent(random) if hidden else CRAWLER, scripts=hidden)
            scripts = Scripts(browser)
            crawl = Crawl(browser, scripts, self._catalogue, self._habits, random, self.tally, self._pace, hidden)
            await crawl.run()

    async def _pause(self, random: np.random.Generator) -> None:
        await asyncio.sleep(float(random.exponential(self._habits.away_s)) / self._pace)

    def _browser(self, http: httpx.AsyncClient, random: np.random.Generator) -> Browser:
        return Browser(http, self.tally, _agent(random), scripts=bool(random.random() >= self._habits.without_script))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._store, timeout=TIMEOUT_S, follow_redirects=True, trust_env=False)


def _agent(random: np.random.Generator) -> str:
    return AGENTS[int(random.integers(len(AGENTS)))]
