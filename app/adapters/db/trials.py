"""How versions do once shoppers get them. A stage changes in the same transaction as pointer and register.

Every statement names the stage that it ends, so of two workers who decide at once one decides, and a withdrawn consent
(which deletes the rows) is followed by nothing.
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
from app.adapters.db.models import BEFORE, BY_ROLL_BACK, BY_TRAINING, CURRENT, DUE_AFTER_S, DUE_KIND, point
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.canary import Stage, Trial
from app.ports import Json

COLUMNS = "version, incumbent, stage, share, hours, started_at, live_at, ended_at, reason, figures, read_at"
ONE = text(f"SELECT {COLUMNS} FROM model_trials WHERE version = :version")
WATCHED = text(f"""
    SELECT {COLUMNS} FROM model_trials
    WHERE stage = 'canary' OR stage = 'live' AND version = (SELECT version FROM model_pointers)
    ORDER BY stage = 'canary' DESC LIMIT 1
""")
HISTORY = text(f"SELECT {COLUMNS} FROM model_trials ORDER BY started_at DESC, version LIMIT :limit")
PUT = text("""
    INSERT INTO model_trials (shop_id, version, incumbent, stage, share, hours, started_at, live_at, reason)
    VALUES (:shop, :version, :incumbent, :stage, :share, :hours, :started_at, :live_at, :reason)
    ON CONFLICT (shop_id, version) DO UPDATE
    SET incumbent = excluded.incumbent, stage = excluded.stage, share = excluded.share, hours = excluded.hours,
        started_at = excluded.started_at, live_at = excluded.live_at, ended_at = NULL, reason = excluded.reason,
        figures = '{}', read_at = NULL
""")
END_CANARY = text("""
    UPDATE model_trials SET stage = :stage, ended_at = :at, reason = :reason
    WHERE stage = 'canary' AND version <> :but RETURNING version
""")
GO_LIVE = text("""
    UPDATE model_trials SET stage = 'live', live_at = :at, reason = :reason, read_at = NULL
    WHERE version = :version AND stage = 'canary' RETURNING version
""")
END = text("""
    UPDATE model_trials SET stage = :stage, ended_at = :at, reason = :reason
    WHERE version = :version AND stage = :before RETURNING version
""")
END_EARLIER = text("""
    UPDATE model_trials SET stage = 'replaced', ended_at = :at, reason = 'A newer model is in use.'
    WHERE stage = 'live' AND version <> :version
