"""A devstore with the small world, served in this process, and the real app beside it, each on a free port.

`devstore` alone is enough for adapters; `running_app` also serves the web process where the devstore posts its
webhooks; `work` runs what is queued, with the real job functions.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis
from werkzeug.serving import WSGIRequestHandler, make_server

from app import jobs
from app.config import Settings
from app.core.ids import ShopDomain
from app.core.shops import Shop
from app.wiring.web import Web
from app.wiring.worker import Worker, worker
from tests.klaviyo_fixture import at_twin
from tests.patience import PATIENCE_S, eventually
from tests.ports import free_port

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
API_KEY = "test-api-key"
API_SECRET = "test-api-secret-of-more-than-32-characters"


@dataclass(frozen=True)
class DevStore:
    """A running devstore.

    `control` speaks to its ``/_dev`` routes, paths relative to them; `app` is for what stands beside the store.
    """

    origin: str
    shop_domain: ShopDomain
    control: httpx.Client
    app: Flask

    def id_token(self, user: int = 1) -> str:
        """A fresh ID token of a member of the staff."""
        return str(self.get("id-token", user=user)["id_token"])

    def get(self, path: str, **parameters: Any) -> Any:
        return _json(self.control.get(path, params=parameters))

    def post(self, path: str, **body: Any) -> Any:
        return _json(self.control.post(path, json=body))

    def patch(self, path: str, **body: Any) -> Any:
        return _json(self.control.patch(path, json=body))

    def delete(self, path: str) -> Any:
        return _json(self.control.delete(path))

    def flush(self) -> None:
        """Wait until the devstore has delivered every webhook, or given it up."""
        eventually(lambda: self.post("webhooks/flush")["flushed"], "every webhook is delivered or given up")


@dataclass(frozen=True)
class RunningApp:
    """The web process, served in a thread; `http` speaks to it."""

    url: str
    wiring: Web
    http: httpx.Client

    def open(self, devstore: DevStore, path: str = "/") -> httpx.Response:
        """Load an embedded page as the Shopify admin does; the first one installs the app."""
        return self.http.get(httpx.URL(path).copy_merge_params(admin_query(devstore)))


@pytest.fixture
def app_url() -> str:
    """Where the app under test will listen."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def world_name() -> str:
    """Which world the devstore builds; a test that wants another one parametrises this name."""
    return "small"


@pytest.fixture
def devstore(app_url: str, world_name: str) -> Iterator[DevStore]:
    """The world as a store in which the app is not installed yet."""
    with serving_devstore(app_url, world_name) as there:
        yield there


@contextmanager
def serving_devstore(app_url: str, world_name: str) -> Iterator[DevStore]:
    """As the fixture, for as long as the caller likes."""
    from devstore import worlds
    from devstore.options import Options, read_toml
    from devstore.server import create

    world = worlds.build(world_name)
    options = Options(
        port=0,
        app_url=app_url,
        app_toml=read_toml((ROOT / "shopify.app.toml").read_text(), app_url),
        extensions=ROOT / "extensions",
        api_key=API_KEY,
        api_secret=API_SECRET,
        shop_domain=world.shop.domain,
        origin="",
        webhook_retries_s=(0.05, 0.1, 0.2),
    )
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    app = create(world, replace(options, port=port, origin=origin))
    with served(app, origin), httpx.Client(base_url=f"{origin}/_dev", timeout=PATIENCE_S) as control:
        yield DevStore(origin, ShopDomain(options.shop_domain), control, app)


@pytest.fixture
def linked_settings(settings: Settings, devstore: DevStore, app_url: str, request: pytest.FixtureRequest) -> Settings:
    """The tests' settings, pointed at the devstore, and at the Klaviyo twin of a test that has one."""
    if "twin" in request.fixturenames:
        settings = at_twin(settings, request.getfixturevalue("twin"))
    return linked(settings, devstore, app_url)


def linked(settings: Settings, devstore: DevStore, app_url: str) -> Settings:
    """The settings, pointed at the devstore."""
    return replace(
        settings,
        shopify_api_key=API_KEY,
        shopify_api_secret=API_SECRET,
        shopify_test_origin=devstore.origin,
        app_url=app_url,
        clock_url=f"{devstore.origin}/_dev/clock",
    )


@pytest.fixture
def running_app(linked_settings: Settings) -> Iterator[RunningApp]:
    """The real application where the devstore expects it; Redis is emptied first."""
    with serving_app(linked_settings) as there:
        yield there


