"""Alice's shop, really installed: a devstore that serves HTTP, and the workers' wiring in front of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest

from app.config import load
from app.wiring.worker import Worker
from devstore import worlds
from devstore.options import Options, read_toml
from devstore.server import create, listen
from tests.conftest import TEST_KEY
from tests.models.store import ROOT, SHOP_DOMAIN, Installed
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.services import TestServices

APP_URL = "http://127.0.0.1:9"
"""Nobody listens there: these tests need no webhooks."""
KEY, SECRET = "test-api-key", base64.b16encode(b"test-api-secret!").decode()


@pytest.fixture
def installed(database_urls: tuple[str, str], services: TestServices, tmp_path: Path) -> Iterator[Installed]:
    """A devstore of its own for every test, the app installed in it, its catalogue imported; no orders, no consent."""
    with installation(database_urls, services, tmp_path) as made:
        yield made


@contextmanager
def installation(database_urls: tuple[str, str], services: TestServices, folder: Path) -> Iterator[Installed]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    options = Options(
        port=port,
        app_url=APP_URL,
        app_toml=read_toml((ROOT / "shopify.app.toml").read_text(), APP_URL),
        extensions=ROOT / "extensions",
        api_key=KEY,
        api_secret=SECRET,
        shop_domain=SHOP_DOMAIN,
        origin=origin,
    )
    app = create(worlds.build("small"), options)
    server = listen(app, port)
    env = {
        "DATABASE_URL": database_urls[0],
        "REDIS_URL": services.redis.url,
        "ATTUNE_DATA_DIR": str(folder),
        "SHOPIFY_API_KEY": KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "SHOPIFY_TEST_ORIGIN": origin,
        "APP_URL": APP_URL,
        "ENCRYPTION_KEYS": TEST_KEY,
        "CANARY_PERCENT": "0",
    }
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    wiring = Worker(load(env))
    try:
        wiring.redis.flushdb()
        token = httpx.get(f"{origin}/_dev/id-token", timeout=PATIENCE_S).json()["id_token"]
        pair = wiring.token_client.exchange(SHOP_DOMAIN, token)
        shop = wiring.installations.install(SHOP_DOMAIN, pair, at=wiring.clock.now())
        made = Installed(wiring, shop, app.extensions["devstore_store"], env)
        made.sync_catalogue()
        yield made
    finally:
        wiring.close()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def trained(installed: Installed) -> Installed:
    """With consent and a history that an item-item model learns from; not trained yet."""
    installed.planted_orders()
    installed.consent()
    return installed
