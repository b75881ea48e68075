"""The erasure of one customer in a shop of millions of events, timed: everything erased, read again, receipt closed.

The lake is drawn by DuckDB, a file a day as the night leaves it, with a customer who came on every third day. What is
measured runs in a process of its own, which erases as a worker does; beside it stands what a rewriting of the whole
lake would have to write.
"""

from __future__ import annotations

import base64
import os
import resource
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import text

from app.adapters.embedded.postgres import APP_ROLE, OWNER, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.adapters.lake.files import ROWS_A_GROUP, LakeFiles
from app.adapters.lake.schema import DECISION_KIND, EVENT_KIND
from app.cli import migrations
from app.cli.bench.result import Target
from app.config import load
from app.core.ids import CustomerId, OrderId, ShopDomain, ShopId, VisitorId
from app.core.shops import ShopState
from app.services.erase_customer import erase_customer
from app.wiring.worker import Worker

EVENTS: Final = 20_000_000
DAYS: Final = 365
EVERY: Final = 3
"""The customer came on every third day."""
THEIRS_A_DAY: Final = 8
EVENTS_A_VISITOR: Final = 40
DECISIONS_SHARE: Final = 0.1
DOMAIN: Final = ShopDomain("bench.myshopify.com")
CUSTOMER, ORDER = CustomerId(7_000_000_001), OrderId(5_000_000_001)
VISITOR, CLIENT = VisitorId("ab" * 16), "bench-client"
TARGETS: Final = [Target("erasure_s", "<=", 60.0), Target("files_rewritten_share", "<=", 0.5), Target("left", "<=", 0)]

_WHOSE: Final = """
    CASE WHEN i < {theirs} THEN '{visitor}' ELSE md5(CAST(hash(i * 7919 + {day} * 104729) % {visitors} AS VARCHAR)) END
"""
_EVENTS: Final = """
    COPY (
        SELECT md5('{day}-' || i) AS event_id,
               CASE WHEN i % 10 = 0 THEN 'click' WHEN i % 3 = 0 THEN 'exposure' ELSE 'product_view' END AS type,
               TIMESTAMPTZ '{date} 00:00:00+00' + to_microseconds(CAST(i * 86400000000 // {rows} AS BIGINT)) AS at,
               {whose} AS visitor,
               CASE WHEN i < {theirs} THEN '{client}' WHEN i % 2 = 0 THEN md5('c' || {whose}) END AS client,
               true AS consent_analytics, true AS consent_preferences, false AS consent_marketing,
               'product' AS placement, 'bought_together' AS rail, CAST(hash(i) % 20000 AS BIGINT) AS product_id,
               CAST(NULL AS BIGINT) AS variant_id, CAST(NULL AS BIGINT) AS collection_id,
               CAST(NULL AS BIGINT) AS order_id, CAST([] AS BIGINT[]) AS products, CAST(NULL AS VARCHAR) AS query,
               '/products/' || hash(i) % 20000 AS path, CAST(NULL AS INTEGER) AS quantity,
               substr(md5('r' || i // 8), 1, 16) AS request_id, CAST(i % 8 AS INTEGER) AS position, false AS ghost
        FROM range({rows}) AS numbers (i)
    ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group})
"""
_DECISIONS: Final = """
    COPY (
        SELECT md5('{day}-d-' || i) AS request_id,
               TIMESTAMPTZ '{date} 00:00:00+00' + to_microseconds(CAST(i * 86400000000 // {rows} AS BIGINT)) AS at,
               'product' AS placement, 'bought_together' AS rail, CAST(hash(i) % 20000 AS BIGINT) AS product_id,
               {whose} AS visitor, 'item_item' AS strategy, '' AS variant, 'v1' AS model_version,
               '[{{"product_id":' || hash(i) % 20000 || ',"position":0,"score":0.5}}]' AS items,
               CAST(NULL AS VARCHAR) AS unit, 'ours' AS show, CAST(0 AS INTEGER) AS failed
        FROM range({rows}) AS numbers (i)
    ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group})
"""
_SHOP_ROWS: Final = (
    "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key) VALUES (:shop, '', 'EUR', 'UTC', '')",
    "INSERT INTO customers (shop_id, id, contact, email_hash, orders_count, amount_spent, email_marketing, opted_out, "
    "tags) VALUES (:shop, :customer, :contact, :hash, 1, 100, 'SUBSCRIBED', false, '{}')",
    "INSERT INTO orders (shop_id, id, name, customer_id, contact, email_hash, currency, total, discounts, refunded, "
    "discount_codes, source_name, test, created_at, updated_at) VALUES (:shop, :order, '#1', :customer, :contact, "
    ":hash, 'EUR', 100, 0, 0, '{}', 'web', false, :at, :at)",
    "INSERT INTO visitor_orders (shop_id, order_id, visitor, client, at) "
    "VALUES (:shop, :order, :visitor, :client, :at)",
)


