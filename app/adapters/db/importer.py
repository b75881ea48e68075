"""The importer: lines of a bulk file become rows, in one transaction a file, in memory that does not grow with it.

Lines are parsed and sealed here, COPYed into temporary tables by a second thread, and merged in SQL once all have
come, because children may stand anywhere after their parent. What can't be used is noted with its line number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg

from app.adapters.crypto import Sealer
from app.adapters.db.compare_ids import COMPARISONS
from app.adapters.db.copying import Copying
from app.adapters.db.engine import Database
from app.adapters.db.import_plans import HALF_ORDERS, PLANS, UNKNOWN_PRODUCTS, Plan
from app.adapters.db.merge_people import TOUCHED
from app.adapters.db.staging import IDS, Rows, Staged
from app.adapters.db.writers import ALONE
from app.adapters.shopify.bulk_lines import BulkLines, parse_id
from app.core.ids import ShopId
from app.core.records import Record
from app.core.syncs import COUNTERPART, Reason, Resource, Run, these
from app.ports import Clock, Imported

MAX_PROBLEMS = 1000
"""Problems noted a run; more of them are counted only."""
PROGRESS_EVERY = 5000
IDS_A_RUN = 50
"""How many records one search names."""
MOST_IDS = 1000
"""More missed records than this are not named one by one: a comparison has everything exported again, an import leaves
the rest to the next night's comparison."""
UNUSABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError)

CURRENCY = "SELECT currency FROM shop_profiles WHERE shop_id = %s"
NOTE = "INSERT INTO sync_problems (shop_id, run_id, line, reason) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
AGAIN = """
    INSERT INTO sync_runs (shop_id, resource, reason, state, document, operation_id, search, objects, lines, repaired,
                           started_at, error)
    VALUES (%s, %s, %s, 'requested', '', '', %s, 0, 0, 0, %s, '')
"""
FINISH = """
    UPDATE sync_runs SET state = 'done', lines = %(lines)s, repaired = repaired + %(repaired)s,
                         finished_at = %(at)s, error = ''
    WHERE shop_id = %(shop)s AND id = %(run)s
"""


@dataclass(slots=True)
class Problems:
    """What could not be used, by line number; capped, so that a file of garbage can't fill the memory."""

    noted: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def note(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self.noted) < MAX_PROBLEMS:
            self.noted.setdefault(line, reason)


class DbImporter:
    """`app.ports.StoreImporter` on PostgreSQL."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def load(self, shop: ShopId, run: Run, lines: Iterator[bytes], *, progress: Callable[[int], None]) -> Imported:
        """Import a whole bulk file and mark the run as done, in one transaction."""
        problems = Problems()
        with self._database.copy(shop) as connection:
            stage = Stage(connection, shop, self._sealer, problems)
            if run.resource in COMPARISONS:
                lines_read = stage.ids(lines, progress)
                _alone(connection, shop, COUNTERPART[run.resource])
                applied, repaired, again = _compare(connection, shop, run, problems)
            else:
                lines_read = stage.records(run.resource, lines, progress)
                _alone(connection, shop, run.resource)
                again = _check(connection, shop, run.resource, problems)
                repaired = _different(connection, shop, run)
                _revive(connection, shop, run)
                applied = _merge(connection, shop, PLANS[run.resource])
            _ask_again(connection, shop, run, again)
            self._finish(connection, shop, run, problems, lines_read, repaired)
            connection.commit()
        return Imported(lines=lines_read, applied=applied, repaired=repaired, problems=problems.count)

    def _finish(
        self, connection: psycopg.Connection, shop: ShopId, run: Run, problems: Problems, lines: int, repaired: int
    ) -> None:
        values = {"shop": shop, "run": run.id, "lines": lines, "repaired": repaired, "at": self._clock.now()}
        with connection.cursor() as cursor:
            cursor.executemany(NOTE, [(shop, run.id, line, reason) for line, reason in problems.noted.items()])
            cursor.execute(FINISH, values)


@dataclass(frozen=True, slots=True)
class Stage:
    """Reads lines into temporary tables; what can't be used goes to `problems`."""

    connection: psycopg.Connection
    shop: ShopId
    sealer: Sealer
    problems: Problems

    def records(self, resource: Resource, lines: Iterator[bytes], progress: Callable[[int], None]) -> int:
        """Stage the records of a resource; returns how many lines there were."""
        row = self.connection.execute(CURRENCY, [self.shop]).fetchone()
        parse = BulkLines(str(row[0]) if row else "").parse
        return self._read(PLANS[resource].tables, parse, lines, progress)

    def ids(self, lines: Iterator[bytes], progress: Callable[[int], None]) -> int:
        return self._read((IDS,), parse_id, lines, progress)

    def _read(
        self,
        tables: tuple[Staged, ...],
        parse: Callable[[Any], Record | None],
        lines: Iterator[bytes],
        progress: Callable[[int], None],
    ) -> int:
        self.connection.execute("SET temp_buffers = '32MB'")
        for table in tables:
            self.connection.execute(table.create)
        rows_of, number = Rows(self.shop, self.sealer).of, 0
        with Copying(self.connection, tables) as copying:
            for number, line in enumerate(lines, start=1):
                try:
                    record = parse(orjson.loads(line))
                    for table, row in rows_of(number, record) if record is not None else ():
                        copying.add(table, row)
                except UNUSABLE as error:
                    self.problems.note(number, _reason(error))
                if number % PROGRESS_EVERY == 0:
                    progress(number)
        for refused, kind in copying.refused:
            self.problems.note(refused, f"holds what can't be stored ({kind})")
        progress(number)
        for table in tables:
            self.connection.execute(f"ANALYZE {table.name}")
        return number


