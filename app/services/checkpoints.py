"""Checkpoints: the names of the moments between two steps at which a service may be killed without harm.

In production nothing happens there; the kill tests pass a function that ends the process with SIGKILL at one of them,
run the service again, and compare what is left with a run that was never killed.
"""

from __future__ import annotations

from collections.abc import Callable

Checkpoint = Callable[[str], None]


def carry_on(_name: str) -> None:
    """What a checkpoint does in production."""
