"""Bulk operations: started by a mutation, run in a thread of their own, read as JSONL from a signed URL.

Children come anywhere after their parent, as Shopify promises no more since ``groupObjects`` is false by default.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError

from devstore import schema
from devstore.admin_api import bulk_lines, bulk_rules
from devstore.admin_api.bulk_operation import RUNNING_STATES, BulkOperation
from devstore.admin_api.context import Context
from devstore.admin_api.errors import user_error
from devstore.admin_api.prepared import Prepared, prepare
from devstore.admin_api.walker import Walker
from devstore.faults import Faults
from devstore.options import Options
from devstore.store import Store

MAX_RUNNING = 5
_log = logging.getLogger(__name__)
Started = tuple[BulkOperation | None, list[dict[str, Any]]]


class BulkOperations:
    def __init__(self, store: Store, options: Options, faults: Faults) -> None:
        self._store, self._options, self._faults = store, options, faults
        self._operations: dict[int, BulkOperation] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="devstore-bulk-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._secret = secrets.token_bytes(32)

    # -- the API -------------------------------------------------------------------------------------------------------

    def get(self, number: int) -> BulkOperation | None:
        return self._operations.get(number)

    def all(self) -> list[BulkOperation]:
        return list(self._operations.values())

    def run_query(self, text: str, group_objects: bool, ctx: Context) -> Started:
        try:
            prepared = prepare(text)
        except GraphQLError as error:
            return None, [user_error(f"Invalid bulk query: {error.message}", ["query"], "INVALID")]
        problems = bulk_rules.problems(prepared, schema.load())
        if problems:
            return None, [user_error(problem, ["query"], "INVALID") for problem in problems]
        if self._full("QUERY"):
            return None, [_limit_reached("query")]
        walker = Walker(prepared, schema.load(), ctx)
        operation = self._create("QUERY", text)
        lines = bulk_lines.grouped(walker.rows()) if group_objects else bulk_lines.shuffled(walker.rows(), operation.id)
        denied = walker.denied is not None
        self._start(operation, self._counted(operation, lines), "ACCESS_DENIED" if denied else None)
        return operation, []

    def run_mutation(self, text: str, path: str, ctx: Context) -> Started:
        try:
            prepared = prepare(text)
        except GraphQLError as error:
            return None, [user_error(f"Invalid mutation: {error.message}", ["mutation"], "INVALID_MUTATION")]
        if reason := bulk_rules.mutation_problem(prepared):
            return None, [user_error(f"Invalid mutation: {reason}", ["mutation"], "INVALID_MUTATION")]
        content = ctx.uploads.get(path)
        if content is None:
            message = "The input file could not be found. Upload it with stagedUploadsCreate first."
            return None, [user_error(message, ["stagedUploadPath"], "NO_SUCH_FILE")]
        if self._full("MUTATION"):
            return None, [_limit_reached("mutation")]
        operation = self._create("MUTATION", text)
        self._start(operation, self._mutated(operation, prepared, content, ctx), None)
        return operation, []

    def cancel(self, number: int) -> Started:
        operation = self._operations.get(number)
        if operation is None:
            return None, [user_error("Bulk operation does not exist", ["id"])]
        if operation.status not in RUNNING_STATES:
            message = f"A bulk operation cannot be canceled when it is {operation.status.lower()}"
            return operation, [user_error(message)]
        operation.cancelled = True
        operation.status = "CANCELING"
        return operation, []

    # -- running -------------------------------------------------------------------------------------------------------

    def _full(self, kind: str) -> bool:
        return sum(o.type == kind and o.status in RUNNING_STATES for o in self.all()) >= MAX_RUNNING

    def _create(self, kind: str, text: str) -> BulkOperation:
        number = self._store.next_id()
        path = self._folder / f"{number}.jsonl"
        operation = BulkOperation(number, kind, text, self._store.clock.now(), path)
        self._operations[number] = operation
        return operation

    def _start(self, operation: BulkOperation, lines: Iterator[bytes], error_code: str | None) -> None:
        work = threading.Thread(
            target=self._run, args=(operation, lines, error_code), name=f"bulk-{operation.id}", daemon=True
        )
        work.start()

    def _run(self, operation: BulkOperation, lines: Iterator[bytes], error_code: str | None) -> None:
        if slow := self._faults.bulk("slow"):
            time.sleep(slow.delay_s)
        if not operation.cancelled:
            operation.status = "RUNNING"
        try:
            if error_code is None:
                error_code = self._write(operation, lines)
        except Exception:
            _log.exception("bulk operation %s failed", operation.id)
            error_code = "INTERNAL_SERVER_ERROR"
        self._finish(operation, error_code)

    def _write(self, operation: BulkOperation, lines: Iterator[bytes]) -> str | None:
        """Write all lines; the error code when a fault stops it."""
        fault = self._faults.bulk("fail", "garbage")
        with operation.path.open("wb") as file:
            for number, line in enumerate(lines, 1):
                if operation.cancelled:
                    return None
                if fault and number == (fault.at_line or 2):
                    if fault.mode == "fail":
                        return "INTERNAL_SERVER_ERROR"
                    file.write(bulk_lines.broken(line))
                else:
                    file.write(line)
        return None

    def _finish(self, operation: BulkOperation, error_code: str | None) -> None:
        operation.file_size = operation.path.stat().st_size if operation.path.exists() else 0
        operation.error_code = error_code
        operation.completed_at = self._store.clock.now()
        # Under one lock, so that nobody sees the operation finished before its webhook is on the way.
        with self._store.lock:
            if operation.cancelled:
                operation.status = "CANCELED"
            else:
                operation.status = "FAILED" if error_code else "COMPLETED"
            self._store.emit("bulk_operations/finish", operation)

    def _counted(self, operation: BulkOperation, rows: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        for depth, line in rows:
            operation.object_count += 1
            operation.root_count += depth == 0
            yield line

    def _mutated(self, operation: BulkOperation, prepared: Prepared, content: bytes, ctx: Context) -> Iterator[bytes]:
        for number, line in enumerate(content.splitlines()):
            operation.object_count += 1
            operation.root_count += 1
            yield orjson.dumps(bulk_lines.mutate(prepared, line, ctx) | {"__lineNumber": number}) + b"\n"

    # -- downloads -----------------------------------------------------------------------------------------------------

    def url(self, operation: BulkOperation) -> str | None:
        done = operation.status == "COMPLETED" and operation.file_size
        return self._signed(operation) if done else None

    def partial_url(self, operation: BulkOperation) -> str | None:
        broken = operation.status in ("FAILED", "CANCELED") and operation.file_size
        return self._signed(operation) if broken else None

    def _signed(self, operation: BulkOperation) -> str:
        expires = int(time.time() + self._options.bulk_url_lifetime_s)
        return (
            f"{self._options.origin}/_bulk/{operation.id}.jsonl"
            f"?expires={expires}&sig={self._signature(operation.id, expires)}"
        )

    def _signature(self, number: int, expires: int) -> str:
        return hmac.new(self._secret, f"{number}:{expires}".encode(), sha256).hexdigest()

    def opened(self, number: int, expires: int, signature: str) -> Path | None:
        """The file of a valid, unexpired URL."""
        operation = self._operations.get(number)
        valid = hmac.compare_digest(signature, self._signature(number, expires)) and expires >= time.time()
        if operation is None or not valid or self._faults.bulk("expire"):
            return None
        return operation.path

    def cut_at(self, path: Path, start: int) -> int | None:
        """The offset at which this download breaks off, in the middle of a line; None when it does not."""
        fault = self._faults.bulk_planned("cut")
        if fault is None:
            return None
        offset = bulk_lines.middle_of_line(path, fault)
        if offset <= start:
            return None
        self._faults.bulk("cut")
        return offset


def _limit_reached(kind: str) -> dict[str, Any]:
    return user_error(f"A maximum of {MAX_RUNNING} bulk {kind} operations can run at a time.", None, "LIMIT_REACHED")