def _alone(connection: psycopg.Connection, shop: ShopId, resource: Resource) -> None:
    """Take turns with webhooks and erasures from here to the commit."""
    connection.execute(ALONE, {"half": PLANS[resource].half, "shop": shop})


def _check(connection: psycopg.Connection, shop: ShopId, resource: Resource, problems: Problems) -> list[int]:
    """Drop what would be half a thing; returns the ids of the parents that should be asked for again."""
    again: set[int] = set()
    for family in PLANS[resource].families:
        for line, parent in connection.execute(family.drop_orphans):
            problems.note(line, f"its parent {parent} is not in the file")
            again.add(parent)
    if resource is Resource.ORDERS:
        if problems.count:
            for line, order in connection.execute(HALF_ORDERS):
                problems.note(line, f"order {order} lacks lines")
                again.add(order)
        for line, product in connection.execute(UNKNOWN_PRODUCTS, {"shop": shop, "limit": MAX_PROBLEMS}):
            problems.note(line, f"product {product} is not known")
    return sorted(again)


def _different(connection: psycopg.Connection, shop: ShopId, run: Run) -> int:
    """What a reconciliation repairs by applying what is staged."""
    if run.reason is not Reason.RECONCILE:
        return 0
    row = connection.execute(PLANS[run.resource].different, {"shop": shop}).fetchone()
    return int(row[0]) if row else 0


def _revive(connection: psycopg.Connection, shop: ShopId, run: Run) -> None:
    revives = PLANS[run.resource].revives
    if revives:
        connection.execute(revives, {"shop": shop, "before": run.started_at})


def _merge(connection: psycopg.Connection, shop: ShopId, plan: Plan) -> int:
    """Run the merges; returns how many records the first one applied."""
    values: dict[str, object] = {"shop": shop, "triggered_at": None}
    applied = [connection.execute(f"WITH {merge}", values).fetchone() for merge in plan.merges]
    for settle in plan.settles:
        connection.execute(f"WITH {TOUCHED} {settle}", values)
    return int(applied[0][0]) if applied[0] else 0


def _compare(connection: psycopg.Connection, shop: ShopId, run: Run, problems: Problems) -> tuple[int, int, list[int]]:
    """Delete what the store no longer has; returns how much that was, twice, and the ids to ask for."""
    comparison, values = COMPARISONS[run.resource], {"shop": shop, "before": run.started_at}
    missed = [row[0] for row in connection.execute(comparison.missed, values)]
    if problems.count:
        return 0, 0, missed  # A line that can't be read may be the record that we would delete.
    connection.execute(comparison.gone, values)
    row = connection.execute("SELECT count(*) FROM gone_ids").fetchone()
    for delete in comparison.deletes:
        connection.execute(delete, values)
    gone = int(row[0]) if row else 0
    return gone, gone, missed


def _ask_again(connection: psycopg.Connection, shop: ShopId, run: Run, ids: list[int]) -> None:
    """Note runs that fetch these records. What was asked for by id already is not asked for a second time.

    Only a comparison may ask for everything: an import that did so because of its own bad lines would never end.
    """
    if run.search.startswith("id:") or not ids:
        return
    resource = COUNTERPART.get(run.resource, run.resource)
    named = ids[:MOST_IDS]
    parts = [these(named[start : start + IDS_A_RUN]) for start in range(0, len(named), IDS_A_RUN)]
    for search in [""] if len(ids) > MOST_IDS and run.resource in COUNTERPART else parts:
        connection.execute(AGAIN, [shop, resource, run.reason, search, run.started_at])


def _reason(error: Exception) -> str:
    """Why a line could not be used, without its content, which may be personal."""
    if isinstance(error, orjson.JSONDecodeError):
        return "not JSON"
    if isinstance(error, KeyError):
        return f"lacks {error.args[0]!s:.40}"
    return f"does not fit the document ({type(error).__name__})"
