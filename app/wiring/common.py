"""What both wirings share: settings, connections and the adapters that every process may import.

Each provider is built at its first use and kept; a process that never asks for one never connects to it.
"""

from __future__ import annotations

from functools import cached_property

import redis

from app.adapters.artefacts import FileArtefacts
from app.adapters.clock import StoreClock, WallClock
from app.adapters.counters import Counters
from app.adapters.crypto import Sealer
from app.adapters.db.access_log import DbAccessLog, Reader
from app.adapters.db.baselines import DbBaselines
from app.adapters.db.catalog import DbCatalog
from app.adapters.db.claims import DbClaims
from app.adapters.db.consents import DbConsents
from app.adapters.db.credentials import DbCredentials
from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.customer_merges import DbMerges
from app.adapters.db.customer_search import DbCustomerSearch
from app.adapters.db.due_work import DbDueWork
from app.adapters.db.email_customers import DbEmailCustomers
from app.adapters.db.engagement import DbEngagementHooks, DbIgnoredProducts
from app.adapters.db.engine import Database
from app.adapters.db.experiments import DbExperiments
from app.adapters.db.feeds import DbFeedKeys, DbFeeds
from app.adapters.db.flow_outbox import DbFlowOutbox
from app.adapters.db.inbox import DbInbox
from app.adapters.db.installations import DbInstallations
from app.adapters.db.klaviyo_askings import DbKlaviyoAskings
from app.adapters.db.klaviyo_connections import DbKlaviyoConnections
from app.adapters.db.klaviyo_pushes import DbKlaviyoPushes
from app.adapters.db.made_flows import DbMadeFlows, DbMailLooks
from app.adapters.db.mail_outcomes import DbMailOutcomes
from app.adapters.db.mail_settings import DbMailSettings
from app.adapters.db.models import DbModels
from app.adapters.db.objectors import DbObjectors
from app.adapters.db.pixels import DbPixels
from app.adapters.db.product_pulse import DbProductPulse
from app.adapters.db.profiles import DbProfiles
from app.adapters.db.progress import DbProgress
from app.adapters.db.receipts import DbReceipts
from app.adapters.db.reports import DbReports
from app.adapters.db.retention import DbRetention
from app.adapters.db.segment_catalogue import DbSegmentCatalogue
from app.adapters.db.segment_outlets import DbAudiences, DbOutlets
from app.adapters.db.segment_previews import DbSegmentPreviews
from app.adapters.db.segments import DbSegments
from app.adapters.db.shopper_consents import DbShopperConsents
from app.adapters.db.shoppers import DbShoppers
from app.adapters.db.shops import DbShops
from app.adapters.db.source_deliveries import DbSourceDeliveries, DbUploads
from app.adapters.db.source_keys import DbStoreKeys
from app.adapters.db.source_quality import DbSourceQuality
from app.adapters.db.steering import DbSteering
from app.adapters.db.stock_rules import DbStockKeys, DbStockRules
from app.adapters.db.told_customers import DbTellables
from app.adapters.db.trials import DbTrials
from app.adapters.embedded.postgres import APP_ROLE, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.adapters.redis.catalog_signals import RedisCatalogSignals
from app.adapters.redis.customers import RedisCustomers
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.adapters.redis.fresh import RedisFresh
from app.adapters.redis.jobs import RqJobs
from app.adapters.redis.klaviyo_quotas import RedisKlaviyoQuotas
from app.adapters.redis.lists import RedisLists, RedisModelSignals
from app.adapters.redis.live_state import RedisLiveState
from app.adapters.redis.preferences import RedisPreferences
from app.adapters.redis.units import RedisUnits
from app.adapters.shopify.connection import ShopifyConnection
from app.adapters.shopify.scopes import missing_for_pixel
from app.adapters.shopify.signatures import Signatures
from app.adapters.shopify.tokens import TokenClient
from app.config import Settings
from app.core.ids import ShopId
from app.ports import Clock
from app.services import (
    connect_klaviyo,
    connect_pixel,
    disconnect_klaviyo,
    email_arms,
    export_audience,
    hold_out,
    make_flows,
    preview_rail,
    preview_segment,
    record_consent,
    review_experiments,
    run_experiment,
    save_segment,
    set_mail_settings,
    set_steering,
    switch_outlet,
    undo_merge,
)


