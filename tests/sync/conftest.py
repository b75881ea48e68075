"""A devstore that serves the small world, a sink for its webhooks, and the wiring of an app just installed in it."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
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
from tests.services import TestServices
from tests.sync.store import ROOT, SHOP_DOMAIN, Installed, Sink

KEY, SECRET = "test-api-key", base64.b16encode(b"test-api-secret!").decode()


@pytest.fixture
def level2() -> bool:
    """Whether Shopify has approved the app for personal fields."""
    return True


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as opened:
        yield opened


@pytest.fixture
def installed(
    database_urls: tuple[str, str], services: TestServices, tmp_path: Path, level2: bool, sink: Sink
) -> Iterator[Installed]:
    """Installed, nothing imported yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    origin = f"http://127.0.0.1:{port}"
    options = Options(
        port=port,
        app_url=sink.origin,
        app_toml=read_toml((ROOT / "shopify.app.toml").read_text(), sink.origin),
        extensions=ROOT / "extensions",
        api_key=KEY,
        api_secret=SECRET,
        shop_domain=SHOP_DOMAIN,
        origin=origin,
        level2=level2,
    )
    app = create(worlds.build("small"), options)
    store = app.extensions["devstore_store"]
    server = listen(app, port)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    env = {
        "DATABASE_URL": database_urls[0],
        "REDIS_URL": services.redis.url,
        "ATTUNE_DATA_DIR": str(tmp_path),
        "SHOPIFY_API_KEY": KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "SHOPIFY_TEST_ORIGIN": origin,
        "APP_URL": sink.origin,
        "ENCRYPTION_KEYS": TEST_KEY,
    }
    wiring = Worker(load(env))
    try:
        wiring.redis.flushdb()
        token = httpx.get(f"{origin}/_dev/id-token").json()["id_token"]
        pair = wiring.token_client.exchange(SHOP_DOMAIN, token)
        shop = wiring.installations.install(SHOP_DOMAIN, pair, at=wiring.clock.now())
        info = store.world.shop
        wiring.installations.describe(shop.id, name=info.name, currency=info.currency, timezone=info.timezone)
        yield Installed(wiring, shop, store, origin, env, sink)
    finally:
        wiring.close()
        server.shutdown()
        server.server_close()