@contextmanager
def serving_app(settings: Settings) -> Iterator[RunningApp]:
    """As the fixture, for as long as the caller likes."""
    from app.web import create_app

    wiring = Web(settings)
    wiring.redis.flushdb()
    url = settings.app_url
    with served(create_app(wiring), url), httpx.Client(base_url=url, timeout=PATIENCE_S) as http:
        yield RunningApp(url, wiring, http)
    wiring.close()


@pytest.fixture
def worker_wiring(linked_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """The wiring that the job functions get, built from an environment that says the same as `linked_settings`."""
    for name, value in environment(linked_settings).items():
        monkeypatch.setenv(name, value)
    worker.cache_clear()
    wiring = worker(os.getpid())
    yield wiring
    wiring.close()
    worker.cache_clear()


@pytest.fixture
def work(worker_wiring: Worker) -> Callable[[], None]:
    """Run all jobs that are queued, and those that they queue, in this process."""
    from rq import SimpleWorker
    from rq.serializers import JSONSerializer

    def run() -> None:
        connection = redis.Redis.from_url(worker_wiring.redis_url)
        runner = SimpleWorker(list(jobs.QUEUES), connection=connection, serializer=JSONSerializer)
        runner.work(burst=True, logging_level="WARNING")
        connection.close()

    return run


@pytest.fixture
def installed_shop(running_app: RunningApp, devstore: DevStore, worker_wiring: Worker) -> Shop:
    """The devstore's shop, just installed by opening the app; the set-up job has not run yet."""
    answer = running_app.open(devstore)
    assert answer.status_code == 200, answer.text
    shop = running_app.wiring.shops.by_domain(devstore.shop_domain)
    assert shop is not None
    return shop


def admin_query(devstore: DevStore) -> dict[str, str]:
    """The parameters with which the Shopify admin loads an embedded page."""
    handle = devstore.shop_domain.partition(".")[0]
    host = base64.b64encode(f"admin.shopify.com/store/{handle}".encode()).decode().rstrip("=")
    return {"embedded": "1", "shop": devstore.shop_domain, "host": host, "id_token": devstore.id_token()}


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that say the same as the settings."""
    named = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": settings.redis_url,
        "ATTUNE_DATA_DIR": str(settings.data_dir),
        "ARTEFACTS_URL": settings.artefacts_url,
        "LAKE_URL": settings.lake_url,
        "SHOPIFY_API_KEY": settings.shopify_api_key,
        "SHOPIFY_API_SECRET": settings.shopify_api_secret,
        "SHOPIFY_TEST_ORIGIN": settings.shopify_test_origin,
        "KLAVIYO_CLIENT_ID": settings.klaviyo_client_id,
        "KLAVIYO_CLIENT_SECRET": settings.klaviyo_client_secret,
        "KLAVIYO_TEST_ORIGIN": settings.klaviyo_test_origin,
        "APP_URL": settings.app_url,
        "HOLD_OUT_PERCENT": f"{100 * settings.hold_out_share:g}",
        "CANARY_PERCENT": f"{100 * settings.canary_share:g}",
        "CANARY_HOURS": f"{settings.canary_hours:g}",
        "ENCRYPTION_KEYS": ",".join(base64.b64encode(key).decode() for key in settings.encryption_keys),
    }
    return {name: value for name, value in named.items() if value}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests read answers, not logs."""


@contextmanager
def served(app: Flask, url: str) -> Iterator[None]:
    counted = _Counted(app)
    port = int(url.rpartition(":")[2])
    try:
        server = make_server("127.0.0.1", port, counted, threaded=True, request_handler=_Quiet)
    except SystemExit:
        # Werkzeug ends the program when a port is taken, and with it every later test's fixtures would be broken.
        raise OSError(f"port {port} was taken since it was found free") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        # A browser may have asked for something that its test did not wait for; what serves it still uses the wiring.
        eventually(lambda: counted.under_way == 0, "every request that came has been answered")


class _Counted:
    """An application, and how many of its requests are under way."""

    def __init__(self, app: Flask) -> None:
        self._app, self._lock = app, threading.Lock()
        self.under_way = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self._add(1)
        try:
            answer = self._app(environ, start_response)
            try:
                return list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            self._add(-1)

    def _add(self, number: int) -> None:
        with self._lock:
            self.under_way += number


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json()
