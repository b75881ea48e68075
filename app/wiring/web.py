"""The wiring of the web process: light on purpose; import contracts keep trainers and heavy libraries out.

What is seldom asked for is imported by its provider, so that a process that starts need not wait for it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.cached_shops import CachedShops
from app.adapters.redis.customers import RedisCustomers
from app.adapters.redis.decision_buffer import DecisionBuffer
from app.adapters.redis.event_stream import RedisEventLog
from app.adapters.redis.live_state import RedisLiveState
from app.adapters.shelves.pulse import PulseReader
from app.adapters.shelves.shelves import MappedShelves
from app.adapters.shopify.proxy_signature import ProxySignature
from app.core.ids import ShopId
from app.services import (
    ingest_events,
    install_shop,
    note_sign_in,
    serve_recommendations,
    set_preferences,
)
from app.wiring.common_klaviyo import CommonKlaviyo

if TYPE_CHECKING:
    from app.services import forget_browser, take_in_counts

HOT_TIMEOUT_S = 0.25
"""How long a request waits for Redis at most; after that the cascade goes on without the visitor's state."""


class Web(CommonKlaviyo):
    """Everything that the web's routes need."""

    @cached_property
    def hot_redis(self) -> redis.Redis:
        """A client that gives up quickly: one retry for a connection that went stale, then the next source."""
        return redis.Redis.from_url(
            self.redis_url,
            socket_timeout=HOT_TIMEOUT_S,
            socket_connect_timeout=HOT_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
        )

    @cached_property
    def known_shops(self) -> CachedShops:
        """Shops by domain as of a few seconds ago, without a query per request."""
        return CachedShops(self.shops, self._collect_key)

    def _collect_key(self, shop: ShopId) -> str:
        profile = self.installations.profile(shop)
        return profile.collect_key if profile else ""

    @cached_property
    def proxy_signature(self) -> ProxySignature:
        old = self.settings.shopify_api_secret_old
        return ProxySignature(self.settings.shopify_api_secret, *([old] if old else []))

    @cached_property
    def hot_live_state(self) -> RedisLiveState:
        return RedisLiveState(self.hot_redis, self.counters)

    @cached_property
    def decisions(self) -> DecisionBuffer:
        return DecisionBuffer(self.redis, self.counters)

    @cached_property
    def events(self) -> RedisEventLog:
        return RedisEventLog(self.redis)

    @cached_property
    def shelves(self) -> MappedShelves:
        return MappedShelves(
            self.catalog,
            self.models,
            self.artefacts,
            self.experiments,
            self.redis,
            self.counters,
            steering=self.steering,
            pulse=PulseReader(self.pulse, self.clock),
            fresh=self.fresh,
        )

    @cached_property
    def serving(self) -> serve_recommendations.Ports:
        return serve_recommendations.Ports(self.shelves, self.hot_live_state, self.decisions, self.clock)

    @cached_property
    def sign_ins(self) -> note_sign_in.SignIns:
        return note_sign_in.SignIns(self.decisions, self.clock)

    @cached_property
    def ingesting(self) -> ingest_events.Ports:
        return ingest_events.Ports(self.events, self.clock, self.hash_email)

    @cached_property
    def setting_preferences(self) -> set_preferences.Ports:
        return set_preferences.Ports(
            self.shopper_consents,
            self.live_preferences,
            self.live_state,
            self.catalog,
            RedisCustomers(self.redis),
            self.clock,
        )

    @cached_property
    def forgetting_browsers(self) -> forget_browser.Ports:
        from app.adapters.db.privacy import DbPrivacy
        from app.adapters.redis.erasable import LiveStatePlace
        from app.services import forget_browser

        return forget_browser.Ports(
            self.shopper_consents,
            DbPrivacy(self.database, self.sealer),
            LiveStatePlace(self.redis, self.clock),
            self.sealer,
            self.due_work,
            self.jobs,
            self.clock,
        )

    @cached_property
    def taking_stock(self) -> take_in_counts.Ports:
        from app.adapters.db.source_stores import DbOutsideStock
        from app.core.sources.contract import Source
        from app.services import take_in, take_in_counts

        stores = {Source.STOCK: DbOutsideStock(self.database, self.catalog_signals)}
        taking_in = take_in.Ports(stores, self.source_keys, self.hash_email)
        return take_in_counts.Ports(taking_in, self.source_deliveries)

    @cached_property
    def arrival(self) -> install_shop.Arrival:
        return install_shop.Arrival(
            self.shops, self.credentials, self.token_client, self.installations, self.jobs, self.clock
        )

    def close(self) -> None:
        opened = self.__dict__
        for name in ("shelves", "decisions", "hot_live_state", "events"):
            if name in opened:
                opened[name].close()
        if "hot_redis" in opened:
            self.hot_redis.close()
        super().close()
