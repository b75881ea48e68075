"""The wiring of workers and of the command line: everything, the heavy libraries included."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from app import config
from app.adapters.db import erasure
from app.adapters.db.diagnosis import DbDiagnosis
from app.adapters.db.history import DbHistory
from app.adapters.db.importer import DbImporter
from app.adapters.db.lake import DbLake
from app.adapters.db.privacy import DbPrivacy
from app.adapters.db.published_lists import DbPublishedLists
from app.adapters.db.resealing import DbResealing
from app.adapters.db.retention import DbRetention
from app.adapters.db.store_records import DbStoreRecords
from app.adapters.db.sync_runs import DbSyncRuns
from app.adapters.erasable_artefacts import ArtefactsPlace
from app.adapters.redis.catalog_signals import RedisCatalogSignals
from app.adapters.redis.erasable import LiveStatePlace
from app.adapters.shopify.client import ShopifyAdminApis
from app.adapters.shopify.tokens import Tokens
from app.core.ids import ShopId
from app.core.nightly import next_night
from app.ports import ErasablePlace
from app.services import (
    apply_change,
    erase_customer,
    erase_shop,
    export_customer,
    fetch_refunds,
    forget_models,
    handle_webhooks,
    install_shop,
    process_webhook,
    publish_lists,
    roll_back_models,
    sync_store,
    uninstall_shop,
)
from app.wiring.common import Common

if TYPE_CHECKING:
    from app.services import train_models


class Worker(Common):
    """Everything that jobs and commands need."""

    @cached_property
    def diagnosis(self) -> DbDiagnosis:
        return DbDiagnosis(self.database)

    @cached_property
    def lake(self) -> DbLake:
        return DbLake(self.database)

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
    def webhook_processing(self) -> process_webhook.Ports:
        handlers = {**handle_webhooks.handlers(self.webhook_handling), **apply_change.handlers(self.store_records)}
        return process_webhook.Ports(self.inbox, self.shops, self.clock, handlers)

    @cached_property
    def webhook_handling(self) -> handle_webhooks.Ports:
        return handle_webhooks.Ports(
            uninstall=uninstall_shop.Ports(self.installations, self.jobs, self.clock),
            credentials=self.credentials,
            erase_customer=self.erasing_customer,
            erase_shop=self.erasing_shop,
            export_customer=self.exporting_customer,
        )

    @cached_property
    def erasable_places(self) -> list[ErasablePlace]:
        """Every place where a person's or a shop's data stand, in the order in which they are erased."""
        artefacts = ArtefactsPlace(self.artefacts)
        return [LiveStatePlace(self.redis), artefacts, *erasure.places(self.database, self.sealer)]

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
        return fetch_refunds.Ports(self.admin_apis, self.store_records)

    # -- Models ------------------------------------------------------------------------------------------------------

    @cached_property
    def history(self) -> DbHistory:
        return DbHistory(self.database)

    @cached_property
    def published_lists(self) -> DbPublishedLists:
        return DbPublishedLists(self.database)

    @cached_property
    def training(self) -> train_models.Ports:
        # Trainers bring heavy libraries along, which the other workers and commands do without.
        from app.services import train_models

        return train_models.Ports(
            consents=self.consents,
            history=self.history,
            artefacts=self.artefacts,
            models=self.models,
            signals=self.model_signals,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def rolling_back(self) -> roll_back_models.Ports:
        return roll_back_models.Ports(
            consents=self.consents,
            artefacts=self.artefacts,
            models=self.models,
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
