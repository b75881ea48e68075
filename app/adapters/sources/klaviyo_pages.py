"""Pages of Klaviyo's events API as a delivery, in the shape in which files of them are taken in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from app.adapters.sources import json_rows
from app.core.sources.values import DayOrder
from app.ports.sources import BadRow, RawRow
from app.ports.work import Json


class KlaviyoPages:
    """Implements `app.ports.SourceFile`. The events' ids are its content: what Klaviyo says of a profile may change."""

    def __init__(self, name: str, pages: Sequence[Json]) -> None:
        self._pages = pages
        self._ids = [str(event.get("id", "")) for page in pages for event in page.get("data", ())]
        self.name, self.size = name, len(self._ids)

    def digest(self) -> str:
        return hashlib.sha256(f"{self.name}:{','.join(sorted(self._ids))}".encode()).hexdigest()

    def rows(self) -> Iterator[RawRow | BadRow]:
        return json_rows.events_of(RawRow(number, page) for number, page in enumerate(self._pages, start=1))

    def notes(self) -> list[str]:
        return []

    def day_order(self) -> DayOrder | None:
        return None
