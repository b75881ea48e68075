"""Errors as RFC 9457 problem documents: one shape for every route."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from flask import Response

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, **members: object) -> Response:
    """A problem document; `detail` is a sentence for whoever sent the request, without personal data.

    Args:
        members: further members of the document, of the route's own kind.
    """
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    document.update(members)
    return Response(orjson.dumps(document), status=status, mimetype=MEDIA_TYPE)
