"""CSV as it comes: the delimiter is found, an open quote costs one row, rows are numbered as spreadsheets do."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from app.core.sources.contract import Contract
from app.core.sources.report import Reason, Refused
from app.core.sources.rows import BadFile, Columns
from app.ports.sources import BadRow, RawRow

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 30
LONGEST_RECORD: Final = 100
"""Lines that one quoted text may span; a quote that is open for longer was never closed."""
UNREADABLE: Final = "\ufffd"
LARGEST_CELL: Final = 1 << 20


def rows_of(lines: Iterator[str], contract: Contract) -> Iterator[RawRow | BadRow]:
    """The rows behind the header, as the contract's fields.

    Raises:
        BadFile: the file is empty, or lacks a required column.
    """
    start = list(islice(lines, SAMPLE))
    rest = _Lines(start, lines)
    delimiter = _delimiter(start, rest)
    records = enumerate(_records(rest, delimiter), start=1)
    first = next((cells for _, cells in records if isinstance(cells, Refused) or any(cells)), None)
    if first is None or isinstance(first, Refused):
        raise BadFile("the file is empty, or its first row is no row of headings.")
    headings = [cell.strip() for cell in first]
    columns = Columns(contract, headings)
    for number, cells in records:
        if isinstance(cells, Refused):
            yield BadRow(number, cells)
        elif any(cell.strip() for cell in cells):
            yield _row(number, cells, headings, columns)


def _row(number: int, cells: Sequence[str], headings: Sequence[str], columns: Columns) -> RawRow | BadRow:
    surplus = cells[len(headings) :]
    if any(cell.strip() for cell in surplus):
        detail = f"it has {len(cells)} cells, and the header {len(headings)}: is a quote missing?"
        return BadRow(number, Refused(Reason.SHAPE, detail))
    try:
        picked = columns.pick(dict(zip(headings, cells, strict=False)))
    except Refused as refused:
        return BadRow(number, refused)
    if any(UNREADABLE in text for text in picked.values()):
        return BadRow(number, Refused(Reason.ENCODING, "it holds characters that cannot be read; export it as UTF-8"))
    return RawRow(number, picked)


class _Lines:
    """Lines that can be given back."""

    def __init__(self, start: Sequence[str], more: Iterator[str]) -> None:
        self._waiting, self._more = deque(start), more

    def next(self) -> str | None:
        return self._waiting.popleft() if self._waiting else next(self._more, None)

    def give_back(self, lines: Sequence[str]) -> None:
        self._waiting.extendleft(reversed(lines))


def _delimiter(start: Sequence[str], lines: _Lines) -> str:
    """What divides the sample into the most cells in the most rows alike; Excel may say it in a first line."""
    if start and start[0].lower().startswith("sep=") and len(start[0]) == 5:
        lines.next()
        return start[0][4]

    def fit(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(start, delimiter=delimiter) if cells]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(DELIMITERS, key=fit)


def _records(lines: _Lines, delimiter: str) -> Iterator[list[str] | Refused]:
    while (line := lines.next()) is not None:
        taken = [line]
        while line.count('"') % 2:
            more = lines.next() if len(taken) < LONGEST_RECORD else None
            if more is None:
                break
            taken.append(more)
            line = f"{line}\n{more}"
        if line.count('"') % 2 or len(line) > LARGEST_CELL:
            lines.give_back(taken[1:])
            yield Refused(Reason.SHAPE, "a quote is opened in it and never closed")
            continue
        try:
            yield next(csv.reader([line], delimiter=delimiter), []) if len(taken) == 1 else _one(taken, delimiter)
        except csv.Error:
            yield Refused(Reason.SHAPE, "it cannot be divided into cells")


def _one(taken: Sequence[str], delimiter: str) -> list[str]:
    """A record over several lines."""
    return next(csv.reader([f"{line}\n" for line in taken], delimiter=delimiter), [])
