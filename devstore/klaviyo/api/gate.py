"""What every request passes: faults, credentials, revision, scopes, quota, body; then its endpoint, then the log.

An endpoint is a function of `Asked` and the names in its path; it returns (status, document).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, request

from devstore.klaviyo.api import spoil
from devstore.klaviyo.api.asked import Asked, Json
from devstore.klaviyo.api.errors import ApiError
from devstore.klaviyo.api.rates import Quotas, Rate
from devstore.klaviyo.api.requests_log import Asked as Logged
from devstore.klaviyo.api.requests_log import RequestsLog
from devstore.klaviyo.api.trouble import Faults
from devstore.klaviyo.credentials import Caller, Credentials

Answer = tuple[int, Json | None]
Endpoint = Callable[..., Answer]
BODY_LIMIT = 5_000_000
MEDIA_TYPE = "application/vnd.api+json"
OLDEST, NEWEST = date(2024, 10, 15), date(2026, 10, 15)


class Gate:
    """Endpoints register themselves with `route`."""

    def __init__(self, credentials: Credentials) -> None:
        self.blueprint = Blueprint("klaviyo_api", __name__)
        self.quotas, self.faults, self.log = Quotas(), Faults(), RequestsLog()
        self._credentials = credentials

    def route(
        self, method: str, path: str, rate: Rate, *scopes: str, parameters: Collection[str] = ()
    ) -> Callable[[Endpoint], Endpoint]:
        """Register an endpoint; `parameters` are the query parameters that it has beside `fields[…]`."""

        def register(endpoint: Endpoint) -> Endpoint:
            def view(**names: str) -> Response:
                return self._answer(f"{method} {path}", rate, scopes, parameters, endpoint, names)

            name = re.sub(r"\W+", "_", f"{method}_{path}")
            self.blueprint.add_url_rule(path, name, view, methods=[method], strict_slashes=False)
            return endpoint

        return register

    def _answer(
        self,
        key: str,
        rate: Rate,
        scopes: Collection[str],
        parameters: Collection[str],
        endpoint: Endpoint,
        names: dict[str, str],
    ) -> Response:
        begun, fault = time.time(), self.faults.next(request.method, request.path)
        asked: Asked | None = None
        caller = self._credentials.caller(request.headers.get("Authorization", ""))
        try:
            if fault and not fault.late:
                spoil.before(fault)
            standing = self._enter(caller, key, rate, scopes, parameters)
            assert caller is not None
            asked = _asked(caller)
            answer = _response(*endpoint(asked, **names), standing)
            if fault:
                answer = spoil.after(fault, answer)
        except ApiError as error:
            answer = _refusal(error)
        except spoil.Spoilt as spoilt:
            answer = spoilt.answer
        self._note(answer, caller, asked, begun)
        return answer

    def _enter(
        self, caller: Caller | None, key: str, rate: Rate, scopes: Collection[str], parameters: Collection[str]
    ) -> dict[str, str]:
        """Let the caller in, and give the headers that tell of the quota."""
        if caller is None:
            raise ApiError(401, "not_authenticated", "Missing or invalid credentials.")
        _check_revision(request.headers.get("revision", ""))
        if lacking := caller.lacks(scopes):
            detail = f"Your token is missing required scopes: {', '.join(lacking)}."
            raise ApiError(403, "permission_denied", detail, meta={"missing_scopes": lacking})
        standing = self.quotas.take(caller.quota, key, rate)
        if standing.retry_after is not None:
            detail = f"Request was throttled. Expected available in {standing.retry_after} second(s)."
            raise ApiError(429, "throttled", detail, retry_after=standing.retry_after)
        for name in request.args:
            if name not in parameters and name.partition("[")[0] != "fields":
                raise ApiError(400, "invalid", f"'{name}' is not a valid query parameter here.", parameter=name)
        return standing.headers

    def _note(self, answer: Response, caller: Caller | None, asked: Asked | None, begun: float) -> None:
        self.log.add(
            Logged(
                request.method,
                request.path,
                request.query_string.decode(),
                caller.kind if caller else "",
                answer.status_code,
                begun,
                time.time() - begun,
                request.content_length or 0,
                tuple(dict.fromkeys(asked.unknown)) if asked else (),
            )
        )


def _check_revision(revision: str) -> None:
    try:
        known = OLDEST <= date.fromisoformat(revision.removesuffix(".pre")) <= NEWEST
    except ValueError:
        known = False
    if not known:
        raise ApiError(400, "invalid", "A valid revision header is required.", title="Invalid revision")


def _asked(caller: Caller) -> Asked:
    body: Any = {}
    raw = b""
    if request.method in ("POST", "PATCH", "DELETE") and (request.content_length or 0) > 0:
        if (request.content_length or 0) > BODY_LIMIT:
            raise ApiError(413, "payload_too_large", f"The payload is larger than {BODY_LIMIT} bytes.")
        raw = request.get_data(cache=False)
        body = _parsed(raw)
    url = request.base_url
    return Asked(url, request.args.to_dict(), body, caller, len(raw))


def _parsed(raw: bytes) -> Json:
    if not (request.content_type or "").startswith((MEDIA_TYPE, "application/json")):
        raise ApiError(415, "unsupported_media_type", f"The media type must be {MEDIA_TYPE}.")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "parse_error", f"JSON parse error: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "parse_error", "The payload must be an object.")
    return body


def _response(status: int, document: Json | None, headers: dict[str, str]) -> Response:
    body = b"" if document is None else orjson.dumps(document)
    return Response(body, status, headers, mimetype=MEDIA_TYPE)


def _refusal(error: ApiError) -> Response:
    answer = Response(orjson.dumps(error.document()), error.status, mimetype=MEDIA_TYPE)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
