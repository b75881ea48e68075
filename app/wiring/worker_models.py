"""The part of the workers' wiring that trains, watches and publishes models."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.adapters.code_version import code_version
from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.history import DbHistory
from app.adapters.db.news_of_shop import DbNewsOfShop
from app.adapters.db.product_facts import DbProductFacts
from app.adapters.db.product_kinds import DbProductKinds
from app.adapters.db.published_lists import DbPublishedLists
from app.services import (
    ask_for_training,
    forget_models,
    gather_material,
    introduce_model,
    keep_customers,
    learn_news,
    plan_training,
    publish_lists,
    roll_back_models,
    watch_models,
)
from app.wiring.worker_lake import WorkerLake

if TYPE_CHECKING:
    from app.services import train_models


class WorkerModels(WorkerLake):
    """Models from their material to the lists in the store."""

    @cached_property
    def history(self) -> DbHistory:
        return DbHistory(self.database)

    @cached_property
    def asking_for_training(self) -> ask_for_training.Ports:
        return ask_for_training.Ports(self.consents, self.models, self.views, self.due_work, self.jobs, self.clock)

    @cached_property
    def published_lists(self) -> DbPublishedLists:
        return DbPublishedLists(self.database)

    @cached_property
    def training(self) -> train_models.Ports:
        # Trainers bring heavy libraries along, which the other workers and commands do without.
        from app.services import train_models

        return train_models.Ports(
            consents=self.consents,
            material=gather_material.Ports(
                self.history, self.views, DbProductKinds(self.database), DbProductFacts(self.database)
            ),
            customers=keep_customers.Ports(DbCustomerHistory(self.database), self.customer_store),
            artefacts=self.artefacts,
            models=self.models,
            signals=self.model_signals,
            experiments=self.experiments,
            claims=self.claims,
            clock=self.clock,
            introducing=introduce_model.Ports(
                self.models, self.trials, self.artefacts, self.settings.canary_share, self.settings.canary_hours
            ),
            code=code_version(),
        )

    @cached_property
    def watching(self) -> watch_models.Ports:
        from app.analytics.lake_served import LakeServed

        return watch_models.Ports(
            consents=self.consents,
            models=self.models,
            trials=self.trials,
            served=LakeServed(self.lake, self.warehouse),
            artefacts=self.artefacts,
            experiments=self.experiments,
            signals=self.model_signals,
            clock=self.clock,
        )

    @cached_property
    def news(self) -> DbNewsOfShop:
        return DbNewsOfShop(self.database)

    @cached_property
    def learning_news(self) -> learn_news.Ports:
        return learn_news.Ports(
            consents=self.consents,
            models=self.models,
            experiments=self.experiments,
            artefacts=self.artefacts,
            news=self.news,
            facts=DbProductFacts(self.database),
            fresh=self.fresh,
            customers=keep_customers.Ports(DbCustomerHistory(self.database), self.customer_store),
            due=self.due_work,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def planning(self) -> plan_training.Ports:
        return plan_training.Ports(
            self.consents,
            self.models,
            self.experiments,
            self.news,
            self.fresh,
            self.due_work,
            self.jobs,
            self.clock,
        )

    @cached_property
    def rolling_back(self) -> roll_back_models.Ports:
        return roll_back_models.Ports(
            consents=self.consents,
            artefacts=self.artefacts,
            models=self.models,
            trials=self.trials,
            signals=self.model_signals,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def publishing(self) -> publish_lists.Ports:
        return publish_lists.Ports(
            consents=self.consents,
            models=self.models,
            artefacts=self.artefacts,
            catalog=self.catalog,
            published=self.published_lists,
            cache=self.list_cache,
            fresh=self.fresh,
            admin=self.admin_apis,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def forgetting(self) -> forget_models.Ports:
        return forget_models.Ports(
            consents=self.consents,
            models=self.models,
            artefacts=self.artefacts,
            signals=self.model_signals,
            cache=self.list_cache,
            customers=self.customer_store,
            fresh=self.fresh,
            published=self.published_lists,
            admin=self.admin_apis,
            claims=self.claims,
            due=self.due_work,
        )
