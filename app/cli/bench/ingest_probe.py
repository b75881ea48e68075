"""How long it takes until what a visitor does changes what the next answer holds, while other visitors send events.

Some threads send single-event posts at a steady rate through the door; another is a new visitor again and again, who
asks for the home rail, looks at a product, and asks until the rail is another one.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlencode

import orjson

from app.cli.bench.ingest_bodies import PATH, USER_AGENT, an_event, body
from app.cli.bench.stand import DOMAIN, PRODUCTS

RATE = 200.0
"""Events a second beside the probes' own."""
SENDERS = 8
"""A post waits for Redis' disk, so one sender alone would not get there."""
GIVE_UP_S = 30.0
POLL_S = 0.002
RAIL = 8
HEADERS = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "null", "User-Agent": USER_AGENT}


def delays_ms(port: int, secret: str, *, seconds: float) -> tuple[list[float], float]:
    """Probe for so long.

    Returns:
        The delay of each probe in ms, sorted; the events a second that were really sent meanwhile.

    Raises:
        TimeoutError: an answer did not change at all.
    """
    ending = threading.Event()
    traffic = [Traffic(port, ending) for _ in range(SENDERS)]
    for sender in traffic:
        sender.start()
    try:
        found = _probe(port, secret, seconds)
    finally:
        ending.set()
        for sender in traffic:
            sender.join()
    return sorted(found), sum(sender.rate for sender in traffic)


class Traffic(threading.Thread):
    """One sender's share of other visitors' events, one a post."""

    def __init__(self, port: int, ending: threading.Event) -> None:
        super().__init__(name="traffic")
        self._port, self._ending = port, ending
        self.rate = 0.0

    def run(self) -> None:
        chance = random.Random(3)  # noqa: S311 - a seeded load, no secret
        bodies = [body([an_event(chance)]) for _ in range(1000)]
        connection = HTTPConnection("127.0.0.1", self._port)
        began, sent = time.perf_counter(), 0
        while not self._ending.is_set():
            post(connection, bodies[sent % len(bodies)])
            sent += 1
            time.sleep(max(0.0, began + sent * SENDERS / RATE - time.perf_counter()))
        self.rate = sent / (time.perf_counter() - began)


def _probe(port: int, secret: str, seconds: float) -> list[float]:
    chance, connection = random.Random(4), HTTPConnection("127.0.0.1", port)  # noqa: S311 - a seeded load
    warm_until = time.perf_counter() + GIVE_UP_S
    while len(_rail(connection, secret, visitor="0" * 32)) < RAIL:
        if time.perf_counter() > warm_until:
            raise TimeoutError(f"the shop was not mapped within {GIVE_UP_S:.0f} s")
        time.sleep(0.1)
    found, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        visitor = secrets.token_hex(16)  # One who was here before has looked at the product already.
        before = _rail(connection, secret, visitor)
        view = {"type": "product_view", "visitor": visitor, "product_id": str(chance.randint(1, PRODUCTS))}
        began = time.perf_counter()
        post(connection, body([an_event(chance, age_ms=0, **view)]))
        while _rail(connection, secret, visitor) == before:
            if time.perf_counter() - began > GIVE_UP_S:
                raise TimeoutError(f"an event has changed nothing for {GIVE_UP_S:.0f} s")
            time.sleep(POLL_S)
        found.append(1000 * (time.perf_counter() - began))
    return found


def post(connection: HTTPConnection, content: bytes) -> None:
    connection.request("POST", PATH, content, HEADERS)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 202:
        raise ConnectionError(f"{PATH} answered {answer.status}: {said[:200]!r}")


def _rail(connection: HTTPConnection, secret: str, visitor: str) -> list[str]:
    """The products of the visitor's home rail."""
    fields = {
        "placement": "home",
        "visitor": visitor,
        "limit": str(RAIL),
        "shop": DOMAIN,
        "path_prefix": "/apps/attune",
        "timestamp": str(int(time.time())),
        "logged_in_customer_id": "",
    }
    message = "".join(f"{name}={value}" for name, value in sorted(fields.items())).encode()
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    connection.request("GET", f"/proxy/v1/recommendations?{urlencode({**fields, 'signature': signature})}")
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise ConnectionError(f"the rail answered {answer.status}: {said[:200]!r}")
    return [item["product_id"] for item in orjson.loads(said)["items"]]
