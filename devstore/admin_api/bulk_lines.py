"""The lines of bulk files: their order, the results of mutations, and how a fault spoils them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from devstore.admin_api.context import Context
from devstore.admin_api.engine import run
from devstore.admin_api.errors import NotSimulated
from devstore.admin_api.prepared import Prepared
from devstore.admin_api.walker import Row
from devstore.faults import Fault

SHUFFLE_WINDOW = 1000
"""How many lines a child may lag behind the line that it would stand on."""


def grouped(rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, bytes]]:
    return ((depth, orjson.dumps(row) + b"\n") for depth, row in rows)


def shuffled(rows: Iterator[tuple[int, Row]], seed: int) -> Iterator[tuple[int, bytes]]:
    """Delay each child by up to a window of lines, never before its parent; deterministic per operation.

    A ring of slots, one for each of the next lines: row n is put into slot n + delay, and slot n is emptied at row n.
    """
    delay = random.Random(seed).random
    ring: list[list[tuple[int, bytes]]] = [[] for _ in range(SHUFFLE_WINDOW)]
    earliest = [0, 0, 0, 0]
    n = -1
    for n, (depth, row) in enumerate(rows):
        slot = n if depth == 0 else max(n + int(delay() * SHUFFLE_WINDOW), earliest[depth - 1])
        earliest[depth] = slot
        ring[slot % SHUFFLE_WINDOW].append((depth, orjson.dumps(row) + b"\n"))
        if due := ring[n % SHUFFLE_WINDOW]:
            ring[n % SHUFFLE_WINDOW] = []
            yield from due
    for rest in range(n + 1, n + 1 + SHUFFLE_WINDOW):
        yield from ring[rest % SHUFFLE_WINDOW]


def mutate(prepared: Prepared, line: bytes, ctx: Context) -> dict[str, Any]:
    try:
        variables = json.loads(line)
    except ValueError:
        return {"errors": [{"message": "The line is not valid JSON"}]}
    if not isinstance(variables, dict):
        return {"errors": [{"message": "The line is not a JSON object of variables"}]}
    result = run(prepared, ctx, variables, None)
    answer: dict[str, Any] = {"data": result.data}
    if missing := next((e for e in result.errors or () if isinstance(e.original_error or e, NotSimulated)), None):
        raise missing  # The operation fails, instead of hiding in one line what a request would say with 501.
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def broken(line: bytes) -> bytes:
    return line[: len(line) // 2].rstrip(b"\n") + b"\n"


def middle_of_line(path: Path, fault: Fault) -> int:
    with path.open("rb") as file:
        if fault.at_line is None:
            return path.stat().st_size // 2
        return _offset_in(file, fault.at_line)


def _offset_in(file: BinaryIO, at_line: int) -> int:
    offset = 0
    for number, line in enumerate(file, 1):
        if number == at_line:
            return offset + len(line) // 2
        offset += len(line)
    return offset - 1
