"""What both wirings share of mails: the connection to Klaviyo, what is sent, and what comes back.

Each provider imports what it gives at its first use, so that a web process starts without it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.wiring.common_segments import CommonSegments

if TYPE_CHECKING:
    from app.adapters.db.care import DbCare
    from app.adapters.db.engagement import DbEngagementHooks, DbEngagementMarks, DbIgnoredProducts
    from app.adapters.db.feeds import DbFeedKeys, DbFeeds
    from app.adapters.db.flow_outbox import DbFlowOutbox
    from app.adapters.db.klaviyo_askings import DbKlaviyoAskings
    from app.adapters.db.klaviyo_connections import DbKlaviyoConnections
    from app.adapters.db.klaviyo_pushes import DbKlaviyoPushes
    from app.adapters.db.made_flows import DbMadeFlows, DbMailLooks
    from app.adapters.db.mail_history import DbMailHistory
    from app.adapters.db.mail_offers import DbOffers
    from app.adapters.db.mail_outcomes import DbMailOutcomes
    from app.adapters.db.mail_previews import DbMailPreviews
    from app.adapters.db.mail_settings import DbMailSettings
    from app.adapters.db.mail_triggers import DbMailTriggers
    from app.adapters.redis.klaviyo_quotas import RedisKlaviyoQuotas
    from app.adapters.redis.klaviyo_troubles import RedisKlaviyoTroubles
    from app.services import connect_klaviyo, disconnect_klaviyo, make_flows, preview_mail, read_care, set_mail_settings


class CommonKlaviyo(CommonSegments):
    """Providers for mails through Klaviyo: the last of the shared ones, which both wirings inherit."""

    @cached_property
    def klaviyo_pushes(self) -> DbKlaviyoPushes:
        from app.adapters.db.klaviyo_pushes import DbKlaviyoPushes

        return DbKlaviyoPushes(self.database, self.sealer)

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
    def offers(self) -> DbOffers:
        from app.adapters.db.mail_offers import DbOffers

        return DbOffers(self.database)

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
    def engagement_marks(self) -> DbEngagementMarks:
        from app.adapters.db.engagement import DbEngagementMarks

        return DbEngagementMarks(self.database)

    @cached_property
    def mail_history(self) -> DbMailHistory:
        from app.adapters.db.mail_history import DbMailHistory

        return DbMailHistory(self.database, self.sealer)

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
    def mail_previews(self) -> DbMailPreviews:
        from app.adapters.db.mail_previews import DbMailPreviews

        return DbMailPreviews(self.database, self.sealer)

    @cached_property
    def asking_mail_previews(self) -> preview_mail.Asking:
        from app.services import preview_mail

        return preview_mail.Asking(self.mail_previews, self.access_log, self.jobs, self.clock)

    @cached_property
    def care(self) -> DbCare:
        from app.adapters.db.care import DbCare

        return DbCare(self.database, self.shopify.origin)

    @cached_property
    def asking_for_care(self) -> read_care.AskPorts:
        from app.services import read_care

        return read_care.AskPorts(self.care, self.due_work, self.jobs)

    @cached_property
    def klaviyo_quotas(self) -> RedisKlaviyoQuotas:
        from app.adapters.redis.klaviyo_quotas import RedisKlaviyoQuotas

        return RedisKlaviyoQuotas(self.redis, self.klaviyo_connections)

    @cached_property
    def mail_triggers(self) -> DbMailTriggers:
        from app.adapters.db.mail_triggers import DbMailTriggers

        return DbMailTriggers(self.database, self.sealer)

    @cached_property
    def klaviyo_troubles(self) -> RedisKlaviyoTroubles:
        from app.adapters.redis.klaviyo_troubles import RedisKlaviyoTroubles

        return RedisKlaviyoTroubles(self.redis)

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
