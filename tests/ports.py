"""Ports for servers that a test starts a moment later.

A port that the system hands out may be any program's again before the test's own server listens on it, so these lie
below the range from which systems take the ports of outgoing connections.
"""

from __future__ import annotations

import itertools
import random
import socket

_FIRST, _LAST = 20_000, 32_000
# Shuffled anew in every process: test runs beside each other hardly ever try the same one.
_CANDIDATES = itertools.cycle(random.SystemRandom().sample(range(_FIRST, _LAST, 2), (_LAST - _FIRST) // 2))


def free_port() -> int:
    """A port of the loopback interface that nobody uses, and whose successor nobody uses either."""
    return next(port for port in _CANDIDATES if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
