"""Upkeep of the lake: many small files become few, and what is older than its term goes.

The merged file is in place before the first of its sources goes, and readers count a record once however often it
stands there: a kill at any moment loses nothing and doubles nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.adapters.db.lake import LakeIndex
from app.adapters.lake import reading
from app.adapters.lake.files import ROWS_A_GROUP, LakeFiles, Part
from app.adapters.lake.schema import EVENT_KIND, KEYS, SCHEMAS
from app.core.ids import ShopId
from app.core.shop_days import utc_day

SMALL: Final = 8 << 20
"""Bytes up to which a file is merged with its neighbours again, and up to which a whole month becomes one file."""
MANY: Final = 32
"""How many small files of a day are left to readers."""
CLOSED_AFTER: Final = timedelta(days=2)
"""Events arrive up to a day late; a day that ended longer ago is closed."""
LIMITS: Final[dict[str, str | int | float | list[str]]] = {"memory_limit": "512MB", "threads": 2}

ONCE: Final = """
    SELECT * FROM parts QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY "at") = 1 ORDER BY "at", {key}
"""

Checkpoint = Callable[[str], None]
Keep = Callable[[pa.Table], tuple[pa.Table, int]]
"""Gets rows with at least the columns that it looks at; gives what stays of them, and how many changed or went."""


class ParquetUpkeep:
    """Implements `app.ports.LakeUpkeep`."""

    def __init__(self, files: LakeFiles, index: LakeIndex) -> None:
        self._files, self._index = files, index

    def merge_parts(self, shop: ShopId, day: date) -> int:
        """Merge the day's small files of events where they have become many; returns how many went."""
        if len(self._small(shop, day)) <= MANY:
            return 0
        with self._index.rewriting(shop):
            return self._merge(
                lambda: self._small(shop, day), EVENT_KIND, self._files.day_folder(shop, EVENT_KIND, day), _carry_on
            )

    def tidy(self, shop: ShopId, *, today: date, checkpoint: Checkpoint) -> int:
        """Merge what closed days, and closed months of small shops, are scattered over; returns how many files went."""
        self._files.remove_abandoned(shop)
        closed = today - CLOSED_AFTER
        gone = 0
        for kind in SCHEMAS:
            with self._index.rewriting(shop):
                for day in sorted({p.first for p in self._days(shop, kind) if p.last < closed}):
                    gone += self._tidy_day(shop, kind, day, checkpoint)
                for month in sorted({p.first.replace(day=1) for p in self._days(shop, kind) if p.last < closed}):
                    if (month + timedelta(days=31)).replace(day=1) <= closed:
                        gone += self._tidy_month(shop, kind, month, checkpoint)
        return gone

    def newest(self, shop: ShopId) -> datetime | None:
        """When the newest event happened, from the files' statistics; None without any."""
        parts = self._files.parts(shop, EVENT_KIND)
        latest = max((part.last for part in parts), default=None)
        moments = [self._newest(part) for part in parts if part.last == latest]
        return max((moment for moment in moments if moment is not None), default=None)

    def forget_before(self, shop: ShopId, moment: datetime) -> int:
        """Delete what happened earlier; returns how many records went."""
        for part in self._files.damaged(shop):
            if part.last < utc_day(moment):
                self._files.delete(part.path)
        gone = 0
        for kind in SCHEMAS:
            with self._index.rewriting(shop):
                for part in self._files.parts(shop, kind, last=utc_day(moment)):
                    gone += self._forget(part, moment)
        return gone

    def rewrite(self, part: Part, columns: Sequence[str], keep: Keep) -> int:
        """Replace the file by what `keep` leaves of it, or delete it; returns how many records changed or went.

        The caller holds the shop's turn at rewriting.

        Args:
            columns: what `keep` looks at; only these are read of a file in which nothing changes.
        """
        if not any(changed for _, changed in map(keep, self._groups(part, columns))):
            return 0
        changed = kept = 0

        def left() -> Iterator[pa.Table]:
            nonlocal changed, kept
            for table in self._groups(part, SCHEMAS[part.kind].names):
                rest, gone = keep(table)
                changed, kept = changed + gone, kept + rest.num_rows
                yield rest

        self._files.write(part.path, left(), SCHEMAS[part.kind])
        if not kept:
            self._files.delete(part.path)
        return changed

    def _groups(self, part: Part, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The file's rows, a row group at a time, by today's schema."""
        schema = pa.schema([field for field in SCHEMAS[part.kind] if field.name in columns])
        with self._files.filesystem.open_input_file(part.path) as source, pq.ParquetFile(source) as file:
            there = [name for name in schema.names if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=there)
                for field in schema:
                    if field.name not in there:
                        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
                yield table.select(schema.names).cast(schema)

    def _forget(self, part: Part, moment: datetime) -> int:
        if part.last < utc_day(moment):
            with self._files.filesystem.open_input_file(part.path) as source, pq.ParquetFile(source) as file:
                rows = int(file.metadata.num_rows)
            self._files.delete(part.path)
            return rows
        limit = pa.scalar(moment, pa.timestamp("us", "UTC"))

        def younger(table: pa.Table) -> tuple[pa.Table, int]:
            left = table.filter(pc.greater_equal(table["at"], limit))
            return left, table.num_rows - left.num_rows

        return self.rewrite(part, ["at"], younger)

    def _newest(self, part: Part) -> datetime | None:
        try:
            with self._files.filesystem.open_input_file(part.path) as source, pq.ParquetFile(source) as file:
                place = file.schema_arrow.get_field_index("at")
                groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
                found = [group.column(place).statistics.max for group in groups]
        except (pa.ArrowException, OSError, AttributeError):
            return None  # Merged away meanwhile, or damaged, which a reader will find.
        return max(found, default=None)

    def _small(self, shop: ShopId, day: date) -> list[Part]:
        return [p for p in self._days(shop, EVENT_KIND, day, day) if p.size < SMALL]

    def _days(self, shop: ShopId, kind: str, first: date = date.min, last: date = date.max) -> list[Part]:
        return [part for part in self._files.parts(shop, kind, first, last) if part.first == part.last]

    def _tidy_day(self, shop: ShopId, kind: str, day: date, checkpoint: Checkpoint) -> int:
        folder = self._files.day_folder(shop, kind, day)
        return self._merge(lambda: self._days(shop, kind, day, day), kind, folder, checkpoint)

    def _tidy_month(self, shop: ShopId, kind: str, month: date, checkpoint: Checkpoint) -> int:
        """A large shop keeps its days; a month's file takes late files of its days in."""
        end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)

        def parts() -> list[Part]:
            return self._files.parts(shop, kind, month, end)

        if sum(part.size for part in parts()) > SMALL:
            return 0
        return self._merge(parts, kind, self._files.month_folder(shop, kind, month), checkpoint)

    def _merge(self, list_parts: Callable[[], list[Part]], kind: str, folder: str, checkpoint: Checkpoint) -> int:
        """Write the parts' records, each once, into one file of the folder; then the parts go."""
        sources = list_parts()
        if not sources or (len(sources) == 1 and sources[0].folder == folder):
            return 0
        target = ""

        def listed() -> list[Part]:
            sources[:] = list_parts()
            return sources

        def write(parts: Any) -> None:
            nonlocal target
            names = "\n".join(part.path for part in sources)
            target = f"{folder}/part-{hashlib.sha256(names.encode()).hexdigest()[:32]}.parquet"
            with (
                TemporaryDirectory(prefix="attune-duckdb-") as spill,
                closing(duckdb.connect(config={**LIMITS, "temp_directory": spill})) as engine,
            ):
                engine.register("parts", parts)
                batches = engine.sql(ONCE.format(key=KEYS[kind])).to_arrow_reader(ROWS_A_GROUP)
                self._files.write(target, batches, SCHEMAS[kind])

        reading.read(self._files, listed, kind, write)
        checkpoint("merged")
        gone = [part for part in sources if part.path != target]
        for part in gone:
            self._files.delete(part.path)
            checkpoint("part_deleted")
        return len(gone)


def _carry_on(_name: str) -> None:
    """Merging the day in hand needs no checkpoint: the nightly merging has the same ones."""
