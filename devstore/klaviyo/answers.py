"""Simulated shoppers who answer their mails: they open some, click what attracts them, and go on in the store by HTTP.

``python -m devstore.klaviyo.answers --twin ORIGIN --store ORIGIN --tastes FILE`` runs beside the twin. Mail providers'
machines open and click too, as they do in reality, so that whoever counts opens is misled here as there. Every number
is in `Answering`; they describe plausible behaviour, none was chosen so that a target is met, and they are frozen with
the worlds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import numpy as np

from devstore.klaviyo.machines import APPLE_PROXY, SCANNER
from devstore.shoppers.browser import AGENTS, Browser
from devstore.shoppers.catalogue import Catalogue
from devstore.shoppers.habits import HABITS
from devstore.shoppers.mind import Mind
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally
from devstore.shoppers.visit import Visit
from devstore.worlds.taste import Tastes

POLL_S: Final = 1.0
TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answering:
    """Shares are of mails that were sent."""

    opens: float = 0.38
    """A person reads the mail; only then she may click."""
    apple: float = 0.45
    """A provider's proxy fetches the pictures of the mail, read or not."""
    scanner: float = 0.03
    """A company's mail filter follows every link of the mail."""
    unsubscribes: float = 0.004
    """Of those who read it; as for spam."""
    spam: float = 0.0005


ANSWERING: Final = Answering()


@dataclass(slots=True)
class MailVisit(Visit):
    """A visit that begins where a link of a mail leads."""

    landing: str = "/"

    def _entrance(self) -> str:
        return self.landing


class Readers:
    """Everybody who has mail. Each mail is answered once, by the taste of the shopper whom it went to."""

    def __init__(
        self, twin: httpx.AsyncClient, store: httpx.AsyncClient, tastes: Tastes, *, seed: int, pace: float
    ) -> None:
        self._twin, self._store, self._tastes, self._pace = twin, store, tastes, pace
        self._random = np.random.default_rng(seed)
        self._rows = {str(customer): row for row, customer in enumerate(tastes.customers.tolist()) if customer}
        self._seen = 0
        """So many of the twin's mails, in the order in which it made them."""
        self._fresh: deque[dict[str, Any]] = deque()
        self._catalogue = Catalogue()
        self._bought: dict[int, set[int]] = {}
        self.counts: Counter[str] = Counter()
        self.tally = Tally()

    async def answer_all(self) -> int:
        """Answer what has come since the last time; how many mails that were."""
        if not len(self._catalogue):
            self._catalogue = await Catalogue.read(self._store)
        told = await self._get(f"/_dev/mails?after={self._seen}")
        self._seen = told["next"]
        self._fresh.extend(mail for mail in told["mails"] if not mail["skipped"])
        number = len(self._fresh)
        while self._fresh:
            # Taken out first: a mail whose answer failed half-way is not opened again.
            mail = self._fresh.popleft()
            try:
                await self._answer(mail)
            except httpx.HTTPError:
                self.counts["failed"] += 1
        return number

    async def _answer(self, mail: dict[str, Any]) -> None:
        told = await self._get(f"/inbox/{mail['profile']}/{mail['id']}.json")
        letter, habits = told["mail"], ANSWERING
        apple, scanner, person, leaves = self._random.random(4)
        if apple < habits.apple:
            await self._fetch(letter["pixel"], APPLE_PROXY, "machine_opens")
        if scanner < habits.scanner:
            for link in letter["links"]:
                await self._fetch(link["counted"], SCANNER, "bot_clicks")
        row = self._rows.get(str(told["reader"]["customer_id"]))
        if person >= habits.opens:
            return
        await self._fetch(letter["pixel"], AGENTS[0], "opens")
        if leaves < habits.spam + habits.unsubscribes:
            kind = "spam" if leaves < habits.spam else "unsubscribed"
            await self._twin.post(f"{letter['leave']}{'?spam=1' if kind == 'spam' else ''}")
            self.counts[kind] += 1
        elif row is not None:
            await self._read(letter, row, int(self._tastes.customers[row]))

    async def _read(self, letter: dict[str, Any], row: int, customer: int) -> None:
        """Look along the products of the mail; a click is followed into the store."""
        clock = (await self._store.get("/_dev/clock")).raise_for_status().json()
        bought = self._bought.setdefault(row, set())
        mind = Mind(
            self._tastes, row, HABITS, self._random, at=datetime.fromisoformat(clock["now"]), bought=bought
        )  # fmt: skip
        shown = [link for link in letter["links"] if self._product(link["url"]) is not None]
        for place in mind.places(len(shown)):
            product = self._product(shown[place]["url"])
            assert product is not None
            if mind.clicks(product, ()):
                landing = await self._fetch(shown[place]["counted"], AGENTS[0], "clicks")
                if landing:
                    await self._visit(landing, mind, customer, bought)
                return

    async def _visit(self, landing: str, mind: Mind, customer: int, bought: set[int]) -> None:
        async with httpx.AsyncClient(
            base_url=self._store.base_url, timeout=TIMEOUT_S, follow_redirects=True, trust_env=False
        ) as http:
            browser = Browser(http, self.tally, AGENTS[0])
            parts = urlsplit(landing)
            visit = MailVisit(
                browser=browser,
                scripts=Scripts(browser),
                mind=mind,
                catalogue=self._catalogue,
                habits=HABITS,
                random=self._random,
                tally=self.tally,
                pace=self._pace,
                customer=customer,
                landing=f"{parts.path}?{parts.query}",
            )
            await visit.run()
        self.counts["visits"] += 1
        self.counts["orders"] += bool(visit.bought)
        bought.update(visit.bought)

    def _product(self, url: str) -> int | None:
        path = urlsplit(url).path
        return self._catalogue.id(path.rpartition("/products/")[2]) if "/products/" in path else None

    async def _fetch(self, path: str, agent: str, counted: str) -> str:
        """Fetch as a mail program does, without going on; where it would lead."""
        answer = await self._twin.get(path, headers={"User-Agent": agent})
        self.counts[counted] += 1
        return str(answer.headers.get("Location", ""))

    async def _get(self, path: str) -> Any:
        return (await self._twin.get(path)).raise_for_status().json()


