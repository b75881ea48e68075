"""The part of the workers' wiring that segments customers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.services import preview_segment, segment_customers
from app.wiring.worker_lake import WorkerLake

if TYPE_CHECKING:
    from app.analytics.lake_segments import LakeSegments


class WorkerSegments(WorkerLake):
    """Segments, counted over the lake and the store's sales."""

    @cached_property
    def segmenter(self) -> LakeSegments:
        from app.adapters.db.segment_sales import DbSales
        from app.analytics.lake_segments import LakeSegments

        return LakeSegments(self.lake, self.warehouse, DbSales(self.database))

    @cached_property
    def segmenting(self) -> segment_customers.Ports:
        from app.adapters.db.segment_members import DbMemberships

        return segment_customers.Ports(
            register=self.segments,
            catalogue=self.segment_catalogue,
            segmenter=self.segmenter,
            memberships=DbMemberships(self.database),
            roll_ups=self.roll_ups,
            claims=self.claims,
            clock=self.clock,
        )

    @cached_property
    def previewing_segments(self) -> preview_segment.Ports:
        return preview_segment.Ports(self.segment_previews, self.segmenter, self.roll_ups, self.clock)
