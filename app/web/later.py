"""The merchant's pages behind the process's door: they are put together when the first of them is asked for.

Whatever the first application has a route for is its own; everything else is the pages'.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, MapAdapter, RequestRedirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOT: Final = ("/proxy/", "/collect")
"""Shoppers' paths, which are always the first application's: they need not be looked up twice."""


class Later:
    """A WSGI application that hands on to a second one, which is made once, by the first request that needs it.

    Args:
        first: answers what it has routes for, from the start.
        routes: the first application's routes.
        make: makes the second one; the first requests wait for it together, and if it fails it is tried again.
    """

    def __init__(self, first: WSGIApplication, routes: Map, make: Callable[[], WSGIApplication]) -> None:
        self._first = first
        self._routes = routes.bind("")
        self._make = make
        self._made: WSGIApplication | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        knows = path.startswith(HOT) or _knows(self._routes, path, environ["REQUEST_METHOD"])
        answer = self._first if knows else self._second()
        return answer(environ, start_response)

    def _second(self) -> WSGIApplication:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return self._made


def _knows(routes: MapAdapter, path: str, method: str) -> bool:
    """Whether there is a route for the path; a wrong method is for its owner to refuse."""
    try:
        routes.match(path, method=method)
    except NotFound:
        return False
    except (HTTPException, RequestRedirect):
        return True
    return True
