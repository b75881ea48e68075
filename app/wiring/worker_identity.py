"""The part of the workers' wiring that ties names to people."""

from __future__ import annotations

from functools import cached_property

from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.identity_ties import DbTieSources
from app.adapters.db.stitching import DbStitches
from app.core.ids import CustomerId
from app.services import merge_customers, note_identity, stitch_profiles
from app.wiring.worker_lake import WorkerLake


class WorkerIdentity(WorkerLake):
    """Ties, profiles, and customers that were merged."""

    @cached_property
    def tie_sources(self) -> DbTieSources:
        return DbTieSources(self.database)

    @cached_property
    def stitching(self) -> stitch_profiles.Ports:
        return stitch_profiles.Ports(
            stitches=DbStitches(self.database),
            sources=self.tie_sources,
            merges=self.merges,
            history=DbCustomerHistory(self.database),
            customers=self.customer_store,
            due=self.due_work,
            clock=self.clock,
        )

    @cached_property
    def merging_customers(self) -> merge_customers.Ports:
        return merge_customers.Ports(
            shops=self.shops,
            merges=self.merges,
            history=DbCustomerHistory(self.database),
            customers=self.customer_store,
            due=self.due_work,
            jobs=self.jobs,
            clock=self.clock,
        )

    @cached_property
    def noting_identity(self) -> note_identity.Ports:
        return note_identity.Ports(
            sources=self.tie_sources,
            due=self.due_work,
            jobs=self.jobs,
            hash_email=self.hash_email,
            may_be_known=lambda shop, number: self.customer_search.may_be_shown(shop, CustomerId(number)),
        )
