"""The HTTP side of the Admin API: authentication, cost, status codes; and the bulk files and staged uploads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue
from graphql import ExecutionResult, GraphQLError

from devstore import schema
from devstore.admin_api import cost
from devstore.admin_api.access import Access
from devstore.admin_api.breaking import REVOKED
from devstore.admin_api.bulk import BulkOperations
from devstore.admin_api.context import Context
from devstore.admin_api.engine import run
from devstore.admin_api.errors import NOT_SIMULATED
from devstore.admin_api.fields_definitions import declare
from devstore.admin_api.prepared import Prepared, prepare
from devstore.admin_api.uploads import Uploads
from devstore.installation import Installation
from devstore.options import API_VERSION, Options
from devstore.store import Store

Answer = tuple[dict[str, Any], int]
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class AdminApi:
    """Answers GraphQL requests for one shop."""

    def __init__(
        self, store: Store, options: Options, installation: Installation, bulk: BulkOperations, bucket: cost.Bucket
    ) -> None:
        self._store, self._options, self._installation = store, options, installation
        self._bulk, self._bucket = bulk, bucket
        self.uploads = Uploads(options)
        declare(store, options)

    def answer(self, token: str, body: dict[str, Any]) -> Answer:
        if not self._installation.accepts(token):
            return {"errors": REVOKED}, 401
        text = body.get("query")
        if not isinstance(text, str):
            return {"errors": {"query": "Required parameter missing or invalid"}}, 400
        try:
            prepared = prepare(text)
            operation = prepared.operation(body.get("operationName"))
        except GraphQLError as error:
            return {"errors": [error.formatted]}, 200
        if prepared.errors:
            return {"errors": [error.formatted for error in prepared.errors]}, 200
        variables = body.get("variables") or {}
        if not isinstance(variables, dict):
            return {"errors": {"variables": "Variables must be an object"}}, 400
        asked = cost.Estimate(schema.load(), prepared.fragments, variables).of(operation)
        return self._charged(prepared, variables, body.get("operationName"), asked)

    def _charged(self, prepared: Prepared, variables: dict[str, Any], name: str | None, asked: int) -> Answer:
        if asked > cost.MAX_QUERY_COST:
            message = f"Query cost is {asked}, which exceeds the single query max cost limit ({cost.MAX_QUERY_COST})."
            return self._refused(message, "MAX_COST_EXCEEDED", asked)
        price = asked * self._bucket.factor
        if not self._bucket.take(price):
            return self._refused("Throttled", "THROTTLED", asked)
        result = run(prepared, self._context(), variables, name)
        used = min(asked, max(1, cost.actual(result.data)))
        self._bucket.give_back(price - used * self._bucket.factor)
        return self._formatted(result, asked, used)

    def _context(self) -> Context:
        access = Access(self._installation.scopes, self._options.level2)
        return Context(self._store, self._options, access, self._bulk, self.uploads)

    def _refused(self, message: str, code: str, asked: int) -> Answer:
        error = {"message": message, "extensions": {"code": code, "cost": asked}}
        return {"errors": [error], "extensions": self._cost(asked, None)}, 200

    def _formatted(self, result: ExecutionResult, asked: int, used: int) -> Answer:
        errors = [error.formatted for error in result.errors or ()]
        missing = [e for e in errors if (e.get("extensions") or {}).get("code") == NOT_SIMULATED]
        if missing:
            return {"errors": missing}, 501
        answer: dict[str, Any] = {"data": result.data, "extensions": self._cost(asked, used)}
        if errors:
            answer["errors"] = errors
        return answer, 200

    def _cost(self, asked: int, used: int | None) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": asked,
                "actualQueryCost": used,
                "throttleStatus": self._bucket.status(),
            }
        }


def blueprint(api: AdminApi, bulk: BulkOperations) -> Blueprint:
    routes = Blueprint("admin_api", __name__)

    @routes.post("/admin/api/<version>/graphql.json")
    def graphql(version: str) -> ResponseReturnValue:
        if version != API_VERSION:
            return {"errors": f"The devstore speaks {API_VERSION} only, not {version}"}, 501
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return {"errors": {"query": "Required parameter missing or invalid"}}, 400
        answer, status = api.answer(request.headers.get("X-Shopify-Access-Token", ""), body)
        return answer, status, {"X-Shopify-API-Version": API_VERSION}

    @routes.get("/_bulk/<int:number>.jsonl")
    def bulk_file(number: int) -> ResponseReturnValue:
        expires = request.args.get("expires", 0, type=int)
        path = bulk.opened(number, expires, request.args.get("sig", ""))
        if path is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        start = int(match[1]) if (match := _RANGE.fullmatch(request.headers.get("Range", ""))) else 0
        cut = bulk.cut_at(path, start)
        if cut is not None:
            return _cut_short(path, start, cut)
        return send_file(path, mimetype="application/jsonl", conditional=True, etag=False)

    @routes.post("/_uploads")
    def upload() -> ResponseReturnValue:
        file = request.files.get("file")
        if file is None or not api.uploads.receive(request.form.to_dict(), file.read()):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        key = request.form["key"]
        return Response(f"<PostResponse><Key>{key}</Key></PostResponse>", 201, mimetype="application/xml")

    return routes


def _cut_short(path: Path, start: int, end: int) -> Response:
    """Promise the whole file and break off at `end`, as a connection that dies does."""
    size = path.stat().st_size

    def body() -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            left = end - start
            while left > 0:
                chunk = file.read(min(65_536, left))
                left -= len(chunk)
                yield chunk

    response = Response(body(), 206 if start else 200, mimetype="application/jsonl", direct_passthrough=True)
    response.headers["Content-Length"] = str(size - start)
    response.headers["Accept-Ranges"] = "bytes"
    if start:
        response.headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    return response
