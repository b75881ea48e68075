"""Train a shop's models: consent, data, exams, and the version that won is what the rails use from then on.

A version's name follows from the data (orders, views, kinds), the day and the strategy, so a run that was killed and is
run again writes the same version again, and every step finds what is done already. Artefacts hold sums over orders and
sessions and factors of products, but no row of any person: an erased customer leaves them with the next training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.core.experiments.types import Status
from app.core.ids import ModelVersion
from app.core.recommend.models.training import Material, Outcome, build, learn
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import ArtefactStore, Claims, Clock, Consents, ExperimentRegister, ModelRecord, Models, ModelSignals
from app.services import gather_material, keep_customers
from app.services.checkpoints import Checkpoint, carry_on
from app.services.gather_material import HISTORY, Gathered, gather
from app.services.training_claim import alone, require_consent

KEPT_VERSIONS = 5
RECIPE = "v4"
"""Part of every version's name: changes with what a training makes of the same data."""
NOTHING_YET = "nothing to learn yet: no orders of products that the catalogue knows"


@dataclass(frozen=True, slots=True)
class Ports:
    """What training needs from the outside."""

    consents: Consents
    material: gather_material.Ports
    customers: keep_customers.Ports
    artefacts: ArtefactStore
    models: Models
    signals: ModelSignals
    experiments: ExperimentRegister
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
        gathered = gather(shop, ports.material, now=now, recipe=f"{RECIPE} {_day(now)}")
        if not len(gathered.orders):
            return _nothing_learnt(shop, ports, now)
        training = _train(shop, ports, gathered, now, checkpoint)
        _clean_up(shop, ports)
        checkpoint("old_versions_removed")
        return training


def _nothing_learnt(shop: Shop, ports: Ports, now: datetime) -> Training:
    """Say so in the register, once a day. A model of earlier days stays in use."""
    version = ModelVersion(f"{now:%Y%m%d}-empty")
    ports.models.record(shop.id, ModelRecord(version, "rejected", Strategy.NONE, now, 0, 0, {}, NOTHING_YET))
    return Training(ports.models.current(shop.id), Strategy.NONE, 0, 0, {}, NOTHING_YET)


def _train(shop: Shop, ports: Ports, gathered: Gathered, now: datetime, checkpoint: Checkpoint) -> Training:
    today, orders = _day(now), gathered.orders
    name, counts = f"{now:%Y%m%d}-{gathered.fingerprint}", (len(orders), len(np.unique(orders.item)))
    material = Material(orders, gathered.sessions, gathered.groups)
    outcome = learn(material, today=today)
    best = _named(build(material, outcome, today=today), name)
    metrics = outcome.metrics()

    def record(version: ModelVersion, strategy: Strategy, state: str) -> None:
        ports.models.record(shop.id, ModelRecord(version, state, strategy, now, *counts, metrics, outcome.note))

    meta = {**best.meta(), "trained_at": now.isoformat(), "orders": len(orders), "metrics": metrics}
    ports.artefacts.write(shop.id, best.version, best.arrays(), meta)
    checkpoint("artefact_written")
    if not outcome.result.passed:
        record(_version(name, Strategy.ITEM_ITEM), Strategy.ITEM_ITEM, "rejected")
    record(best.version, best.strategy, "training")
    checkpoint("recorded")
    # The merchant may have withdrawn while this was running.
    require_consent(shop, ports.consents)
    keep_customers.keep_customers(shop, ports.customers, since=now - HISTORY, used=_knows_customers(outcome))
    checkpoint("customers_kept")
    ports.models.publish(shop.id, best.version, at=now)
    checkpoint("pointer_moved")
    ports.signals.model_changed(shop.id)
    checkpoint("signalled")
    return Training(best.version, best.strategy, *counts, metrics, outcome.note)


def _knows_customers(outcome: Outcome) -> bool:
    return outcome.for_you is not Strategy.TRENDING


def _named(model: ItemModel, name: str) -> ItemModel:
    return replace(model, version=_version(name, model.strategy))


def _version(name: str, strategy: Strategy) -> ModelVersion:
    return ModelVersion(f"{name}-{strategy}")


def _clean_up(shop: Shop, ports: Ports) -> None:
    """Remove what no roll-back can reach: all but the newest versions, and those that a killed run never recorded.

    What an experiment compares stays until it has ended.
    """
    in_place = set(ports.artefacts.versions(shop.id))
    used = [run.version for run in ports.models.history(shop.id, limit=1000) if run.state in ("published", "retired")]
    keep = {version for version in used if version in in_place}
    newest = [version for version in used if version in keep][:KEPT_VERSIONS]
    current = ports.models.current(shop.id)
    for version in in_place - set(newest) - _compared(shop, ports) - {current}:
        ports.artefacts.delete(shop.id, version)


def _compared(shop: Shop, ports: Ports) -> set[ModelVersion | None]:
    kept = [one.experiment for one in ports.experiments.all(shop.id) if one.experiment.status is not Status.STOPPED]
    return {arm.treatment.model_version for experiment in kept for arm in experiment.arms}


def _day(moment: datetime) -> int:
    """Days since 1970-01-01 in UTC, as `Purchases.day` counts them."""
    return int(moment.astimezone(UTC).timestamp() // 86400)
