"""Watch what shoppers do with a new model: a canary goes on, is used by all or goes back; so does what all use.

Run every few minutes. Whoever decides does it in one transaction that names the stage which it ends, so any number of
watchers, trainings and roll-backs may run at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.core.ids import ModelVersion
from app.core.recommend.canary import Ruling, Served, Stage, Trial, Verdict, judge_canary
from app.core.recommend.watched_days import DAYS_BEFORE, judge_days
from app.core.shops import Shop
from app.ports import (
    ArtefactStore,
    Clock,
    Consents,
    ExperimentRegister,
    Models,
    ModelSignals,
    ModelsServed,
    Trials,
)
from app.services.roll_back_models import is_whole, whole_versions
from app.services.training_claim import has_consent

EVERY: Final = timedelta(minutes=30)
"""How often what everybody gets is counted: over two weeks and more of the lake, where a canary's is a day's."""
DAMAGED: Final = "Its files are damaged: the checksums are not those with which it was written."


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    models: Models
    trials: Trials
    served: ModelsServed
    artefacts: ArtefactStore
    experiments: ExperimentRegister
    signals: ModelSignals
    clock: Clock


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look has led to: the version, the ruling, and whether the pointer has moved, so that lists are due."""

    version: ModelVersion
    ruling: Ruling
    reason: str
    moved: bool = False


def is_watched(shop: Shop, trials: Trials) -> bool:
    """Whether there is anything to look at."""
    return trials.watched(shop.id) is not None


def watch_models(shop: Shop, ports: Ports, *, closing: bool = False) -> Watched | None:
    """Look once, and do what follows; None where there is nothing to look at, or not yet again.

    Args:
        closing: a training is about to begin: a canary that has served for long enough is decided on now.
    """
    trial = ports.trials.watched(shop.id)
    if trial is None or not has_consent(shop, ports.consents):
        return None
    now = ports.clock.now()
    if trial.stage is Stage.CANARY:
        return _canary(shop, trial, ports, now, closing=closing)
    return _live(shop, trial, ports, now)


def _canary(shop: Shop, trial: Trial, ports: Ports, now: datetime, *, closing: bool) -> Watched | None:
    verdict = _of_canary(shop, trial, ports, now, closing=closing)
    done = moved = False
    if verdict.ruling is Ruling.TAKE_BACK:
        done = ports.trials.take_back(shop.id, trial.version, at=now, reason=verdict.reason)
    elif verdict.ruling is Ruling.PASS:
        done = moved = ports.trials.promote(shop.id, trial.version, at=now, reason=verdict.reason)
    return _told(shop, trial, verdict, ports, now, done=done, moved=moved)


def _of_canary(shop: Shop, trial: Trial, ports: Ports, now: datetime, *, closing: bool) -> Verdict:
    if not is_whole(shop, trial.version, ports.artefacts):
        return Verdict(Ruling.TAKE_BACK, DAMAGED, trial.figures.get(trial.stage, {}))
    versions = [version for version in (trial.version, trial.incumbent) if version is not None]
    compared = [one.experiment.id for one in ports.experiments.all(shop.id) if one.experiment.compares_models]
    served = ports.served.of_versions(shop.id, versions, since=trial.started_at, until=now, apart=compared)
    return judge_canary(trial, *_pair(trial, served), now, closing=closing)


def _pair(trial: Trial, served: Mapping[ModelVersion, Served]) -> tuple[Served, Served]:
    nothing = Served()
    before = served.get(trial.incumbent, nothing) if trial.incumbent is not None else nothing
    return served.get(trial.version, nothing), before


def _live(shop: Shop, trial: Trial, ports: Ports, now: datetime) -> Watched | None:
    verdict = _of_live(shop, trial, ports, now)
    if verdict is None:
        return None
    done = moved = False
    if verdict.ruling is Ruling.TAKE_BACK:
        available = whole_versions(shop, ports.artefacts)
        target = ports.trials.go_back(shop.id, trial.version, at=now, reason=verdict.reason, available=available)
        done = moved = target is not None
        if not moved:
            verdict = Verdict(
                Ruling.WAIT, f"{verdict.reason} There is no earlier model to go back to.", verdict.figures
            )
    elif verdict.ruling is Ruling.PASS:
        done = ports.trials.keep(shop.id, trial.version, at=now, reason=verdict.reason)
    return _told(shop, trial, verdict, ports, now, done=done, moved=moved)


def _of_live(shop: Shop, trial: Trial, ports: Ports, now: datetime) -> Verdict | None:
    if not is_whole(shop, trial.version, ports.artefacts):
        return Verdict(Ruling.TAKE_BACK, DAMAGED, trial.figures.get(trial.stage, {}))
    if trial.live_at is None or (trial.read_at is not None and now - trial.read_at < EVERY):
        return None
    days = ports.served.by_day(shop.id, at=trial.live_at, first=-DAYS_BEFORE, until=now)
    return judge_days(trial, days, (now - trial.live_at) / timedelta(days=1))


def _told(
    shop: Shop, trial: Trial, verdict: Verdict, ports: Ports, now: datetime, *, done: bool, moved: bool
) -> Watched:
    figures: dict[str, Any] = {**trial.figures, trial.stage.value: dict(verdict.figures)}
    ports.trials.note(shop.id, trial.version, figures, at=now)
    if done:
        ports.signals.model_changed(shop.id)
    return Watched(trial.version, verdict.ruling, verdict.reason, moved)
