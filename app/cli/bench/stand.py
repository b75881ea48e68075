"""The stand of `attune bench serve`: embedded PostgreSQL and Redis, a synthetic shop, and web servers on one core."""

from __future__ import annotations

import base64
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from alembic import command as alembic_command
from alembic.config import Config
from sqlalchemy import text

from app.adapters.embedded.postgres import APP_ROLE, OWNER, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.adapters.redis import keys
from app.adapters.redis.customers import written
from app.adapters.redis.live_state import KEPT
from app.config import load
from app.core.events import Event, EventType
from app.core.experiments.assign import Experiments
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Show,
    Status,
    Treatment,
    Unit,
)
from app.core.ids import ModelVersion, ProductId, ShopDomain, ShopId, VisitorId
from app.core.recommend.blended import NO_BLENDS, Blends
from app.core.recommend.factors import FoldIn
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.scoring import ItemModel
from app.core.recommend.tasks import Task
from app.core.recommend.types import Rail, Strategy
from app.core.shops import ShopState
from app.errors import Permanent
from app.ports import Change, ModelRecord
from app.wiring.web import Web

ROOT = Path(__file__).resolve().parents[3]
DOMAIN = ShopDomain("bench.myshopify.com")
PRODUCTS = 1500
NEIGHBOURS = 24
FACTORS = 64
KNOWN_SHOPPERS = 400
INTERACTIONS, SHOPPERS = 16_000, 1500
"""What the blends learn from."""
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

CATALOGUE = text("""
    INSERT INTO products (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card, image_url)
    SELECT :shop, n, 'recycled-glass-carafe-' || n, 'Recycled glass carafe No. ' || n, '', '', 'ACTIVE', true, false,
           'https://cdn.shopify.com/s/files/1/0000/0001/products/carafe-' || n || '.jpg?v=1700000000'
    FROM generate_series(1, :products) n
""")
VARIANTS = text("""
    INSERT INTO variants (shop_id, id, product_id, title, sku, price, quantity, tracked, oversell, position)
    SELECT :shop, n * 10 + v, n, '', '', 1900, CASE WHEN n % 20 = 0 THEN 0 ELSE 25 END, true, false, v
    FROM generate_series(1, :products) n, generate_series(1, 2) v
""")


EXPERIMENTS = (
    Experiment(
        ExperimentId(0),
        "Hold-out",
        Kind.HOLD_OUT,
        Status.RUNNING,
        "hold-out",
        "hold-out",
        (Arm(CONTROL, "Without Attune", 1, Treatment(show=Show.EMPTY)), Arm(ArmKey("attune"), "With Attune", 1)),
        tuple(Rail),
        traffic=0.1,
    ),
    Experiment(
        ExperimentId(0),
        "Weight of what sells",
        Kind.AB,
        Status.RUNNING,
        "rankings",
        "weight",
        (Arm(CONTROL, "As now", 1), Arm(ArmKey("trend"), "Half", 1, Treatment(trend=0.5))),
        (Rail.FOR_YOU,),
    ),
    Experiment(
        ExperimentId(0),
        "Which neighbours",
        Kind.AB,
        Status.RUNNING,
        "neighbours",
        "neighbours",
        (Arm(CONTROL, "As now", 1), Arm(ArmKey("viewed"), "Viewed", 1, Treatment(strategy=Strategy.CO_VIEW))),
        (Rail.BOUGHT_TOGETHER, Rail.GOES_WELL),
    ),
)
"""A shop in the middle of trying things: every rail is touched by two of the three."""


class Stand:
    """Services and a shop of 1,500 products, one in twenty sold out, with a model that feeds every rail."""

    def __init__(self, folder: Path, *, ranked: bool = False) -> None:
        self._ranked = ranked
        self._postgres = EmbeddedPostgres(folder)
        self._redis = EmbeddedRedis(folder)
        self._folder = folder
        self._servers: list[subprocess.Popen[bytes]] = []
        self.secret = secrets.token_hex(16)
        self.env: dict[str, str] = {}

    def open(self) -> None:
        self._postgres.start()
        self._redis.start()
        options = Config(str(ROOT / "alembic.ini"))
        options.set_main_option("script_location", str(ROOT / "migrations"))
        options.set_main_option("sqlalchemy.url", self._postgres.url(OWNER).replace("%", "%%"))
        alembic_command.upgrade(options, "head")
        settings = {
            "DATABASE_URL": self._postgres.url(APP_ROLE),
            "REDIS_URL": self._redis.url,
            "ATTUNE_DATA_DIR": str(self._folder),
            "SHOPIFY_API_KEY": "bench",
            "SHOPIFY_API_SECRET": self.secret,
            "APP_URL": "https://bench.example.com",
            "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        self.env = {**inherited, **settings}
        wiring = Web(load(self.env))
        try:
            fill(wiring, ranked=self._ranked)
        finally:
            wiring.close()

    def start(self, application: str, *, core: int | None, extra: dict[str, str] | None = None) -> tuple[int, int]:
        """Run a WSGI application under gunicorn, one worker pinned to `core`; returns its port and the worker's pid."""
        port = _free_port()
        options = [
            "-c",
            str(ROOT / "gunicorn.conf.py"),
            "-w",
            "1",
            "-b",
            f"127.0.0.1:{port}",
            "--access-logfile",
            "/dev/null",
        ]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "--disable-redirect-access-to-syslog", application],
            env={**self.env, **(extra or {})},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "gunicorn.log").open("ab"),
        )
        self._servers.append(server)
        if core is not None:
            os.sched_setaffinity(server.pid, {core})
        return port, self._worker_of(server, port)

    def close(self) -> None:
        for server in self._servers:
            server.terminate()
        for server in self._servers:
            server.wait(timeout=30)
        self._redis.stop()
        self._postgres.stop()

    def _worker_of(self, server: subprocess.Popen[bytes], port: int) -> int:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
                if children:
                    return int(children[0])
            except OSError:
                pass
            time.sleep(0.05)
        raise Permanent(f"gunicorn did not start:\n{(self._folder / 'gunicorn.log').read_text()[-2000:]}")


