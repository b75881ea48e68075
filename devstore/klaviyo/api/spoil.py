"""How each fault spoils an answer, before the request is carried out or after."""

from __future__ import annotations

import time

import orjson
from flask import Response

from devstore.klaviyo.api.errors import ApiError
from devstore.klaviyo.api.trouble import Fault

UNKNOWN = "a_status_that_nobody_knows"


class Spoilt(Exception):
    """The answer that stands in for the proper one."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def before(fault: Fault) -> None:
    """Break the request before it is looked at; returns where it goes on.

    Raises:
        Spoilt, ApiError: with what is answered instead.
    """
    if fault.mode == "hang":
        time.sleep(fault.seconds)
    elif fault.mode not in ("unknown_enum", "empty", "cut"):
        raise Spoilt(_instead(fault)) if fault.mode != "feature_unavailable" else _no_feature()


def after(fault: Fault, answer: Response) -> Response:
    """What becomes of the answer to a request that was carried out."""
    if fault.mode == "unknown_enum":
        return _unknown_enum(answer)
    if fault.mode == "empty":
        return _empty(answer)
    if fault.mode == "cut":
        return _cut(answer)
    if not fault.late:
        return answer
    if fault.mode == "hang":
        time.sleep(fault.seconds)
        return answer
    if fault.mode == "feature_unavailable":
        raise _no_feature()
    return _instead(fault)


def _instead(fault: Fault) -> Response:
    match fault.mode:
        case "rubbish":
            return Response("<html><body>We'll be right back</body></html>", 200, mimetype="text/html")
        case "unauthorized":
            return _error(401, "not_authenticated", "Missing or invalid credentials.")
        case "throttled":
            answer = _error(429, "throttled", "Request was throttled.")
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = fault.retry_after
            return answer
    return _error(fault.status, "error", "A server error occurred.")


def _error(status: int, code: str, detail: str) -> Response:
    document = ApiError(status, code, detail).document()
    return Response(orjson.dumps(document), status, mimetype="application/vnd.api+json")


def _no_feature() -> ApiError:
    return ApiError(403, "feature_unavailable", "This feature is not part of the account's plan.")


def _unknown_enum(answer: Response) -> Response:
    document = orjson.loads(answer.get_data() or b"{}")
    data = document.get("data") or []
    for one in data if isinstance(data, list) else [data]:
        if "status" in one.get("attributes", {}):
            one["attributes"]["status"] = UNKNOWN
    answer.set_data(orjson.dumps(document))
    return answer


def _empty(answer: Response) -> Response:
    document = orjson.loads(answer.get_data() or b"{}")
    if isinstance(document.get("data"), list):
        answer.set_data(orjson.dumps({**document, "data": []}))
    return answer


def _cut(answer: Response) -> Response:
    whole = answer.get_data()
    half = Response(whole[: len(whole) // 2], answer.status_code, mimetype=answer.mimetype)
    half.automatically_set_content_length = False
    half.headers["Content-Length"] = str(len(whole))
    return half
