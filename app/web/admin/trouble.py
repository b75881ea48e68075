"""What a merchant sees when a page cannot be shown: a page that says so, instead of a document for programs.

Only pages that are loaded into the frame are answered so; a script's request gets its problem document.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, g, render_template, request

from app.errors import Permanent, Retryable
from app.web.problems import problem

log = logging.getLogger(__name__)


def register(routes: Blueprint) -> None:
    """Have the failures of the blueprint's pages shown as pages."""
    routes.register_error_handler(Retryable, _retryable)
    routes.register_error_handler(Permanent, _permanent)


def _retryable(error: Retryable) -> Response:
    log.warning("a page of the admin is not available now: %s", error)
    answer = _shown(503, f"{error}; try again in a moment")
    answer.headers["Retry-After"] = str(round(error.after_s or 5))
    return answer


def _permanent(error: Permanent) -> Response:
    log.error("a page of the admin cannot be shown: %s", error)
    return _shown(502, str(error))


def _shown(status: int, detail: str) -> Response:
    # A document carries its token in its address, a script in a header.
    if request.method != "GET" or "Authorization" in request.headers or "shop" not in g:
        return problem(status, detail)
    return Response(render_template("admin/trouble.html", detail=detail), status=status, mimetype="text/html")
