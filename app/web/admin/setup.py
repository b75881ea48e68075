"""How far the set-up of a shop is: import, consent, model, lists, pixel. Read afresh for each page, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.db.progress import Counts, SyncProgress
from app.adapters.shopify.scopes import missing
from app.core.shops import Shop
from app.ports import ModelRecord
from app.services.connect_pixel import PixelState, pixel_state
from app.web.admin.learnt import Learnt, learnt
from app.wiring.web import Web

PIXEL_TEXTS = {
    PixelState.CONNECTED: "Shopify loads it for visitors who allow analytics and preferences, for nobody else.",
    PixelState.MISSING_SCOPE: "It needs a permission that has not been approved. Close the app and open it again; "
    "Shopify then asks you.",
    PixelState.NOT_CONNECTED: "It is connected by itself within minutes of the installation.",
}
RESOURCES = {
    "products": "Products",
    "inventory": "Stock",
    "collections": "Collections",
    "customers": "Customers",
    "orders": "Orders",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """The state of each step; a step is done, or says what it waits for."""

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
        return any(run.state == "failed" for run in self.runs)

    @property
    def problems(self) -> int:
        return sum(run.problems for run in self.runs)

    @property
    def model_text(self) -> str:
        """What is in use; how each rail did in its exam stands in a table of its own."""
        assert self.model is not None
        shown = [row for row in self.learnt if row.shown]
        learnt_from = f"Learnt from {self.model.orders:,} orders of {self.model.products:,} products on "
        when = f"{learnt_from}{self.model.trained_at:%d %b %Y}; repeated every night."
        if not shown:
            return f"{when} Nothing beat what is popular yet, so that is what is shown."
        return f"{when} {len(shown)} of {len(self.learnt)} rails beat what is popular, and are in use."

    @property
    def learnt(self) -> Sequence[Learnt]:
        """Every rail's exam in the training whose model is in use."""
        return learnt(self.model) if self.model is not None else ()

    @property
    def waiting_text(self) -> str:
        """Why no model is in use yet."""
        if not (self.consented and self.imported):
            return "Starts by itself after import and consent."
        if self.latest is None or self.latest.state == "training":
            return "Under way; this takes a minute or two."
        return f"Trained, with nothing to show: {self.latest.note}. It is tried again every night."

    @property
    def lists_text(self) -> str:
        """How many lists stand in the store, or why none does."""
        if self.listed:
            return f"{self.counts.lists:,} products have lists, which your theme draws without asking us."
        if self.model is None or self.lists_due:
            return "Follows the training."
        return "No product has a list: there is no other product that can be bought now."

    @property
    def pixel_text(self) -> str:
        """Whether Shopify loads our pixel, and what can be done about it."""
        return PIXEL_TEXTS[self.pixel]

    @property
    def listed(self) -> bool:
        return self.counts.lists > 0

    @property
    def settled(self) -> bool:
        """Nothing is under way that the page should wait for."""
        importing = not (self.imported or self.import_failed)
        return not importing and (not self.consented or (self.latest is not None and not self.lists_due))

    def rows(self) -> list[SyncProgress]:
        """The imports in the order in which they run."""
        order = list(RESOURCES)
        shown = [run for run in self.runs if run.resource in RESOURCES]
        return sorted(shown, key=lambda run: order.index(run.resource))

    def name_of(self, run: SyncProgress) -> str:
        return RESOURCES[run.resource]

    def as_json(self) -> dict[str, object]:
        """What the page compares to see whether it must be drawn again."""
        return {
            "settled": self.settled,
            "imported": self.imported,
            "consented": self.consented,
            "model": self.model.version if self.model else None,
            "lists": self.counts.lists,
            "pixel": self.pixel,
            "runs": [
                {"resource": run.resource, "state": run.state, "share": run.share, "lines": run.lines}
                for run in self.rows()
            ],
        }


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
