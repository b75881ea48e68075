"""What both wirings share: settings, connections and the adapters that every process may import.

Each provider is built at its first use and kept; a process that never asks for one never connects to it.
"""

from __future__ import annotations

from functools import cached_property

import redis

from app.adapters.clock import StoreClock, WallClock
from app.adapters.crypto import Sealer
from app.adapters.db.claims import DbClaims
from app.adapters.db.engine import Database
from app.adapters.db.shops import DbShops
from app.adapters.embedded.postgres import APP_ROLE, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.adapters.redis.jobs import RqJobs
from app.config import Settings
from app.ports import Clock


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
    def redis(self) -> redis.Redis:
        url = self.settings.redis_url or self.embedded_redis.url
        return redis.Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=2.0)

    @cached_property
    def clock(self) -> Clock:
        return StoreClock(self.settings.clock_url) if self.settings.clock_url else WallClock()

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self.settings.encryption_keys)

    @cached_property
    def jobs(self) -> RqJobs:
        return RqJobs(self.redis)

    @cached_property
    def shops(self) -> DbShops:
        return DbShops(self.database)

    @cached_property
    def claims(self) -> DbClaims:
        return DbClaims(self.database)

    def close(self) -> None:
        """Close what was opened, and stop the servers that this process started."""
        opened = self.__dict__
        if "database" in opened:
            self.database.close()
        if "redis" in opened:
            self.redis.close()
        for name in ("embedded_redis", "embedded_postgres"):
            if name in opened:
                opened[name].stop()
