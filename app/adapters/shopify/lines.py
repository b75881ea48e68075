"""The lines of a bulk file, streamed: a cut connection is resumed with an HTTP range at the byte where it broke."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from app.errors import LinkExpired, Permanent, Retryable

TRIES_WITHOUT_PROGRESS = 5
PAUSE_S = 0.5
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
EXPIRED = frozenset({401, 403, 404, 410})
"""What storage answers for a link that has run out, or whose file is gone."""


def lines(http: httpx.Client, url: str, *, offset: int, sleep: Callable[[float], None]) -> Iterator[bytes]:
    """Yield each line from byte `offset` on, without its line end; the last one may lack it.

    Raises:
        LinkExpired: the link has run out.
        Retryable: the connection broke again and again without a byte in between.
    """
    rest = b""
    for chunk in _chunks(http, url, offset, sleep):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _chunks(http: httpx.Client, url: str, position: int, sleep: Callable[[float], None]) -> Iterator[bytes]:
    failures = 0
    while True:
        try:
            with _opened(http, url, position) as answer:
                if answer.status_code == 416:
                    return
                for chunk in _body(answer, position):
                    failures = 0
                    position += len(chunk)
                    yield chunk
            return
        except httpx.TransportError as error:
            failures += 1
            if failures >= TRIES_WITHOUT_PROGRESS:
                raise Retryable(f"the bulk file breaks off at byte {position}: {type(error).__name__}") from error
            sleep(PAUSE_S * failures)


@contextmanager
def _opened(http: httpx.Client, url: str, position: int) -> Iterator[httpx.Response]:
    """An open answer for the bytes from `position` on, its status checked."""
    # Ranges count the file's own bytes, so the transfer must not be compressed.
    headers = {"Accept-Encoding": "identity"}
    if position:
        headers["Range"] = f"bytes={position}-"
    with http.stream("GET", url, headers=headers, timeout=TIMEOUT) as answer:
        _check(answer)
        yield answer


def _check(answer: httpx.Response) -> None:
    if answer.status_code in EXPIRED:
        raise LinkExpired("the link to the bulk file has run out")
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Retryable(f"the bulk file's host answered {answer.status_code}")
    if answer.status_code not in (200, 206, 416):
        raise Permanent(f"the bulk file's host answered {answer.status_code}")


def _body(answer: httpx.Response, position: int) -> Iterator[bytes]:
    """The bytes from `position` on, also from a host that ignores ranges and sends the file from its start."""
    skip = position - _starts_at(answer)
    # As they come: a chunk size would hold bytes back, and a cut would lose them.
    for chunk in answer.iter_raw():
        if skip >= len(chunk):
            skip -= len(chunk)
            continue
        yield chunk[skip:] if skip else chunk
        skip = 0


def _starts_at(answer: httpx.Response) -> int:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if answer.status_code == 206 and found else 0
