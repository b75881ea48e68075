"""The part of the workers' wiring that takes in what other systems deliver."""

from __future__ import annotations

from functools import cached_property

from app.core.sources.contract import Source
from app.core.sources.contracts import CONTRACTS
from app.ports.sources import SourceStore
from app.services import data_quality, import_source, take_in
from app.wiring.worker_lake import WorkerLake


class WorkerSources(WorkerLake):
    """Stores for every source, imports, and what is measured of them."""

    @cached_property
    def source_stores(self) -> dict[Source, SourceStore]:
        from app.adapters.db.source_stores import DbAdSpend, DbOutsideStock
        from app.adapters.lake.source_rows import LakeSourceStore

        of_lake = (Source.KLAVIYO, Source.GA4, Source.TICKETS)
        stores: dict[Source, SourceStore] = {
            source: LakeSourceStore(self.lake_files, self.lake_index, CONTRACTS[source].kind) for source in of_lake
        }
        stores[Source.AD_SPEND] = DbAdSpend(self.database)
        stores[Source.STOCK] = DbOutsideStock(self.database, self.catalog_signals)
        return stores

    @cached_property
    def taking_in(self) -> take_in.Ports:
        return take_in.Ports(self.source_stores, self.source_keys, self.hash_email)

    @cached_property
    def importing_source(self) -> import_source.Ports:
        return import_source.Ports(self.taking_in, self.source_deliveries, self.claims, self.jobs, self.clock)

    @cached_property
    def measuring_sources(self) -> data_quality.Ports:
        from app.adapters.db.source_measures import DbSourceMeasures
        from app.analytics.source_measures import LakeSourceMeasures

        tables = DbSourceMeasures(self.database)
        lake = LakeSourceMeasures(self.lake, self.warehouse, self.source_keys, tables.delivered)
        return data_quality.Ports((tables, lake), lake, self.source_quality, self.claims, self.clock)
