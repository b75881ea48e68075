"""The wiring of workers and of the command line: everything, the heavy libraries included."""

from __future__ import annotations

import os
from functools import lru_cache

from app import config
from app.wiring.common import Common


class Worker(Common):
    """Everything that jobs and commands need."""


@lru_cache(maxsize=1)
def worker(_pid: int | None = None) -> Worker:
    """This process's wiring, built from the environment at the first call; a forked child builds its own."""
    return Worker(config.load())


def current() -> Worker:
    """The wiring of the running process."""
    return worker(os.getpid())
