"""What a rail would show with its sliders elsewhere, beside what it shows now, for one shopper and on one page."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ids import ProductId
from app.core.recommend.rails import Question
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steering import Steering
from app.core.recommend.types import Placement, Rail, placement_of
from app.core.shops import Shop
from app.services.preview_rail import Ports, Preview, Who, in_use, known_of, ranked_for, showings_of

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Compared:
    """Both previews are of the same question; `now` is as the sliders stand.

    `idle`: sliders that change nothing with the model in use, because it knows too little of the products.
    """

    now: Preview
    then: Preview
    idle: frozenset[str] = frozenset()


def preview_steering(shop: Shop, rail: Rail, wanted: Steering, who: Who, ports: Ports) -> Compared | None:
    """Rank the rail both ways; None while there is no model.

    A rail that needs a page or a cart gets the product that the shopper looked at last, else the one that sells best.
    """
    served = in_use(shop, ports)
    if served is None:
        return None
    known, showings = known_of(shop, who, ports), showings_of(shop, who, ports)
    question = _question(rail, known, served)
    now = ranked_for(shop, question, known, served, ports, showings=showings)
    then = ranked_for(shop, question, known, served, ports, steering=wanted, showings=showings)
    return Compared(now, then, _idle(served))


def _idle(served: ServedModel) -> frozenset[str]:
    kinds, likeness = served.model.groups is not None, served.model.factors is not None
    known = {"calibration": kinds, "diversity": kinds or likeness}
    return frozenset(name for name, is_known in known.items() if not is_known)


def _question(rail: Rail, known: Shopper, served: ServedModel) -> Question:
    if placement_of(rail) is Placement.HOME:
        return Question(rail, limit=SHOWN)
    product = next(iter((*known.viewed, *known.clicked, *known.carted, *known.bought)), _best_seller(served))
    if placement_of(rail) is Placement.PRODUCT:
        return Question(rail, product, limit=SHOWN)
    return Question(rail, cart=known.carted or (() if product is None else (product,)), limit=SHOWN)


def _best_seller(served: ServedModel) -> ProductId | None:
    return next((product for product, _ in served.model.trending()), None)
