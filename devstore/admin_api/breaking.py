"""How the Admin API and the token endpoint fail on demand: errors, hangs, dead connections, dead tokens, throttling.

A fault strikes before the request is carried out; one that is `late` lets it happen and spoils the answer, which is how
a client comes to repeat a change that was made.
"""

from __future__ import annotations

import os
import socket
import struct
import time

from flask import Blueprint, Response, g, jsonify, request

from devstore.admin_api.cost import Bucket
from devstore.faults import Fault, Faults

REVOKED = "[API] Invalid API key or access token (unrecognized login or wrong password)"
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 -- an address.


def add_faults(routes: Blueprint, faults: Faults, bucket: Bucket) -> None:
    """Put the faults before and behind the two endpoints, wherever in the application they are served."""

    @routes.before_app_request
    def strike() -> Response | None:
        endpoint = _endpoint()
        fault = faults.admin(endpoint) if endpoint else None
        if endpoint is None or fault is None:
            return None
        if fault.late:
            g.spoilt = (endpoint, fault)
            return None
        return _broken(endpoint, fault, bucket)

    @routes.after_app_request
    def spoil(answer: Response) -> Response:
        endpoint, fault = g.pop("spoilt", (None, None))
        return answer if endpoint is None else _broken(endpoint, fault, bucket) or answer


def _endpoint() -> str | None:
    if request.path == TOKEN_PATH:
        return "token"
    admin = request.path.startswith("/admin/api/") and request.path.endswith("/graphql.json")
    return "graphql" if admin else None


def _broken(endpoint: str, fault: Fault, bucket: Bucket) -> Response | None:
    """The answer that the fault gives; None where the proper one may follow."""
    match fault.mode:
        case "hang":
            time.sleep(fault.delay_s)
            if fault.drop:
                return _dead_connection()
            return _error(fault.status) if fault.status else None
        case "reset":
            return _dead_connection()
        case "revoked":
            return _revoked(endpoint)
        case "throttled":
            return _throttled(endpoint, bucket)
    return _error(fault.status or 500)


def _error(status: int) -> Response:
    """What stands in front of Shopify answers in HTML; an application's own error is JSON."""
    if status == 500:
        return _json({"errors": "Internal Server Error"}, status)
    return Response(f"<html><body><h1>{status}</h1></body></html>", status, mimetype="text/html")


def _revoked(endpoint: str) -> Response:
    if endpoint == "token":
        description = "The refresh token is invalid, expired or revoked."
        return _json({"error": "invalid_grant", "error_description": description}, 400)
    return _json({"errors": REVOKED}, 401)


def _throttled(endpoint: str, bucket: Bucket) -> Response:
    if endpoint == "token":
        answer = _json({"error": "too_many_requests"}, 429)
        answer.headers["Retry-After"] = "1.0"
        return answer
    asked = 100
    status = {**bucket.status(), "currentlyAvailable": 0}
    cost = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": status}
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "cost": asked}}
    return _json({"errors": [error], "extensions": {"cost": cost}}, 200)


def _json(body: dict[str, object], status: int) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    return answer


def _dead_connection() -> Response:
    """Reset the connection under the request instead of answering."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")

    def nothing() -> bytes:
        if connection is not None:
            # Closed without lingering, a connection is reset; the server's own closing would end it in good order.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(connection.detach())
        raise ConnectionResetError

    return Response(iter(nothing, b""), direct_passthrough=True)
