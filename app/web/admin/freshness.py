"""How old what the pages show is: the store's data, behaviour, its figures, and what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.shops import Shop
from app.core.syncs import Reason
from app.jobs import ROLL_UP_DUE
from app.web.admin.setup import Setup
from app.wiring.web import Web


@dataclass(frozen=True, slots=True)
class Fresh:
    """One kind of data; `at` is None while there is none, and then `text` says why."""

    title: str
    at: datetime | None
    text: str


def freshness(shop: Shop, setup: Setup, wiring: Web) -> Sequence[Fresh]:
    compared = wiring.progress.runs(shop.id, reasons=[reason.value for reason in Reason])
    read = max((run.finished_at for run in compared if run.finished_at and run.state == "done"), default=None)
    visitors = wiring.shoppers.visitors(shop.id, limit=1)
    counting = wiring.due_work.waits(shop.id, ROLL_UP_DUE)
    return (
        Fresh("Read from Shopify", read, "Not yet."),
        Fresh("Last visitor with a rail", visitors[0].at if visitors else None, "Nobody yet."),
        Fresh("Figures", None, "Being counted now." if counting else "Up to date."),
        Fresh("Trained", setup.model.trained_at if setup.model else None, "Not yet."),
    )
