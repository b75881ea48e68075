"""Waiting for what happens behind the scenes: until it is so, not for as long as it once took on some machine."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 100.0
"""After this long it is taken for an error. On an idle machine what is waited for comes within a second or two."""

DELAYS_S = (0.3, 3.0, 30.0)
"""Where one thing must happen while another is delayed: the delays to try in turn, as a machine may be held up."""


def eventually(
    condition: Callable[[], object], what: str, *, pause: Callable[[float], object] = time.sleep, every_s: float = 0.02
) -> None:
    """Return once the condition is true.

    Args:
        what: the condition in words, for the message of the test that fails.
        pause: called with `every_s` between two looks.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {PATIENCE_S:.0f} s: {what}"
        pause(every_s)
