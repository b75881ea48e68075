"""Every failure of every route leaves as a problem document: routing, size, doors, outside services, bugs."""

from __future__ import annotations

import logging

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app.core.errors import DomainError
from app.errors import Permanent, Retryable
from app.web.doors import Refused
from app.web.problems import problem

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(Retryable, _retryable)
    app.register_error_handler(Permanent, _permanent)
    app.register_error_handler(Exception, _bug)


def _refused(error: Refused) -> Response:
    return error.answer


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        answer = error.get_response()
        assert isinstance(answer, Response)
        return answer
    made = problem(error.code, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            made.headers[name] = value
    return made


def _domain(error: DomainError) -> Response:
    return problem(409, str(error))


def _retryable(error: Retryable) -> Response:
    made = problem(503, f"{error}; try again in a moment")
    made.headers["Retry-After"] = str(round(error.after_s or 5))
    return made


def _permanent(error: Permanent) -> Response:
    return problem(502, str(error))


def _bug(error: Exception) -> Response:
    # The traceback stays in the log: it may hold what the sender must not see.
    log.error("a request failed", exc_info=error)
    return problem(500, "something went wrong on our side; it has been logged")
