"""Processes that end as if by kill -9, many of them: each is forked from one that has already imported the house.

A new interpreter for each would spend a second on imports. What forks is a process without threads, not pytest's own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping

from tests.patience import PATIENCE_S

_FORKS = multiprocessing.get_context("forkserver")
# Not the trainers: their libraries start threads, which a fork does not survive.
_FORKS.set_forkserver_preload(["__main__", "app.wiring.worker"])


def dies(job: Callable[..., object], *arguments: object, env: Mapping[str, str]) -> bool:
    """Run the job in a process of its own, with `env` on top of the environment; whether SIGKILL was its end."""
    process = _FORKS.Process(target=_run, args=(job, arguments, dict(env)))
    process.start()
    try:
        process.join(PATIENCE_S)
        return process.exitcode == -signal.SIGKILL
    finally:
        process.kill()
        process.join()
        process.close()


def _run(job: Callable[..., object], arguments: tuple[object, ...], env: dict[str, str]) -> None:
    os.environ.update(env)
    job(*arguments)
