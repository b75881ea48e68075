"""What the two embedded servers share: a directory of their own, a free port, and waiting until they answer."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import Permanent

START_TIMEOUT_S = 30.0


def wheel_folder(package: str) -> Path:
    """Where an installed wheel lies, found without importing it (its import may have side effects).

    Raises:
        Permanent: the package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise Permanent(
            f"{package} is not installed; run `make setup`, or set DATABASE_URL and REDIS_URL to own servers"
        )
    return Path(spec.origin).parent


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], *, what: str, alive: Callable[[], bool], log: Path) -> None:
    """Poll `ready` until it says yes.

    Raises:
        Permanent: the server ended or did not answer in time; the message quotes the end of its log.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready():
        if not alive() or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            raise Permanent(f"the embedded {what} did not start:\n{tail}")
        time.sleep(0.02)


def unprivileged_user() -> pwd.struct_passwd | None:
    """The account that PostgreSQL runs under when we are root, which it refuses; None when we are not."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def readable_by_others(folder: Path) -> bool:
    """Whether an unprivileged account can enter `folder`, all its parents included."""
    enter = stat.S_IXOTH | stat.S_IROTH
    if folder.stat().st_mode & enter != enter:
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process after the other look whether a server runs in `folder`, and start it if not."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def own_directory(path: Path, user: pwd.struct_passwd | None) -> Path:
    """Make `path` with mode 700, given to `user`; its parents become passable for that user if they are ours."""
    path.mkdir(parents=True, exist_ok=True, mode=0o755)
    path.chmod(0o700)
    if user is not None:
        shutil.chown(path, user.pw_uid, user.pw_gid)
    return path
