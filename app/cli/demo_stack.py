"""The demo's parts: its secrets and addresses, its processes, and the stages up to READY."""

from __future__ import annotations

import base64
import fcntl
import re
import secrets
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import httpx

from app.adapters.embedded.postgres import OWNER
from app.cli import migrations
from app.cli.demo_inbox import FirstMails
from app.cli.demo_klaviyo import KlaviyoOwner
from app.cli.demo_shoppers import DemoShoppers
from app.cli.processes import Processes
from app.config import load
from app.core.experiments.types import HOLD_OUT_SHARE
from app.core.ids import CustomerId, ShopDomain
from app.core.shops import Shop
from app.core.syncs import RECORDS, RunState
from app.errors import Permanent
from app.ports import ModelRecord
from app.services.preview_shopper import customer_due
from app.wiring.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
SHOP_DOMAIN = ShopDomain("attune-demo.myshopify.com")
OWNER_USER = 1
START_TIMEOUT_S = 120.0
WORK_TIMEOUT_S = 900.0
POLL_S = 0.25
SHOPPERS, READERS = "shoppers", "mail-readers"
ENOUGH_VISITS = 3

# The Procfile's processes, apart from the web one; `tests/test_docs.py` holds the two lists together.
WORKERS = {
    "worker": "rq worker-pool default --num-workers 2 --serializer json --config workers.settings",
    "importer": "rq worker-pool imports --num-workers 2 --serializer json --config workers.settings",
    "trainer": "rq worker training --worker-class rq.SpawnWorker --serializer json --config workers.settings",
    "stream": "python -m workers.stream",
    "clock": "python -m workers.schedule",
}
WEB = "gunicorn --config gunicorn.conf.py app.web.wsgi:app"

Say = Callable[[str], None]
Stage = Callable[[Say], str | None]


