"""Introduce a version that was learnt: to everybody at once where there is nothing to lose, else to a few at first.

What was taken back once is not tried again: the same data make the same version, and would do the same harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.ids import ModelVersion
from app.core.recommend.canary import Stage, Trial
from app.core.shops import Shop
from app.ports import ArtefactStore, Models, Trials
from app.services.roll_back_models import is_whole

FIRST = "The shop's first model."
AT_ONCE = "Introduced to everybody at once."
NO_OTHER = "The model before it could not be read."
A_FEW = "Nothing is known of it yet."


@dataclass(frozen=True, slots=True)
class Ports:
    models: Models
    trials: Trials
    artefacts: ArtefactStore
    share: float
    """Of visitors who get a new version first, 0 to 0.5; 0 makes no canaries."""
    hours: float


class Introduced(StrEnum):
    EVERYBODY = "everybody"
    CANARY = "canary"
    NOBODY = "nobody"
    """It was taken back before."""


def introduce_model(
    shop: Shop, version: ModelVersion, ports: Ports, *, at: datetime, at_once: bool = False
) -> Introduced:
    """Have the version served; repeating it changes nothing.

    Args:
        at_once: no canary, whatever the settings and earlier trials say: a person wants it so.
    """
    current = ports.models.current(shop.id)
    known = ports.trials.one(shop.id, version)
    if not at_once and known is not None and known.stage is Stage.TAKEN_BACK:
        return Introduced.NOBODY
    reason = _why_at_once(shop, version, current, ports, at_once=at_once)
    if not reason:
        if known is None or known.stage is not Stage.CANARY:
            trial = Trial(version, current, Stage.CANARY, ports.share, ports.hours, at, reason=A_FEW)
            ports.trials.start_canary(shop.id, trial)
        return Introduced.CANARY
    if current != version or known is None:
        before = current if current != version else None
        trial = Trial(version, before, Stage.LIVE, 0.0, 0.0, at, live_at=at, reason=reason)
        ports.trials.publish(shop.id, trial)
    return Introduced.EVERYBODY


def _why_at_once(
    shop: Shop, version: ModelVersion, current: ModelVersion | None, ports: Ports, *, at_once: bool
) -> str:
    """Why there is no canary; empty where there is to be one."""
    if current is None:
        return FIRST
    if at_once or ports.share <= 0 or current == version:
        return AT_ONCE
    return "" if is_whole(shop, current, ports.artefacts) else NO_OTHER
