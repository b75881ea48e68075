"""The register of trainings and the pointer to the version in use.

Moving the pointer and noting that the store's lists are now due is one transaction, so that a killed worker's lists
are published by whoever looks at ``due_work`` next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.db import due_work
from app.adapters.db.engine import Database
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.canary import Canary
from app.ports import ModelRecord

DUE_KIND = "publish_lists"
"""The kind of ``due_work`` that asks for the lists; its id says what moved the pointer."""
BY_TRAINING = "train"
BY_ROLL_BACK = "roll_back"

CURRENT = text("SELECT version FROM model_pointers")
COLUMNS = "version, state, strategy, trained_at, orders, products, metrics, note, lineage"
IN_USE = text(f"SELECT {COLUMNS} FROM model_runs WHERE version = (SELECT version FROM model_pointers)")
RECORD = text("""
    INSERT INTO model_runs (shop_id, version, state, strategy, trained_at, orders, products, metrics, note, lineage)
    VALUES (:shop, :version, :state, :strategy, :trained_at, :orders, :products, cast(:metrics AS jsonb), :note,
            cast(:lineage AS jsonb))
    ON CONFLICT (shop_id, version) DO UPDATE SET
        state = CASE WHEN excluded.state = 'training' AND model_runs.state IN ('published', 'canary', 'taken_back')
                     THEN model_runs.state ELSE excluded.state END,
        strategy = excluded.strategy, trained_at = excluded.trained_at, orders = excluded.orders,
        products = excluded.products, metrics = excluded.metrics, note = excluded.note, lineage = excluded.lineage
""")
MOVE = text("""
    INSERT INTO model_pointers (shop_id, version, previous, moved_at) VALUES (:shop, :version, NULL, :at)
    ON CONFLICT (shop_id) DO UPDATE
    SET previous = model_pointers.version, version = excluded.version, moved_at = excluded.moved_at
    WHERE model_pointers.version IS DISTINCT FROM excluded.version
""")
RETIRE = text("UPDATE model_runs SET state = 'retired' WHERE state = 'published' AND version <> :version")
PUBLISH = text("UPDATE model_runs SET state = 'published' WHERE version = :version")
# The one that was in use before, if it is older; a newer one is what an earlier roll-back left behind.
BEFORE = text("""
    SELECT earlier.version FROM model_runs earlier, model_runs now, model_pointers pointer
    WHERE now.version = pointer.version AND earlier.state = 'retired' AND earlier.version = ANY(:available)
      AND earlier.trained_at < now.trained_at
    ORDER BY earlier.version = pointer.previous DESC, earlier.trained_at DESC LIMIT 1
""")
HISTORY = text(f"""
    SELECT {COLUMNS} FROM model_runs
    ORDER BY trained_at DESC, state = 'published' DESC, version LIMIT :limit
""")
ONE = text(f"SELECT {COLUMNS} FROM model_runs WHERE version = :version")
PREVIOUS = text("SELECT previous FROM model_pointers")
CANARY = text("SELECT version, share FROM model_trials WHERE stage = 'canary'")
UNWATCH = text("""
    UPDATE model_trials SET stage = 'replaced', ended_at = :at, reason = 'Somebody went back to an earlier model.'
    WHERE stage = 'live'
""")
FORGET_TRIALS = text("DELETE FROM model_trials")
FORGET_RUNS = text("DELETE FROM model_runs")
FORGET_POINTER = text("DELETE FROM model_pointers")
DUE_AFTER_S = 30.0
"""The worker who moved the pointer goes on to the lists by itself; the sweeper is for when it could not."""
NOT_DUE = text("DELETE FROM due_work WHERE shop_id = :shop AND kind = :kind")
IS_DUE = text("SELECT 1 FROM due_work WHERE shop_id = :shop AND kind = :kind AND id = :id")
SETTLE = text("""
    DELETE FROM due_work WHERE shop_id = :shop AND kind = :kind
    AND (SELECT max(version) FROM model_pointers) IS NOT DISTINCT FROM :version
