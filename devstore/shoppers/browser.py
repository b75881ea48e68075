"""One browser: cookies, what its storage keeps, and requests that look like a person's or a crawler's.

What a page's scripts would do after consent (ask the app proxy, report events) is `devstore.shoppers.scripts`; here is
only what every browser does. Whatever the store answers, or does not, is counted and never an exception.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from devstore.shoppers.page import Answer, Page, answer_of, read
from devstore.shoppers.tally import Tally

AGENTS: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 "
    "Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile "
    "Safari/537.36",
)
CRAWLER: Final = "Mozilla/5.0 (compatible; Examplebot/1.0; +https://bot.example/about)"
EVENTS: Final = "X-Devstore-Events"
"""The header in which the store tells Shopify's own script what a request of a script did to the cart."""
UNREACHED: Final = 599

Event = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Browser:
    """`consent` is None until the banner was answered; `visitor` is what the theme's script then keeps."""

    http: httpx.AsyncClient
    tally: Tally
    agent: str
    consent: bool | None = None
    scripts: bool = True
    visitor: str | None = None
    arms: dict[str, dict[str, str]] | None = None
    """What the theme's script keeps of experiments, by rail; None until it was told."""

    async def open(self, path: str) -> Page:
        """Fetch a page as an address typed in or a link followed."""
        self.tally.pages += 1
        return await self._page("GET", path, headers={"Accept": "text/html"})

    async def submit(self, path: str, form: Mapping[str, str]) -> Page:
        """Send a form, and follow where it leads."""
        self.tally.pages += 1
        return await self._page("POST", path, data=dict(form), headers={"Accept": "text/html"})

    async def part(self, path: str) -> Page:
        """Fetch a part of a page, as a script does."""
        return await self._page("GET", path, headers={"Accept": "*/*"})

    async def frame(self, path: str) -> str | None:
        """Fetch what stands in a frame of the page; None when there is no such thing."""
        headers = {"Accept": "text/html", "Sec-Fetch-Dest": "iframe"}
        answer = await self._ask("GET", path, headers=headers)
        return answer.text if answer is not None and answer.is_success else None

    async def json(self, path: str, *, within_s: float | None = None) -> Any:
        """Ask for JSON; None when the answer is no success, no JSON, or late."""
        answer = await self._in_time(path, within_s)
        return None if answer is None else self._decoded(answer)

    async def cards(self, path: str, *, within_s: float) -> Answer | None:
        """Ask for cards that Shopify renders; None when the answer is no success, or late."""
        answer = await self._in_time(path, within_s)
        return None if answer is None else answer_of(answer.text, path)

    async def send(self, path: str, form: Mapping[str, str]) -> tuple[Any, list[Event]]:
        """Send a form as a script does: the JSON of a success, and what that did to the cart."""
        answer = await self._ask("POST", path, data=dict(form), headers={"Accept": "application/json"})
        if answer is None or not answer.is_success:
            return None, []
        try:
            happened = [(str(name), dict(data)) for name, data in json.loads(answer.headers.get(EVENTS, "[]"))]
        except (TypeError, ValueError):
            happened = []
        return self._decoded(answer), happened

    async def post(self, address: str, body: bytes, *, origin: str) -> int:
        """Send something away without a question; the status, or `UNREACHED`."""
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin}
        answer = await self._ask("POST", address, content=body, headers=headers)
        if answer is not None and 400 <= answer.status_code < 500:
            self.tally.problem(f"POST {address}: {answer.status_code} {answer.text[:200]}")
        return UNREACHED if answer is None else answer.status_code

    @property
    def origin(self) -> str:
        """The store's, as its pages send it."""
        return str(self.http.base_url).rstrip("/")

    def cookie(self, name: str) -> str:
        """What a script reads of one cookie; empty where there is none."""
        return next((one.value or "" for one in self.http.cookies.jar if one.name == name), "")

    def answer_banner(self, *, accept: bool) -> None:
        """Choose on the consent banner."""
        self.consent = accept

    def begin(self) -> None:
        """As the theme's script does after consent: keep a random id, once for all visits."""
        self.visitor = self.visitor or secrets.token_hex(16)

    async def _page(self, method: str, path: str, **kwargs: Any) -> Page:
        answer = await self._ask(method, path, **kwargs)
        if answer is None:
            return Page(path, UNREACHED)
        return read(answer.text, str(answer.url.raw_path, "ascii"), answer.status_code)

    async def _in_time(self, path: str, within_s: float | None) -> httpx.Response | None:
        try:
            async with asyncio.timeout(within_s):
                answer = await self._ask("GET", path, headers={"Accept": "*/*"})
        except TimeoutError:
            self.tally.late += 1
            return None
        return answer if answer is not None and answer.is_success else None

    def _decoded(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            self.tally.problem(f"{answer.request.url.path}: no JSON")
            return None

    async def _ask(self, method: str, path: str, *, headers: Mapping[str, str], **kwargs: Any) -> httpx.Response | None:
        try:
            answer = await self.http.request(method, path, headers={**headers, "User-Agent": self.agent}, **kwargs)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.tally.problem(f"{method} {path.partition('?')[0]}: {type(error).__name__}")
            return None
        if answer.status_code >= 500 or answer.status_code == 429:
            self.tally.problem(f"{method} {path.partition('?')[0]}: {answer.status_code}")
        return answer
