"""One data file as a table: which columns are there, and a sentence about what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from app.core.recommend.protocols.exam import BadData

CSV = (".csv", ".csv.gz")
PARQUET = (".parquet", ".pq")
SEPARATORS = (";", "\t", "|")
"""With which columns may be separated by mistake."""


def read(path: Path, wanted: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, pa.ChunkedArray]:
    """The wanted columns, and of the optional ones those that are there; names are compared without regard to case.

    Everything in a CSV is text at first, so that an id keeps its leading zeros.

    Raises:
        BadData: the file cannot be read, lacks a column, or is empty.
    """
    name = path.name
    if not path.is_file():
        raise BadData(f"{path} is not there, or is no file.")
    try:
        table = _open(path, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadData(f"{name} cannot be read ({reason}). Give Parquet, CSV or CSV.gz in UTF-8.") from error
    by_name: dict[str, list[int]] = {}
    for place, column in enumerate(table.column_names):
        by_name.setdefault(column.strip().lower(), []).append(place)
    if missing := [column for column in wanted if column.lower() not in by_name]:
        raise BadData(f"{name} lacks the column {missing[0]}; it has {_there(table.column_names)}")
    asked = [column for column in (*wanted, *optional) if column.lower() in by_name]
    if twice := [column for column in asked if len(by_name[column.lower()]) > 1]:
        raise BadData(f"{name} has the column {twice[0]} more than once. Rename all but one.")
    if not table.num_rows:
        raise BadData(f"{name} has no rows.")
    return {column: table.column(by_name[column.lower()][0]) for column in asked}


def _there(names: Sequence[str]) -> str:
    """What the columns are, and what to do about it."""
    apart = next((mark for mark in SEPARATORS if len(names) == 1 and mark in names[0]), None)
    if apart is not None:
        return f"one column only, {names[0]!r}. Separate columns with commas."
    return f"{', '.join(names)}. Rename a column, or choose its protocol."


def columns_of(path: Path) -> frozenset[str]:
    """The names of the columns in lower case; none where the file cannot be read."""
    try:
        table = pa_parquet.read_schema(path) if path.name.lower().endswith(PARQUET) else _open(path, path.name).schema
    except (pa.ArrowException, OSError, UnicodeDecodeError, BadData):
        return frozenset()
    return frozenset(name.strip().lower() for name in table.names)


def _open(path: Path, name: str) -> Any:
    lower = name.lower()
    if lower.endswith(PARQUET):
        return pa_parquet.read_table(path)
    if not lower.endswith(CSV):
        raise BadData(f"{name} is no data file: give Parquet, CSV or CSV.gz.")
    with pa_csv.open_csv(path) as opened:
        columns = opened.schema.names
    # A file may begin with a byte order mark; pyarrow takes it away, and reads what is quoted over several lines.
    return pa_csv.read_csv(
        path,
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={column: pa.string() for column in columns}, strings_can_be_null=True, null_values=[""]
        ),
    )
