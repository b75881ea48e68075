"""What the doctor asks PostgreSQL: the role, the protection of the tables, the migrations, and what is stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

ROLE = text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
UNPROTECTED = text("""
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
      AND NOT (relrowsecurity AND relforcerowsecurity)
""")
SHOP_HEALTH = text("""
    SELECT (SELECT count(*) FROM deliveries WHERE state = 'failed') AS failed_deliveries,
           (SELECT count(*) FROM deliveries
            WHERE state = 'pending' AND received_at < now() - interval '1 hour') AS late,
           (SELECT count(*) FROM sync_problems) AS sync_problems,
           (SELECT scopes FROM credentials) AS scopes,
           (SELECT refresh_expires_at < now() FROM credentials) AS token_expired,
           (SELECT count(*) FROM changed_days) AS days_behind,
           (SELECT extract(epoch FROM now() - min(since)) FROM changed_days)::float AS behind_s
""")

SHOP_PEOPLE = text("""
    SELECT (SELECT count(*) FROM customers) AS customers,
           (SELECT count(*) FROM segments WHERE counted_at IS NOT NULL) AS segments,
           (SELECT at FROM segment_scales) AS counted_at,
           coalesce((SELECT people FROM segment_scales), 0) AS counted_people,
           count(*) AS open_erasures, min(requested_at) AS oldest_erasure
    FROM receipts r WHERE finished_at IS NULL AND kind <> 'customer_export' AND NOT EXISTS (
        SELECT FROM receipts d WHERE d.kind = r.kind AND d.subject = r.subject AND d.finished_at > r.requested_at)
""")
"""An open receipt whose person was erased under another one since is not owed any more."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The server's version number (e.g. 180004), the role, and what of the schema is not as it should be."""

    version: int
    role: str
    can_bypass: bool
    unprotected: frozenset[str]
    revision: str | None


@dataclass(frozen=True, slots=True)
class ShopHealth:
    """What is stuck in one shop. `scopes` is None without credentials; `late` counts webhooks pending for an hour.

    `days_behind` are UTC days of the lake that are not counted yet; the oldest of them waits for `behind_s` seconds.
    """

    failed_deliveries: int
    late: int
    sync_problems: int
    scopes: str | None
    token_expired: bool | None
    days_behind: int
    behind_s: float | None


@dataclass(frozen=True, slots=True)
class ShopPeople:
    """What became of one shop's nightly count, and erasures whose receipt is still open.

    `counted_at` is None before the first count; `segments` were counted, over `counted_people` profiles.
    """

    customers: int
    segments: int
    counted_at: datetime | None
    counted_people: int
    open_erasures: int
    oldest_erasure: datetime | None


class DbDiagnosis:
    def __init__(self, database: Database) -> None:
        self._database = database

    def facts(self) -> DatabaseFacts:
        with self._database.open() as connection:
            role = connection.execute(ROLE).one()
            has_revision = connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            return DatabaseFacts(
                version=int(connection.scalar(text("SHOW server_version_num")) or 0),
                role=role.rolname,
                can_bypass=role.rolsuper or role.rolbypassrls,
                unprotected=frozenset(connection.scalars(UNPROTECTED)),
                revision=connection.scalar(text("SELECT version_num FROM alembic_version")) if has_revision else None,
            )

    def shop(self, shop: ShopId) -> ShopHealth:
        with self._database.shop(shop) as session:
            return ShopHealth(**session.execute(SHOP_HEALTH).mappings().one())

    def people(self, shop: ShopId) -> ShopPeople:
        with self._database.shop(shop) as session:
            return ShopPeople(**session.execute(SHOP_PEOPLE).mappings().one())
