"""What the tests of use cases around experiments share: their ports over the real stores, and a clock that is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import redis

from app.adapters.artefacts import FileArtefacts
from app.adapters.db.claims import DbClaims
from app.adapters.db.engine import Database
from app.adapters.db.experiments import DbExperiments
from app.adapters.db.models import DbModels
from app.adapters.db.steering import DbSteering
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.config import Settings
from app.core.experiments.types import ArmKey, Experiment, ExperimentId
from app.core.ids import ModelVersion
from app.core.recommend.factors import FoldIn
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import KeptExperiment, ModelRecord
from app.services import hold_out, run_experiment
from tests.services import TestServices

MODEL = ModelVersion("20260501-aaaa-item_item")
BY = "Shopify user 1"


def publish(
    shop: Shop,
    models: DbModels,
    artefacts: FileArtefacts,
    version: ModelVersion,
    *,
    at: datetime,
    is_personal: bool = True,
) -> None:
    """Put a model of three products to use, as a training does."""
    made = ItemModel(
        version,
        Strategy.ITEM_ITEM,
        np.arange(1, 4, dtype=np.int64),
        np.array([[(-1, 0.0)]] * 3, dtype=NEIGHBOUR),
        np.ones(3, dtype=np.float32),
        factors=np.eye(3, dtype=np.float32) if is_personal else None,
        fold_in=FoldIn(regularization=0.1, alpha=10.0) if is_personal else None,
        for_you=Strategy.ALS if is_personal else Strategy.ITEM_ITEM,
    )
    models.record(shop.id, ModelRecord(version, "training", Strategy.ITEM_ITEM, at, 1, 1, {}, ""))
    artefacts.write(shop.id, version, made.arrays(), made.meta())
    models.publish(shop.id, version, at=at)


@dataclass
class SetClock:
    """A clock that stands still until it is set."""

    at: datetime = field(default_factory=lambda: datetime(2026, 5, 4, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


class Register:
    """Use cases of one shop, and looks at what they keep."""

    def __init__(self, shop: Shop, database: Database, settings: Settings, services: TestServices) -> None:
        self.shop, self.database, self.clock = shop, database, SetClock()
        self.redis = redis.Redis.from_url(services.redis.url)
        self.redis.flushdb()
        self.experiments = DbExperiments(database, RedisExperimentSignals(self.redis))
        self.claims = DbClaims(database)
        self.models, self.artefacts = DbModels(database), FileArtefacts(settings.artefacts_url)
        self.steering = DbSteering(database, RedisExperimentSignals(self.redis))
        self.ports = run_experiment.Ports(
            self.experiments, self.models, self.artefacts, self.claims, self.clock, self.steering
        )
        self.holding_out = hold_out.Ports(self.experiments, self.claims, self.clock)

    def publish(self, version: ModelVersion = MODEL, *, is_personal: bool = True) -> None:
        """A model in use; one that is not personal has learnt nothing of tastes."""
        publish(self.shop, self.models, self.artefacts, version, at=self.clock.now(), is_personal=is_personal)

    def create(self, **fields: str) -> ExperimentId:
        form = {"tested": "strategy", "name": "What is popular", "rail": "for_you", "value_b": "trending", **fields}
        return run_experiment.create_experiment(self.shop, form, by=BY, salt="pepper", ports=self.ports)

    def start(self, id: ExperimentId, traffic: float = 1.0) -> None:
        run_experiment.start_experiment(self.shop, id, traffic=traffic, by=BY, ports=self.ports)

    def ramp(self, id: ExperimentId, traffic: float) -> None:
        run_experiment.ramp_experiment(self.shop, id, traffic=traffic, by=BY, ports=self.ports)

    def take_back(self, id: ExperimentId) -> None:
        run_experiment.take_back(self.shop, id, by=BY, ports=self.ports)

    def stop(self, id: ExperimentId, choice: str = "") -> str:
        chosen = ArmKey(choice) if choice else None
        return run_experiment.stop_experiment(self.shop, id, choice=chosen, by=BY, ports=self.ports)

    def kept(self, id: ExperimentId) -> KeptExperiment:
        found = self.experiments.one(self.shop.id, id)
        assert found is not None
        return found

    def experiment(self, id: ExperimentId) -> Experiment:
        return self.kept(id).experiment

    def told(self, id: ExperimentId) -> list[str]:
        """The history, the oldest first."""
        return [change.what for change in reversed(self.kept(id).changes)]
