"""The part of the workers' wiring for flows and templates made in Klaviyo, and for mails looked at beforehand."""

from __future__ import annotations

from functools import cached_property

from app.adapters.db.mail_previews import DbPreviewOccasions
from app.adapters.db.mail_triggers import DbMailGoods
from app.services import make_flows, preview_mail, read_care
from app.wiring.worker_mail import WorkerMail


class WorkerFlows(WorkerMail):
    """Flows and templates made in Klaviyo."""

    @cached_property
    def making_flows(self) -> make_flows.Ports:
        return make_flows.Ports(
            self.klaviyo_apis,
            self.klaviyo_connections,
            self.made_flows,
            self.mail_looks,
            self.claims,
            self.clock,
        )

    @cached_property
    def reading_care(self) -> read_care.Ports:
        return read_care.Ports(self.care, self.admin_apis, self.clock)

    @cached_property
    def previewing_mails(self) -> preview_mail.Ports:
        return preview_mail.Ports(
            previews=self.mail_previews,
            occasions=DbPreviewOccasions(self.database),
            made=self.made_flows,
            settings=self.mail_settings,
            connections=self.klaviyo_connections,
            apis=self.klaviyo_apis,
            picking=self.picking,
            goods=DbMailGoods(self.database, self.shopify.origin),
            installations=self.installations,
            care=self.care,
            clock=self.clock,
        )
