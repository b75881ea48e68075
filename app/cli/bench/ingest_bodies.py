"""What the benchmark's browsers send: bodies of one or three events as theme and pixel make them, all of them good."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import orjson

from app.adapters.redis.event_stream import add_command
from app.adapters.redis.round_trip import Command
from app.cli.bench.stand import DOMAIN, PRODUCTS
from app.core.events import parse
from app.core.ids import ShopId

PATH = "/collect"
KEY = "the-bench-shops-key-0x"
BODIES = 400
CONSENT = {"analytics": True, "preferences": True, "marketing": False}
KINDS = ("product_view", "exposure", "click", "page_view", "add_to_cart", "search")
USER_AGENT = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
    "Safari/537.36"
)


def an_event(chance: random.Random, **facts: Any) -> dict[str, Any]:
    """One event of a consenting visitor; every second visitor is also known to the pixel."""
    product = str(chance.randint(1, PRODUCTS))
    kind = facts.pop("type", None) or chance.choice(KINDS)
    by_kind: dict[str, dict[str, Any]] = {
        "product_view": {"product_id": product, "variant_id": f"{product}1"},
        "add_to_cart": {"product_id": product, "variant_id": f"{product}1", "quantity": 1},
        "page_view": {"path": f"/products/recycled-glass-carafe-{product}"},
        "search": {"query": f"glass carafe {product}"},
    }
    of_a_card = {
        "placement": "product",
        "rail": "bought_together",
        "product_id": product,
        "request_id": f"{chance.getrandbits(64):016x}",
        "position": chance.randint(0, 7),
    }
    event = {
        "id": f"sh-{chance.getrandbits(128):032x}",
        "type": kind,
        "age_ms": chance.randint(0, 2000),
        "consent": CONSENT,
        "visitor": f"{chance.getrandbits(128):032x}",
        **by_kind.get(kind, of_a_card),
        **facts,
    }
    if chance.random() < 0.5:
        event["client_id"] = f"{chance.getrandbits(128):032x}"
    return event


def body(events: list[dict[str, Any]]) -> bytes:
    """The body of one post."""
    return orjson.dumps({"key": KEY, "shop": DOMAIN, "events": events})


def request(content: bytes) -> bytes:
    """The whole request, as a browser's keep-alive fetch from the pixel's sandbox sends it."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bench.example.com\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n"
        f"Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\nOrigin: null\r\n"
        f"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def requests(events_each: int) -> list[str]:
    """Different posts of so many events each."""
    chance = random.Random(events_each)  # noqa: S311 - a seeded load, no secret
    return [request(body([an_event(chance) for _ in range(events_each)])).decode() for _ in range(BODIES)]


def an_entry() -> Command:
    """The command that puts one such event into the stream."""
    event = parse(an_event(random.Random(1), type="product_view"), now=datetime.now(UTC))  # noqa: S311
    return add_command(ShopId(1), event)