async def _run(args: argparse.Namespace) -> None:
    tastes = Tastes.load(args.tastes)
    async with (
        httpx.AsyncClient(base_url=args.twin, timeout=TIMEOUT_S, trust_env=False) as twin,
        httpx.AsyncClient(base_url=args.store, timeout=TIMEOUT_S, trust_env=False) as store,
    ):
        readers = Readers(twin, store, tastes, seed=args.seed, pace=args.pace)
        while True:
            try:
                answered = await readers.answer_all()
            except httpx.HTTPError as error:
                if args.once:
                    raise
                print(f"devstore.klaviyo.answers: {type(error).__name__}, trying again", file=sys.stderr, flush=True)
                answered = 0
            if answered:
                print(", ".join(f"{number} {what}" for what, number in sorted(readers.counts.items())), flush=True)
            if args.once:
                return
            await asyncio.sleep(POLL_S)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="devstore.klaviyo.answers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--twin", required=True, help="the origin of the Klaviyo twin")
    parser.add_argument("--store", required=True, help="the origin of the store")
    parser.add_argument("--tastes", type=Path, required=True, help="what the devstore wrote with --tastes")
    parser.add_argument("--pace", type=float, default=1.0, help="2 makes everybody twice as fast")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--once", action="store_true", help="answer what is there, and end")
    try:
        asyncio.run(_run(parser.parse_args(arguments)))
    except KeyboardInterrupt:
        pass
    except (OSError, KeyError, ValueError, httpx.HTTPError) as error:
        sys.exit(f"devstore.klaviyo.answers: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
