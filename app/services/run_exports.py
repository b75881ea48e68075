"""Runs of the register, worked off: exports are started side by side, waited for, and imported one after the other.

Shopify writes up to five exports of an app at a time, so all of them run while the first is being imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from app.core.ids import ShopId
from app.core.syncs import Resource, Run, RunState
from app.errors import AccessDenied, Permanent, Retryable
from app.ports import AdminApi, BulkOperation, Clock, Imported, StoreImporter, SyncRuns
from app.services.bulk_file import whole_file
from app.services.checkpoints import Checkpoint

MOST_EXPORTS: Final = 5
TRIES: Final = 3
"""How often an export is made before its run is given up."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
PROGRESS_EVERY_S: Final = 0.5
ENDED_BADLY: Final = frozenset({"FAILED", "CANCELED", "EXPIRED"})

WITH_CONTACT: Final = {Resource.CUSTOMERS: "customers_contact", Resource.ORDERS: "orders_contact"}
"""The documents that ask for personal fields (level 2); where Shopify refuses them, the plain ones do."""


class Exports:
    """Works off one shop's unfinished runs; `next` brings one of them to its end."""

    def __init__(
        self,
        shop: ShopId,
        api: AdminApi,
        runs: SyncRuns,
        importer: StoreImporter,
        clock: Clock,
        *,
        checkpoint: Checkpoint,
        wait: Callable[[float], None],
    ) -> None:
        self._shop = shop
        self._api = api
        self._runs = runs
        self._importer = importer
        self._clock = clock
        self._checkpoint = checkpoint
        self._wait = wait
        self._tries: dict[int, int] = {}

    def next(self) -> tuple[Resource, Imported | None]:
        """Start what may be started and bring the first run to its end; None when it had to be given up.

        Raises:
            Retryable: Shopify can't be reached, or other apps' exports leave no room for ours.
        """
        run = self._start_all()[0]
        while True:
            try:
                if run.state is RunState.REQUESTED:
                    run = self._start(run, document=_first_document(run))
                return run.resource, self._finish(run)
            except AccessDenied as denied:
                if run.document in ("", run.resource):
                    self._give_up(run, denied)
                    return run.resource, None
                run = self._start(run, document=str(run.resource))
            except _Failed as failed:
                self._tries[run.id] = self._tries.get(run.id, 0) + 1
                if self._tries[run.id] >= TRIES:
                    self._give_up(run, failed)
                    return run.resource, None
                run = self._start(run, document=run.document)

    def _start_all(self) -> list[Run]:
        """Start as many requested runs as Shopify allows; returns all unfinished ones."""
        runs = list(self._runs.unfinished(self._shop))
        room = MOST_EXPORTS - sum(run.state is not RunState.REQUESTED for run in runs)
        for place, run in enumerate(runs):
            if run.state is not RunState.REQUESTED or room <= 0:
                continue
            try:
                runs[place] = self._start(run, document=_first_document(run))
            except AccessDenied:
                continue  # It is given up when its turn comes.
            except Retryable:
                # As many exports as allowed are running, perhaps one that a killed worker of ours has left: those
                # that have been started are worked off first.
                if place == 0:
                    raise
                return runs
            room -= 1
        return runs

    def _start(self, run: Run, *, document: str) -> Run:
        try:
            operation = self._api.start_bulk_query(document, search=run.search or None)
        except AccessDenied:
            if document == run.resource:
                raise
            return self._start(run, document=str(run.resource))
        self._checkpoint("exported")
        moved = self._runs.move(self._shop, run, RunState.RUNNING, document=document, operation_id=operation.id)
        self._checkpoint("running")
        return moved

    def _finish(self, run: Run) -> Imported:
        """Wait for the export and import it.

        Raises:
            _Failed: the export must be made again.
            AccessDenied: Shopify refuses a field of the document.
        """
        operation = self._ended(run)
        if operation.status in ENDED_BADLY:
            if operation.error_code == "ACCESS_DENIED":
                raise AccessDenied(
                    f"Shopify denies access to {run.document}: a scope or an approval is missing", field=run.document
                )
            raise _Failed(f"the export ended as {operation.status} ({operation.error_code or 'no reason given'})")
        run = self._runs.move(self._shop, run, RunState.IMPORTING, objects=operation.object_count)
        self._checkpoint("importing")
        lines = self._lines(operation)
        try:
            imported = self._importer.load(self._shop, run, lines, progress=self._progress(run))
        except _Short as short:
            raise _Failed(str(short)) from short
        self._checkpoint("imported")
        return imported

    def _lines(self, operation: BulkOperation) -> Iterator[bytes]:
        try:
            yield from whole_file(self._api, operation, wait=self._wait)
        except Retryable as error:
            raise _Short(str(error)) from error

    def _ended(self, run: Run) -> BulkOperation:
        pause = FIRST_PAUSE_S
        while True:
            try:
                operation = self._api.bulk_operation(run.operation_id)
            except AccessDenied:
                raise
            except Permanent as gone:
                raise _Failed(str(gone)) from gone
            if operation.status == "COMPLETED" or operation.status in ENDED_BADLY:
                return operation
            self._wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_S)

    def _progress(self, run: Run) -> Callable[[int], None]:
        """Tells the register how far the import is, twice a second at most."""
        told = time.monotonic()

        def tell(lines: int) -> None:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                self._runs.progress(self._shop, run, lines)

        return tell

    def _give_up(self, run: Run, error: Exception) -> None:
        self._runs.fail(self._shop, run, str(error), at=self._clock.now())


def _first_document(run: Run) -> str:
    return WITH_CONTACT.get(run.resource, str(run.resource))


class _Failed(Exception):
    """The export did not end well; another may."""


class _Short(Exception):
    """The export's file can't be read to its end."""
