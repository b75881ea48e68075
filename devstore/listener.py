"""The HTTP/1.1 server of the devstore: threads, persistent connections, and bodies that say where they end.

Werkzeug's own handler closes every connection after one answer, because it does not know how much of a request the
application has left unread. Here the request body is limited to its length and what is left of it is read away, so the
next request on the connection starts where it should. An answer that ends before its Content-Length (a cut download)
closes the connection, which is how its reader notices.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

KEEP_ALIVE_S = 30.0
"""How long an idle connection is kept; longer than clients keep theirs, so that it is they who let go first."""
_UNREAD_LIMIT = 10_000_000
"""How much of a request that nobody read is read away to save the connection."""
_BODILESS = frozenset((204, 304))


class Handler(WSGIRequestHandler):
    """One connection; `run_wsgi` answers one request on it."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; with Nagle's algorithm the second would wait for the client's next packet.
    disable_nagle_algorithm = True
    timeout = KEEP_ALIVE_S

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Every request of a demo would be a line; errors are still logged."""

    def log_error(self, format: str, *args: Any) -> None:
        if not format.startswith("Request timed out"):
            super().log_error(format, *args)

    def run_wsgi(self) -> None:
        self.connection.settimeout(None)  # Only the wait for the next request is limited.
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        stream = _request_body(environ)
        answer = _Answer(self)
        try:
            answer.send(self.server.app, environ)
            self.close_connection |= not _read_away(stream)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        if not self.close_connection:
            self.connection.settimeout(KEEP_ALIVE_S)


class _Answer:
    """Writes what the application returns, and closes the connection when the reader could not find its end."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._status, self._headers = "", list[tuple[str, str]]()
        self._begun = False
        self._chunked = False
        self._left: int | None = None
        """Bytes of the body still promised by Content-Length."""

    def send(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        parts: Iterable[bytes] = app(environ, self._start)
        try:
            for part in parts:
                self._write(part)
            self._write(b"")
            if self._chunked:
                self._handler.wfile.write(b"0\r\n\r\n")
            elif self._left:
                self._handler.close_connection = True
        except Exception:
            self._handler.close_connection = True
            raise
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        if exc_info and self._begun:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status, self._headers = status, headers
        return self._write

    def _begin(self) -> None:
        self._begun = True
        handler = self._handler
        code, _, reason = self._status.partition(" ")
        handler.send_response(int(code), reason)
        for name, value in self._headers:
            handler.send_header(name, value)
        length = next((value for name, value in self._headers if name.lower() == "content-length"), None)
        if handler.command == "HEAD" or int(code) in _BODILESS:
            self._left = 0
        elif length is not None:
            self._left = int(length)
        elif handler.request_version >= "HTTP/1.1":
            self._chunked = True
            handler.send_header("Transfer-Encoding", "chunked")
        else:
            handler.close_connection = True
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()

    def _write(self, data: bytes) -> None:
        if not self._begun:
            self._begin()
        if not data:
            return
        if self._chunked:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        elif self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._handler.wfile.write(data)


def _request_body(environ: dict[str, Any]) -> IO[bytes]:
    """The request's body, which ends where the request does; put into the environment in place of the socket."""
    stream = environ["wsgi.input"]
    if not isinstance(stream, DechunkedInput):
        stream = LimitedStream(stream, int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"], environ["wsgi.input_terminated"] = stream, True
    return cast("IO[bytes]", stream)


def _read_away(stream: IO[bytes]) -> bool:
    """Skip what the application left of the body; False when that is too much, or when it broke off."""
    skipped = 0
    with contextlib.suppress(OSError, ClientDisconnected):
        while skipped <= _UNREAD_LIMIT:
            part = stream.read(65_536)
            if not part:
                return True
            skipped += len(part)
    return False


class Server(ThreadedWSGIServer):
    """A thread for each connection; closing the server ends the connections that still wait for a request."""

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        super().__init__(host, port, app, Handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
