"""The part of the workers' wiring that stores events and counts them.

What reads the lake brings heavy libraries along and is imported by the processes that do so only.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.adapters.db.clicked_revenue import DbClickedRevenue
from app.adapters.db.lake import LakeIndex
from app.adapters.db.objectors import DbObjectors
from app.adapters.db.outcomes import DbOutcomes
from app.adapters.db.roll_ups import DbRollUps
from app.ports import ViewHistory
from app.services import compact_lake, estimate_strategy, fold_events, read_experiment, roll_up_events, store_records
from app.wiring.worker_store import WorkerStore

if TYPE_CHECKING:
    from app.adapters.lake.files import LakeFiles
    from app.adapters.lake.lake import ParquetLake
    from app.adapters.lake.upkeep import ParquetUpkeep
    from app.analytics.warehouse import Warehouse


class WorkerLake(WorkerStore):
    """The event lake and the questions that are asked of it."""

    @cached_property
    def lake_files(self) -> LakeFiles:
        from app.adapters.lake.files import LakeFiles

        return LakeFiles.at(self.settings.lake_url)

    @cached_property
    def lake_index(self) -> LakeIndex:
        return LakeIndex(self.database)

    @cached_property
    def lake(self) -> ParquetLake:
        from app.adapters.lake.lake import ParquetLake

        return ParquetLake(self.lake_files, self.lake_index)

    @cached_property
    def lake_upkeep(self) -> ParquetUpkeep:
        from app.adapters.lake.upkeep import ParquetUpkeep

        return ParquetUpkeep(self.lake_files, self.lake_index)

    @cached_property
    def warehouse(self) -> Warehouse:
        from app.analytics.engines import warehouse_at

        return warehouse_at(self.settings.warehouse_url)

    @cached_property
    def views(self) -> ViewHistory:
        from app.analytics.lake_views import LakeViews
        from app.analytics.views_with_history import ViewsWithHistory

        return ViewsWithHistory(
            LakeViews(self.lake, self.warehouse, DbObjectors(self.database).browsers),
            self.lake,
            self.warehouse,
            first_own=self.source_quality.first_own,
            left_out=self.source_keys.objectors_of_google,
        )

    @cached_property
    def roll_ups(self) -> DbRollUps:
        return DbRollUps(self.database)

    @cached_property
    def rolling_up(self) -> roll_up_events.Ports:
        from app.analytics.lake_counts import LakeCounts

        counts = LakeCounts(self.lake, self.warehouse)
        return roll_up_events.Ports(self.roll_ups, counts, self.lake_upkeep, self.claims, self.clock)

    @cached_property
    def reading(self) -> read_experiment.Ports:
        from app.analytics.lake_exposures import LakeExposures

        exposures, outcomes = LakeExposures(self.lake, self.warehouse), DbOutcomes(self.database)
        return read_experiment.Ports(self.experiments, exposures, outcomes, self.roll_ups, self.claims, self.clock)

    @cached_property
    def estimating(self) -> estimate_strategy.Ports:
        from app.analytics.logged_decisions import LakeLoggedDecisions

        return estimate_strategy.Ports(
            decisions=LakeLoggedDecisions(self.lake, self.warehouse, DbObjectors(self.database).browsers),
            revenue=DbClickedRevenue(self.database),
            catalog=self.catalog,
            models=self.models,
            artefacts=self.artefacts,
            reports=self.reports,
            clock=self.clock,
        )

    @cached_property
    def compacting(self) -> compact_lake.Ports:
        return compact_lake.Ports(self.lake_upkeep, self.roll_ups, self.clock)

    @cached_property
    def storing(self) -> store_records.Ports:
        return store_records.Ports(self.lake)

    @cached_property
    def folding(self) -> fold_events.Ports:
        return fold_events.Ports(self.live_state, self.live_preferences)
