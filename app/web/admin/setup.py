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
        exam = self.model.metrics.get("exam")
        if not exam or not exam["item_item"]:
            return f"{name}. {self.model.note}"
        found, floor = exam["item_item"]["hr@10"], exam["trending"]["hr@10"]
        return (
            f"{name}. In {exam['questions']:,} recent orders, ten suggestions held another product of the order in "
            f"{found:.1%}; what is popular alone reaches {floor:.1%}. {self.model.note}"
        )

    @property
    def listed(self) -> bool:
        return self.counts.lists > 0

    @property
    def settled(self) -> bool:
        """Nothing is under way that the page should wait for."""
        importing = not (self.imported or self.import_failed)
        return not importing and (not self.consented or self.listed)

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
    current = wiring.models.current(shop.id)
    history = wiring.models.history(shop.id) if current else []
    decision = wiring.consents.current(shop.id)
    token = wiring.credentials.load(shop.id)
    return Setup(
        runs=wiring.progress.runs(shop.id),
        counts=wiring.progress.counts(shop.id),
        consented=decision is not None and decision.granted,
        model=next((record for record in history if record.version == current), None),
        missing_scopes=missing(token.pair.scopes) if token else [],
    )