class DemoStack:
    """Everything that `attune demo` runs.

    Args:
        folder: the demo's own directory; emptied at the start.
        world: what the devstore is asked to build.
        port: the app's port; the devstore listens on the next one, its Klaviyo account on the one after.
        shoppers: how many simulated shoppers come and go from the last stage on.
        first_mails: whether a few people sign up and order, and a day passes, so that inboxes hold something.
        hold_out_percent: how many of their visitors see the store without Attune.

    Raises:
        Permanent: this is no checkout, a port is taken, or another demo of this user is running.
    """

    def __init__(
        self,
        folder: Path,
        *,
        world: str,
        port: int,
        shoppers: int = 0,
        first_mails: bool = False,
        hold_out_percent: float = 100 * HOLD_OUT_SHARE,
    ) -> None:
        if not (ROOT / "devstore").is_dir():
            raise Permanent("the demo needs a checkout of Attune, with its simulated store; run `make demo` there")
        for taken in (port, port + 1, port + 2):
            _port_is_free(taken)
        self._lock = _only_one(folder.with_suffix(".lock"))
        self._folder = folder
        self._world = world
        self._first_mails = first_mails
        self.shoppers = DemoShoppers(folder, shoppers)
        self.app_url = f"http://127.0.0.1:{port}"
        self.store_url = f"http://127.0.0.1:{port + 1}"
        self.klaviyo_url = f"http://127.0.0.1:{port + 2}"
        self._port = port
        self._hold_out_percent = hold_out_percent
        self._env = self._environment()
        self._http = httpx.Client(timeout=30.0)
        self.processes = Processes(folder / "logs", self._env)
        self.wiring = Worker(load(self._env))
        self.due: CustomerId | None = None
        """Somebody whom the home page shows what they need again, once they are signed in and agree to cookies."""

    @property
    def env_file(self) -> Path:
        return self._folder / "env"

    def stages(self) -> Iterator[tuple[str, Stage]]:
        yield "PostgreSQL and Redis", self._services
        yield "Migrations", self._migrate
        yield f"Store ({Path(self._world).name})", self._devstore
        yield "App and workers", self._workers
        yield "Install", self._install
        yield "Klaviyo (a private key of the twin, as the owner)", self._klaviyo
        yield "Import of the store's data", self._backfill
        yield "Consent (the form, as the owner)", self._consent
        yield "Training and exam", self._train
        yield "Lists into the store", self._lists
        yield "Mails (switched on as the owner)", self._mails
        yield "A product page with its rail", self._rail
        if self._first_mails:
            yield "First mails (people over HTTP)", self._inboxes
        if self.shoppers.number:
            yield f"{self.shoppers.number} simulated shoppers", self._crowd

    def addresses(self) -> dict[str, str]:
        return {
            "Storefront": f"{self.store_url}/",
            "A rail": f"{self.store_url}/products/{self.shown_handle}",
            **({"Buy again": f"{self.store_url}/account/login?customer_id={self.due}"} if self.due else {}),
            "Shopify admin": f"{self.store_url}/admin/apps/attune",
            "Inboxes": f"{self.klaviyo_url}/inbox",
            "Logs": str(self._folder / "logs"),
        }

    def admin_page(self, path: str) -> str:
        """One of the app's pages as the owner sees it in the Shopify admin.

        Raises:
            Permanent: the page did not come; the message quotes the web process's log.
        """
        page = self._get(f"{self.app_url}{path}", params=self._admin_query())
        if not page.is_success:
            raise Permanent(f"{path} answered {page.status_code}: {page.text[:500]}\n{self.processes.tail('web')}")
        return page.text

    def stop(self) -> None:
        """The shoppers first: what they find broken while everything goes down is no finding."""
        for name in (READERS, SHOPPERS):
            self.processes.end(name)
        self.processes.stop()
        self.wiring.close()
        self._http.close()
        self._lock.close()

    # -- the stages --------------------------------------------------------------------------------------------------

    def _services(self, _say: Say) -> str:
        shutil.rmtree(self._folder, ignore_errors=True)  # Worlds start over each time, so must what was learnt.
        (self._folder / "logs").mkdir(parents=True)
        self.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in self._env.items()))
        self.env_file.chmod(0o600)
        self.wiring.embedded_postgres.start()
        self.wiring.embedded_redis.start()
        return "embedded"

    def _migrate(self, _say: Say) -> None:
        migrations.upgrade(self.wiring.embedded_postgres.url(OWNER))

    def _devstore(self, _say: Say) -> str:
        arguments = ["--world", self._world, "--port", str(self._port + 1), "--app-url", self.app_url]
        arguments += ["--klaviyo-port", str(self._port + 2)]
        files = ["--app-toml", str(ROOT / "shopify.app.toml"), "--extensions", str(ROOT / "extensions")]
        files += self.shoppers.store_arguments
        self.processes.start(
            "devstore", [sys.executable, "-m", "devstore", *arguments, *files, "--shop-domain", SHOP_DOMAIN]
        )
        self._wait("devstore", lambda: self._get(f"{self.store_url}/_dev/state").is_success, timeout_s=START_TIMEOUT_S)
        counts = self._get(f"{self.store_url}/_dev/state").json()["counts"]
        return ", ".join(f"{number:,} {what}" for what, number in counts.items())

    def _workers(self, _say: Say) -> str:
        self.processes.start("web", [*_command(WEB), "--bind", f"127.0.0.1:{self._port}"])
        for name, line in WORKERS.items():
            self.processes.start(name, _command(line))
        self._wait("web", lambda: self._get(f"{self.app_url}/readyz").is_success, timeout_s=START_TIMEOUT_S)
        return ", ".join(["web", *WORKERS])

    def _install(self, _say: Say) -> str:
        """Open the app from the admin, as the owner does: its first page installs it."""
        self.admin_page("/")
        return SHOP_DOMAIN

    def _klaviyo(self, _say: Say) -> str:
        return self._owner().connect()

    def _mails(self, _say: Say) -> str:
        return self._owner().switch_on()

    def _inboxes(self, say: Say) -> str:
        return FirstMails(self._shop(), self.wiring, self.store_url, self.klaviyo_url, say).come()

    def _owner(self) -> KlaviyoOwner:
        def wait(done: Callable[[], bool]) -> None:
            self._wait("worker", done, timeout_s=WORK_TIMEOUT_S)

        return KlaviyoOwner(self._shop(), self.wiring, self.klaviyo_url, self.store_url, self._submit, wait)

    def _backfill(self, say: Say) -> str:
        shop = self._shop()

        def finished() -> bool:
            runs = {run.resource: run for run in self.wiring.progress.runs(shop.id)}
            say(", ".join(f"{run.resource} {run.share:.0%}" for run in runs.values()))
            for run in runs.values():
                if run.state == RunState.FAILED:
                    raise Permanent(f"the import of {run.resource} failed: {run.error}")
            return all(name in runs and runs[name].state == RunState.DONE for name in RECORDS)

        self._wait("importer", finished, timeout_s=WORK_TIMEOUT_S)
        counts = self.wiring.progress.counts(shop.id)
        return f"{counts.products:,} products, {counts.customers:,} customers, {counts.orders:,} orders"

    def _consent(self, _say: Say) -> str:
        page = self.admin_page("/admin/consent")
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        self._submit("/admin/consent", form)
        return f"granted by the world's owner (user {OWNER_USER})"

    def _train(self, _say: Say) -> str:
        shop = self._shop()
        self._wait("trainer", lambda: self.wiring.models.current(shop.id) is not None, timeout_s=WORK_TIMEOUT_S)
        used = self.wiring.models.in_use(shop.id)
        assert used is not None
        return _exam_in_words(used)

    def _lists(self, say: Say) -> str:
        shop = self._shop()

        def published() -> bool:
            say(f"{self.wiring.progress.counts(shop.id).lists:,} products")
            return not self.wiring.due_work.waits(shop.id, "publish_lists") and bool(
                self.wiring.progress.counts(shop.id).lists
            )

        self._wait("worker", published, timeout_s=WORK_TIMEOUT_S)
        return f"{self.wiring.progress.counts(shop.id).lists:,} products"

    def _rail(self, _say: Say) -> str:
        """Look at the storefront as a shopper without JavaScript: the rail must stand in the page."""
        for card in self.wiring.catalog.cards(self._shop().id):
            page = self._get(f"{self.store_url}/products/{card.handle}") if card.buyable else None
            if page is not None and "<attune-recommendations" in page.text:
                self.shown_handle = card.handle
                self.due = customer_due(self._shop(), self.wiring.previewing)
                return f"/products/{card.handle}"
        raise Permanent("no product page shows a rail; see the logs of worker and trainer")

    def _crowd(self, say: Say) -> str:
        """Let the shoppers in, and wait until the app has taken the first events of theirs.

        Of a few it may take long until one consents: then the first visits are enough.
        """
        self.processes.start(SHOPPERS, self.shoppers.command(self.store_url))
        self.processes.start(READERS, self.shoppers.readers(self.store_url, self.klaviyo_url))

        def busy() -> bool:
            visits = int(self.shoppers.did().get("visits", 0))
            say(f"{visits:,} visits")
            return self.shoppers.events() > 0 or visits >= ENOUGH_VISITS

        self._wait(SHOPPERS, busy, timeout_s=WORK_TIMEOUT_S)
        return f"{self.shoppers.events():,} events taken"

    # -- small things ------------------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        return {
            "SHOPIFY_API_KEY": "attune-demo",
            "SHOPIFY_API_SECRET": secrets.token_hex(16),
            "SHOPIFY_TEST_ORIGIN": self.store_url,
            "KLAVIYO_TEST_ORIGIN": self.klaviyo_url,
            "KLAVIYO_CLIENT_ID": "attune-demo",
            "KLAVIYO_CLIENT_SECRET": secrets.token_hex(16),
            "APP_URL": self.app_url,
            "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HOLD_OUT_PERCENT": f"{self._hold_out_percent:g}",
            # Whoever browses in a demo wants to see at once what a training has learnt from it.
            "CANARY_PERCENT": "0",
            "ATTUNE_DATA_DIR": str(self._folder),
        }

    def _shop(self) -> Shop:
        shop = self.wiring.shops.by_domain(SHOP_DOMAIN)
        if shop is None:
            raise Permanent(f"the install left no shop behind:\n{self.processes.tail('web')}")
        return shop

    def _id_token(self) -> str:
        return str(self._get(f"{self.store_url}/_dev/id-token", params={"user": str(OWNER_USER)}).json()["id_token"])

    def _admin_query(self) -> dict[str, str]:
        host = (
            base64.b64encode(f"admin.shopify.com/store/{SHOP_DOMAIN.partition('.')[0]}".encode()).decode().rstrip("=")
        )
        return {"embedded": "1", "shop": SHOP_DOMAIN, "host": host, "id_token": self._id_token()}

    def _submit(self, path: str, form: Mapping[str, str]) -> None:
        """Send a form of one of the app's pages, as the owner.

        Raises:
            Permanent: the app did not take it.
        """
        answer = self._http.post(
            f"{self.app_url}{path}",
            data=form,
            headers={"Authorization": f"Bearer {self._id_token()}"},
            params={"shop": SHOP_DOMAIN},
        )
        if answer.status_code not in (200, 302, 303):
            raise Permanent(f"{path} answered {answer.status_code}: {answer.text[:500]}")

    def _get(self, url: str, *, params: dict[str, str] | None = None) -> httpx.Response:
        try:
            return self._http.get(url, params=params)
        except httpx.TransportError:
            return httpx.Response(503)

    def _wait(self, process: str, done: Callable[[], bool], *, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            self.processes.check()
            if time.monotonic() > deadline:
                raise Permanent(f"{process} was not done in {timeout_s:.0f} s:\n{self.processes.tail(process)}")
            time.sleep(POLL_S)


def _exam_in_words(record: ModelRecord) -> str:
    """What was published, and the exam's figure beside the floor's."""
    exam = record.metrics["exam"]
    figures = f"HR@10 {exam['item_item']['hr@10']:.3f}, trending {exam['trending']['hr@10']:.3f}"
    return f"{record.strategy.replace('_', '-')} ({figures} on {exam['questions']:,} orders)"


def _command(line: str) -> list[str]:
    """A Procfile's line for this interpreter, whatever stands in the PATH."""
    program, *arguments = shlex.split(line)
    scripts = {"python": [sys.executable], "rq": [sys.executable, "-m", "rq.cli"]}
    return [*scripts.get(program, [sys.executable, "-m", program]), *arguments]


def _only_one(lock: Path) -> IO[str]:
    """Hold the lock as long as the returned file is open; the system frees it even when the demo is killed.

    Raises:
        Permanent: another demo of this user is running.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = lock.open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise Permanent(f"another demo is running (it holds {lock}); stop it first, or set ATTUNE_DATA_DIR") from None
    return held


def _port_is_free(port: int) -> None:
    """Raises:
    Permanent: somebody listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Permanent(f"port {port} is taken; choose another with --port") from None
