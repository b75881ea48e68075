"""What both wirings share: settings, connections and the adapters that a shopper's question needs.

Each provider is built at its first use and kept; a process that never asks for one never connects to it. The rest of
what is shared stands in `common_<area>`, whose providers also import late.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import redis

from app.adapters.artefacts import FileArtefacts
from app.adapters.clock import StoreClock, WallClock
from app.adapters.counters import Counters
from app.adapters.crypto import Sealer
from app.adapters.db.catalog import DbCatalog
from app.adapters.db.credentials import DbCredentials
from app.adapters.db.engine import Database
from app.adapters.db.experiments import DbExperiments
from app.adapters.db.installations import DbInstallations
from app.adapters.db.models import DbModels
from app.adapters.db.product_pulse import DbProductPulse
from app.adapters.db.shops import DbShops
from app.adapters.db.steering import DbSteering
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.adapters.redis.fresh import RedisFresh
from app.adapters.redis.jobs import RqJobs
from app.adapters.redis.live_state import RedisLiveState
from app.adapters.shopify.signatures import Signatures
from app.config import Settings
from app.ports import Clock

if TYPE_CHECKING:
    from app.adapters.db.inbox import DbInbox
    from app.adapters.db.shopper_consents import DbShopperConsents
    from app.adapters.embedded.postgres import EmbeddedPostgres
    from app.adapters.embedded.redis_server import EmbeddedRedis
    from app.adapters.redis.preferences import RedisPreferences
    from app.adapters.shopify.connection import ShopifyConnection
    from app.adapters.shopify.tokens import TokenClient
    from app.core.ids import ShopId


class Common:
    """Providers of one process.

    Args:
        settings: the process's settings; unset service URLs mean the embedded servers, shared or started here.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def embedded_postgres(self) -> EmbeddedPostgres:
        from app.adapters.embedded.postgres import EmbeddedPostgres

        server = EmbeddedPostgres(self.settings.data_dir)
        server.start()
        return server

    @cached_property
    def embedded_redis(self) -> EmbeddedRedis:
        from app.adapters.embedded.redis_server import EmbeddedRedis

        server = EmbeddedRedis(self.settings.data_dir)
        server.start()
        return server

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url or self._embedded_url())

    def _embedded_url(self) -> str:
        from app.adapters.embedded.postgres import APP_ROLE

        return self.embedded_postgres.url(APP_ROLE)

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
    def catalog(self) -> DbCatalog:
        return DbCatalog(self.database)

    @cached_property
    def models(self) -> DbModels:
        return DbModels(self.database)

    @cached_property
    def experiments(self) -> DbExperiments:
        return DbExperiments(self.database, RedisExperimentSignals(self.redis))

    @cached_property
    def steering(self) -> DbSteering:
        return DbSteering(self.database, RedisExperimentSignals(self.redis))

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
        from app.adapters.redis.preferences import RedisPreferences

        return RedisPreferences(self.redis)

    @cached_property
    def shopper_consents(self) -> DbShopperConsents:
        from app.adapters.db.shopper_consents import DbShopperConsents

        return DbShopperConsents(self.database)

    @cached_property
    def fresh(self) -> RedisFresh:
        return RedisFresh(self.redis)

    @cached_property
    def credentials(self) -> DbCredentials:
        return DbCredentials(self.database, self.sealer)

    @cached_property
    def installations(self) -> DbInstallations:
        return DbInstallations(self.database, self.sealer)

    @cached_property
    def inbox(self) -> DbInbox:
        from app.adapters.db.inbox import DbInbox

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
        from app.adapters.shopify.connection import ShopifyConnection

        return ShopifyConnection(self.settings.shopify_test_origin)

    @cached_property
    def pulse(self) -> DbProductPulse:
        return DbProductPulse(self.database)

    @cached_property
    def token_client(self) -> TokenClient:
        from app.adapters.shopify.tokens import TokenClient

        return TokenClient(
            self.shopify, client_id=self.settings.shopify_api_key, client_secret=self.settings.shopify_api_secret
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
