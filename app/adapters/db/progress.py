"""How far a shop is: its import, its models and its counts, as the terminal and the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

LATEST_RUNS = text("""
    SELECT DISTINCT ON (resource) resource, reason, state, objects, lines, repaired, started_at, finished_at, error,
           (SELECT count(*) FROM sync_problems p WHERE p.shop_id = r.shop_id AND p.run_id = r.id) AS problems
    FROM sync_runs r WHERE reason = ANY(:reasons) ORDER BY resource, id DESC
""")
PROBLEMS = text("""
    SELECT r.resource, p.line, p.reason FROM sync_problems p
    JOIN (SELECT DISTINCT ON (resource) shop_id, resource, id FROM sync_runs ORDER BY resource, id DESC) r
      ON r.shop_id = p.shop_id AND r.id = p.run_id
    ORDER BY r.resource, p.line LIMIT :limit
""")
COUNTS = text("""
    SELECT (SELECT count(*) FROM products WHERE deleted_at IS NULL) AS products,
           (SELECT count(*) FROM collections) AS collections,
           (SELECT count(*) FROM customers) AS customers,
           (SELECT count(*) FROM orders) AS orders,
           (SELECT count(*) FROM published_lists WHERE digest <> '') AS lists
""")


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """The latest import of one resource."""

    resource: str
    reason: str
    state: str
    objects: int
    lines: int
    repaired: int
    problems: int
    started_at: datetime
    finished_at: datetime | None
    error: str

    @property
    def share(self) -> float:
        """How much of the file has been read, 0 to 1; 1 for an empty one that is done."""
        if self.state == "done":
            return 1.0
        return min(self.lines / self.objects, 1.0) if self.objects else 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that the shop has here, and products whose list stands in the store."""

    products: int
    collections: int
    customers: int
    orders: int
    lists: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of a bulk file that could not be used."""

    resource: str
    line: int
    reason: str


class DbProgress:
    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, shop: ShopId, *, reasons: Sequence[str] = ("backfill", "command")) -> Sequence[SyncProgress]:
        """The latest run of every resource, by resource name."""
        with self._database.shop(shop) as session:
            rows = session.execute(LATEST_RUNS, {"reasons": list(reasons)}).mappings()
            return [SyncProgress(**row) for row in rows]

    def counts(self, shop: ShopId) -> Counts:
        with self._database.shop(shop) as session:
            return Counts(**session.execute(COUNTS).mappings().one())

    def problems(self, shop: ShopId, *, limit: int = 200) -> Sequence[Problem]:
        """The first lines of each resource's latest import that could not be used."""
        with self._database.shop(shop) as session:
            return [Problem(**row) for row in session.execute(PROBLEMS, {"limit": limit}).mappings()]