class Common:
    """Providers of one process.

    Args:
        settings: the process's settings; unset service URLs mean the embedded servers, shared or started here.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def embedded_postgres(self) -> EmbeddedPostgres:
        server = EmbeddedPostgres(self.settings.data_dir)
        server.start()
        return server

    @cached_property
    def embedded_redis(self) -> EmbeddedRedis:
        server = EmbeddedRedis(self.settings.data_dir)
        server.start()
        return server

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url or self.embedded_postgres.url(APP_ROLE))

    @cached_property
    def redis_url(self) -> str:
        return self.settings.redis_url or self.embedded_redis.url

    @cached_property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url, socket_timeout=5.0, socket_connect_timeout=2.0)

    @cached_property
    def clock(self) -> Clock:
        return StoreClock(self.settings.clock_url) if self.settings.clock_url else WallClock()

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self.settings.encryption_keys)

    def hash_email(self, shop: ShopId, email: str) -> str:
        """The keyed hash of an address under the newest key, in hexadecimal digits."""
        return self.sealer.email_hash(shop, email).hex()

    @cached_property
    def jobs(self) -> RqJobs:
        return RqJobs(self.redis)

    @cached_property
    def shops(self) -> DbShops:
        return DbShops(self.database)

    @cached_property
    def progress(self) -> DbProgress:
        return DbProgress(self.database)

    @cached_property
    def reports(self) -> DbReports:
        return DbReports(self.database)

    # -- Shopify, webhooks, privacy ----------------------------------------------------------------------------------

    @cached_property
    def claims(self) -> DbClaims:
        return DbClaims(self.database)

    @cached_property
    def catalog(self) -> DbCatalog:
        return DbCatalog(self.database)

    @cached_property
    def models(self) -> DbModels:
        return DbModels(self.database)

    @cached_property
    def trials(self) -> DbTrials:
        return DbTrials(self.database)

    @cached_property
    def experiments(self) -> DbExperiments:
        return DbExperiments(self.database, RedisExperimentSignals(self.redis))

    @cached_property
    def steering(self) -> DbSteering:
        return DbSteering(self.database, RedisExperimentSignals(self.redis))

    @cached_property
    def running_experiments(self) -> run_experiment.Ports:
        return run_experiment.Ports(
            self.experiments, self.models, self.artefacts, self.claims, self.clock, self.steering
        )

    @cached_property
    def setting_steering(self) -> set_steering.Ports:
        return set_steering.Ports(self.steering, self.clock)

    @cached_property
    def segments(self) -> DbSegments:
        return DbSegments(self.database)

    @cached_property
    def segment_catalogue(self) -> DbSegmentCatalogue:
        return DbSegmentCatalogue(self.database)

    @cached_property
    def segment_previews(self) -> DbSegmentPreviews:
        return DbSegmentPreviews(self.database)

    @cached_property
    def outlets(self) -> DbOutlets:
        return DbOutlets(self.database)

    @cached_property
    def klaviyo_pushes(self) -> DbKlaviyoPushes:
        return DbKlaviyoPushes(self.database)

    @cached_property
    def tellables(self) -> DbTellables:
        return DbTellables(self.database)

    @cached_property
    def audiences(self) -> DbAudiences:
        return DbAudiences(self.database, self.sealer)

    @cached_property
    def switching_outlets(self) -> switch_outlet.Ports:
        return switch_outlet.Ports(self.outlets, self.due_work, self.jobs, self.clock)

    @cached_property
    def exporting_audiences(self) -> export_audience.Ports:
        return export_audience.Ports(self.tellables, self.audiences, self.access_log, self.clock)

    @cached_property
    def flow_outbox(self) -> DbFlowOutbox:
        return DbFlowOutbox(self.database)

    @cached_property
    def saving_segments(self) -> save_segment.Ports:
        return save_segment.Ports(self.segments, self.segment_catalogue, self.jobs, self.clock)

    @cached_property
    def asking_previews(self) -> preview_segment.Asking:
        return preview_segment.Asking(self.segment_previews, self.segment_catalogue, self.jobs, self.clock)

    @cached_property
    def reviewing(self) -> review_experiments.Ports:
        return review_experiments.Ports(self.experiments, self.clock)

    @cached_property
    def baselines(self) -> DbBaselines:
        return DbBaselines(self.database)

    @cached_property
    def email_customers(self) -> DbEmailCustomers:
        return DbEmailCustomers(self.database)

    @cached_property
    def listing_arms(self) -> email_arms.Ports:
        return email_arms.Ports(self.experiments, self.email_customers, self.clock)

    @cached_property
    def holding_out(self) -> hold_out.Ports:
        return hold_out.Ports(self.experiments, self.claims, self.clock)

    @cached_property
    def artefacts(self) -> FileArtefacts:
        return FileArtefacts(self.settings.artefacts_url)

    @cached_property
    def counters(self) -> Counters:
        return Counters(self.settings.data_dir / "counters")

    @cached_property
    def live_state(self) -> RedisLiveState:
        return RedisLiveState(self.redis, self.counters)

    @cached_property
    def live_preferences(self) -> RedisPreferences:
        return RedisPreferences(self.redis)

    @cached_property
    def shopper_consents(self) -> DbShopperConsents:
        return DbShopperConsents(self.database)

    @cached_property
    def access_log(self) -> DbAccessLog:
        return DbAccessLog(self.database)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.sealer, self.access_log, self.clock)

    @cached_property
    def receipts(self) -> DbReceipts:
        return DbReceipts(self.database, self.reader)

    @cached_property
    def retention(self) -> DbRetention:
        return DbRetention(self.database)

    @cached_property
    def due_work(self) -> DbDueWork:
        return DbDueWork(self.database)

    @cached_property
    def consents(self) -> DbConsents:
        return DbConsents(self.database)

    @cached_property
    def recording_consent(self) -> record_consent.Ports:
        return record_consent.Ports(
            self.consents, self.jobs, self.clock, self.models, self.model_signals, self.list_cache
        )

    @cached_property
    def list_cache(self) -> RedisLists:
        return RedisLists(self.redis)

    @cached_property
    def fresh(self) -> RedisFresh:
        return RedisFresh(self.redis)

    @cached_property
    def model_signals(self) -> RedisModelSignals:
        return RedisModelSignals(self.redis)

    @cached_property
    def credentials(self) -> DbCredentials:
        return DbCredentials(self.database, self.sealer)

    @cached_property
    def installations(self) -> DbInstallations:
        return DbInstallations(self.database, self.sealer)

    @cached_property
    def known_of_pixels(self) -> connect_pixel.Known:
        """For `app.services.connect_pixel.pixel_state`."""
        return connect_pixel.Known(
            self.installations,
            self.credentials,
            DbPixels(self.database),
            missing_for_pixel,
            self.settings.app_url,
        )

    @cached_property
    def customer_search(self) -> DbCustomerSearch:
        return DbCustomerSearch(self.database, self.sealer)

    @cached_property
    def profiles(self) -> DbProfiles:
        return DbProfiles(self.database)

    @cached_property
    def merges(self) -> DbMerges:
        return DbMerges(self.database)

    @cached_property
    def undoing(self) -> undo_merge.Ports:
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
        return DbObjectors(self.database)

    @cached_property
    def inbox(self) -> DbInbox:
        return DbInbox(self.database, self.sealer)

    @cached_property
    def signatures(self) -> Signatures:
        return Signatures(
            client_id=self.settings.shopify_api_key,
            secret=self.settings.shopify_api_secret,
            old_secret=self.settings.shopify_api_secret_old,
        )

    @cached_property
    def shopify(self) -> ShopifyConnection:
        return ShopifyConnection(self.settings.shopify_test_origin)

    @cached_property
    def previewing(self) -> preview_rail.Ports:
        return preview_rail.Ports(
            self.catalog,
            self.models,
            self.artefacts,
            self.live_state,
            self.shoppers,
            self.experiments,
            self.clock,
            self.steering,
            self.pulse,
            self.fresh,
        )

    @cached_property
    def pulse(self) -> DbProductPulse:
        return DbProductPulse(self.database)

    @cached_property
    def shoppers(self) -> DbShoppers:
        return DbShoppers(self.database)

    @cached_property
    def token_client(self) -> TokenClient:
        return TokenClient(
            self.shopify, client_id=self.settings.shopify_api_key, client_secret=self.settings.shopify_api_secret
        )

    @cached_property
    def feeds(self) -> DbFeeds:
        return DbFeeds(self.database)

    @cached_property
    def mail_settings(self) -> DbMailSettings:
        return DbMailSettings(self.database)

    @cached_property
    def setting_mails(self) -> set_mail_settings.Ports:
        return set_mail_settings.Ports(self.mail_settings, self.clock)

    @cached_property
    def feed_keys(self) -> DbFeedKeys:
        return DbFeedKeys(self.database, self.sealer)

    @cached_property
    def engagement_hooks(self) -> DbEngagementHooks:
        return DbEngagementHooks(self.database, self.sealer)

    @cached_property
    def mail_outcomes(self) -> DbMailOutcomes:
        return DbMailOutcomes(self.database)

    @cached_property
    def ignored_products(self) -> DbIgnoredProducts:
        return DbIgnoredProducts(self.database)

    # -- What other systems deliver ----------------------------------------------------------------------------------

    @cached_property
    def source_deliveries(self) -> DbSourceDeliveries:
        return DbSourceDeliveries(self.database)

    @cached_property
    def uploads(self) -> DbUploads:
        return DbUploads(self.database, self.sealer)

    @cached_property
    def catalog_signals(self) -> RedisCatalogSignals:
        return RedisCatalogSignals(self.redis)

    @cached_property
    def stock_rules(self) -> DbStockRules:
        return DbStockRules(self.database, self.catalog_signals)

    @cached_property
    def stock_keys(self) -> DbStockKeys:
        return DbStockKeys(self.database, self.sealer)

    @cached_property
    def source_keys(self) -> DbStoreKeys:
        return DbStoreKeys(self.database)

    @cached_property
    def source_quality(self) -> DbSourceQuality:
        return DbSourceQuality(self.database)

    # -- Klaviyo -----------------------------------------------------------------------------------------------------

    @cached_property
    def klaviyo_connections(self) -> DbKlaviyoConnections:
        return DbKlaviyoConnections(self.database, self.sealer)

    @cached_property
    def klaviyo_askings(self) -> DbKlaviyoAskings:
        return DbKlaviyoAskings(self.database, self.sealer)

    @cached_property
    def made_flows(self) -> DbMadeFlows:
        return DbMadeFlows(self.database)

    @cached_property
    def mail_looks(self) -> DbMailLooks:
        return DbMailLooks(self.database)

    @cached_property
    def asking_for_flows(self) -> make_flows.AskPorts:
        return make_flows.AskPorts(self.due_work, self.jobs)

    @cached_property
    def klaviyo_quotas(self) -> RedisKlaviyoQuotas:
        return RedisKlaviyoQuotas(self.redis, self.klaviyo_connections)

    @cached_property
    def connecting_klaviyo(self) -> connect_klaviyo.Ports:
        return connect_klaviyo.Ports(
            self.klaviyo_askings,
            self.due_work,
            self.jobs,
            self.clock,
            self.settings.klaviyo_client_id,
            self.settings.app_url,
            self.settings.klaviyo_test_origin,
        )

    @cached_property
    def disconnecting_klaviyo(self) -> disconnect_klaviyo.Ports:
        return disconnect_klaviyo.Ports(
            self.klaviyo_connections, self.klaviyo_askings, self.due_work, self.jobs, self.clock
        )

    def close(self) -> None:
        """Close what was opened, and stop the servers that this process started."""
        opened = self.__dict__
        if "database" in opened:
            self.database.close()
        if "live_state" in opened:
            self.live_state.close()
        if "redis" in opened:
            self.redis.close()
        if "shopify" in opened:
            self.shopify.close()
        if "counters" in opened:
            self.counters.close()
        for name in ("embedded_redis", "embedded_postgres"):
            if name in opened:
                opened[name].stop()
