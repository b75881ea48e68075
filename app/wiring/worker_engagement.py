"""The part of the workers' wiring for feeds, and engagement read back."""

from __future__ import annotations

from functools import cached_property

from app.services import count_mails, exchange_links, prepare_feeds, read_engagement, send_history
from app.wiring.worker_flows import WorkerFlows
from app.wiring.worker_sources import WorkerSources


class WorkerEngagement(WorkerFlows, WorkerSources):
    """Feeds, and engagement read back."""

    @cached_property
    def preparing_feeds(self) -> prepare_feeds.Ports:
        from app.adapters.db.feed_goods import DbFeedGoods
        from app.adapters.redis.catalog_looks import RedisCatalogLooks

        return prepare_feeds.Ports(
            goods=DbFeedGoods(self.database, self.shopify.origin),
            looks=RedisCatalogLooks(self.redis),
            feeds=self.feeds,
            keys=self.feed_keys,
            connections=self.klaviyo_connections,
            apis=self.klaviyo_apis,
            claims=self.claims,
            clock=self.clock,
            app_url=self.settings.app_url,
        )

    @cached_property
    def reading_engagement(self) -> read_engagement.Ports:
        from app.adapters.sources.klaviyo_pages import KlaviyoPages

        return read_engagement.Ports(
            connections=self.klaviyo_connections,
            apis=self.klaviyo_apis,
            marks=self.engagement_marks,
            hooks=self.engagement_hooks,
            importing=self.importing_source,
            file_of=KlaviyoPages,
            clock=self.clock,
            app_url=self.settings.app_url,
        )

    @cached_property
    def exchanging_links(self) -> exchange_links.Ports:
        from app.adapters.db.mail_links import DbMailLinks

        return exchange_links.Ports(
            DbMailLinks(self.database),
            self.klaviyo_connections,
            self.klaviyo_apis,
            self.source_keys,
            self.hash_email,
        )

    @cached_property
    def sending_history(self) -> send_history.Ports:
        return send_history.Ports(
            self.mail_history, self.engagement_marks, self.mail_settings, self.klaviyo_apis, self.claims, self.clock
        )

    @cached_property
    def counting_mails(self) -> count_mails.Ports:
        from app.adapters.db.mail_outcomes import DbMailChoices
        from app.analytics.mail_deeds import LakeMailDeeds

        return count_mails.Ports(
            LakeMailDeeds(self.lake),
            self.made_flows,
            DbMailChoices(self.database),
            self.ignored_products,
            self.mail_outcomes,
            self.mail_settings,
            self.clock,
        )
