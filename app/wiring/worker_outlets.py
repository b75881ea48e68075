"""The part of the workers' wiring that tells Shopify and Flow about segments, and follows live rules."""

from __future__ import annotations

from functools import cached_property

from app.adapters.db.live_rules import DbLiveRules
from app.adapters.redis.deeds import RedisDeeds
from app.services import follow_live_rules, tell_flow, tell_segments, untell_customers
from app.wiring.worker_segments import WorkerSegments


class WorkerOutlets(WorkerSegments):
    """What segments do elsewhere."""

    @cached_property
    def telling_segments(self) -> tell_segments.Ports:
        return tell_segments.Ports(
            outlets=self.outlets,
            people=self.tellables,
            audiences=self.audiences,
            segments=self.segments,
            consents=self.consents,
            admin=self.admin_apis,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def telling_flow(self) -> tell_flow.Ports:
        return tell_flow.Ports(self.flow_outbox, self.admin_apis, self.claims, self.clock)

    @cached_property
    def following_live_rules(self) -> follow_live_rules.Ports:
        return follow_live_rules.Ports(
            DbLiveRules(self.database),
            RedisDeeds(self.redis),
            self.live_preferences,
            self.due_work,
            self.jobs,
            self.clock,
        )

    @cached_property
    def untelling(self) -> untell_customers.Ports:
        return untell_customers.Ports(self.admin_apis, self.due_work)
