"""Child processes of the demo: started with their output in a log file, watched, and ended together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import Permanent

PR_SET_PDEATHSIG = 1
STOP_TIMEOUT_S = 10.0


def _end_with_parent() -> None:
    """Linux: have this child ended when the demo itself is killed, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """The children, by name, in the order in which they were started.

    Args:
        folder: where each child's log goes, as ``NAME.log``.
        env: variables on top of the environment.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = {**os.environ, **env}
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        with self.log(name).open("wb") as log:
            self._children[name] = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  (only prctl is called; the demo has no other threads yet)
            )

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Raise if a child has ended.

        Raises:
            Permanent: with the child's name and the end of its log.
        """
        for name, child in self._children.items():
            if child.poll() is not None:
                raise Permanent(f"{name} ended with code {child.returncode}:\n{self.tail(name)}")

    def tail(self, name: str, characters: int = 2000) -> str:
        """The end of a child's log, and where the whole log is."""
        log = self.log(name)
        text = log.read_text(errors="replace")[-characters:] if log.exists() else ""
        return f"{text}\n(the whole log: {log})"

    def stop(self) -> None:
        """End all children, the last started first; who has not ended in time is killed. All have the same time."""
        children = list(reversed(self._children.values()))
        for child in children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in children:
            _wait_for(child, until=deadline)
        self._children.clear()

    def end(self, name: str) -> None:
        """End one child before the others; nothing where there is none of that name."""
        child = self._children.pop(name, None)
        if child is not None and child.poll() is None:
            child.terminate()
            _wait_for(child, until=time.monotonic() + STOP_TIMEOUT_S)


def _wait_for(child: subprocess.Popen[bytes], *, until: float) -> None:
    try:
        child.wait(timeout=max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
