"""How long it takes until what a customer does brings them into a segment, while other visitors send events.

The rule is “viewed three sofas today”. A probe is a known customer who looks at the third one: the clock runs from the
post through the door until the membership stands in PostgreSQL, where every page and Flow's outbox read it.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import click
import redis
from sqlalchemy import text

from app.cli.bench.ingest import give_key, stream_worker
from app.cli.bench.ingest_bodies import an_event, body
from app.cli.bench.ingest_probe import SENDERS, Traffic, post
from app.cli.bench.result import Target
from app.cli.bench.stand import DOMAIN, Stand, visitor
from app.config import load
from app.core.ids import ShopId
from app.core.segments.parse import rule_of
from app.ports.segments import SegmentId
from app.wiring.web import Web

TARGETS = (Target("live_p99_ms", "<=", 5000.0),)
PEOPLE = 3000
SOFAS = 200
RULE = {"figure": "views", "about": {"kind": "type", "key": "Sofas"}, "days": 0, "least": 3}
GIVE_UP_S = 30.0
POLL_S = 0.002

CUSTOMERS = text("""
    INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out, created_at, updated_at)
    SELECT :shop, n, 0, 0, 'SUBSCRIBED', false, now(), now() FROM generate_series(1, :people) n
""")
NAMES = text("""
    INSERT INTO profile_members (shop_id, kind, id, profile, standing)
    SELECT :shop, 'customer', n::text, 'p' || n, 'own' FROM generate_series(1, :people) n
""")
BROWSERS = text("""
    INSERT INTO profile_members (shop_id, kind, id, profile, standing)
    SELECT :shop, 'visitor', id, 'p' || n, 'own'
    FROM unnest(cast(:visitors AS text[])) WITH ORDINALITY AS given (id, n)
""")
KINDS = text("UPDATE products SET product_type = 'Sofas' WHERE id <= :sofas")
INSIDE = text("SELECT 1 FROM segment_members WHERE segment_id = :segment AND profile = :profile")

Measured = dict[str, float]


def measure_live(*, seconds: float) -> Measured:
    """Probe for so long, on a stand of its own."""
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        stand = Stand(Path(name))
        try:
            stand.open()
            give_key(stand)
            with _wiring(stand) as wiring:
                shop, segment = _fill(wiring)
                port, _ = stand.start("app.web.wsgi:app", core=cores[0] if len(cores) > 1 else None)
                with stream_worker(stand, redis.Redis.from_url(stand.env["REDIS_URL"])):
                    delays, rate = _delays_ms(port, wiring, shop, segment, seconds)
        finally:
            stand.close()
    delays.sort()
    found = {
        "live_p50_ms": statistics.median(delays),
        "live_p99_ms": delays[int(len(delays) * 0.99)],
        "live_probes": float(len(delays)),
        "live_events_s": rate,
    }
    click.echo(
        f"an event brings a customer into a live segment after p50 {found['live_p50_ms']:.0f} ms, "
        f"p99 {found['live_p99_ms']:.0f} ms at {rate:.0f} events/s, {len(delays)} probes"
    )
    return found


@contextmanager
def _wiring(stand: Stand) -> Iterator[Web]:
    wiring = Web(load(stand.env))
    try:
        yield wiring
    finally:
        wiring.close()


def _fill(wiring: Web) -> tuple[ShopId, SegmentId]:
    """Known customers with a browser each, sofas, and the rule."""
    shop = wiring.shops.by_domain(DOMAIN)
    assert shop is not None
    with wiring.database.shop(shop.id) as session:
        session.execute(CUSTOMERS, {"shop": shop.id, "people": PEOPLE})
        session.execute(NAMES, {"shop": shop.id, "people": PEOPLE})
        visitors = [str(visitor(number)) for number in range(PEOPLE)]
        session.execute(BROWSERS, {"shop": shop.id, "visitors": visitors})
        session.execute(KINDS, {"sofas": SOFAS})
    rule = rule_of(RULE)
    return shop.id, wiring.segments.save(
        shop.id, "Three sofas", rule, "viewed three sofas today", at=datetime.now(UTC), by=""
    )


def _delays_ms(port: int, wiring: Web, shop: ShopId, segment: SegmentId, seconds: float) -> tuple[list[float], float]:
    """The delay of each probe in ms, and the events a second that others really sent meanwhile.

    Raises:
        TimeoutError: somebody never came into the segment.
    """
    ending = threading.Event()
    traffic = [Traffic(port, ending) for _ in range(SENDERS)]
    for sender in traffic:
        sender.start()
    found: list[float] = []
    chance, connection = random.Random(7), HTTPConnection("127.0.0.1", port)  # noqa: S311 - a seeded load
    until = time.perf_counter() + seconds
    try:
        for number in range(PEOPLE):
            if time.perf_counter() > until:
                break
            for _ in range(2):
                post(connection, _view(chance, number))
            began = time.perf_counter()
            post(connection, _view(chance, number))
            _await(wiring, shop, segment, f"p{number + 1}", began)
            found.append(1000 * (time.perf_counter() - began))
    finally:
        ending.set()
        for sender in traffic:
            sender.join()
    return found, sum(sender.rate for sender in traffic)


def _view(chance: random.Random, number: int) -> bytes:
    facts = {"visitor": str(visitor(number)), "product_id": str(chance.randint(1, SOFAS)), "age_ms": 0}
    return body([an_event(chance, type="product_view", **facts)])


def _await(wiring: Web, shop: ShopId, segment: SegmentId, profile: str, began: float) -> None:
    """Look until the membership is there, each time in a transaction of its own."""
    while True:
        with wiring.database.shop(shop) as session:
            if session.execute(INSIDE, {"segment": segment, "profile": profile}).first() is not None:
                return
        if time.perf_counter() - began > GIVE_UP_S:
            raise TimeoutError(f"nobody has come into the segment for {GIVE_UP_S:.0f} s")
        time.sleep(POLL_S)
