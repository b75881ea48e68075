"""The log's local times as UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np


class London:
    """Reads naive times as those of a clock in London; the hour that summer time repeats is its first."""

    ZONE = "Europe/London"

    def __init__(self) -> None:
        self._zone = ZoneInfo(self.ZONE)

    def utc(self, column: np.ndarray[Any, Any]) -> list[datetime]:
        return [self.utc_of(moment) for moment in column.astype("datetime64[s]").tolist()]

    def utc_of(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self._zone).astimezone(UTC)
