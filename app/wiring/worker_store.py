"""The part of the workers' wiring that talks to Shopify and keeps the store's records."""

from __future__ import annotations

from functools import cached_property

from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.diagnosis import DbDiagnosis
from app.adapters.db.importer import DbImporter
from app.adapters.db.store_records import DbStoreRecords
from app.adapters.db.sync_runs import DbSyncRuns
from app.adapters.db.told_customers import DbTellables
from app.adapters.redis.customers import RedisCustomers
from app.adapters.shopify.client import ShopifyAdminApis
from app.adapters.shopify.tokens import Tokens
from app.services import ask_opt_outs, connect_pixel, fetch_refunds, install_shop, sync_store
from app.wiring.common_klaviyo import CommonKlaviyo


class WorkerStore(CommonKlaviyo):
    """Tokens, imports, and what webhooks change."""

    @cached_property
    def diagnosis(self) -> DbDiagnosis:
        return DbDiagnosis(self.database)

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
            DbTellables(self.database),
        )

    @cached_property
    def customer_store(self) -> RedisCustomers:
        return RedisCustomers(self.redis)
