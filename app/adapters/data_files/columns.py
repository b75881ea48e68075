"""What a column may look like: ids of any type, lists, times, numbers, marks. Each becomes one NumPy array.

An id is compared as text: 7, 7.0 and "7" are the same, "007" is another one. A list is a list, or text in which ids
are separated by commas, semicolons or blanks, with or without brackets and quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.core.recommend.protocols.exam import BadData
from app.core.recommend.protocols.lists import Lists

Mask = npt.NDArray[np.bool_]
NO_ID = ("", "nan", "null", "none", "na", "<na>")
"""Texts that name nothing, in any case."""
FORMATS = ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%y %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")
"""Beside ISO 8601; the first one that every row has is taken."""
TRUE, FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0", "")
DAY_S = 86_400.0
LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
TEXTS = (
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_null,
)
"""What is read as text, beside text itself."""


def texts(column: Any) -> Any:
    """Ids as text, null where there is none.

    Raises:
        BadData: the column holds something that is no id, lists for instance.
    """
    try:
        return _texts(plain(column))
    except pa.ArrowException as error:
        raise BadData(
            f"a column of ids holds {column.type}, which is no id ({_first_line(error)}). Give numbers or UTF-8 text."
        ) from error


def plain(column: Any) -> Any:
    """Text of any kind as text, other columns as they are.

    Raises:
        ArrowException: bytes that are no text in UTF-8.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if any(is_kind(column.type) for is_kind in TEXTS):
        return column.cast(pa.string())
    return column


def _texts(column: Any) -> Any:
    kind = column.type
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
        whole = pc.all(pc.equal(pc.floor(column), column)).as_py()
        return (
            column.cast(pa.int64(), safe=False).cast(pa.string()) if whole in (True, None) else column.cast(pa.string())
        )
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    if pa.types.is_integer(kind):
        return text
    if pc.any(pc.match_substring_regex(text, r"^-?\d+\.0+$")).as_py():
        text = pc.replace_substring_regex(text, r"^(-?\d+)\.0+$", r"\1")
    nothing = pc.is_in(pc.utf8_lower(text), pa.array(NO_ID))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), text)


def lists(column: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """The entries of all lists, as text, and how many each list has, int64 [R]; entries that name nothing are dropped.

    Raises:
        BadData: the column holds no lists.
    """
    column = _plain(column)
    if pa.types.is_string(column.type):
        bare = pc.replace_substring_regex(column, r"[\[\](){}\"']", "")
        column = pc.split_pattern_regex(pc.utf8_trim(bare, " ,;\t\r\n"), r"[,;\s]+")
    if not any(is_kind(column.type) for is_kind in LISTS):
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise BadData(f'a column of lists holds {column.type}; give lists, or text such as "3 1 4".')
        column = pc.split_pattern_regex(texts(column), r"\s+")
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    row = np.asarray(pc.list_parent_indices(whole)).astype(np.int64)
    entries = texts(pc.list_flatten(whole))
    named = np.asarray(pc.is_valid(entries))
    return entries.filter(pa.array(named)), np.bincount(row[named], minlength=len(whole)).astype(np.int64)


def _plain(column: Any) -> Any:
    """As `plain`, with a sentence about what is no text."""
    try:
        return plain(column)
    except pa.ArrowException as error:
        raise BadData(f"a column holds {column.type} that is no text in UTF-8 ({_first_line(error)}).") from error


def ragged(codes: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Lists:
    """Codes of entries and the lengths of the lists they belong to."""
    return Lists(np.append(0, np.cumsum(lengths)).astype(np.int64), codes)


def coded(*columns: Any) -> tuple[list[npt.NDArray[np.int64]], tuple[str, ...]]:
    """Every text of all columns as one code, in the order in which they first appear; -1 where there is none."""
    flat = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
    everything = pa.concat_arrays([column.cast(pa.string()) for column in flat])
    encoded = everything.dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)
    ends = np.cumsum([len(column) for column in flat])
    return np.split(codes, ends[:-1]), tuple(encoded.dictionary.to_pylist())


def numbers(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Float64, NaN where there is none.

    Raises:
        BadData: a row is no number.
    """
    try:
        column = _plain(column)
        if pa.types.is_string(column.type):
            column = texts(column)
        return np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan))
    except pa.ArrowException as error:
        raise BadData(f"the column {name} holds something that is no number ({_first_line(error)}).") from error


def order(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Numbers or times that tell what came first, float64, NaN where there is none.

    Raises:
        BadData: a row is neither.
    """
    try:
        return numbers(column, name)
    except BadData:
        pass
    try:
        return days(column, name)
    except BadData as error:
        raise BadData(f"the column {name} tells what came first: give numbers, or times such as 2011-11-10.") from error


def marks(column: Any, name: str) -> Mask:
    """Bool; a missing mark is no mark.

    Raises:
        BadData: a row is neither true nor false.
    """
    if pa.types.is_boolean(column.type):
        return np.asarray(pc.fill_null(column, False))
    text = pc.fill_null(pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string()))), "")
    is_true = pc.is_in(text, pa.array(TRUE))
    understood = pc.or_(is_true, pc.is_in(text, pa.array(FALSE)))
    if not pc.all(understood).as_py():
        odd = text.filter(pc.invert(understood))[0].as_py()
        raise BadData(f"the column {name} has {odd!r}; give true or false.")
    return np.asarray(is_true)


