"""Train a shop's models: consent, data, exams, and the version that won is what the rails use from then on.

A version's name follows from the data (orders, views, kinds), the day and the strategy, so a run that was killed and is
run again writes the same version again, and every step finds what is done already. Artefacts hold sums over orders and
sessions and factors of products, but no row of any person: an erased customer leaves them with the next training.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.core.experiments.types import Status
from app.core.ids import ModelVersion
from app.core.recommend import soundness
from app.core.recommend.fresh_pairs import MASS
from app.core.recommend.model_card import CodeVersion, lineage
from app.core.recommend.models import als, item_item
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.training import build, learn
from app.core.recommend.rails import OF_CUSTOMERS
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import ArtefactStore, Claims, Clock, Consents, ExperimentRegister, ModelRecord, Models, ModelSignals
from app.services import gather_material, introduce_model, keep_customers
from app.services.checkpoints import Checkpoint, carry_on
from app.services.gather_material import HISTORY, Gathered, gather
from app.services.introduce_model import Introduced
from app.services.training_claim import alone, require_consent

KEPT_VERSIONS = 5
RECIPE = "v7"
"""Part of every version's name: changes with what a training makes of the same data."""
SERVING = ("published", "retired", "canary")
"""The states of versions that serve, or may be gone back to."""
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
    introducing: introduce_model.Ports
    code: CodeVersion


@dataclass(frozen=True, slots=True)
class Training:
    """What came of it: the version (None: nothing was learnt), its strategy, the exam's figures, and who gets it."""

    version: ModelVersion | None
    strategy: Strategy
    orders: int
    products: int
    metrics: dict[str, Any]
    note: str
    introduced: Introduced = Introduced.EVERYBODY


def train_models(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, at_once: bool = False) -> Training:
    """Train, examine, introduce. The lists of a version that everybody gets are due afterwards (`publish_lists`).

    Args:
        at_once: everybody gets the new version, without a canary before.

    Raises:
        NoConsent: the merchant has not agreed to training, or has withdrawn.
        Busy: another worker is training this shop.
        Unsound: what was learnt can't be served; the model in use stays.
    """
    require_consent(shop, ports.consents)
    with alone(shop, ports.claims):
        now, began = ports.clock.now(), time.monotonic()
        gathered = gather(shop, ports.material, now=now, recipe=f"{RECIPE} {_day(now)}")
        if not len(gathered.orders):
            return _nothing_learnt(shop, ports, now)
        training = _train(shop, ports, gathered, _Run(now, began, checkpoint, at_once))
        _clean_up(shop, ports)
        checkpoint("old_versions_removed")
        return training


def _nothing_learnt(shop: Shop, ports: Ports, now: datetime) -> Training:
    """Say so in the register, once a day. A model of earlier days stays in use."""
    version = ModelVersion(f"{now:%Y%m%d}-empty")
    ports.models.record(shop.id, ModelRecord(version, "rejected", Strategy.NONE, now, 0, 0, {}, NOTHING_YET))
    return Training(ports.models.current(shop.id), Strategy.NONE, 0, 0, {}, NOTHING_YET)


@dataclass(frozen=True, slots=True)
class _Run:
    now: datetime
    began: float
    checkpoint: Checkpoint
    at_once: bool


def _train(shop: Shop, ports: Ports, gathered: Gathered, run: _Run) -> Training:
    now, checkpoint = run.now, run.checkpoint
    today, orders = _day(now), gathered.orders
    name, counts = f"{now:%Y%m%d}-{gathered.fingerprint}", (len(orders), len(np.unique(orders.item)))
    material = Material(orders, gathered.sessions, gathered.groups, gathered.facts, gathered.visits)
    outcome = learn(material, today=today)
    best = _named(build(material, outcome, today=today), name)
    soundness.check(best)
    metrics = outcome.metrics()
    seconds = time.monotonic() - run.began
    origin = lineage(orders, gathered.sessions, code=ports.code, recipe=RECIPE, seed=als.SEED, seconds=seconds)

    def record(version: ModelVersion, strategy: Strategy, state: str) -> None:
        ports.models.record(shop.id, ModelRecord(version, state, strategy, now, *counts, metrics, outcome.note, origin))

    meta = {**best.meta(), "trained_at": now.isoformat(), "orders": len(orders), "metrics": metrics}
    mass = item_item.masses(orders, outcome.chosen.item_item, today)
    ports.artefacts.write(shop.id, best.version, {**best.arrays(), MASS: mass}, meta)
    checkpoint("artefact_written")
    if not outcome.result.passed:
        record(_version(name, Strategy.ITEM_ITEM), Strategy.ITEM_ITEM, "rejected")
    record(best.version, best.strategy, "training")
    checkpoint("recorded")
    # The merchant may have withdrawn while this was running.
    require_consent(shop, ports.consents)
    used = best.knows_customers or _in_use_knows_customers(shop, ports)
    keep_customers.keep_customers(shop, ports.customers, since=now - HISTORY, used=used)
    checkpoint("customers_kept")
    introduced = introduce_model.introduce_model(shop, best.version, ports.introducing, at=now, at_once=run.at_once)
    checkpoint("pointer_moved")
    ports.signals.model_changed(shop.id)
    checkpoint("signalled")
    return Training(best.version, best.strategy, *counts, metrics, outcome.note, introduced)


def _in_use_knows_customers(shop: Shop, ports: Ports) -> bool:
    """Whether a model goes on serving beside a canary that makes something of a customer's purchases."""
    used = ports.models.in_use(shop.id) if ports.introducing.share > 0 else None
    exams = used.metrics.get("rails", {}) if used is not None else {}
    return any(exams.get(rail, {}).get("passed") for rail in OF_CUSTOMERS)


def _named(model: ItemModel, name: str) -> ItemModel:
    return replace(model, version=_version(name, model.strategy))


def _version(name: str, strategy: Strategy) -> ModelVersion:
    return ModelVersion(f"{name}-{strategy}")


def _clean_up(shop: Shop, ports: Ports) -> None:
    """Remove what no roll-back can reach: all but the newest versions, and those that a killed run never recorded.

    What an experiment compares stays until it has ended.
    """
    in_place = set(ports.artefacts.versions(shop.id))
    used = [run.version for run in ports.models.history(shop.id, limit=1000) if run.state in SERVING]
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
