"""The measured process of `attune bench sync`: the importer as workers run it, over HTTP, and nothing else.

Reads its task as JSON from standard input and writes what it measured to standard output.
"""

from __future__ import annotations

import resource
import secrets
import sys
import time
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import orjson

from app.adapters.clock import WallClock
from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.importer import DbImporter
from app.adapters.db.shops import DbShops
from app.adapters.db.sync_runs import DbSyncRuns
from app.adapters.shopify.lines import lines
from app.core.ids import ShopDomain, ShopId
from app.core.shops import ShopState
from app.core.syncs import Reason, Resource

DOMAIN = ShopDomain("bench.myshopify.com")
PROFILE = "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key) VALUES (%s, '', 'GBP', 'UTC', '')"
PRODUCTS = """
    INSERT INTO products (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card, image_url)
    SELECT %s, 8000000000 + n, 'product-' || n, '', '', '', 'ACTIVE', true, false, ''
    FROM generate_series(0, %s - 1) n
"""


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    ours, theirs = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=_serve, args=(task["file"], theirs), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/{Path(task['file']).name}"
    try:
        with closing(Database(task["url"])) as database:
            measured = _measure(database, url, task)
    finally:
        server.terminate()
    sys.stdout.buffer.write(orjson.dumps(measured))


def _measure(database: Database, url: str, task: dict[str, Any]) -> dict[str, float]:
    shop = DbShops(database).put(DOMAIN, ShopState.INSTALLED).id
    _prepare(database, shop, task["products"])
    runs, importer = DbSyncRuns(database), DbImporter(database, Sealer([secrets.token_bytes(32)]), WallClock())
    runs.request(shop, [Resource.ORDERS], Reason.COMMAND, at=WallClock().now())
    (run,) = runs.unfinished(shop)
    cpu, began = time.process_time(), time.perf_counter()
    with httpx.Client() as http:
        file = lines(http, url, offset=0, sleep=time.sleep)
        imported = importer.load(shop, run, file, progress=lambda _: None)
    measured = {
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "problems": float(imported.problems),
    }
    with database.copy(shop) as connection:
        for table in ("orders", "order_lines"):
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own constants
            measured[table] = float(row[0]) if row else 0.0
    return measured


def _prepare(database: Database, shop: ShopId, products: int) -> None:
    """The shop's currency and products, and proof that the server is a fair one."""
    with database.copy(shop) as connection:
        connection.execute(PROFILE, [shop])
        connection.execute(PRODUCTS, [shop, products])
        row = connection.execute(
            "SELECT current_setting('fsync'), rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        connection.commit()
    if row != ("on", False, False):
        raise RuntimeError(f"the server is not as in production: fsync, superuser, bypass = {row}")


def _serve(file: str, ready: Connection) -> None:
    """Serve the file's folder on a free port, in a process whose memory is not counted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """One request is all there is."""

    handler = partial(Quiet, directory=str(Path(file).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        ready.send(server.server_port)
        server.serve_forever()


if __name__ == "__main__":
    main()
