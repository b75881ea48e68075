"""Web feeds as Klaviyo fetches and keeps them: refreshed every 15 minutes, small, quick, and without redirects.

A refresh that fails leaves the last good content in use for three days; without any, mails that use the feed are not
sent. https://help.klaviyo.com/hc/en-us/articles/115005258768
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from devstore.klaviyo.links import addresses
from devstore.klaviyo.state import Account

FRESH: Final = timedelta(minutes=15)
USABLE: Final = timedelta(days=3)
MOST_BYTES: Final = 3_300_000
MOST_S: Final = 5.0


class FeedUnusable(Exception):
    """The feed has no content that may be used; the mail cannot be sent."""


@dataclass(slots=True)
class Kept:
    """What is kept of one feed."""

    url: str
    tried: datetime
    fetched: datetime | None = None
    content: Any = None
    problem: str = ""
    fetches: int = 0


class FeedCache:
    """The feeds of an account, fetched where a mail asks for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}

    def content(self, name: str, url: str, now: datetime) -> Any:
        """The feed as parsed JSON.

        Raises:
            FeedUnusable: it could never be fetched, or not for three days.
        """
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept.url != url:
                kept = self._kept[name] = Kept(url, now)
                self._fetch(kept, now)
            elif now - kept.tried >= FRESH:
                self._fetch(kept, now)
            if kept.fetched is None or now - kept.fetched > USABLE:
                raise FeedUnusable(f"Skipped: Web Feed Unavailable ({name}: {kept.problem})")
            return kept.content

    def status(self, name: str) -> Kept | None:
        return self._kept.get(name)

    @staticmethod
    def _fetch(kept: Kept, now: datetime) -> None:
        kept.tried, kept.fetches = now, kept.fetches + 1
        try:
            kept.content = _get(kept.url)
            kept.fetched, kept.problem = now, ""
        except (httpx.HTTPError, ValueError) as error:
            kept.problem = f"{type(error).__name__}: {error}"[:200]


class Feeds(Mapping[str, Any]):
    """`feeds` as templates see it: each is fetched when it is named, and what addresses it holds is added to `used`."""

    def __init__(self, account: Account, cache: FeedCache, used: set[str]) -> None:
        self._account, self._cache, self._used = account, cache, used
        self._named = {feed.name: feed for feed in account.web_feeds.values()}

    def __getitem__(self, name: str) -> Any:
        feed = self._named[name]
        try:
            content = self._cache.content(name, feed.url, self._account.now())
        except FeedUnusable:
            feed.status = "disabled"
            raise
        feed.status = "ok"
        self._used.update(addresses(content))
        return content

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


def _get(url: str) -> Any:
    """One fetch, within the time and size that Klaviyo grants."""
    begun, body = time.monotonic(), bytearray()
    with httpx.stream("GET", url, timeout=MOST_S, follow_redirects=False, trust_env=False) as answer:
        if answer.status_code != 200:
            raise ValueError(f"it answered {answer.status_code}")
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES} bytes")
            if time.monotonic() - begun > MOST_S:
                raise ValueError(f"it took longer than {MOST_S:g} s")
    return json.loads(bytes(body))
