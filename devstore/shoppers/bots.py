"""Crawlers and scrapers: many pages in little time, nothing bought.

Those that declare themselves run no scripts and answer no banner. The hidden ones drive a real browser: they allow
everything, and look at no card, so only their haste tells them from people.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from devstore.shoppers.browser import Browser
from devstore.shoppers.habits import Habits
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally


@dataclass(slots=True)
class Crawl:
    """One run of a bot over the store; `hidden` ones run the page's scripts."""

    browser: Browser
    scripts: Scripts
    habits: Habits
    random: np.random.Generator
    tally: Tally
    pace: float
    hidden: bool

    async def run(self) -> None:
        """Fetch pages, following whatever links there are."""
        self.tally.bots += 1
        path = "/"
        if self.hidden:
            self.browser.answer_banner(accept=True)
        for _ in range(self.habits.bot_pages):
            page = await self.browser.open(path)
            if self.hidden:
                await self.scripts.load(page)
                await self.scripts.flush()
            cards = [f"/products/{card.handle}" for row in page.rows for card in row.cards]
            options = cards or page.links or ["/"]
            path = options[int(self.random.integers(len(options)))]
            await asyncio.sleep(self.habits.bot_pause_s / self.pace)
