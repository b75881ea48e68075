"""The part of `attune bench serve` about product feeds: how long Klaviyo waits for one, or to hear that it knows it.

The shop has as many categories as cohorts tell apart, so their feed has all the lists that it can have. Feeds are asked
for one after the other, as Klaviyo does, from the same web process that serves recommendations.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

import click

from app.cli.bench.result import Target
from app.cli.bench.stand import DOMAIN, PRODUCTS, Stand
from app.config import load
from app.core.email.feeds import MOST_BYTES, Good, count_of, documents
from app.core.email.products import MailItem
from app.core.ids import ProductId
from app.services.prepare_feeds import address
from app.wiring.web import Web

ROUNDS: Final = 100
CATEGORIES: Final = 220
LIMIT_MS: Final = 200.0
TARGETS: Final = [Target("feed_p99_ms", "<=", LIMIT_MS), Target("feed_known_p99_ms", "<=", LIMIT_MS)]


def measure(stand: Stand, port: int) -> dict[str, float]:
    """Milliseconds of the 99th percentile over all feeds, in full and where the ETag is known, and the largest's bytes.

    Args:
        port: of the web process.
    """
    paths, largest = _prepare(stand)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    tags = {path: _asked(connection, path)[1] for path in paths}
    full = [_asked(connection, path)[0] for _ in range(ROUNDS) for path in paths]
    known = [_asked(connection, path, tags[path])[0] for _ in range(ROUNDS) for path in paths]
    connection.close()
    return {"feed_p99_ms": _p99(full), "feed_known_p99_ms": _p99(known), "feed_largest_bytes": float(largest)}


def show(measures: dict[str, float]) -> None:
    click.echo(
        f"feeds of up to {measures['feed_largest_bytes'] / 1e6:.2f} MB (Klaviyo takes {MOST_BYTES / 1e6:.1f}): p99 "
        f"{measures['feed_p99_ms']:.1f} ms, {measures['feed_known_p99_ms']:.1f} ms where the ETag is known "
        f"(limit {LIMIT_MS:.0f} ms)"
    )


def goods() -> list[Good]:
    """The stand's products, each in three of many categories."""
    now = datetime.now(UTC)
    return [
        Good(
            item=MailItem(
                ProductId(number),
                title=f"Recycled glass carafe No. {number}",
                url=f"https://{DOMAIN}/products/recycled-glass-carafe-{number}",
                image=f"https://cdn.shopify.com/s/files/1/0000/0001/products/carafe-{number}.jpg?v=1700000000",
                price="€19.00 EUR",
                reason="",
            ),
            categories=frozenset(f"category-{(number * step) % CATEGORIES}" for step in (1, 7, 31)),
            since=now,
            sold=1 / number,
            sold_lately=number % 5,
        )
        for number in range(1, PRODUCTS + 1)
    ]


def _prepare(stand: Stand) -> tuple[list[str], int]:
    """Where the feeds are answered, and the bytes of the largest."""
    wiring, made, now = Web(load(stand.env)), documents(goods()), datetime.now(UTC)
    try:
        shop = wiring.shops.by_domain(DOMAIN)
        assert shop is not None
        secret = wiring.feed_keys.renew(shop.id, at=now)
        for name, body in made.items():
            wiring.feeds.put(shop.id, name, body, items=count_of(body), at=now)
        paths = [urlsplit(address(wiring.settings.app_url, secret, name)).path for name in made]
    finally:
        wiring.close()
    return paths, max(map(len, made.values()))


def _asked(connection: HTTPConnection, path: str, tag: str = "") -> tuple[float, str]:
    """Milliseconds until the whole answer was there, and its ETag."""
    began = time.perf_counter()
    connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
    answer = connection.getresponse()
    answer.read()
    if answer.status != (304 if tag else 200):
        raise click.ClickException(f"a feed was answered with {answer.status}")
    return 1000 * (time.perf_counter() - began), str(answer.headers["ETag"])


def _p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]
