"""What the doctor looks at of a shop's models: whether files are whole, and what became of the newest versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.core.findings import Finding, passed, warned
from app.core.ids import ModelVersion
from app.core.recommend.canary import Stage, Trial
from app.core.shops import Shop
from app.errors import Permanent
from app.wiring.worker import Worker

NEWS = timedelta(days=7)
"""So long the doctor speaks of a version that was taken back."""


def models(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    """The model in use, the one on trial, and the last one that was taken back."""
    used = wiring.models.in_use(shop.id)
    if used is None:
        yield warned("model", "none published", f"run `attune train {shop.domain}`")
        return
    damage = _damage(wiring, shop, used.version)
    if damage:
        remedy = (
            f"processes go on with the model before it; the watch goes back to it, `attune train {shop.domain} "
            f"--roll-back` does so now, and a training makes a new one"
        )
        yield warned("model", f"{used.version} is not used: {damage}", remedy)
    else:
        yield passed("model", f"{used.version} ({used.strategy}), trained {used.trained_at:%Y-%m-%d %H:%M}")
    yield from _trials(wiring, shop)


def _damage(wiring: Worker, shop: Shop, version: ModelVersion) -> str:
    try:
        wiring.artefacts.read(shop.id, version)
    except Permanent as error:
        return str(error)
    return ""


def _trials(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    history = wiring.trials.history(shop.id)
    for trial in history:
        if trial.stage is Stage.CANARY:
            yield passed("canary", f"{trial.version} for {trial.share:.0%} of visitors. {trial.reason}")
    back = next((trial for trial in history if trial.stage is Stage.TAKEN_BACK), None)
    if back is not None and _is_news(back, wiring):
        remedy = f"look at `attune train {shop.domain} --card {back.version}`; the next training makes another one"
        yield warned("model taken back", f"{back.version}: {back.reason}", remedy)


def _is_news(trial: Trial, wiring: Worker) -> bool:
    return trial.ended_at is not None and wiring.clock.now() - trial.ended_at < NEWS
