"""From the door to the figures through kills: what `/collect` has accepted is stored, counted and folded, once."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.adapters.redis import keys
from app.adapters.redis.backlog import read_backlog
from app.config import Settings
from app.core.ids import VisitorId
from app.core.shops import Shop
from app.services.roll_up_events import roll_up_events
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.conftest import REPOSITORY
from tests.devstore_fixture import environment
from tests.patience import PATIENCE_S, eventually
from tests.serving.test_collect import batch, key, send

__all__ = ["key"]

EVENTS, POST = 3000, 6
VISITORS = [f"{number:032x}" for number in range(1, 41)]
CONSENT = {"analytics": True, "preferences": True}
HURRIED = """
from app.adapters.redis.consumer import StreamConsumer
from workers import stream

class Hurried(StreamConsumer):
    "Takes over what dead consumers left after a second instead of minutes, and takes less at a time."

    def __init__(self, connection, name, **options):
        super().__init__(connection, name, **{**options, "most": 100, "idle_ms": 1000})

stream.StreamConsumer = Hurried
stream.Stream.__init__.__kwdefaults__["housekeeping_s"] = 0.1
stream.main()
"""


def events() -> list[dict[str, Any]]:
    """Views, exposures and clicks of forty visitors; the pixel reports some with its client id alone, or both."""
    made: list[dict[str, Any]] = []
    kinds = itertools.cycle(["product_view", "exposure", "product_view", "click", "product_view", "page_view"])
    for number, kind in zip(range(EVENTS), kinds, strict=False):
        visitor = VISITORS[number % len(VISITORS)]
        named = {"client_id": f"c-{visitor[-2:]}"} if number % 7 == 0 else {"visitor": visitor}
        if number < len(VISITORS) or number % 11 == 0:
            named = {"visitor": visitor, "client_id": f"c-{visitor[-2:]}"}
        on_a_card = {"placement": "product", "rail": "bought_together", "request_id": "r"}
        of = {"path": "/"} if kind == "page_view" else {"product_id": 1 + number % 97}
        fields = {**of, **(on_a_card if kind in ("exposure", "click") else {})}
        age = 2 * (EVENTS - number)  # So that no two happened at once, whenever they are sent.
        made.append({"id": f"e-{number}", "type": kind, "age_ms": age, "consent": CONSENT, **named, **fields})
    return made


@contextmanager
def running(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", HURRIED], env={**os.environ, **env}, cwd=REPOSITORY)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def groups(connection: redis.Redis) -> dict[str, dict[str, Any]]:
    listed: Any = connection.xinfo_groups(keys.EVENTS) if connection.exists(keys.EVENTS) else []
    return {group["name"].decode(): group for group in listed}


def held(connection: redis.Redis, name: str) -> int:
    """How many entries the consumers of the group have in their hands."""
    return int(groups(connection).get(name, {}).get("pending", 0))


def done(connection: redis.Redis) -> bool:
    """Whether both groups have acknowledged the last entry that was ever put in, and all before it."""
    last: Any = connection.xinfo_stream(keys.EVENTS)["last-generated-id"]
    readers = groups(connection).values()
    return all(group["last-delivered-id"] == last and group["pending"] == 0 for group in readers)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


def test_two_kills_in_the_middle_lose_nothing_and_double_nothing(
    app: Flask, wiring: Web, worker: Worker, key: str, shop: Shop, live_redis: redis.Redis
) -> None:
    sent = events()
    env = {**environment(worker.settings), "PYTHONPATH": str(REPOSITORY)}
    halfway = threading.Event()
    failures: list[str] = []

    def post(client: FlaskClient) -> None:
        for start in range(0, len(sent), POST):
            part = sent[start : start + POST]
            for _ in range(2 if start % 60 == 0 else 1):  # A browser that got no answer sends again.
                answer = send(client, batch(key, *part), content_type="text/plain")
                if answer.status_code != 202:
                    failures.append(answer.text)
            if start >= len(sent) // 2:
                halfway.set()

    posting = threading.Thread(target=post, args=(app.test_client(),))
    posting.start()
    for group in (keys.LAKE_GROUP, keys.LIVE_GROUP):
        with running(env) as process:
            eventually(partial(held, live_redis, group), "a batch is in a consumer's hand", every_s=0.001)
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
        halfway.wait(PATIENCE_S)
    with running(env) as process:
        posting.join()
        assert failures == []
        eventually(lambda: done(live_redis), "both readers are done with everything")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0

    assert read_backlog(live_redis).dead == 0
    rows = worker.lake.read(shop.id, date.min, date.max, lambda found: found.to_table(columns=["event_id"]).to_pylist())
    assert {row["event_id"] for row in rows} == {event["id"] for event in sent}
    roll_up_events(shop, worker.rolling_up)
    with worker.database.shop(shop.id) as session:
        counts = session.execute(text("SELECT type, sum(count) FROM event_counts GROUP BY type")).all()
        clicks = session.execute(text("SELECT count(*) FROM clicks")).scalar_one()
    assert dict(tuple(row) for row in counts) == Counter(event["type"] for event in sent)
    assert clicks == sum(event["type"] == "click" for event in sent)
    for visitor in VISITORS:
        state = wiring.live_state.read(shop.id, VisitorId(visitor), list_of=None)
        assert list(state.viewed) == newest(sent, visitor, "product_view")
        assert list(state.clicked) == newest(sent, visitor, "click")


def newest(sent: list[dict[str, Any]], visitor: str, kind: str) -> list[int]:
    """The last twenty products of that kind, the newest first."""
    names = ({"visitor": visitor}, {"client_id": f"c-{visitor[-2:]}"})
    theirs = [
        event["product_id"]
        for event in reversed(sent)
        if event["type"] == kind and any(event.get(name) == id for each in names for name, id in each.items())
    ]
    return list(dict.fromkeys(theirs))[:20]