def measure(events: int = EVENTS) -> dict[str, float]:
    """Build the shop, erase its customer; seconds, files and bytes by name.

    Args:
        events: how many the lake holds; a tenth as many decisions stand beside them.
    """
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres, redis = EmbeddedPostgres(folder, durable=True), EmbeddedRedis(folder)
        postgres.start()
        redis.start()
        try:
            migrations.upgrade(postgres.url(OWNER))
            env = _environment(postgres.url(APP_ROLE), redis.url, folder)
            shop = _shop(env)
            began = time.monotonic()
            _draw(LakeFiles.at(load(env).lake_url), shop, events)
            built = {"build_s": time.monotonic() - began}
            ours, theirs = get_context("spawn").Pipe()
            child = get_context("spawn").Process(target=_erase, args=(env, int(shop), theirs))
            child.start()
            theirs.close()
            measured: dict[str, float] = ours.recv()
            child.join()
            return {"events": float(events), **built, **measured}
        finally:
            redis.stop()
            postgres.stop()


def _environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ATTUNE_DATA_DIR": str(folder),
        "SHOPIFY_API_KEY": "bench",
        "SHOPIFY_API_SECRET": secrets.token_hex(16),
        "APP_URL": "https://bench.example.com",
        "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def _shop(env: dict[str, str]) -> ShopId:
    """A shop with the one customer who matters, whose browser stands behind an order."""
    wiring = Worker(load(env))
    try:
        shop = wiring.shops.put(DOMAIN, ShopState.INSTALLED).id
        email = "bench@example.com"
        row = {
            "shop": shop,
            "customer": CUSTOMER,
            "order": ORDER,
            "visitor": VISITOR,
            "client": CLIENT,
            "hash": wiring.sealer.email_hash(shop, email),
            "contact": wiring.sealer.seal(shop, "customers.contact", b'{"email": "%s"}' % email.encode()),
            "at": datetime.now(UTC),
        }
        with wiring.database.shop(shop) as session:
            for statement in _SHOP_ROWS:
                session.execute(text(statement), row)
    finally:
        wiring.close()
    return shop


def _draw(files: LakeFiles, shop: ShopId, events: int) -> None:
    """A file a day and kind, rows in the order of time, the customer's among them on every third day."""
    last = datetime.now(UTC).date() - timedelta(days=3)
    rows = max(events // DAYS, THEIRS_A_DAY)
    with duckdb.connect(config={"threads": os.cpu_count() or 2, "memory_limit": "1GB"}) as engine:
        for day in range(DAYS):
            date = last - timedelta(days=day)
            theirs = THEIRS_A_DAY if day % EVERY == 0 else 0
            for kind, statement, number in (
                (EVENT_KIND, _EVENTS, rows),
                (DECISION_KIND, _DECISIONS, max(int(rows * DECISIONS_SHARE), THEIRS_A_DAY)),
            ):
                folder = Path(files.day_folder(shop, kind, date))
                folder.mkdir(parents=True)
                visitors = max(events // EVENTS_A_VISITOR, 1)
                whose = _WHOSE.format(theirs=theirs, visitor=VISITOR, day=day, visitors=visitors)
                known = {"day": day, "date": date, "rows": number, "theirs": theirs, "client": CLIENT, "whose": whose}
                path = folder / f"part-{secrets.token_hex(16)}.parquet"
                engine.execute(statement.format(**known, path=path, group=ROWS_A_GROUP))


def _erase(env: dict[str, str], number: int, answer: Connection) -> None:
    """The measured process."""
    shop, wiring = ShopId(number), Worker(load(env))
    before = _files(wiring, shop)
    began = time.monotonic()
    said = erase_customer(shop, CUSTOMER, request_id="bench", ports=wiring.erasing_customer)
    seconds = time.monotonic() - began
    after = _files(wiring, shop)
    rewritten = [path for path in before if after.get(path) != before[path]]
    answer.send(
        {
            "erasure_s": seconds,
            "records_erased": float(said["lake"]["records"]),
            "left": float(sum(place.get("left", 0) for place in said.values())),
            "files": float(len(before)),
            "files_rewritten": float(len(rewritten)),
            "files_rewritten_share": len(rewritten) / len(before),
            "lake_mb": sum(size for size, _ in before.values()) / 1e6,
            "rewritten_mb": sum(before[path][0] for path in rewritten) / 1e6,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
    answer.close()
    wiring.close()


def _files(wiring: Worker, shop: ShopId) -> dict[str, tuple[int, int]]:
    """Size and moment of writing of every file of the lake."""
    parts = [part for kind in (EVENT_KIND, DECISION_KIND) for part in wiring.lake_files.parts(shop, kind)]
    return {part.path: (part.size, Path(part.path).stat().st_mtime_ns) for part in parts}