""")


class DbModels:
    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, shop: ShopId) -> ModelVersion | None:
        with self._database.shop(shop) as session:
            return _version(session.execute(CURRENT).scalar())

    def in_use(self, shop: ShopId) -> ModelRecord | None:
        """What the register says of the version that the pointer names."""
        with self._database.shop(shop) as session:
            row = session.execute(IN_USE).first()
            return _record(row) if row else None

    def one(self, shop: ShopId, version: ModelVersion) -> ModelRecord | None:
        """What the register says of this version."""
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"version": version}).first()
            return _record(row) if row else None

    def previous(self, shop: ShopId) -> ModelVersion | None:
        """The version that was in use before the current one."""
        with self._database.shop(shop) as session:
            return _version(session.execute(PREVIOUS).scalar())

    def canary(self, shop: ShopId) -> Canary | None:
        """The version that some visitors get first."""
        with self._database.shop(shop) as session:
            row = session.execute(CANARY).first()
            return Canary(ModelVersion(row.version), row.share) if row else None

    def record(self, shop: ShopId, record: ModelRecord) -> None:
        """Add the training to the register, or correct its row; a published one is not made unpublished by this."""
        with self._database.shop(shop) as session:
            session.execute(RECORD, {"shop": shop, **_values(record)})

    def publish(self, shop: ShopId, version: ModelVersion, *, at: datetime) -> None:
        """Flip the pointer in one transaction; the version before it stays for a roll-back. Idempotent."""
        with self._database.shop(shop) as session:
            point(session, shop, version, at, BY_TRAINING)

    def roll_back(self, shop: ShopId, *, at: datetime, available: Collection[ModelVersion]) -> ModelVersion | None:
        """Flip back to the version before; None when none of the `available` ones came before.

        A roll-back whose lists are still due was cut short: it is finished, not followed by another one.
        """
        with self._database.shop(shop) as session:
            if session.execute(IS_DUE, {"shop": shop, "kind": DUE_KIND, "id": BY_ROLL_BACK}).first() is not None:
                return _version(session.execute(CURRENT).scalar())
            target = _version(session.execute(BEFORE, {"available": list(available)}).scalar())
            if target is not None:
                point(session, shop, target, at, BY_ROLL_BACK)
                session.execute(UNWATCH, {"at": at})
            return target

    def lists_settled(self, shop: ShopId, version: ModelVersion | None) -> None:
        """Note that the lists of `version` stand in the store; they stay due if the pointer has moved since."""
        with self._database.shop(shop) as session:
            session.execute(SETTLE, {"shop": shop, "kind": DUE_KIND, "version": version})

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[ModelRecord]:
        """The latest trainings, newest first; of one training, the published model before the rejected one."""
        with self._database.shop(shop) as session:
            return [_record(row) for row in session.execute(HISTORY, {"limit": limit})]

    def forget(self, shop: ShopId) -> None:
        """Remove the register and the pointer (withdrawn consent, shop erasure)."""
        with self._database.shop(shop) as session:
            session.execute(FORGET_POINTER)
            session.execute(FORGET_TRIALS)
            session.execute(FORGET_RUNS)
            session.execute(NOT_DUE, {"shop": shop, "kind": DUE_KIND})


def point(session: Session, shop: ShopId, version: ModelVersion, at: datetime, reason: str) -> None:
    """Move the pointer, and note that the lists in the store are due, in the session's transaction."""
    session.execute(MOVE, {"shop": shop, "version": version, "at": at})
    session.execute(RETIRE, {"version": version})
    session.execute(PUBLISH, {"version": version})
    session.execute(NOT_DUE, {"shop": shop, "kind": DUE_KIND})
    session.execute(due_work.PUT, {"shop": shop, "kind": DUE_KIND, "id": reason, "after_s": DUE_AFTER_S})


def _version(value: Any) -> ModelVersion | None:
    return None if value is None else ModelVersion(str(value))


def _values(record: ModelRecord) -> dict[str, Any]:
    return {
        "version": record.version,
        "state": record.state,
        "strategy": record.strategy,
        "trained_at": record.trained_at,
        "orders": record.orders,
        "products": record.products,
        "metrics": orjson.dumps(dict(record.metrics)).decode(),
        "note": record.note,
        "lineage": orjson.dumps(dict(record.lineage)).decode(),
    }


def _record(row: Row[Any]) -> ModelRecord:
    return ModelRecord(
        version=ModelVersion(row.version),
        state=row.state,
        strategy=row.strategy,
        trained_at=row.trained_at,
        orders=row.orders,
        products=row.products,
        metrics=row.metrics,
        note=row.note,
        lineage=row.lineage,
    )
