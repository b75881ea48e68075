"""The part of the workers' wiring for events that start flows."""

from __future__ import annotations

from functools import cached_property

from app.adapters.db.mail_deeds import DbMailDeeds
from app.adapters.db.mail_occasions import DbOccasions
from app.adapters.db.mail_triggers import DbMailGoods
from app.services import hand_out_offer, issue_offers, note_mail_deeds, pick_by_arm, start_flows
from app.wiring.worker_push import WorkerPush


class WorkerMail(WorkerPush):
    """Events that start flows, and offers."""

    @cached_property
    def noting_mail_deeds(self) -> note_mail_deeds.Ports:
        return note_mail_deeds.Ports(self.mail_settings, DbMailDeeds(self.database), self.live_preferences)

    @cached_property
    def starting_flows(self) -> start_flows.Ports:
        return start_flows.Ports(
            settings=self.mail_settings,
            occasions=DbOccasions(self.database),
            triggers=self.mail_triggers,
            pushes=self.klaviyo_pushes,
            goods=DbMailGoods(self.database, self.shopify.origin),
            care=self.care,
            pick=lambda shop, asks: pick_by_arm.pick_by_arm(shop, asks, self.picking),
            klaviyo=self.klaviyo_apis,
            handing_out=hand_out_offer.Ports(self.offers, self.installations, self.shopify.origin),
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def issuing_offers(self) -> issue_offers.Ports:
        return issue_offers.Ports(
            settings=self.mail_settings,
            offers=self.offers,
            admin=self.admin_apis,
            installations=self.installations,
            claims=self.claims,
            clock=self.clock,
        )
