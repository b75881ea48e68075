"""The lines of a text file in whatever encoding it came: each line is UTF-8, or else Windows-1252.

Line by line, because exports that were pasted together are in both. UTF-16 is known by its mark, or by its zeros.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.core.sources.rows import BadFile

UTF8_MARK: Final = b"\xef\xbb\xbf"
UTF16_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
GZIP: Final = b"\x1f\x8b"
SAMPLE: Final = 4096
LONGEST_LINE: Final = 64 << 20
"""Bytes; a packed file of a few kilobytes may unpack to gigabytes."""


@dataclass(slots=True)
class Seen:
    """What was found about the encoding while the lines were read."""

    encoding: str = "UTF-8"
    marked: bool = False
    foreign: int = 0
    """Lines that were no UTF-8."""
    lines: int = 0
    notes: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """Sentences for the report; none for plain UTF-8."""
        found = list(self.notes)
        if self.encoding != "UTF-8":
            found.append(f"The file is {self.encoding}.")
        elif self.marked:
            found.append("The file is UTF-8 with a byte order mark.")
        if self.foreign:
            lines = "1 line" if self.foreign == 1 else f"{self.foreign:,} lines"
            found.append(f"{lines} of {self.lines:,} with letters beyond ASCII were read as Windows-1252.")
        return found


def lines_of(path: Path, seen: Seen) -> Iterator[str]:
    """The file's lines without their ends; a packed file (.gz) is unpacked on the way.

    Raises:
        OSError, EOFError: it cannot be read, or its packing is broken.
    """
    with _opened(path) as file:
        start = file.read(SAMPLE)
        wide = _is_wide(start)
    if wide:
        seen.encoding = wide.upper().replace("-LE", "").replace("-BE", "")
        yield from _wide_lines(path, wide, seen)
        return
    with _opened(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b"")):
            if len(line) == LONGEST_LINE:
                raise BadFile(f"a line of it is longer than {LONGEST_LINE >> 20} MB; is it one of this source's files?")
            seen.lines += 1
            if number == 0 and line.startswith(UTF8_MARK):
                seen.marked = True
                line = line.removeprefix(UTF8_MARK)  # noqa: PLW2901
            yield _decoded(line, seen).rstrip("\r\n")


def _opened(path: Path) -> io.BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    return io.BufferedReader(gzip.GzipFile(path)) if packed else path.open("rb")


def _is_wide(start: bytes) -> str | None:
    """The name of UTF-16's variant; None for an encoding of single bytes."""
    if start[:2] in UTF16_MARKS:
        return UTF16_MARKS[start[:2]]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 3 > len(start):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _wide_lines(path: Path, encoding: str, seen: Seen) -> Iterator[str]:
    with _opened(path) as file, io.TextIOWrapper(file, encoding, errors="replace", newline="") as text:
        for number, line in enumerate(text):
            seen.lines += 1
            yield (line.removeprefix("\ufeff") if number == 0 else line).rstrip("\r\n")


def _decoded(line: bytes, seen: Seen) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        seen.foreign += 1
        return line.decode("cp1252", errors="replace")
