"""The rows of a Parquet file as plain values, a few thousand at a time. Workers only: it needs Arrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from app.core.sources.rows import BadFile
from app.ports.sources import RawRow

MAGIC: Final = b"PAR1"
BATCH: Final = 2000


def objects_of(path: Path, wanted: Collection[str]) -> Iterator[RawRow]:
    """Each row's wanted columns; a column that is not there is missing from the row.

    Raises:
        BadFile: it is no Parquet file, or a damaged one.
    """
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in file.schema_arrow.names if name in wanted]
            for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                for raw in batch.to_pylist():
                    number += 1
                    yield RawRow(number, raw)
    except (pa.ArrowException, OSError) as error:
        kind = type(error).__name__
        raise BadFile(f"the Parquet file cannot be read behind row {number:,} ({kind}); export it again.") from error
