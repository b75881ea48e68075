"""The register of imports: one row a run, moved from checkpoint to checkpoint in transactions of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.core.syncs import UNFINISHED, Reason, Resource, Run, RunState

COLUMNS = "id, resource, reason, state, search, document, operation_id, started_at"
UNFINISHED_RUNS = text(f"SELECT {COLUMNS} FROM sync_runs WHERE state = ANY(:states)")
REQUEST = text("""
    INSERT INTO sync_runs (shop_id, resource, reason, state, document, operation_id, search, objects, lines, repaired,
                           started_at, error)
    VALUES (:shop, :resource, :reason, 'requested', '', '', :search, 0, 0, 0, :at, '')
""")
MOVE = text("""
    UPDATE sync_runs SET state = :state, document = :document, operation_id = :operation_id,
                         objects = coalesce(:objects, objects)
    WHERE shop_id = :shop AND id = :run
""")
PROGRESS = text("UPDATE sync_runs SET lines = :lines WHERE shop_id = :shop AND id = :run AND state = 'importing'")
FAIL = text("""
    UPDATE sync_runs SET state = 'failed', error = :error, finished_at = :at WHERE shop_id = :shop AND id = :run
""")
DONE_SINCE = text("""
    SELECT DISTINCT resource FROM sync_runs
    WHERE state = 'done' AND search = '' AND started_at >= coalesce(:moment, '-infinity'::timestamptz)
""")
LAST_DONE = text("""
    SELECT max(started_at) FROM sync_runs
    WHERE state = 'done' AND resource = :resource AND search NOT LIKE 'id:%'
""")

_ORDER = list(Resource)


class DbSyncRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished(self, shop: ShopId) -> Sequence[Run]:
        """In the order in which they are to be imported."""
        with self._database.shop(shop) as session:
            rows = session.execute(UNFINISHED_RUNS, {"states": list(UNFINISHED)}).all()
        return sorted((_run(row) for row in rows), key=lambda run: (_ORDER.index(run.resource), run.id))

    def request(
        self, shop: ShopId, resources: Sequence[Resource], reason: Reason, *, at: datetime, search: str = ""
    ) -> None:
        """Note a run for each resource, all in one transaction."""
        rows = [{"shop": shop, "resource": r, "reason": reason, "search": search, "at": at} for r in resources]
        with self._database.shop(shop) as session:
            session.execute(REQUEST, rows)

    def move(
        self,
        shop: ShopId,
        run: Run,
        state: RunState,
        *,
        document: str | None = None,
        operation_id: str | None = None,
        objects: int | None = None,
    ) -> Run:
        """Set a checkpoint; returns the run as it stands then."""
        moved = replace(
            run,
            state=state,
            document=run.document if document is None else document,
            operation_id=run.operation_id if operation_id is None else operation_id,
        )
        values = {"state": state, "document": moved.document, "operation_id": moved.operation_id, "objects": objects}
        with self._database.shop(shop) as session:
            session.execute(MOVE, {"shop": shop, "run": run.id, **values})
        return moved

    def progress(self, shop: ShopId, run: Run, lines: int) -> None:
        with self._database.shop(shop) as session:
            session.execute(PROGRESS, {"shop": shop, "run": run.id, "lines": lines})

    def fail(self, shop: ShopId, run: Run, error: str, *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            session.execute(FAIL, {"shop": shop, "run": run.id, "error": error[:500], "at": at})

    def done_since(self, shop: ShopId, moment: datetime | None) -> frozenset[Resource]:
        """The resources of which everything has been imported, requested at `moment` or later (ever, if None)."""
        with self._database.shop(shop) as session:
            return frozenset(Resource(name) for name in session.execute(DONE_SINCE, {"moment": moment}).scalars())

    def last_done(self, shop: ShopId, resource: Resource) -> datetime | None:
        """When the newest finished run of the resource was requested: what changed before then has been seen."""
        with self._database.shop(shop) as session:
            newest: datetime | None = session.execute(LAST_DONE, {"resource": resource}).scalar()
            return newest


def _run(row: Row[tuple[int, str, str, str, str, str, str, datetime]]) -> Run:
    return Run(
        id=row.id,
        resource=Resource(row.resource),
        reason=Reason(row.reason),
        state=RunState(row.state),
        search=row.search,
        document=row.document,
        operation_id=row.operation_id,
        started_at=row.started_at,
    )
