"""One browser: cookies, what its storage keeps, and requests that look like a person's or a crawler's.

What a page's scripts would do after consent (ask the app proxy, report events) is `devstore.shoppers.scripts`; here is
only what every browser does.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from devstore.shoppers.page import Page, read
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


@dataclass(slots=True)
class Browser:
    """`consent` is None until the banner was answered; `visitor` and `clicked` are the theme script's storage."""

    http: httpx.AsyncClient
    tally: Tally
    agent: str
    consent: bool | None = None
    scripts: bool = True
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    visitor: str | None = None
    clicked: dict[str, str] = field(default_factory=dict)
    """Product id → ``request:position`` of the card that was clicked, carried into the cart."""

    async def open(self, path: str) -> Page:
        """Fetch a page as an address typed in or a link followed."""
        answer = await self._ask("GET", path, headers={"Accept": "text/html"})
        self.tally.pages += 1
        if answer is None:
            return Page(path, 599)
        return read(answer.text, str(answer.url.raw_path, "ascii"), answer.status_code)

    async def part(self, path: str) -> Page:
        """Fetch a part of a page, as a script does."""
        answer = await self._ask("GET", path, headers={"Accept": "*/*"})
        return Page(path, 599) if answer is None else read(answer.text, path, answer.status_code)

    async def json(self, method: str, path: str, **kwargs: Any) -> Any:
        """Ask for JSON; None when the answer is no success."""
        answer = await self._ask(method, path, headers={"Accept": "application/json"}, **kwargs)
        return answer.json() if answer is not None and answer.is_success else None

    async def submit(self, path: str, form: Mapping[str, str]) -> Page:
        """Send a form, and follow where it leads."""
        answer = await self._ask("POST", path, data=dict(form), headers={"Accept": "text/html"})
        return Page(path, 599) if answer is None else read(answer.text, str(answer.url.path), answer.status_code)

    def answer_banner(self, *, accept: bool) -> None:
        """Choose on the consent banner; from then on scripts may keep a visitor id."""
        self.consent = accept
        self.visitor = secrets.token_hex(16) if accept and self.scripts else None

    async def _ask(self, method: str, path: str, *, headers: Mapping[str, str], **kwargs: Any) -> httpx.Response | None:
        try:
            answer = await self.http.request(method, path, headers={**headers, "User-Agent": self.agent}, **kwargs)
        except httpx.HTTPError as error:
            self.tally.problem(f"{method} {path}: {type(error).__name__}")
            return None
        if answer.status_code >= 500:
            self.tally.problem(f"{method} {path}: {answer.status_code}")
        return answer
