"""Bulk operations: started, read again by id, and fed with an uploaded file of variables.

https://shopify.dev/docs/api/usage/bulk-operations/queries and .../imports
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol

import httpx

from app.adapters.shopify.answers import refused
from app.adapters.shopify.connection import ShopifyConnection, refuse
from app.errors import Permanent, Retryable
from app.ports import BulkOperation, Json

LARGEST_UPLOAD = 100 * 1024 * 1024
IN_MEMORY = 4 * 1024 * 1024
UPLOAD_TIMEOUT = httpx.Timeout(300.0, connect=5.0)
BUSY_CODES = frozenset({"LIMIT_REACHED", "OPERATION_IN_PROGRESS"})
BUSY_PAUSE_S = 30.0


class Runs(Protocol):
    def run(self, document: str, variables: Json | None = None) -> dict[str, Any]: ...


def start_query(api: Runs, query: str) -> BulkOperation:
    """Start an export.

    Raises:
        Retryable: five exports run already.
        Permanent: Shopify does not accept the query.
    """
    answer = api.run("bulk_run_query", {"query": query})["bulkOperationRunQuery"]
    return _started(answer)


def start_mutation(api: Runs, connection: ShopifyConnection, mutation: str, lines: Iterator[bytes]) -> BulkOperation:
    """Upload the variables and run the mutation once a line.

    Raises:
        Permanent: there are more than 100 MB, or Shopify does not accept the mutation.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        size = _spool(file, lines)
        target = _staged(api, size)
        _upload(connection, target, file)
    path = {entry["name"]: entry["value"] for entry in target["parameters"]}["key"]
    answer = api.run("bulk_run_mutation", {"mutation": mutation, "path": path})
    return _started(answer["bulkOperationRunMutation"])


def read(api: Runs, operation_id: str) -> BulkOperation:
    """The operation as it stands now, with a fresh link if it is done.

    Raises:
        Permanent: there is no such operation.
    """
    found = api.run("bulk_operation", {"id": operation_id})["bulkOperation"]
    if found is None:
        raise Permanent(f"Shopify knows no bulk operation {operation_id}")
    return _operation(found)


def _started(answer: Mapping[str, Any]) -> BulkOperation:
    errors = answer["userErrors"]
    if any(error.get("code") in BUSY_CODES for error in errors):
        raise Retryable("as many bulk operations as allowed are running", after_s=BUSY_PAUSE_S)
    refused(errors)
    return _operation(answer["bulkOperation"])


def _operation(raw: Mapping[str, Any]) -> BulkOperation:
    return BulkOperation(
        id=raw["id"],
        status=raw["status"],
        error_code=raw["errorCode"],
        object_count=int(raw["objectCount"]),
        url=raw["url"],
        partial_url=raw["partialDataUrl"],
    )


def _spool(file: IO[bytes], lines: Iterator[bytes]) -> int:
    size = 0
    for line in lines:
        size += file.write(line) + file.write(b"\n")
        if size > LARGEST_UPLOAD:
            raise Permanent("the variables of a bulk mutation exceed 100 MB; send them in parts")
    file.seek(0)
    return size


def _staged(api: Runs, size: int) -> Mapping[str, Any]:
    entry = {
        "resource": "BULK_MUTATION_VARIABLES",
        "filename": "variables.jsonl",
        "mimeType": "text/jsonl",
        "httpMethod": "POST",
        "fileSize": str(size),
    }
    answer = api.run("staged_upload", {"input": [entry]})["stagedUploadsCreate"]
    refused(answer["userErrors"])
    target: Mapping[str, Any] = answer["stagedTargets"][0]
    return target


def _upload(connection: ShopifyConnection, target: Mapping[str, Any], file: IO[bytes]) -> None:
    """POST the form that Shopify described; the file must be its last field."""
    fields = {entry["name"]: entry["value"] for entry in target["parameters"]}
    files = {"file": ("variables.jsonl", file, "text/jsonl")}
    refuse(connection.post(target["url"], data=fields, files=files, timeout=UPLOAD_TIMEOUT))
