"""Order one rail's candidates as the sliders want it: what is known of them, then `core.recommend.steered`.

Candidates come from the cascade, so that everything masked has gone before. A slider whose facts are not there changes
nothing; what a product costs the store is not known, so that the margin's never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from app.core.ids import ProductId, RequestId
from app.core.recommend.diversify import Head, directions, mix_of
from app.core.recommend.exploration import generator_of
from app.core.recommend.impressions import left_of_all
from app.core.recommend.newcomers import places_for_guests
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steered import steer
from app.core.recommend.steering import SHOWS_NEW, Steering
from app.core.recommend.types import Candidate, Rail, Ranking, Reason, ReasonCode

NEW = Reason(ReasonCode.NEW)


class Facts(Protocol):
    """What is known of products beside the model: the shop's shelf, or what stands in for it."""

    @property
    def new_products(self) -> Mapping[ProductId, int]: ...

    def is_buyable(self, product: ProductId) -> bool: ...

    def cover(self, product: ProductId) -> float: ...


@dataclass(frozen=True, slots=True)
class Showings:
    """What cards the shopper was shown in which visits, and which visit it is now (`impressions.visit_of`)."""

    shown: Mapping[ProductId, Sequence[int]]
    now: int


UNSHOWN = Showings({}, 0)


@dataclass(frozen=True, slots=True)
class SteeredRail:
    """`propensities`: the chance of each place, given the places before it; empty where nothing was drawn."""

    ranking: Ranking
    propensities: tuple[float, ...] = ()


def steer_rail(
    found: Ranking,
    places: int,
    steering: Steering,
    *,
    model: ItemModel | None,
    shopper: Shopper,
    showings: Showings = UNSHOWN,
    drawn_for: tuple[Rail, RequestId] | None = None,
    facts: Facts | None = None,
    left_out: Set[ProductId] = frozenset(),
) -> SteeredRail:
    """Bring the candidates into the places.

    Args:
        found: more candidates than places, best first, all of which may be shown. Guests keep the last places, as
            many as a rail of so many places gives away.
        model: what the candidates' facts are taken from; without it only what needs none is done.
        drawn_for: the rail and the request that the draws belong to; nothing is drawn where it is not given.
        facts: stock and new products; without it nothing is known of them.
        left_out: new products among these are not shown either.
    """
    own, seated = apart(found, places)
    head = _head(own, model, shopper, showings) if steering.reorders else Head(len(own))
    if steering.stock and facts is not None:
        head = replace(head, cover=np.array([facts.cover(one.product_id) for one in own], dtype=np.float32))
    mix = _mix(model, shopper) if model is not None and steering.calibration else {}
    generator = generator_of(*drawn_for) if drawn_for is not None else None
    scores = [one.score for one in own]
    items, new = list(own), dict[int, int]()
    if drawn_for is not None and drawn_for[0] in SHOWS_NEW and steering.new_products and facts is not None:
        new = _waiting(items, facts, left_out | {one.product_id for one in seated})
    steered = steer(head, places - len(seated), steering, scores=scores, mix=mix, new=new, generator=generator)
    chances = steered.propensities + (1.0,) * len(seated) if steered.propensities else ()
    chosen = (*[items[place] for place in steered.order], *seated)
    return SteeredRail(replace(found, items=chosen, guests=len(seated)), chances)


def apart(found: Ranking, places: int) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The candidates, and the guests that have a place of their own in a rail of so many."""
    cut = len(found.items) - found.guests
    return found.items[:cut], found.items[cut:][: places_for_guests(places)]


def _waiting(items: list[Candidate], facts: Facts, left_out: Set[ProductId]) -> dict[int, int]:
    """The impressions owed to each new product that may be shown, by its place in `items`, where it is put if need be.

    What the ranking has brought itself keeps the reason for which it did.
    """
    place = {one.product_id: number for number, one in enumerate(items)}
    found: dict[int, int] = {}
    for product, lacking in facts.new_products.items():
        if product in left_out or not facts.is_buyable(product):
            continue
        if product not in place:
            place[product] = len(items)
            items.append(Candidate(product, 0.0, NEW))
        found[place[product]] = lacking
    return found


def _head(items: Sequence[Candidate], model: ItemModel | None, shopper: Shopper, showings: Showings) -> Head:
    products = [one.product_id for one in items]
    taken_up: Set[ProductId] = {*shopper.viewed, *shopper.clicked, *shopper.carted}
    ignored = left_of_all(products, showings.shown, taken_up, showings.now) if showings.shown else None
    if model is None or not products:
        return Head(len(products), ignored=ignored)
    found = [model.index_of(product) for product in products]
    known = np.array([index is not None for index in found])
    at = np.array([index or 0 for index in found], dtype=np.intp)
    return Head(
        len(products),
        kind=None if model.groups is None else np.where(known, model.groups[at], np.int32(-1)),
        vectors=None if model.factors is None else directions(model.factors[at] * known[:, None]),
        popularity=np.where(known, model.popularity[at], np.float32(0.0)),
        ignored=ignored,
    )


def _mix(model: ItemModel, shopper: Shopper) -> dict[int, float]:
    """The kinds of what is known of the shopper, each product weighing as much as it tells."""
    interests = shopper.interests()
    kinds = np.array([model.group_of(one.product_id) for one in interests], dtype=np.int32)
    return mix_of(kinds, np.array([one.weight for one in interests], dtype=np.float32))
