"""When the night's work begins: reconciliation and training of every shop, one fixed hour for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = 3
"""In UTC; the clock process starts the night's jobs then."""


def next_night(now: datetime) -> datetime:
    """The next beginning of the night's work strictly after `now`, in UTC."""
    today = now.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
