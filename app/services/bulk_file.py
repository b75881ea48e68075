"""A bulk file from its first line to its last, whatever happens on the way.

The Admin API resumes a cut connection by itself. What is left to do here: a link that has run out is asked for again,
and a file that ends before Shopify's own count of its objects is read on from the last whole line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from app.errors import LinkExpired, Retryable
from app.ports import AdminApi, BulkOperation

TRIES = 4
"""How often the file may end early or its link run out without a new line in between."""


def whole_file(api: AdminApi, operation: BulkOperation, *, wait: Callable[[float], None]) -> Iterator[bytes]:
    """Yield every line of the operation's file once.

    Raises:
        Retryable: the file stays shorter than what Shopify counted; the export must be made again.
    """
    url, offset, count, tries = operation.url, 0, 0, 0
    cut: bytes | None = None
    while url is not None and tries < TRIES:
        tries += 1
        try:
            for line, last in _with_last(api.lines(url, offset=offset)):
                if last and not _is_whole(line) and (line != cut or count + 1 < operation.object_count):
                    # The file may have been cut in this line, so it is read again. If nothing but this line is missing
                    # and it looks the same the second time, it is so.
                    cut = line
                    break
                yield line
                cut = None
                offset += len(line) + 1
                count += 1
                tries = 1
        except LinkExpired:
            url = api.bulk_operation(operation.id).url
        if count >= operation.object_count and cut is None:
            return
        if tries > 1:
            wait(0.2 * tries)
    if count < operation.object_count:
        raise Retryable(f"the export ends after {count} of {operation.object_count} objects")


def _with_last(lines: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether it is the last that came."""
    held: bytes | None = None
    for line in lines:
        if held is not None:
            yield held, False
        held = line
    if held is not None:
        yield held, True


def _is_whole(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
