"""What both wirings share of mails: the connection to Klaviyo, what is sent, and what comes back.

Each provider imports what it gives at its first use, so that a web process starts without it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.wiring.common_segments import CommonSegments

if TYPE_CHECKING:
    from app.adapters.db.engagement import DbEngagementHooks, DbIgnoredProducts
    from app.adapters.db.feeds import DbFeedKeys, DbFeeds
    from app.adapters.db.flow_outbox import DbFlowOutbox
    from app.adapters.db.klaviyo_askings import DbKlaviyoAskings
    from app.adapters.db.klaviyo_connections import DbKlaviyoConnections
    from app.adapters.db.klaviyo_pushes import DbKlaviyoPushes
    from app.adapters.db.made_flows import DbMadeFlows, DbMailLooks
    from app.adapters.db.mail_outcomes import DbMailOutcomes
    from app.adapters.db.mail_settings import DbMailSettings
    from app.adapters.redis.klaviyo_quotas import RedisKlaviyoQuotas
    from app.services import connect_klaviyo, disconnect_klaviyo, make_flows, set_mail_settings


class CommonKlaviyo(CommonSegments):
    """Providers for mails through Klaviyo: the last of the shared ones, which both wirings inherit."""

    @cached_property
    def klaviyo_pushes(self) -> DbKlaviyoPushes:
        from app.adapters.db.klaviyo_pushes import DbKlaviyoPushes

        return DbKlaviyoPushes(self.database)

    @cached_property
    def flow_outbox(self) -> DbFlowOutbox:
        from app.adapters.db.flow_outbox import DbFlowOutbox

        return DbFlowOutbox(self.database)

    @cached_property
    def feeds(self) -> DbFeeds:
        from app.adapters.db.feeds import DbFeeds

        return DbFeeds(self.database)

    @cached_property
    def mail_settings(self) -> DbMailSettings:
        from app.adapters.db.mail_settings import DbMailSettings

        return DbMailSettings(self.database)

    @cached_property
    def setting_mails(self) -> set_mail_settings.Ports:
        from app.services import set_mail_settings

        return set_mail_settings.Ports(self.mail_settings, self.clock)

    @cached_property
    def feed_keys(self) -> DbFeedKeys:
        from app.adapters.db.feeds import DbFeedKeys

        return DbFeedKeys(self.database, self.sealer)

    @cached_property
    def engagement_hooks(self) -> DbEngagementHooks:
        from app.adapters.db.engagement import DbEngagementHooks

        return DbEngagementHooks(self.database, self.sealer)

    @cached_property
    def mail_outcomes(self) -> DbMailOutcomes:
        from app.adapters.db.mail_outcomes import DbMailOutcomes

        return DbMailOutcomes(self.database)

    @cached_property
    def ignored_products(self) -> DbIgnoredProducts:
        from app.adapters.db.engagement import DbIgnoredProducts

        return DbIgnoredProducts(self.database)

    @cached_property
    def klaviyo_connections(self) -> DbKlaviyoConnections:
        from app.adapters.db.klaviyo_connections import DbKlaviyoConnections

        return DbKlaviyoConnections(self.database, self.sealer)

    @cached_property
    def klaviyo_askings(self) -> DbKlaviyoAskings:
        from app.adapters.db.klaviyo_askings import DbKlaviyoAskings

        return DbKlaviyoAskings(self.database, self.sealer)

    @cached_property
    def made_flows(self) -> DbMadeFlows:
        from app.adapters.db.made_flows import DbMadeFlows

        return DbMadeFlows(self.database)

    @cached_property
    def mail_looks(self) -> DbMailLooks:
        from app.adapters.db.made_flows import DbMailLooks

        return DbMailLooks(self.database)

    @cached_property
    def asking_for_flows(self) -> make_flows.AskPorts:
        from app.services import make_flows

        return make_flows.AskPorts(self.due_work, self.jobs)

    @cached_property
    def klaviyo_quotas(self) -> RedisKlaviyoQuotas:
        from app.adapters.redis.klaviyo_quotas import RedisKlaviyoQuotas

        return RedisKlaviyoQuotas(self.redis, self.klaviyo_connections)

    @cached_property
    def connecting_klaviyo(self) -> connect_klaviyo.Ports:
        from app.services import connect_klaviyo

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
        from app.services import disconnect_klaviyo

        return disconnect_klaviyo.Ports(
            self.klaviyo_connections, self.klaviyo_askings, self.due_work, self.jobs, self.clock
        )
