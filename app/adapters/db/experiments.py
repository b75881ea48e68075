"""The register of experiments: what they are, what was done to them, and what was counted of them by day.

An experiment's state and the line of its history are written in one transaction; after it, the counter that the web
processes look at is bumped. An experiment only moves forward, from draft to running to stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.core.errors import DomainError
from app.core.experiments.reading import Reading
from app.core.experiments.types import Experiment, ExperimentId, Kind
from app.core.ids import ShopId
from app.core.shop_days import zone_of
from app.ports import Change, KeptExperiment, Window

EXPERIMENT = TypeAdapter(Experiment)
READING = TypeAdapter(Reading)
OWN_COLUMNS = {"id", "status"}
"""What stands in columns of its own instead of in the definition."""

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('experiments', :shop))")
NEXT_ID = text("SELECT coalesce(max(id), 0) + 1 FROM experiments")
HOLD_OUT_STANDS = text("SELECT 1 FROM experiments WHERE kind = 'hold_out'")
COLUMNS = "id, kind, status, definition, created_at, started_at, stopped_at, outcome"
ALL = text(f"SELECT {COLUMNS} FROM experiments ORDER BY kind <> 'hold_out', id DESC")
ONE = text(f"SELECT {COLUMNS} FROM experiments WHERE id = :id")
RUNNING = text("SELECT id, status, definition FROM experiments WHERE status = 'running' ORDER BY id")
IN_FORCE = text("""
    SELECT id, status, definition FROM experiments
    WHERE status = 'running' OR (status = 'stopped' AND definition ->> 'adopted' IS NOT NULL) ORDER BY id
""")
ADD = text("""
    INSERT INTO experiments (shop_id, id, kind, status, definition, created_at, started_at, outcome)
    SELECT :shop, :id, :kind, given.status, cast(:definition AS jsonb), given.at,
           CASE WHEN given.status = 'running' THEN given.at END, ''
    FROM (VALUES (cast(:status AS text), cast(:at AS timestamptz))) AS given (status, at)
""")
REPLACE = text("""
    UPDATE experiments e SET status = given.status, definition = cast(:definition AS jsonb),
        started_at = CASE WHEN given.status = 'running' THEN coalesce(started_at, given.at) ELSE started_at END,
        stopped_at = CASE WHEN given.status = 'stopped' THEN coalesce(stopped_at, given.at) ELSE stopped_at END,
        outcome = coalesce(nullif(cast(:outcome AS text), ''), outcome)
    FROM (VALUES (cast(:status AS text), cast(:at AS timestamptz))) AS given (status, at)
    WHERE e.id = :id AND (e.status, given.status) IN (
        ('draft', 'draft'), ('draft', 'running'), ('draft', 'stopped'), ('running', 'running'), ('running', 'stopped'),
        ('stopped', 'stopped'))
    RETURNING e.id
""")
NOTE = text("""
    INSERT INTO experiment_changes (shop_id, experiment_id, at, "by", what)
    VALUES (:shop, :id, :at, :by, :what)
""")
EXCLUDE = text("""
    INSERT INTO experiment_windows (shop_id, experiment_id, since, until, reason, "by", at)
    VALUES (:shop, :id, :since, :until, :reason, :by, :at)
""")
CHANGES = text("""
    SELECT experiment_id, at, "by", what FROM experiment_changes
    WHERE :all OR experiment_id = :id ORDER BY id DESC
""")
WINDOWS = text("""
    SELECT experiment_id, since, until, reason, "by", at FROM experiment_windows
    WHERE :all OR experiment_id = :id ORDER BY since, id
""")
LATEST = text("""
    SELECT DISTINCT ON (experiment_id) experiment_id, reading FROM experiment_readings ORDER BY experiment_id, day DESC
""")
READINGS = text("SELECT reading FROM experiment_readings WHERE experiment_id = :id ORDER BY day")
KEEP_READING = text("""
    INSERT INTO experiment_readings (shop_id, experiment_id, day, at, reading)
    VALUES (:shop, :id, :day, :at, cast(:reading AS jsonb))
    ON CONFLICT (shop_id, experiment_id, day) DO UPDATE SET at = excluded.at, reading = excluded.reading
    WHERE experiment_readings.at <= excluded.at
""")
# The course by day stands in the newest reading; kept in each of them it would grow with the square of the days.
SHORTEN_LAST = text("""
    UPDATE experiment_readings SET reading = reading - 'days'
    WHERE experiment_id = :id AND reading ? 'days'
      AND day = (SELECT max(day) FROM experiment_readings WHERE experiment_id = :id AND day < :day)
