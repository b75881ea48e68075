"""A delivered file as the rows of its source, and what was noticed about it on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from app.adapters.sources import delimited, json_rows, parquet_rows
from app.adapters.sources.text import Seen, lines_of
from app.core.sources.contract import Holds, Source
from app.core.sources.contracts import CONTRACTS
from app.core.sources.rows import BadFile
from app.core.sources.values import DayOrder, day_order
from app.ports.sources import BadRow, RawRow

LOOKED_AT: Final = 20_000
"""Rows that are asked how the file writes its days."""
GA4_COLUMNS: Final = (
    "event_name", "event_timestamp", "event_params", "user_pseudo_id", "privacy_info", "traffic_source",
    "collected_traffic_source", "ecommerce", "items", "event_bundle_sequence_id", "batch_page_id",
    "batch_ordering_id", "batch_event_index",
)  # fmt: skip


class OpenedFile:
    """Implements `app.ports.SourceFile` over a file on this machine's disk."""

    def __init__(self, path: Path, source: Source, *, name: str = "") -> None:
        self._path, self._source = path, source
        self._seen = Seen()
        self.name = name or path.name
        self.size = path.stat().st_size

    def digest(self) -> str:
        """SHA-256 of the content: the same file is known under another name."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def rows(self) -> Iterator[RawRow | BadRow]:
        """The rows from the beginning.

        Raises:
            BadFile: nothing of it can be used.
        """
        self._seen = Seen()
        try:
            yield from self._rows()
        except (OSError, EOFError) as error:
            raise BadFile(f"the file cannot be read ({type(error).__name__}); is it whole?") from error

    def notes(self) -> list[str]:
        """Sentences on the encoding, complete once all rows were read."""
        return self._seen.told()

    def day_order(self) -> DayOrder | None:
        """How the file itself writes its days, as far as its first rows show."""
        fields = [one.name for one in CONTRACTS[self._source].fields if one.holds in (Holds.MOMENT, Holds.DAY)]
        if self._source in (Source.KLAVIYO, Source.GA4):
            return None
        found: list[str] = []
        for row in islice(self.rows(), LOOKED_AT):
            if isinstance(row, RawRow):
                found += [row.raw[name] for name in fields if row.raw.get(name)]
        return day_order(found)

    def _rows(self) -> Iterator[RawRow | BadRow]:
        with self._path.open("rb") as file:
            is_parquet = file.read(4) == parquet_rows.MAGIC
        if self._source is Source.GA4 and is_parquet:
            return parquet_rows.objects_of(self._path, GA4_COLUMNS)
        if is_parquet:
            raise BadFile(
                f"{CONTRACTS[self._source].title} is read from {CONTRACTS[self._source].formats}, not Parquet."
            )
        lines = lines_of(self._path, self._seen)
        if self._source is Source.GA4:
            return json_rows.objects_of(lines)
        if self._source is Source.KLAVIYO:
            return json_rows.events_of(json_rows.objects_of(lines))
        return delimited.rows_of(lines, CONTRACTS[self._source])
