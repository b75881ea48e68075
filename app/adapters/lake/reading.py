"""Reading files while others replace them: the work is done again when a file has gone, or had to be set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from app.adapters.lake.files import LakeFiles, Part
from app.adapters.lake.schema import SCHEMAS

log = logging.getLogger(__name__)

TRIES: Final = 10
T = TypeVar("T")


def read(files: LakeFiles, list_parts: Callable[[], Sequence[Part]], kind: str, work: Callable[[Any], T]) -> T:
    """Do the work on the data set of the parts, again and again until no part was missing or damaged.

    Args:
        work: gets an Arrow data set; may fail in whatever way its engine reports a bad file.
    """
    for _ in range(TRIES - 1):
        parts = list_parts()
        try:
            return work(_dataset(files, parts, kind))
        except Exception:
            # Engines wrap each other's errors, so the files themselves are asked.
            if not _mended(files, parts):
                raise
    return work(_dataset(files, list_parts(), kind))


def is_readable(files: LakeFiles, part: Part) -> bool:
    """Whether every byte that a reader may want can be decoded.

    Raises:
        FileNotFoundError: it is gone.
    """
    try:
        with files.filesystem.open_input_file(part.path) as source, pq.ParquetFile(source) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True


def _dataset(files: LakeFiles, parts: Sequence[Part], kind: str) -> pads.Dataset:
    schema = SCHEMAS[kind]
    if not parts:
        return pads.dataset(schema.empty_table())
    paths = [part.path for part in parts]
    # Whole row groups are not read ahead: with many columns and files that costs more memory than it saves time.
    scan = pads.ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False)
    format = pads.ParquetFileFormat(default_fragment_scan_options=scan)
    return pads.dataset(paths, schema=schema, format=format, filesystem=files.filesystem)


def _mended(files: LakeFiles, parts: Sequence[Part]) -> bool:
    """Set aside what is damaged; returns whether another try may go better."""
    changed = False
    for part in parts:
        try:
            if is_readable(files, part):
                continue
            log.error("%s is damaged and was set aside; the rest is read", part.path)
            files.set_aside(part.path)
        except FileNotFoundError:
            pass
        changed = True
    return changed