""")
ZONE = text("SELECT timezone FROM shop_profiles")


class DbExperiments:
    """`app.ports.ExperimentRegister` on PostgreSQL."""

    def __init__(self, database: Database, signals: RedisExperimentSignals) -> None:
        self._database = database
        self._signals = signals

    def all(self, shop: ShopId) -> Sequence[KeptExperiment]:
        """The hold-out first, then the newest first."""
        with self._database.shop(shop) as session:
            return _kept(session, session.execute(ALL).all(), None)

    def one(self, shop: ShopId, experiment: ExperimentId) -> KeptExperiment | None:
        with self._database.shop(shop) as session:
            found = _kept(session, session.execute(ONE, {"id": experiment}).all(), experiment)
        return found[0] if found else None

    def running(self, shop: ShopId) -> Sequence[Experiment]:
        with self._database.shop(shop) as session:
            return [_experiment(row) for row in session.execute(RUNNING)]

    def in_force(self, shop: ShopId) -> Sequence[Experiment]:
        """Those that run, and those that ended with an arm that everybody has got since."""
        with self._database.shop(shop) as session:
            return [_experiment(row) for row in session.execute(IN_FORCE)]

    def add(self, shop: ShopId, experiment: Experiment, change: Change) -> ExperimentId:
        """Keep a new one; its `id` is given here.

        Raises:
            DomainError: there is a hold-out already, and this is another one.
        """
        with self._database.shop(shop) as session:
            session.execute(ONE_AT_A_TIME, {"shop": shop})
            if experiment.kind is Kind.HOLD_OUT and session.execute(HOLD_OUT_STANDS).first() is not None:
                raise DomainError("there is a hold-out already; change its share instead")
            id = ExperimentId(session.execute(NEXT_ID).scalar_one())
            session.execute(ADD, {"shop": shop, "at": change.at, **_values(experiment), "id": id})
            _note(session, shop, id, change)
        self._signals.experiments_changed(shop)
        return id

    def replace(
        self,
        shop: ShopId,
        experiment: Experiment,
        change: Change,
        *,
        outcome: str = "",
        window: Window | None = None,
    ) -> None:
        """Put the new state in the place of the old one, with the change in its history, in one transaction.

        Args:
            window: left out of the figures from then on.

        Raises:
            DomainError: somebody has started or stopped it meanwhile, and it does not go back.
        """
        with self._database.shop(shop) as session:
            values = {"at": change.at, "outcome": outcome, **_values(experiment)}
            if session.execute(REPLACE, values).first() is None:
                raise DomainError("somebody else has changed this experiment meanwhile; reload the page")
            if window is not None:
                _exclude(session, shop, experiment.id, window)
            _note(session, shop, experiment.id, change)
        self._signals.experiments_changed(shop)

    def exclude(self, shop: ShopId, experiment: ExperimentId, window: Window, change: Change | None = None) -> None:
        """Leave a span of time out of the figures, also of an ended experiment; the next reading does."""
        with self._database.shop(shop) as session:
            _exclude(session, shop, experiment, window)
            if change is not None:
                _note(session, shop, experiment, change)

    def readings(self, shop: ShopId, experiment: ExperimentId) -> Sequence[Reading]:
        """The newest reading of each of the shop's days, the oldest first; the course by day in the last one only."""
        with self._database.shop(shop) as session:
            found = session.execute(READINGS, {"id": experiment}).scalars()
            return [READING.validate_python(reading) for reading in found]

    def latest(self, shop: ShopId) -> Mapping[ExperimentId, Reading]:
        """The newest reading of every experiment that has one."""
        with self._database.shop(shop) as session:
            found = session.execute(LATEST)
            return {ExperimentId(row.experiment_id): READING.validate_python(row.reading) for row in found}

    def keep_reading(self, shop: ShopId, reading: Reading) -> None:
        """In the place of an earlier one of the same day of the shop.

        A change whose signal was lost, because Redis was away, is told with the next reading.
        """
        written = READING.dump_json(reading).decode()
        with self._database.shop(shop) as session:
            day = reading.at.astimezone(zone_of(session.execute(ZONE).scalar() or "")).date()
            values = {"shop": shop, "id": reading.experiment, "day": day, "at": reading.at, "reading": written}
            session.execute(KEEP_READING, values)
            session.execute(SHORTEN_LAST, {"id": reading.experiment, "day": day})
        self._signals.experiments_changed(shop)


def _exclude(session: Session, shop: ShopId, id: ExperimentId, window: Window) -> None:
    span = {"since": window.since, "until": window.until, "reason": window.reason}
    session.execute(EXCLUDE, {"shop": shop, "id": id, "by": window.by, "at": window.at, **span})


def _note(session: Session, shop: ShopId, experiment: ExperimentId, change: Change) -> None:
    values = {"shop": shop, "id": experiment, "at": change.at, "by": change.by, "what": change.what}
    session.execute(NOTE, values)


def _values(experiment: Experiment) -> dict[str, Any]:
    definition = EXPERIMENT.dump_python(experiment, mode="json", exclude=OWN_COLUMNS)
    return {
        "id": experiment.id,
        "kind": experiment.kind.value,
        "status": experiment.status.value,
        "definition": orjson.dumps(definition).decode(),
    }


def _experiment(row: Row[Any]) -> Experiment:
    return EXPERIMENT.validate_python({**row.definition, "id": row.id, "status": row.status})


def _kept(session: Session, rows: Sequence[Row[Any]], id: ExperimentId | None) -> list[KeptExperiment]:
    """The experiments of the rows, with their history; of `id` alone where it is given."""
    if not rows:
        return []
    asked = {"all": id is None, "id": id or 0}
    changes, windows = defaultdict[int, list[Change]](list), defaultdict[int, list[Window]](list)
    for row in session.execute(CHANGES, asked):
        changes[row.experiment_id].append(Change(row.at, row.by, row.what))
    for row in session.execute(WINDOWS, asked):
        windows[row.experiment_id].append(Window(row.since, row.until, row.reason, row.by, row.at))
    return [
        KeptExperiment(
            experiment=_experiment(row),
            created_at=row.created_at,
            started_at=row.started_at,
            stopped_at=row.stopped_at,
            changes=changes[row.id],
            windows=windows[row.id],
            outcome=row.outcome,
        )
        for row in rows
    ]
