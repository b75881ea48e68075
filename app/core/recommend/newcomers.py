"""New products on rails before any model knows them: beside what they are like, and never above what is proven.

A newcomer is proposed where the shopper is concerned with a product that it is like, in the rail's last places and in
few of them; and on its own page the known products that it is like stand before what sells anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, Guests, Source
from app.core.recommend.fresh import Row, Rows
from app.core.recommend.types import Candidate, Rail, Reason, ReasonCode, Strategy

ONE_IN = 8
"""Places of a rail of which a newcomer gets one, a rail's last; a shorter rail has one too."""
LEAST_FOR_GUESTS = 4
"""Places that a rail must have before it gives one away."""
WELCOMING = frozenset({Rail.FOR_YOU, Rail.BOUGHT_TOGETHER, Rail.GOES_WELL})
"""Rails whose items each say why they are there. The others are called by what all of theirs have in common."""
WELCOMING_ANYBODY = WELCOMING - {Rail.FOR_YOU}
"""Of those, the ones with something to go by when nothing is known of the shopper."""


def places_for_guests(limit: int) -> int:
    """How many places of a rail newcomers may have at most."""
    return max(limit // ONE_IN, 1) if limit >= LEAST_FOR_GUESTS else 0


@dataclass(frozen=True, slots=True)
class NewcomersSource:
    """New products that are like what the shopper is concerned with."""

    beside: Rows
    """Of known products the newcomers that are like them, and how much, best first."""
    strategy: Strategy = Strategy.ALIKE

    def candidates(self, context: Context) -> Iterator[Candidate]:
        concerns, scores = _concerns(context), dict[ProductId, float]()
        because: dict[ProductId, tuple[float, ProductId]] = {}
        for product, weight in concerns.items():
            for newcomer, likeness in self.beside.get(product, ()):
                part = weight * likeness
                scores[newcomer] = scores.get(newcomer, 0.0) + part
                because[newcomer] = max(because.get(newcomer, (0.0, product)), (part, product))
        for newcomer, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])):
            if newcomer not in concerns:
                yield Candidate(newcomer, score, Reason(ReasonCode.NEW, (because[newcomer][1],)))


@dataclass(frozen=True, slots=True)
class AlikeSource:
    """Known products that are like a newcomer with which the shopper is concerned."""

    placed: Rows
    strategy: Strategy = Strategy.ALIKE

    def candidates(self, context: Context) -> Iterator[Candidate]:
        for product in _concerns(context):
            for other, likeness in self.placed.get(product, ()):
                yield Candidate(other, likeness, Reason(ReasonCode.SIMILAR, (product,)))


@dataclass(frozen=True, slots=True)
class Welcome:
    """What newcomers add to the rails of a model."""

    placed: Rows
    _beside: dict[ProductId, Row] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_beside", _turned(self.placed))

    def into(
        self, rails: Mapping[Rail, tuple[Source, ...]], welcoming: Set[Rail] = WELCOMING
    ) -> Mapping[Rail, tuple[Source, ...]]:
        """The cascades of these rails with both sources in them; as they are where there is nobody to welcome."""
        if not self.placed:
            return rails
        guests = Guests(NewcomersSource(self._beside), places_for_guests)
        alike = AlikeSource(self.placed)
        return {
            rail: (*sources[:-1], alike, *sources[-1:], guests) if rail in welcoming and sources else sources
            for rail, sources in rails.items()
        }


def _concerns(context: Context) -> dict[ProductId, float]:
    """The products with which the shopper is concerned: those of the page, else what is known of the shopper."""
    if context.anchors:
        return dict.fromkeys(context.anchors, 1.0)
    return {one.product_id: one.weight for one in context.shopper.interests()}


def _turned(placed: Rows) -> dict[ProductId, Row]:
    """Of every known product the newcomers that were placed beside it, those most like it first."""
    beside: dict[ProductId, list[tuple[ProductId, float]]] = {}
    for newcomer, row in placed.items():
        for known, share in row:
            beside.setdefault(known, []).append((newcomer, share))
    return {known: tuple(sorted(row, key=lambda pair: (-pair[1], pair[0]))) for known, row in beside.items()}
