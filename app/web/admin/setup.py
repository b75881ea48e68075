"""How far the set-up of a shop is: import, consent, model, lists. Read afresh for each page, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.db.progress import Counts, SyncProgress
from app.adapters.shopify.scopes import missing
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import ModelRecord
from app.wiring.web import Web

MODEL_NAMES = {
    Strategy.ITEM_ITEM: "“Often bought together”, learnt from your orders",
    Strategy.TRENDING: "What is popular in your store",
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
        """What is in use, and how it did in its exam: beside the floor, never alone (law 6)."""
        assert self.model is not None
        name = MODEL_NAMES.get(Strategy(self.model.strategy), self.model.strategy)
        if self.model.strategy != Strategy.ITEM_ITEM:
            return f"{name}: {self.model.note}."
        exam = self.model.metrics["exam"]
        found, floor, sure = exam["item_item"]["hr@10"], exam["trending"]["hr@10"], exam["difference"]
        return (
            f"{name}. In {exam['questions']:,} recent orders, ten suggestions held another product of the order in "
            f"{found:.1%}; what is popular alone reaches {floor:.1%}. The difference lies between {sure['low']:+.1%} "
            f"and {sure['high']:+.1%} with 95 % confidence."
        )

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
            return (
                f"{self.counts.lists:,} products have a list. Add the block “Often bought together” to your product "
                "template in the theme editor."
            )
        if self.model is None or self.lists_due:
            return "Follows the training."
        return "No product has a list: there is no other product that can be bought now."

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
        missing_scopes=missing(token.pair.scopes) if token else [],
    )
