"""The wiring of workers and of the command line: everything, the heavy libraries included."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from app import config
from app.adapters.code_version import code_version
from app.adapters.db import erasure
from app.adapters.db.clicked_revenue import DbClickedRevenue
from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.diagnosis import DbDiagnosis
from app.adapters.db.history import DbHistory
from app.adapters.db.importer import DbImporter
from app.adapters.db.lake import LakeIndex
from app.adapters.db.news_of_shop import DbNewsOfShop
from app.adapters.db.objectors import DbObjectors
from app.adapters.db.outcomes import DbOutcomes
from app.adapters.db.privacy import DbPrivacy
from app.adapters.db.product_facts import DbProductFacts
from app.adapters.db.product_kinds import DbProductKinds
from app.adapters.db.published_lists import DbPublishedLists
from app.adapters.db.resealing import DbResealing
from app.adapters.db.retention import DbRetention
from app.adapters.db.roll_ups import DbRollUps
from app.adapters.db.store_records import DbStoreRecords
from app.adapters.db.sync_runs import DbSyncRuns
from app.adapters.erasable_artefacts import ArtefactsPlace
from app.adapters.redis.catalog_signals import RedisCatalogSignals
from app.adapters.redis.customers import CustomersPlace, RedisCustomers
from app.adapters.redis.erasable import LiveStatePlace
from app.adapters.redis.fresh import FreshPlace
from app.adapters.shopify.client import ShopifyAdminApis
from app.adapters.shopify.tokens import Tokens
from app.core.ids import ShopId
from app.core.nightly import next_night
from app.ports import ErasablePlace, ViewHistory
from app.services import (
    apply_change,
    ask_for_training,
    ask_opt_outs,
    compact_lake,
    connect_pixel,
    erase_customer,
    erase_shop,
    estimate_strategy,
    export_customer,
    fetch_refunds,
    fold_events,
    forget_models,
    gather_material,
    handle_webhooks,
    install_shop,
    introduce_model,
    keep_customers,
    learn_news,
    note_news,
    plan_training,
    process_webhook,
    publish_lists,
    read_experiment,
    roll_back_models,
    roll_up_events,
    store_records,
    sync_store,
    uninstall_shop,
    watch_models,
)
from app.wiring.common import Common

if TYPE_CHECKING:
    from app.adapters.lake.files import LakeFiles
    from app.adapters.lake.lake import ParquetLake
    from app.adapters.lake.upkeep import ParquetUpkeep
    from app.analytics.warehouse import DuckDbWarehouse
    from app.services import train_models


class Worker(Common):
    """Everything that jobs and commands need."""

    @cached_property
    def diagnosis(self) -> DbDiagnosis:
        return DbDiagnosis(self.database)

    @cached_property
    def storing(self) -> store_records.Ports:
        return store_records.Ports(self.lake)

    @cached_property
    def folding(self) -> fold_events.Ports:
        return fold_events.Ports(self.live_state)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.token_client, self.credentials, self.claims)

    @cached_property
    def admin_apis(self) -> ShopifyAdminApis:
        return ShopifyAdminApis(self.shopify, self.tokens)

    @cached_property
    def set_up(self) -> install_shop.SetUp:
        return install_shop.SetUp(
            self.shops, self.admin_apis, self.installations, self.due_work, self.jobs, self.settings.app_url
        )

    @cached_property
    def connecting_pixels(self) -> connect_pixel.Ports:
        return connect_pixel.Ports(self.shops, self.admin_apis, self.due_work, self.jobs, self.known_of_pixels)

    @cached_property
    def webhook_processing(self) -> process_webhook.Ports:
        handlers = {
            **handle_webhooks.handlers(self.webhook_handling),
            **note_news.noting(apply_change.handlers(self.store_records, self.due_work), self.due_work, self.jobs),
        }
        return process_webhook.Ports(self.inbox, self.shops, self.clock, handlers)

    @cached_property
    def webhook_handling(self) -> handle_webhooks.Ports:
        return handle_webhooks.Ports(
            uninstall=uninstall_shop.Ports(self.installations, self.jobs, self.clock),
            credentials=self.credentials,
            due=self.due_work,
            jobs=self.jobs,
            inbox=self.inbox,
            erase_customer=self.erasing_customer,
            erase_shop=self.erasing_shop,
            export_customer=self.exporting_customer,
        )

    @cached_property
    def erasable_places(self) -> list[ErasablePlace]:
        """Every place where a person's or a shop's data stand, in the order in which they are erased."""
        from app.adapters.lake.erasable import LakePlace

        # The lake first: once it has waited for the consumers' turns, nothing of the person is stored any more.
        lake = LakePlace(self.lake_files, self.lake_index)
        artefacts = ArtefactsPlace(self.artefacts)
        customers, live = CustomersPlace(self.redis), LiveStatePlace(self.redis, self.clock)
        # The news last: they are learnt again from the orders as the erasure leaves them.
        news = FreshPlace(self.fresh, lambda shop, token: note_news.note_person(shop, token, self.due_work, self.jobs))
        return [lake, customers, live, artefacts, *erasure.places(self.database, self.sealer), news]

    @cached_property
    def privacy(self) -> DbPrivacy:
        return DbPrivacy(self.database, self.sealer)

    @cached_property
    def erasing_customer(self) -> erase_customer.Ports:
        return erase_customer.Ports(self.erasable_places, self.privacy, self.clock, self._next_training)

    @cached_property
    def erasing_shop(self) -> erase_shop.Ports:
        return erase_shop.Ports(
            self.erasable_places, self.privacy, self.shops, self.installations, self.admin_apis, self.clock
        )

    @cached_property
    def exporting_customer(self) -> export_customer.Ports:
        return export_customer.Ports(self.erasable_places, self.privacy, self.clock)

    @cached_property
    def retention(self) -> DbRetention:
        return DbRetention(self.database)

    @cached_property
    def resealing(self) -> DbResealing:
        return DbResealing(self.database, self.sealer)

    def _next_training(self, shop: ShopId, now: datetime) -> datetime | None:
        """None where no model stands that a training could replace."""
        return next_night(now) if self.models.current(shop) is not None else None

    # -- The store's data --------------------------------------------------------------------------------------------

    @cached_property
    def catalog_signals(self) -> RedisCatalogSignals:
        return RedisCatalogSignals(self.redis)

    @cached_property
    def store_records(self) -> DbStoreRecords:
        return DbStoreRecords(self.database, self.sealer, self.catalog_signals)

    @cached_property
    def sync_runs(self) -> DbSyncRuns:
        return DbSyncRuns(self.database)

    @cached_property
    def syncing(self) -> sync_store.Ports:
        return sync_store.Ports(
            apis=self.admin_apis,
            runs=self.sync_runs,
            importer=DbImporter(self.database, self.sealer, self.clock),
            installations=self.installations,
            signals=self.catalog_signals,
            claims=self.claims,
            due=self.due_work,
            clock=self.clock,
        )

    @cached_property
    def refund_fetching(self) -> fetch_refunds.Ports:
        return fetch_refunds.Ports(self.admin_apis, self.store_records, self.due_work)

    @cached_property
    def opt_out_asking(self) -> ask_opt_outs.Ports:
        return ask_opt_outs.Ports(
            self.admin_apis,
            self.store_records,
            self.due_work,
            self.jobs,
            DbCustomerHistory(self.database),
            self.customer_store,
        )

    # -- The lake: what reads and counts it is imported by the processes that do so only ------------------------------

    @cached_property
    def lake_files(self) -> LakeFiles:
        from app.adapters.lake.files import LakeFiles

        return LakeFiles.at(self.settings.lake_url)

    @cached_property
    def lake_index(self) -> LakeIndex:
        return LakeIndex(self.database)

    @cached_property
    def lake(self) -> ParquetLake:
        from app.adapters.lake.lake import ParquetLake

        return ParquetLake(self.lake_files, self.lake_index)

    @cached_property
    def lake_upkeep(self) -> ParquetUpkeep:
        from app.adapters.lake.upkeep import ParquetUpkeep

        return ParquetUpkeep(self.lake_files, self.lake_index)

    @cached_property
    def warehouse(self) -> DuckDbWarehouse:
        from app.analytics.warehouse import DuckDbWarehouse

        return DuckDbWarehouse(self.settings.warehouse_url)

    @cached_property
    def views(self) -> ViewHistory:
        from app.analytics.lake_views import LakeViews

        return LakeViews(self.lake, self.warehouse, DbObjectors(self.database).browsers)

    @cached_property
    def roll_ups(self) -> DbRollUps:
        return DbRollUps(self.database)

    @cached_property
    def rolling_up(self) -> roll_up_events.Ports:
        from app.analytics.lake_counts import LakeCounts

        counts = LakeCounts(self.lake, self.warehouse)
        return roll_up_events.Ports(self.roll_ups, counts, self.lake_upkeep, self.claims, self.clock)

    @cached_property
    def reading(self) -> read_experiment.Ports:
        from app.analytics.lake_exposures import LakeExposures

        exposures, outcomes = LakeExposures(self.lake, self.warehouse), DbOutcomes(self.database)
        return read_experiment.Ports(self.experiments, exposures, outcomes, self.roll_ups, self.claims, self.clock)

    @cached_property
    def estimating(self) -> estimate_strategy.Ports:
        from app.analytics.logged_decisions import LakeLoggedDecisions

        return estimate_strategy.Ports(
            decisions=LakeLoggedDecisions(self.lake, self.warehouse, DbObjectors(self.database).browsers),
            revenue=DbClickedRevenue(self.database),
            catalog=self.catalog,
            models=self.models,
            artefacts=self.artefacts,
            reports=self.reports,
            clock=self.clock,
        )

    @cached_property
    def compacting(self) -> compact_lake.Ports:
        return compact_lake.Ports(self.lake_upkeep, self.roll_ups, self.clock)

    # -- Models ------------------------------------------------------------------------------------------------------

    @cached_property
    def history(self) -> DbHistory:
        return DbHistory(self.database)

    @cached_property
    def customer_store(self) -> RedisCustomers:
        return RedisCustomers(self.redis)

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


@lru_cache(maxsize=1)
def worker(_pid: int | None = None) -> Worker:
    """This process's wiring, built from the environment at the first call; a forked child builds its own."""
    return Worker(config.load())


def current() -> Worker:
    """The wiring of the running process."""
    return worker(os.getpid())
