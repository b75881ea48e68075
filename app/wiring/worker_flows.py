"""The part of the workers' wiring for flows and templates made in Klaviyo."""

from __future__ import annotations

from functools import cached_property

from app.services import make_flows
from app.wiring.worker_mail import WorkerMail


class WorkerFlows(WorkerMail):
    """Flows and templates made in Klaviyo."""

    @cached_property
    def making_flows(self) -> make_flows.Ports:
        return make_flows.Ports(
            self.klaviyo_apis, self.klaviyo_connections, self.made_flows, self.mail_looks, self.clock
        )