def days(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Days since 1970-01-01, float64, NaN where there is none.

    Times are ISO 8601, one of `FORMATS`, dates such as 20111109, or seconds (milli-, micro-, nanoseconds) since 1970.

    Raises:
        BadData: a time cannot be read.
    """
    column = _plain(column)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("us"))
    if pa.types.is_string(column.type):
        text = texts(column)
        digits = pc.all(pc.match_substring_regex(text, r"^\d+(\.\d+)?$")).as_py()
        column = text.cast(pa.float64()) if digits else _parsed(text, name)
    if pa.types.is_timestamp(column.type):
        microseconds = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
        return np.asarray(pc.fill_null(microseconds.cast(pa.float64(), safe=False), np.nan)) / (1e6 * DAY_S)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise BadData(f"the column {name} holds {column.type}, which is no time.")
    return _from_numbers(np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan)))


def _from_numbers(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = value[np.isfinite(value)]
    if len(known) and known.min() >= 19_000_101 and known.max() <= 21_001_231:
        as_text = pa.array([None if np.isnan(one) else f"{int(one)}" for one in value])
        return days(pc.strptime(as_text, format="%Y%m%d", unit="us", error_is_null=True), "timestamp")
    # Seconds of any year that a shop may have known have ten digits; every three more are a finer unit.
    top = float(np.abs(known).max(initial=0.0))
    unit = next(unit for unit, limit in ((1.0, 1e11), (1e3, 1e14), (1e6, 1e17), (1e9, np.inf)) if top < limit)
    return np.asarray(value / (unit * DAY_S))


def _parsed(text: Any, name: str) -> Any:
    """Text as timestamps without a zone, all in one format."""
    bare = pc.replace_substring_regex(text, r"(Z| ?UTC|[+]00:?00)$", "")
    try:
        return bare.cast(pa.timestamp("us"))
    except pa.ArrowException:
        pass
    try:
        return text.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowException:
        pass
    there = np.asarray(pc.is_valid(text))
    for format in FORMATS:
        parsed = pc.strptime(text, format=format, unit="us", error_is_null=True)
        if np.array_equal(np.asarray(pc.is_valid(parsed)), there):
            return parsed
    odd = _unreadable(text)
    raise BadData(f"the column {name} has {odd!r}, which is no time. Write times as 2011-11-10 or 2011-11-10T08:26:00.")


def _unreadable(text: Any) -> str:
    """The first text that is no ISO time, for a message."""
    known = text.drop_null().to_pylist()
    return str(next((one for one in known if not _is_iso(one)), known[0]))


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def all_of(parts: Sequence[Any]) -> Any:
    """Ids of several files under each other, as text."""
    columns = [texts(part) for part in parts]
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], type=pa.string())
