"""Klaviyo's errors: JSON:API error objects with a code of Klaviyo's own."""

from __future__ import annotations

import uuid
from typing import Any

TITLES = {
    400: "Invalid input.",
    401: "Authentication credentials were not provided.",
    403: "You do not have permission to perform this action.",
    404: "Not found.",
    405: "Method not allowed.",
    409: "Conflict.",
    413: "Payload too large.",
    429: "Request was throttled.",
}


class ApiError(Exception):
    """A request that Klaviyo refuses; becomes the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str = "",
        pointer: str = "",
        parameter: str = "",
        meta: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after = status, code, detail, retry_after
        self.title = title or TITLES.get(status, "A server error occurred.")
        self.source = {"pointer": pointer} if pointer else {"parameter": parameter} if parameter else {}
        self.meta = meta or {}

    def document(self) -> dict[str, Any]:
        error = {
            "id": str(uuid.uuid4()),
            "status": self.status,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "source": self.source or {"pointer": "/data/"},
            "links": {},
            "meta": self.meta,
        }
        return {"errors": [error]}


def invalid(detail: str, pointer: str = "/data") -> ApiError:
    return ApiError(400, "invalid", detail, pointer=pointer)


def bad_parameter(detail: str, parameter: str) -> ApiError:
    return ApiError(400, "invalid", detail, parameter=parameter)


def missing(what: str, name: str) -> ApiError:
    return ApiError(404, "not_found", f"A {what} with id {name} does not exist.", pointer="/data/id")


def duplicate(detail: str, meta: dict[str, Any] | None = None, code: str = "duplicate") -> ApiError:
    return ApiError(409, code, detail, pointer="/data/attributes", meta=meta)
