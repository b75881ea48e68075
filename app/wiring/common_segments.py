"""What both wirings share of segments: their rules, their previews, and where they are told.

Each provider imports what it gives at its first use, so that a web process starts without it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.wiring.common_experiments import CommonExperiments

if TYPE_CHECKING:
    from app.adapters.db.segment_catalogue import DbSegmentCatalogue
    from app.adapters.db.segment_outlets import DbAudiences, DbOutlets
    from app.adapters.db.segment_previews import DbSegmentPreviews
    from app.adapters.db.segments import DbSegments
    from app.adapters.db.told_customers import DbTellables
    from app.services import export_audience, preview_segment, save_segment, switch_outlet


class CommonSegments(CommonExperiments):
    """Providers for segments."""

    @cached_property
    def segments(self) -> DbSegments:
        from app.adapters.db.segments import DbSegments

        return DbSegments(self.database)

    @cached_property
    def segment_catalogue(self) -> DbSegmentCatalogue:
        from app.adapters.db.segment_catalogue import DbSegmentCatalogue

        return DbSegmentCatalogue(self.database)

    @cached_property
    def segment_previews(self) -> DbSegmentPreviews:
        from app.adapters.db.segment_previews import DbSegmentPreviews

        return DbSegmentPreviews(self.database)

    @cached_property
    def outlets(self) -> DbOutlets:
        from app.adapters.db.segment_outlets import DbOutlets

        return DbOutlets(self.database)

    @cached_property
    def tellables(self) -> DbTellables:
        from app.adapters.db.told_customers import DbTellables

        return DbTellables(self.database)

    @cached_property
    def audiences(self) -> DbAudiences:
        from app.adapters.db.segment_outlets import DbAudiences

        return DbAudiences(self.database, self.sealer)

    @cached_property
    def switching_outlets(self) -> switch_outlet.Ports:
        from app.services import switch_outlet

        return switch_outlet.Ports(self.outlets, self.due_work, self.jobs, self.clock)

    @cached_property
    def exporting_audiences(self) -> export_audience.Ports:
        from app.services import export_audience

        return export_audience.Ports(self.tellables, self.audiences, self.access_log, self.clock)

    @cached_property
    def saving_segments(self) -> save_segment.Ports:
        from app.services import save_segment

        return save_segment.Ports(self.segments, self.segment_catalogue, self.jobs, self.clock)

    @cached_property
    def asking_previews(self) -> preview_segment.Asking:
        from app.services import preview_segment

        return preview_segment.Asking(self.segment_previews, self.segment_catalogue, self.jobs, self.clock)
