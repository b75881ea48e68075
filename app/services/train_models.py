"""Train a shop's models: consent, data, exam, and the version that won is what the rails use from then on.

A version's name follows from the data, the day and the strategy, so a run that was killed and is run again writes the
same version again, and every step finds what is done already. v1 artefacts hold sums over orders and no row of any
person: an erased customer leaves them with the next training, and nothing of theirs could be found in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from app.core.ids import ModelVersion
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models.training import Outcome, fit_both, learn
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import ArtefactStore, Claims, Clock, Consents, ModelRecord, Models, ModelSignals, OrderHistory, Purchases
from app.services.checkpoints import Checkpoint, carry_on
from app.services.training_claim import alone, require_consent

HISTORY = timedelta(days=3 * 365)
"""How far back orders are learnt from; the longest half-life makes older ones weigh little."""
KEPT_VERSIONS = 5
RECIPE = "v2"
"""Part of every version's name: changes with what a training makes of the same data."""
NOTHING_YET = "nothing to learn yet: no orders of products that the catalogue knows"


@dataclass(frozen=True, slots=True)
class Ports:
    """What training needs from the outside."""

    consents: Consents
    history: OrderHistory
    artefacts: ArtefactStore
    models: Models
    signals: ModelSignals
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Training:
    """What came of it: the version in use (None: nothing was learnt), its strategy, and the exam's figures."""

    version: ModelVersion | None
    strategy: Strategy
    orders: int
    products: int
    metrics: dict[str, Any]
    note: str


def train_models(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> Training:
    """Train, examine, publish. The lists of the new version are due afterwards (`publish_lists`).

    Raises:
        NoConsent: the merchant has not agreed to training, or has withdrawn.
        Busy: another worker is training this shop.
    """
    require_consent(shop, ports.consents)
    with alone(shop, ports.claims):
        now = ports.clock.now()
        purchases = ports.history.purchases(shop.id, since=now - HISTORY, until=now)
        baskets = baskets_of(purchases.order, purchases.product, purchases.day)
        if not len(baskets):
            return _nothing_learnt(shop, ports, now)
        training = _train(shop, ports, purchases, baskets, now, checkpoint)
        _clean_up(shop, ports)
        checkpoint("old_versions_removed")
        return training


def _nothing_learnt(shop: Shop, ports: Ports, now: datetime) -> Training:
    """Say so in the register, once a day. A model of earlier days stays in use."""
    version = ModelVersion(f"{now:%Y%m%d}-empty")
    ports.models.record(shop.id, ModelRecord(version, "rejected", Strategy.NONE, now, 0, 0, {}, NOTHING_YET))
    return Training(ports.models.current(shop.id), Strategy.NONE, 0, 0, {}, NOTHING_YET)


def _train(
    shop: Shop, ports: Ports, purchases: Purchases, baskets: Baskets, now: datetime, checkpoint: Checkpoint
) -> Training:
    today = _day(now)
    outcome = learn(baskets, today=today)
    name = f"{now:%Y%m%d}-{_fingerprint(purchases, today)}"
    models = _named(baskets, outcome, today, name)
    best = models[0] if outcome.result.passed else models[1]
    metrics = {"exam": outcome.result.as_json(), "parameters": outcome.chosen.as_json()}

    def record(model: ItemModel, state: str, note: str) -> None:
        counts = (len(baskets), len(baskets.items))
        ports.models.record(shop.id, ModelRecord(model.version, state, model.strategy, now, *counts, metrics, note))

    meta = {"strategy": best.strategy, "trained_at": now.isoformat(), "orders": len(baskets), **metrics}
    ports.artefacts.write(shop.id, best.version, best.arrays(), meta)
    checkpoint("artefact_written")
    if not outcome.result.passed:
        record(models[0], "rejected", outcome.note)
    record(best, "training", outcome.note)
    checkpoint("recorded")
    # The merchant may have withdrawn while this was running.
    require_consent(shop, ports.consents)
    ports.models.publish(shop.id, best.version, at=now)
    checkpoint("pointer_moved")
    ports.signals.model_changed(shop.id)
    checkpoint("signalled")
    return Training(best.version, best.strategy, len(baskets), len(baskets.items), metrics, outcome.note)


def _named(baskets: Baskets, outcome: Outcome, today: int, name: str) -> Sequence[ItemModel]:
    """The item-item model and the floor, refitted on everything, each under its own version."""
    models = fit_both(baskets, outcome.chosen, today=today)
    return [replace(model, version=ModelVersion(f"{name}-{model.strategy}")) for model in models]


def _clean_up(shop: Shop, ports: Ports) -> None:
    """Remove what no roll-back can reach: all but the newest versions, and those that a killed run never recorded."""
    in_place = set(ports.artefacts.versions(shop.id))
    used = [run.version for run in ports.models.history(shop.id, limit=1000) if run.state in ("published", "retired")]
    keep = {version for version in used if version in in_place}
    newest = [version for version in used if version in keep][:KEPT_VERSIONS]
    current = ports.models.current(shop.id)
    for version in in_place - set(newest) - {current}:
        ports.artefacts.delete(shop.id, version)


def _fingerprint(purchases: Purchases, today: int) -> str:
    """Names the data: the same purchases on the same day give the same version."""
    sums = sha256(f"{RECIPE} {today}".encode())
    for array in (purchases.order, purchases.product, purchases.day):
        sums.update(array.tobytes())
    return sums.hexdigest()[:12]


def _day(moment: datetime) -> int:
    """Days since 1970-01-01 in UTC, as `Purchases.day` counts them."""
    return int(moment.astimezone(UTC).timestamp() // 86400)
