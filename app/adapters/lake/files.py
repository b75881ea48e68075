"""The lake's files: where they lie, how they are listed, written and taken away, on a disk or in an object store.

``shop=<id>/kind=<events|decisions>/day=<UTC day>/part-<hash>.parquet``, or ``month=<YYYY-MM>`` where a small shop's
month was merged into one file. A file is complete or absent: on a disk it is written beside its place, flushed and
renamed; an object store shows an object once it is whole. Files are replaced, never changed.
"""

from __future__ import annotations

import calendar
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from app.core.ids import ShopId

WRITING: Final = ".writing-"
DAMAGED: Final = "damaged-"
ABANDONED_AFTER_S: Final = 6 * 3600.0
ROWS_A_GROUP: Final = 100_000
_PLACE = re.compile(
    r"shop=\d+/kind=(\w+)/(?:day=(\d{4}-\d\d-\d\d)|month=(\d{4}-\d\d))/((?:damaged-)?part-\w+\.parquet)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the lake: `first` to `last` are the UTC days that its folder stands for, `size` is in bytes."""

    path: str
    kind: str
    first: date
    last: date
    size: int

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


class LakeFiles:
    """All shops' files under one root.

    Args:
        filesystem: where the root is.
        root: the path of the lake in it.
        is_local: whether files can be flushed and renamed there; otherwise they are uploaded whole.
    """

    def __init__(self, filesystem: pafs.FileSystem, root: str, *, is_local: bool) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")
        self.is_local = is_local

    @classmethod
    def at(cls, url: str) -> LakeFiles:
        """The lake at a ``file:///…`` or ``s3://bucket/…`` URL.

        Raises:
            ValueError: the URL is neither.
        """
        parts = urlsplit(url)
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            return cls(pafs.LocalFileSystem(), unquote(parts.path), is_local=True)
        if parts.scheme == "s3" and parts.netloc:
            filesystem, path = pafs.FileSystem.from_uri(url)
            return cls(filesystem, path, is_local=False)
        raise ValueError(f"not a file:///… or s3://bucket/… URL: {url!r}")

    # -- Looking -----------------------------------------------------------------------------------------------------

    def parts(self, shop: ShopId, kind: str, first: date = date.min, last: date = date.max) -> list[Part]:
        """The files that may hold records of these UTC days, both included, by path."""
        folder = f"{self._shop(shop)}/kind={kind}"
        if (last - first).days < 32:
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            names = [f"day={day}" for day in days] + sorted({f"month={day:%Y-%m}" for day in days})
            folders = [f"{folder}/{name}" for name in names]
        else:
            folders = [folder]
        found = [part for each in folders for part in self._listed(each, "part-")]
        return sorted((p for p in found if p.last >= first and p.first <= last), key=lambda part: part.path)

    def damaged(self, shop: ShopId) -> list[Part]:
        """What could not be read and was set aside."""
        return list(self._listed(self._shop(shop), DAMAGED))

    def day_folder(self, shop: ShopId, kind: str, day: date) -> str:
        return f"{self._shop(shop)}/kind={kind}/day={day}"

    def month_folder(self, shop: ShopId, kind: str, day: date) -> str:
        return f"{self._shop(shop)}/kind={kind}/month={day:%Y-%m}"

    def exists(self, path: str) -> bool:
        info = self.filesystem.get_file_info(path)
        return bool(info.type == pafs.FileType.File)

    def free_share(self) -> float | None:
        """The free part of the disk, from 0 to 1; None for an object store, which has no end."""
        if not self.is_local:
            return None
        place = Path(self.root)
        while not place.exists():
            place = place.parent
        usage = shutil.disk_usage(place)
        return usage.free / usage.total

    # -- Changing ----------------------------------------------------------------------------------------------------

    def write(self, path: str, batches: Iterable[pa.Table | pa.RecordBatch], schema: pa.Schema) -> None:
        """Put a file into its place; an older one of the same name gives way in the same step.

        Raises:
            OSError: the disk is full, or the store does not answer; nothing is left behind.
        """
        with self._beside(path) as half:
            with half.open("wb") as file:
                with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                    for batch in batches:
                        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
                        writer.write_table(table.cast(schema), row_group_size=ROWS_A_GROUP)
                file.flush()
                os.fsync(file.fileno())
            self._publish(half, path)

    def write_bytes(self, path: str, content: bytes) -> None:
        """As `write`, for a file that is made already."""
        with self._beside(path) as half:
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._publish(half, path)

    def delete(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self.filesystem.delete_file(path)

    def set_aside(self, path: str) -> None:
        """Take a file that cannot be read out of every reader's way; it is kept, under another name."""
        folder, _, name = path.rpartition("/")
        with suppress(FileNotFoundError):
            self.filesystem.move(path, f"{folder}/{DAMAGED}{name}")

    def delete_shop(self, shop: ShopId) -> int:
        """Remove everything of the shop; returns how many files there were."""
        selector = pafs.FileSelector(self._shop(shop), recursive=True, allow_not_found=True)
        files = [info for info in self.filesystem.get_file_info(selector) if info.type == pafs.FileType.File]
        for info in files:
            self.delete(info.path)
        if self.is_local:
            shutil.rmtree(self._shop(shop), ignore_errors=True)
        return len(files)

    def remove_abandoned(self, shop: ShopId) -> None:
        """Clear away the halves that killed writers left; a young one may still be at work."""
        if not self.is_local:
            return
        oldest = time.time() - ABANDONED_AFTER_S
        for half in Path(self._shop(shop)).glob(f"**/{WRITING}*"):
            with suppress(FileNotFoundError):
                if half.stat().st_mtime < oldest:
                    half.unlink()

    # -- Places ------------------------------------------------------------------------------------------------------

    def _shop(self, shop: ShopId) -> str:
        return f"{self.root}/shop={int(shop)}"

    def _listed(self, folder: str, prefix: str) -> Iterator[Part]:
        selector = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        for info in self.filesystem.get_file_info(selector):
            place = _PLACE.fullmatch(info.path.removeprefix(f"{self.root}/"))
            if place is not None and place[4].startswith(prefix):
                first, last = _span(place[2], place[3])
                yield Part(info.path, place[1], first, last, info.size)

    @contextmanager
    def _beside(self, path: str) -> Iterator[Path]:
        """A file to be filled: beside its place on a disk, so that renaming is one step; else in a temporary folder."""
        folder = Path(path).parent if self.is_local else Path(tempfile.gettempdir())
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _flush_folders(folder.parent, Path(self.root).parent)
        half = folder / f"{WRITING}{secrets.token_hex(8)}"
        try:
            yield half
        finally:
            half.unlink(missing_ok=True)

    def _publish(self, half: Path, path: str) -> None:
        if self.is_local:
            half.replace(path)
            _flush(Path(path).parent)
        else:
            self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
            pafs.copy_files(str(half), path, pafs.LocalFileSystem(), self.filesystem)


def _span(day: str | None, month: str | None) -> tuple[date, date]:
    if day is not None:
        return date.fromisoformat(day), date.fromisoformat(day)
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _flush_folders(folder: Path, last: Path) -> None:
    """The names of new folders must survive a power cut too."""
    for each in (folder, *folder.parents):
        _flush(each)
        if each == last:
            return


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
