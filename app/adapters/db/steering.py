"""The sliders of a shop's rails: each version is a row that is never changed, and the newest one of a rail counts.

After the commit the counter is bumped by which web processes notice changed experiments: sliders reach them the same
way, within a second.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.core.errors import DomainError
from app.core.experiments.types import ExperimentId
from app.core.ids import ShopId
from app.core.recommend.steering import BadSteering, Steering
from app.core.recommend.types import Rail
from app.ports import KeptSteering

log = logging.getLogger(__name__)

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('steering', :shop))")
COLUMNS = 'id, rail, sliders, at, "by", why, experiment_id'
IN_FORCE = text(f"SELECT DISTINCT ON (rail) {COLUMNS} FROM steering_versions ORDER BY rail, id DESC")
HISTORY = text(f"SELECT {COLUMNS} FROM steering_versions WHERE rail = :rail ORDER BY id DESC LIMIT :limit")
NEWEST = text("SELECT coalesce(max(id), 0) FROM steering_versions WHERE rail = :rail")
KEEP = text("""
    INSERT INTO steering_versions (shop_id, rail, sliders, at, "by", why, experiment_id)
    VALUES (:shop, :rail, cast(:sliders AS jsonb), :at, :by, :why, :experiment) RETURNING id
""")


class DbSteering:
    """Implements `app.ports.SteeringRegister`."""

    def __init__(self, database: Database, signals: RedisExperimentSignals) -> None:
        self._database, self._signals = database, signals

    def in_force(self, shop: ShopId) -> Mapping[Rail, KeptSteering]:
        with self._database.shop(shop) as session:
            return {one.rail: one for one in _understood(session.execute(IN_FORCE))}

    def history(self, shop: ShopId, rail: Rail, *, limit: int) -> Sequence[KeptSteering]:
        with self._database.shop(shop) as session:
            return list(_understood(session.execute(HISTORY, {"rail": rail.value, "limit": limit})))

    def keep(self, shop: ShopId, new: KeptSteering, *, instead_of: int) -> int:
        values = {
            "shop": shop,
            "rail": new.rail.value,
            "sliders": orjson.dumps(new.steering.as_json()).decode(),
            "at": new.at,
            "by": new.by,
            "why": new.why,
            "experiment": new.experiment,
        }
        with self._database.shop(shop) as session:
            session.execute(ONE_AT_A_TIME, {"shop": shop})
            if session.execute(NEWEST, {"rail": new.rail.value}).scalar_one() != instead_of:
                raise DomainError("somebody else has moved this rail's sliders meanwhile; reload the page")
            version: int = session.execute(KEEP, values).scalar_one()
        self._signals.experiments_changed(shop)
        return version


def _understood(rows: Iterable[Row[Any]]) -> Iterable[KeptSteering]:
    """Rows of rails and sliders that there are; an older release may find some of a newer one."""
    for row in rows:
        try:
            rail, steering = Rail(row.rail), Steering.of(row.sliders)
        except (ValueError, BadSteering):
            log.warning("version %s of the sliders of %r is not understood", row.id, row.rail)
            continue
        experiment = None if row.experiment_id is None else ExperimentId(row.experiment_id)
        yield KeptSteering(row.id, rail, steering, row.at, row.by, row.why, experiment)