""")
STATE = text("UPDATE model_runs SET state = :state WHERE version = :version")
NOTE = text("UPDATE model_trials SET figures = cast(:figures AS jsonb), read_at = :at WHERE version = :version")


class DbTrials:
    """Implements `app.ports.Trials`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, shop: ShopId, version: ModelVersion) -> Trial | None:
        return self._first(shop, ONE, version=version)

    def watched(self, shop: ShopId) -> Trial | None:
        return self._first(shop, WATCHED)

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[Trial]:
        with self._database.shop(shop) as session:
            return [_trial(row) for row in session.execute(HISTORY, {"limit": limit})]

    def start_canary(self, shop: ShopId, trial: Trial) -> None:
        """Let some visitors get it; a canary that is at work is replaced."""
        with self._database.shop(shop) as session:
            _replace(session, trial.started_at, "A newer version was learnt.", but=trial.version)
            session.execute(PUT, _values(shop, trial))
            session.execute(STATE, {"version": trial.version, "state": "canary"})

    def publish(self, shop: ShopId, trial: Trial) -> None:
        """Let everybody get it at once; a canary that is at work is replaced."""
        assert trial.live_at is not None
        with self._database.shop(shop) as session:
            _replace(session, trial.live_at, "A newer version was learnt.", but=trial.version)
            session.execute(PUT, _values(shop, trial))
            _point_to(session, shop, trial.version, trial.live_at)

    def promote(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Let everybody get the canary; False when it is none any more."""
        with self._database.shop(shop) as session:
            values = {"version": version, "at": at, "reason": reason}
            if session.execute(GO_LIVE, values).first() is None:
                return False
            _point_to(session, shop, version, at)
            return True

    def take_back(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Let nobody get the canary any more; False when it is none any more."""
        with self._database.shop(shop) as session:
            return _end(session, version, Stage.CANARY, Stage.TAKEN_BACK, at, reason)

    def replace_canary(self, shop: ShopId, *, at: datetime, reason: str) -> ModelVersion | None:
        """End the canary without a judgement; None when there is none.

        It is a roll-back whose lists are due, so that one that is killed is finished, and not followed by another.
        """
        with self._database.shop(shop) as session:
            ended = _replace(session, at, reason)
            if ended is not None:
                values = {"shop": shop, "kind": DUE_KIND, "id": BY_ROLL_BACK, "after_s": DUE_AFTER_S}
                session.execute(due_work.PUT, values)
            return ended

    def go_back(
        self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str, available: Collection[ModelVersion]
    ) -> ModelVersion | None:
        """Take a version back that everybody gets; None where nothing came before, or the pointer has moved."""
        with self._database.shop(shop) as session:
            if session.execute(CURRENT).scalar() != version:
                return None
            target = session.execute(BEFORE, {"available": list(available)}).scalar()
            if target is None or not _end(session, version, Stage.LIVE, Stage.TAKEN_BACK, at, reason):
                return None
            point(session, shop, ModelVersion(target), at, BY_ROLL_BACK)
            # The pointer's move has made it one that a roll-back may return to, which it must not be.
            session.execute(STATE, {"version": version, "state": Stage.TAKEN_BACK})
            return ModelVersion(target)

    def keep(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Nothing spoke against it: it is not watched any longer."""
        with self._database.shop(shop) as session:
            return _ended(session, version, Stage.LIVE, Stage.KEPT, at, reason)

    def note(self, shop: ShopId, version: ModelVersion, figures: Json, *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            told = orjson.dumps(dict(figures)).decode()
            session.execute(NOTE, {"version": version, "figures": told, "at": at})

    def _first(self, shop: ShopId, statement: Any, **values: Any) -> Trial | None:
        with self._database.shop(shop) as session:
            row = session.execute(statement, values).first()
            return _trial(row) if row else None


def _point_to(session: Session, shop: ShopId, version: ModelVersion, at: datetime) -> None:
    point(session, shop, version, at, BY_TRAINING)
    session.execute(END_EARLIER, {"version": version, "at": at})


def _replace(session: Session, at: datetime, reason: str, *, but: str = "") -> ModelVersion | None:
    values = {"stage": Stage.REPLACED, "at": at, "reason": reason, "but": but}
    ended = session.execute(END_CANARY, values).scalar()
    if ended is not None:
        session.execute(STATE, {"version": ended, "state": "rejected"})
    return None if ended is None else ModelVersion(ended)


def _end(session: Session, version: ModelVersion, before: Stage, stage: Stage, at: datetime, reason: str) -> bool:
    """As `_ended`, and the register says so too."""
    ended = _ended(session, version, before, stage, at, reason)
    if ended:
        session.execute(STATE, {"version": version, "state": stage})
    return ended


def _ended(session: Session, version: ModelVersion, before: Stage, stage: Stage, at: datetime, reason: str) -> bool:
    values = {"version": version, "before": before, "stage": stage, "at": at, "reason": reason}
    return session.execute(END, values).first() is not None


def _values(shop: ShopId, trial: Trial) -> dict[str, Any]:
    names = ("version", "incumbent", "stage", "share", "hours", "started_at", "live_at", "reason")
    return {"shop": shop, **{name: getattr(trial, name) for name in names}}


def _trial(row: Row[Any]) -> Trial:
    return Trial(**{**row._mapping, "stage": Stage(row.stage)})
