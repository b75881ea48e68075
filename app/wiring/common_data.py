"""What both wirings share of a shop's data: people and their privacy, the record of models, what other systems deliver.

Each provider imports what it gives at its first use, so that a web process starts without it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.wiring.common import Common

if TYPE_CHECKING:
    from app.adapters.db.access_log import DbAccessLog, Reader
    from app.adapters.db.baselines import DbBaselines
    from app.adapters.db.claims import DbClaims
    from app.adapters.db.consents import DbConsents
    from app.adapters.db.customer_merges import DbMerges
    from app.adapters.db.customer_search import DbCustomerSearch
    from app.adapters.db.due_work import DbDueWork
    from app.adapters.db.objectors import DbObjectors
    from app.adapters.db.profiles import DbProfiles
    from app.adapters.db.progress import DbProgress
    from app.adapters.db.receipts import DbReceipts
    from app.adapters.db.reports import DbReports
    from app.adapters.db.retention import DbRetention
    from app.adapters.db.source_deliveries import DbSourceDeliveries, DbUploads
    from app.adapters.db.source_keys import DbStoreKeys
    from app.adapters.db.source_quality import DbSourceQuality
    from app.adapters.db.stock_rules import DbStockKeys, DbStockRules
    from app.adapters.db.trials import DbTrials
    from app.adapters.redis.catalog_signals import RedisCatalogSignals
    from app.adapters.redis.lists import RedisLists, RedisModelSignals
    from app.services import connect_pixel, record_consent, undo_merge


class CommonData(Common):
    """Providers about a shop's data."""

    @cached_property
    def progress(self) -> DbProgress:
        from app.adapters.db.progress import DbProgress

        return DbProgress(self.database)

    @cached_property
    def reports(self) -> DbReports:
        from app.adapters.db.reports import DbReports

        return DbReports(self.database)

    @cached_property
    def claims(self) -> DbClaims:
        from app.adapters.db.claims import DbClaims

        return DbClaims(self.database)

    @cached_property
    def trials(self) -> DbTrials:
        from app.adapters.db.trials import DbTrials

        return DbTrials(self.database)

    @cached_property
    def baselines(self) -> DbBaselines:
        from app.adapters.db.baselines import DbBaselines

        return DbBaselines(self.database)

    @cached_property
    def access_log(self) -> DbAccessLog:
        from app.adapters.db.access_log import DbAccessLog

        return DbAccessLog(self.database)

    @cached_property
    def reader(self) -> Reader:
        from app.adapters.db.access_log import Reader

        return Reader(self.sealer, self.access_log, self.clock)

    @cached_property
    def receipts(self) -> DbReceipts:
        from app.adapters.db.receipts import DbReceipts

        return DbReceipts(self.database, self.reader)

    @cached_property
    def retention(self) -> DbRetention:
        from app.adapters.db.retention import DbRetention

        return DbRetention(self.database)

    @cached_property
    def due_work(self) -> DbDueWork:
        from app.adapters.db.due_work import DbDueWork

        return DbDueWork(self.database)

    @cached_property
    def consents(self) -> DbConsents:
        from app.adapters.db.consents import DbConsents

        return DbConsents(self.database)

    @cached_property
    def recording_consent(self) -> record_consent.Ports:
        from app.services import record_consent

        return record_consent.Ports(
            self.consents, self.jobs, self.clock, self.models, self.model_signals, self.list_cache
        )

    @cached_property
    def list_cache(self) -> RedisLists:
        from app.adapters.redis.lists import RedisLists

        return RedisLists(self.redis)

    @cached_property
    def model_signals(self) -> RedisModelSignals:
        from app.adapters.redis.lists import RedisModelSignals

        return RedisModelSignals(self.redis)

    @cached_property
    def known_of_pixels(self) -> connect_pixel.Known:
        """For `app.services.connect_pixel.pixel_state`."""
        from app.adapters.db.pixels import DbPixels
        from app.adapters.shopify.scopes import missing_for_pixel
        from app.services import connect_pixel

        return connect_pixel.Known(
            self.installations,
            self.credentials,
            DbPixels(self.database),
            missing_for_pixel,
            self.settings.app_url,
        )

    @cached_property
    def customer_search(self) -> DbCustomerSearch:
        from app.adapters.db.customer_search import DbCustomerSearch

        return DbCustomerSearch(self.database, self.sealer)

    @cached_property
    def profiles(self) -> DbProfiles:
        from app.adapters.db.profiles import DbProfiles

        return DbProfiles(self.database)

    @cached_property
    def merges(self) -> DbMerges:
        from app.adapters.db.customer_merges import DbMerges

        return DbMerges(self.database)

    @cached_property
    def undoing(self) -> undo_merge.Ports:
        from app.adapters.db.customer_history import DbCustomerHistory
        from app.adapters.redis.customers import RedisCustomers
        from app.adapters.redis.units import RedisUnits
        from app.services import undo_merge

        return undo_merge.Ports(
            profiles=self.profiles,
            merges=self.merges,
            history=DbCustomerHistory(self.database),
            customers=RedisCustomers(self.redis),
            units=RedisUnits(self.redis),
            jobs=self.jobs,
            clock=self.clock,
        )

    @cached_property
    def objectors(self) -> DbObjectors:
        from app.adapters.db.objectors import DbObjectors

        return DbObjectors(self.database)

    @cached_property
    def source_deliveries(self) -> DbSourceDeliveries:
        from app.adapters.db.source_deliveries import DbSourceDeliveries

        return DbSourceDeliveries(self.database)

    @cached_property
    def uploads(self) -> DbUploads:
        from app.adapters.db.source_deliveries import DbUploads

        return DbUploads(self.database, self.sealer)

    @cached_property
    def catalog_signals(self) -> RedisCatalogSignals:
        from app.adapters.redis.catalog_signals import RedisCatalogSignals

        return RedisCatalogSignals(self.redis)

    @cached_property
    def stock_rules(self) -> DbStockRules:
        from app.adapters.db.stock_rules import DbStockRules

        return DbStockRules(self.database, self.catalog_signals)

    @cached_property
    def stock_keys(self) -> DbStockKeys:
        from app.adapters.db.stock_rules import DbStockKeys

        return DbStockKeys(self.database, self.sealer)

    @cached_property
    def source_keys(self) -> DbStoreKeys:
        from app.adapters.db.source_keys import DbStoreKeys

        return DbStoreKeys(self.database)

    @cached_property
    def source_quality(self) -> DbSourceQuality:
        from app.adapters.db.source_quality import DbSourceQuality

        return DbSourceQuality(self.database)
