"""How a new model does with shoppers, in a merchant's words: the canary beside the one in use, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.recommend.canary import Stage, Trial

BACK_SHOWN = timedelta(days=7)
"""So long the page begins with a version that was taken back."""


@dataclass(frozen=True, slots=True)
class CountedRow:
    """What was counted of one model."""

    name: str
    visitors: str
    cards: str
    clicks: str
    rate: str
    trouble: str


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """A canary at work."""

    share: str
    until: datetime
    reason: str
    rows: Sequence[CountedRow]
    interval: str
    """The always-valid range of its clicks against those of the model in use; empty while nothing can be said."""

    @classmethod
    def of(cls, trial: Trial) -> ShownTrial:
        figures = trial.figures.get("canary", {})
        names = (("New model", "canary"), ("Model in use", "incumbent"))
        return cls(
            share=f"{trial.share:.0%}",
            until=trial.started_at + timedelta(hours=trial.hours),
            reason=trial.reason,
            rows=[_row(name, figures[key]) for name, key in names if key in figures],
            interval=_interval(figures.get("lift")),
        )


def canary_of(trials: Sequence[Trial]) -> ShownTrial | None:
    """The canary at work, if there is one."""
    return next((ShownTrial.of(trial) for trial in trials if trial.stage is Stage.CANARY), None)


def taken_back(trials: Sequence[Trial], now: datetime) -> Trial | None:
    """The newest version, where it was taken back and nobody has looked at anything newer since."""
    newest = trials[0] if trials else None
    if newest is None or newest.stage is not Stage.TAKEN_BACK or newest.ended_at is None:
        return None
    return newest if now - newest.ended_at < BACK_SHOWN else None


def _row(name: str, counts: Mapping[str, Any]) -> CountedRow:
    cards, answers = counts["cards"], counts["answers"]
    return CountedRow(
        name=name,
        visitors=f"{counts['visitors']:,}",
        cards=f"{cards:,}",
        clicks=f"{counts['clicks']:,}",
        rate=f"{counts['clicks'] / cards:.2%}" if cards else "–",
        trouble=f"{counts['troubled'] / answers:.1%}" if answers else "–",
    )


def _interval(lift: Mapping[str, Any] | None) -> str:
    if lift is None:
        return ""
    high = "more than anybody can tell" if lift["high"] is None else f"{lift['high']:+.1%}"
    return f"{lift['low']:+.1%} to {high}"
