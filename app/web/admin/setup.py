"""How far the set-up of a shop is: import, consent, model, lists, pixel. Read afresh for each page, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.db.progress import Counts, SyncProgress
from app.adapters.shopify.scopes import missing
from app.core.shops import Shop
from app.core.syncs import Resource
from app.ports import ModelRecord
from app.services.connect_pixel import PixelState, pixel_state
from app.web.admin.learnt import Learnt, learnt
from app.wiring.web import Web

RESOURCES = {
    Resource.PRODUCTS.value: "Products",
    Resource.INVENTORY.value: "Stock",
    Resource.COLLECTIONS.value: "Collections",
    Resource.CUSTOMERS.value: "Customers",
    Resource.ORDERS.value: "Orders",
}
"""What an import brings, in the order in which it does."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is known of each step; `app.web.admin.steps` puts it into words."""

    runs: Sequence[SyncProgress]
    counts: Counts
    consented: bool
    model: ModelRecord | None
    """The one in use."""
    latest: ModelRecord | None
    """The latest training, whether it was published or not."""
    lists_due: bool
    """Whether lists are still to be brought to the model in use."""
    pixel: PixelState
    missing_scopes: Sequence[str]
    """What the merchant has not granted although the app needs it."""

    @property
    def imported(self) -> bool:
        done = {run.resource for run in self.runs if run.state == "done"}
        return done >= set(RESOURCES)

    @property
    def import_failed(self) -> bool:
        return any(run.state == "failed" for run in self.rows())

    @property
    def problems(self) -> int:
        return sum(run.problems for run in self.runs)

    @property
    def learnt(self) -> Sequence[Learnt]:
        """Every rail's exam in the training whose model is in use."""
        return learnt(self.model) if self.model is not None else ()

    def rows(self) -> list[SyncProgress]:
        """The imports in the order in which they run."""
        order = list(RESOURCES)
        shown = [run for run in self.runs if run.resource in RESOURCES]
        return sorted(shown, key=lambda run: order.index(run.resource))

    def name_of(self, run: SyncProgress) -> str:
        return RESOURCES[run.resource]


def setup_of(shop: Shop, wiring: Web) -> Setup:
    trainings = wiring.models.history(shop.id, limit=1)
    decision = wiring.consents.current(shop.id)
    token = wiring.credentials.load(shop.id)
    return Setup(
        runs=wiring.progress.runs(shop.id),
        counts=wiring.progress.counts(shop.id),
        consented=decision is not None and decision.granted,
        model=wiring.models.in_use(shop.id),
        latest=trainings[0] if trainings else None,
        lists_due=wiring.due_work.waits(shop.id, "publish_lists"),
        pixel=pixel_state(shop, wiring.known_of_pixels),
        missing_scopes=missing(token.pair.scopes) if token else [],
    )