def fill(wiring: Web, *, ranked: bool = False) -> None:
    """Write the shop, its catalogue and its model.

    Args:
        ranked: the home rail is ranked by blends, not by factors.
    """
    shop = wiring.shops.put(DOMAIN, ShopState.INSTALLED).id
    with wiring.database.shop(shop) as session:
        session.execute(CATALOGUE, {"shop": shop, "products": PRODUCTS})
        session.execute(VARIANTS, {"shop": shop, "products": PRODUCTS})
    _publish(wiring, shop, ranked=ranked)
    _remember(wiring, shop)
    for one in EXPERIMENTS:
        wiring.experiments.add(shop, one, Change(datetime.now(UTC), "the stand", "Started."))


def page_of(rail: Rail, visitor: VisitorId) -> str:
    """The variant by which a browser that has asked for its arms paints the rail, as pages send it."""
    # The register numbers them from 1 in this order.
    running = [replace(one, id=ExperimentId(number)) for number, one in enumerate(EXPERIMENTS, start=1)]
    return Experiments.of(running).painted(Unit(visitor))[rail].variant


def visitor(number: int) -> VisitorId:
    """The browser of the shopper of this number, who is also customer `number` + 1."""
    return VisitorId(f"{number:032x}")


def _remember(wiring: Web, shop: ShopId) -> None:
    """Live state as full as it gets: each known shopper looked at, clicked, carted and bought twenty products."""
    chance = np.random.default_rng(2)
    at = datetime.now(UTC)
    consent = {"analytics": True, "preferences": True, "marketing": False}
    for number in range(KNOWN_SHOPPERS):
        events = [
            Event(f"{number}-{type}-{product}", type, at, visitor(number), None, consent, product_id=ProductId(product))
            for type in (EventType.PRODUCT_VIEW, EventType.CLICK, EventType.ADD_TO_CART)
            for product in chance.integers(1, PRODUCTS + 1, KEPT).tolist()
        ]
        wiring.live_state.fold(shop, events)
        bought = [tuple(map(ProductId, chance.integers(1, PRODUCTS + 1, 4).tolist())) for _ in range(KEPT // 4)]
        day = int(at.timestamp() // 86_400)
        orders = [PastOrder(day - 20 * place, products) for place, products in enumerate(bought)]
        wiring.redis.rpush(keys.customer(shop, number + 1), *map(written, orders))


def _publish(wiring: Web, shop: ShopId, *, ranked: bool) -> None:
    random = np.random.default_rng(1)
    model = ItemModel(
        ModelVersion("bench"),
        Strategy.ITEM_ITEM,
        np.arange(1, PRODUCTS + 1, dtype=np.int64),
        _table(random),
        random.random(PRODUCTS).astype(np.float32),
        viewed=_table(random),
        complementing=_table(random),
        groups=random.integers(0, 30, PRODUCTS).astype(np.int32),
        factors=random.normal(0.0, 0.1, (PRODUCTS, FACTORS)).astype(np.float32),
        fold_in=FoldIn(regularization=0.1, alpha=20.0),
        rails=frozenset(Rail),
        for_you=Strategy.RANKED if ranked else Strategy.ALS,
        blends=_blends() if ranked else NO_BLENDS,
    )
    at = datetime.now(UTC)
    wiring.artefacts.write(shop, model.version, model.arrays(), model.meta())
    wiring.models.record(shop, ModelRecord(model.version, "training", "item_item", at, 0, PRODUCTS, {}, ""))
    wiring.models.publish(shop, model.version, at=at)


def _blends() -> Blends:
    """Learnt from a small shop of as many products, as a training would."""
    from app.cli.bench.train_shop import draw
    from app.core.recommend.models import blending
    from app.core.recommend.models.ranked import purchases_of

    material = draw(INTERACTIONS, products=PRODUCTS, shoppers=SHOPPERS)
    items = np.arange(1, PRODUCTS + 1, dtype=np.int64)
    bought = replace(purchases_of(material.orders), items=items)
    visits = replace(material.visits, items=items) if material.visits is not None else bought
    return Blends(
        bought=blending.fit(bought, Task.TIME, facts=material.facts),
        visit=blending.fit(visits, Task.SESSION, facts=material.facts),
    )


def _table(random: np.random.Generator) -> Neighbours:
    neighbours = np.zeros((PRODUCTS, NEIGHBOURS), dtype=NEIGHBOUR)
    neighbours["index"] = np.argsort(random.random((PRODUCTS, PRODUCTS)), axis=1)[:, :NEIGHBOURS]
    neighbours["score"] = -np.sort(-random.random((PRODUCTS, NEIGHBOURS)), axis=1)
    return neighbours


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
