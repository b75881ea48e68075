"""What went wrong lately in any template, for the log and for tests."""

from __future__ import annotations

import html
import logging
from collections import deque

log = logging.getLogger(__name__)

liquid_errors: deque[str] = deque(maxlen=200)
"""Tests assert that it stays empty."""


def report(message: str) -> str:
    """Log an error and return what the shopper sees of it."""
    log.error(message)
    liquid_errors.append(message)
    return html.escape(message)
