"""What both wirings share of experiments: running and reading them, the hold-out, and a merchant's preview.

Each provider imports what it gives at its first use, so that a web process starts without it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.wiring.common_data import CommonData

if TYPE_CHECKING:
    from app.adapters.db.email_customers import DbEmailCustomers
    from app.adapters.db.shoppers import DbShoppers
    from app.services import email_arms, hold_out, preview_rail, review_experiments, run_experiment, set_steering


class CommonExperiments(CommonData):
    """Providers for experiments."""

    @cached_property
    def running_experiments(self) -> run_experiment.Ports:
        from app.services import run_experiment

        return run_experiment.Ports(
            self.experiments, self.models, self.artefacts, self.claims, self.clock, self.steering
        )

    @cached_property
    def setting_steering(self) -> set_steering.Ports:
        from app.services import set_steering

        return set_steering.Ports(self.steering, self.clock)

    @cached_property
    def reviewing(self) -> review_experiments.Ports:
        from app.services import review_experiments

        return review_experiments.Ports(self.experiments, self.clock)

    @cached_property
    def email_customers(self) -> DbEmailCustomers:
        from app.adapters.db.email_customers import DbEmailCustomers

        return DbEmailCustomers(self.database)

    @cached_property
    def listing_arms(self) -> email_arms.Ports:
        from app.services import email_arms

        return email_arms.Ports(self.experiments, self.email_customers, self.clock)

    @cached_property
    def holding_out(self) -> hold_out.Ports:
        from app.services import hold_out

        return hold_out.Ports(self.experiments, self.claims, self.clock)

    @cached_property
    def previewing(self) -> preview_rail.Ports:
        from app.services import preview_rail

        return preview_rail.Ports(
            self.catalog,
            self.models,
            self.artefacts,
            self.live_state,
            self.shoppers,
            self.experiments,
            self.clock,
            self.steering,
            self.pulse,
            self.fresh,
        )

    @cached_property
    def shoppers(self) -> DbShoppers:
        from app.adapters.db.shoppers import DbShoppers

        return DbShoppers(self.database)
