"""The part of the workers' wiring that keeps the law: consent, retention, access, proof."""

from __future__ import annotations

from functools import cached_property

from app.services import apply_retention
from app.wiring.worker_lake import WorkerLake


class WorkerGovernance(WorkerLake):
    """See the module."""

    @cached_property
    def retaining(self) -> apply_retention.Ports:
        return apply_retention.Ports(self.retention, self.retention, self.lake_upkeep, self.clock)
