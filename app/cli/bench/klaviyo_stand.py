"""The stand of `attune bench klaviyo`: embedded services, the Klaviyo twin in a process of its own, and the workers'.

The twin keeps Klaviyo's real quotas. Times and memory of processes are read from /proc: the bench runs on Linux.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import httpx
import orjson
import psycopg

from app.adapters.embedded.postgres import APP_ROLE, OWNER, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.cli import migrations
from app.config import load
from app.core.ids import ShopDomain
from app.wiring.worker import Worker

ROOT: Final = Path(__file__).resolve().parents[3]
DOMAIN: Final = ShopDomain("bench.myshopify.com")
KEY: Final = "pk_" + "b" * 34
IMPORTS: Final = "/api/profile-bulk-import-jobs"
NOW: Final = datetime(2026, 6, 15, 3, tzinfo=UTC)
LONGEST_S: Final = 120.0
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
SAMPLED_S: Final = 0.05


class Still:
    """A clock that stands at `NOW`."""

    def now(self) -> datetime:
        return NOW


def open_worker(task: Mapping[str, Any]) -> Worker:
    """The workers' wiring over the stand's services, as a measured process has it."""
    wiring = Worker(
        load(
            {
                "DATABASE_URL": task["url"],
                "REDIS_URL": task["redis"],
                "LAKE_URL": f"file://{task['folder']}/lake",
                "ATTUNE_DATA_DIR": task["folder"],
                "SHOPIFY_API_KEY": "bench",
                "SHOPIFY_API_SECRET": "bench",
                "APP_URL": "https://attune.example.com",
                "ENCRYPTION_KEYS": base64.b64encode(b"b" * 32).decode(),
                "KLAVIYO_TEST_ORIGIN": task["twin"],
            }
        )
    )
    wiring.__dict__["clock"] = Still()
    return wiring


class Twin:
    """The twin as a program; its `/_dev` routes are asked."""

    def __init__(self, process: subprocess.Popen[str], origin: str) -> None:
        self._process, self.origin = process, origin
        self._control = httpx.Client(base_url=f"{origin}/_dev", timeout=LONGEST_S)

    def ask(self, path: str) -> Any:
        return self._control.get(path).raise_for_status().json()

    def lines(self, path: str) -> Iterator[Any]:
        """What a long answer says, line by line."""
        with self._control.stream("GET", path) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                yield orjson.loads(line)

    def tell(self, path: str, **body: Any) -> None:
        self._control.post(path, json=body).raise_for_status()

    def forget_requests(self) -> None:
        self._control.delete("/requests").raise_for_status()

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        self._control.close()
        with self._process as process:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Stand:
    """What runs; `task` tells a process of ours where."""

    postgres: EmbeddedPostgres
    twin: Twin
    task: dict[str, Any]


@contextmanager
def opened(folder: Path) -> Iterator[Stand]:
    """Services with the app's tables, and an empty Klaviyo account."""
    if not (ROOT / "devstore").is_dir():
        raise click.ClickException("the Klaviyo twin comes with the source tree only; run this there")
    with tempfile.TemporaryDirectory(prefix="services-", dir=folder, ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o755)
        with ExitStack() as open_ones:
            postgres, redis = EmbeddedPostgres(Path(data)), EmbeddedRedis(Path(data))
            open_ones.callback(postgres.stop)
            postgres.start()
            open_ones.callback(redis.stop)
            redis.start()
            twin = _twin()
            open_ones.callback(twin.close)
            migrations.upgrade(postgres.url(OWNER))
            addresses = {"url": postgres.url(APP_ROLE), "redis": redis.url, "twin": twin.origin}
            yield Stand(postgres, twin, {**addresses, "folder": str(folder)})


def _twin() -> Twin:
    port = _free_port()
    command = [sys.executable, "-m", "devstore.klaviyo", "--port", str(port), "--private-key", KEY]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("READY "):
            return Twin(process, line.split()[1])
    raise click.ClickException("the Klaviyo twin did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def analyze(stand: Stand) -> None:
    """What autovacuum does within a minute of so many new rows; only the tables' owner may."""
    with psycopg.connect(stand.postgres.url(OWNER), autocommit=True) as connection:
        connection.execute("ANALYZE")


@dataclass(frozen=True, slots=True)
class Child:
    """A process of ours that has been told its task; `errors` holds what it says on standard error."""

    module: str
    process: subprocess.Popen[bytes]
    errors: Path

    @classmethod
    def start(cls, module: str, task: Mapping[str, Any]) -> Child:
        errors = Path(task["folder"]) / f"{module}.log"
        with errors.open("wb") as log:
            command = [sys.executable, "-m", module]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        assert process.stdin is not None
        process.stdin.write(orjson.dumps(task))
        process.stdin.close()
        return cls(module, process, errors)

    def begun(self) -> None:
        """Wait for its first line."""
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def answer(self) -> dict[str, Any]:
        """The last line that it writes on standard output.

        Raises:
            ClickException: it failed.
        """
        with self.process as process:
            assert process.stdout is not None
            said = process.stdout.read()
        if process.returncode != 0:
            raise click.ClickException(f"{self.module} failed:\n{self.errors.read_text()[-2000:]}")
        found: dict[str, Any] = orjson.loads(said.splitlines()[-1])
        return found

    def kill(self) -> bool:
        """End it with SIGKILL; False where it had ended by itself."""
        with self.process as process:
            alive = process.poll() is None
            process.kill()
        return alive


def cpu_seconds(pid: int) -> float:
    """User and system time so far of a process, all threads, and of its children, those that have ended too."""
    own = _times(pid)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (sum(own) + sum(sum(_times(int(child))[:2]) for child in children)) * TICK_S


def _times(pid: int) -> list[int]:
    """User and system time in ticks, of the process and of its children that have ended; zeros for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0] * 4
    return list(map(int, fields[11:15]))


def cores_busy_s() -> float:
    """For how long the machine's cores have worked so far, whoever for."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8])
    return (user + nice + system + sum(interrupts)) * TICK_S


def peak_mib(pid: int | str) -> float:
    """The most memory that the process has had resident: of its own program, whatever started it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


class Watch:
    """Looks every 50 ms whether a process, or one that serves it, has anything to do but wait; `found` is (when, busy).

    A thread that wants a core counts as busy whether or not it got one; one that waits for a disk does not.
    """

    def __init__(self, worker: int, server: int) -> None:
        self._worker, self._server = worker, server
        self._ended = threading.Event()
        self.found: list[tuple[float, bool]] = []
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(SAMPLED_S):
            self.found.append((time.time(), self._is_busy()))

    def _is_busy(self) -> bool:
        try:
            children = Path(f"/proc/{self._server}/task/{self._server}/children").read_text().split()
        except OSError:
            children = []
        return any(_runs(pid) for pid in (str(self._worker), *children))


def _runs(pid: str) -> bool:
    """Whether a thread of the process runs, or waits for nothing but a core."""
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            if (thread / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                return True
    except OSError:
        pass
    return False
