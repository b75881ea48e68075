"""What a GraphQL answer means: data, a throttled request, a refused field, or a document that Shopify does not accept.

Decisions rest on ``extensions.code`` and the shape of the answer; texts are for people and change.
https://shopify.dev/docs/api/admin-graphql#status_and_error_codes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from app.errors import AccessDenied, Permanent, Retryable


@dataclass(frozen=True, slots=True)
class Answer:
    data: dict[str, Any] | None
    errors: Sequence[Mapping[str, Any]]
    cost: Mapping[str, Any]

    @property
    def throttled(self) -> bool:
        return any(_code(error) == "THROTTLED" for error in self.errors)


def parse(answer: httpx.Response) -> Answer:
    """Read the body.

    Raises:
        Retryable: it is no GraphQL answer; a proxy or a half-sent body.
    """
    try:
        body = orjson.loads(answer.content)
    except ValueError as error:
        raise Retryable("Shopify's answer is no JSON") from error
    if not isinstance(body, dict):
        raise Retryable("Shopify's answer is no GraphQL answer")
    errors = body.get("errors") or []
    if isinstance(errors, str):
        errors = [{"message": errors}]
    return Answer(body.get("data"), errors, (body.get("extensions") or {}).get("cost") or {})


def data(answer: Answer) -> dict[str, Any]:
    """The answer's data, complete.

    Raises:
        AccessDenied: a field is refused; the error names its path.
        Retryable: an error on Shopify's side.
        Permanent: the document is not accepted.
    """
    for error in answer.errors:
        if _code(error) == "ACCESS_DENIED":
            raise AccessDenied(_message(error), field=".".join(str(part) for part in error.get("path") or ()))
    if any(_code(error) in ("INTERNAL_SERVER_ERROR", "TIMEOUT") for error in answer.errors):
        raise Retryable("Shopify had an internal error")
    if answer.errors:
        raise Permanent("; ".join(_message(error) for error in answer.errors[:3]))
    if answer.data is None:
        raise Retryable("Shopify's answer has neither data nor errors")
    return answer.data


def refused(user_errors: Sequence[Mapping[str, Any]]) -> None:
    """Raise if a mutation reports user errors.

    Raises:
        Permanent: with the messages.
    """
    if user_errors:
        raise Permanent("; ".join(_message(error) for error in user_errors[:3]))


def _code(error: Mapping[str, Any]) -> str:
    return str((error.get("extensions") or {}).get("code", ""))


def _message(error: Mapping[str, Any]) -> str:
    return str(error.get("message", "unknown error"))[:300]
