"""Why each item of a preview stands where it does: its source, what each signal added, what the sliders moved.

Nothing is worked out that the ranking was not made of: sources are asked once more, one by one, for what they said of
the items shown. For the command line and the shop's staff; shoppers are told a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, Source
from app.core.recommend.exploration import Exploration
from app.core.recommend.live import FactorsSource
from app.core.recommend.ranked_source import RankedSource
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steering import OFF, STEERED, Steering
from app.core.recommend.types import Candidate, Strategy
from app.core.shops import Shop
from app.services.preview_rail import Ports, Preview, ranked_for, sources_for

LOOKED_THROUGH = 200
"""Candidates of each source among which an item is looked for."""
NO_SOURCE = Strategy.NONE


@dataclass(frozen=True, slots=True)
class Explained:
    """One item.

    Args:
        source: the step of the cascade that brought it; NONE for a new product that a slider put there.
        added: what each signal added to its score, by name, the most first.
        before: its place, from 1, had no slider moved anything; None where it had none among those looked through.
        sliders: those that order the rail anew, by name and value; empty where the item stands where it stood.
        chance: the least chance with which a request shows it in its place; 1 where nothing is drawn.
    """

    item: Candidate
    source: Strategy
    added: Mapping[str, float]
    before: int | None
    sliders: Mapping[str, float]
    chance: float


def explain_rail(
    shop: Shop, preview: Preview, shopper: Shopper, served: ServedModel, ports: Ports
) -> Sequence[Explained]:
    """Explain every item of a preview that was made for this shopper with this model."""
    question = preview.question
    kept = ports.steering.in_force(shop.id).get(question.rail)
    steering = kept.steering if kept is not None and question.rail in STEERED else OFF
    places = _places(shop, preview, shopper, served, ports, steering)
    asked = _Asked(question.for_shopper(shopper), sources_for(shop, question.rail, shopper, served, ports))
    return [
        _explained(item, place, asked, steering, places) for place, item in enumerate(preview.ranking.items, start=1)
    ]


def _places(
    shop: Shop, preview: Preview, shopper: Shopper, served: ServedModel, ports: Ports, steering: Steering
) -> Mapping[ProductId, int]:
    """The places, from 1, that products would have without sliders."""
    items = preview.ranking.items
    if steering.reorders:
        items = ranked_for(shop, preview.question, shopper, served, ports, steering=OFF).ranking.items
    return {item.product_id: place for place, item in enumerate(items, start=1)}


class _Asked:
    """The sources, each asked once for its first candidates."""

    def __init__(self, context: Context, sources: Sequence[Source]) -> None:
        self.context = context
        self._sources = sources
        self._found: dict[int, frozenset[ProductId]] = {}

    def source_of(self, product: ProductId) -> Source | None:
        """The first source that proposes the product."""
        for number, source in enumerate(self._sources):
            if number not in self._found:
                first = islice(source.candidates(self.context), LOOKED_THROUGH)
                self._found[number] = frozenset(one.product_id for one in first)
            if product in self._found[number]:
                return source
        return None


def _explained(
    item: Candidate, place: int, asked: _Asked, steering: Steering, places: Mapping[ProductId, int]
) -> Explained:
    source, before = asked.source_of(item.product_id), places.get(item.product_id)
    acting = {name: value for name, value in asdict(steering).items() if value > 0.0}
    exploration = Exploration.of(steering)
    drawn = place > exploration.first_drawn
    chance = (1.0 - exploration.epsilon) * (1.0 - exploration.chance_of_new(place - 1)) if drawn else 1.0
    return Explained(
        item,
        source.strategy if source is not None else NO_SOURCE,
        _added(item, source, asked.context),
        before,
        {} if before == place else acting,
        chance,
    )


def _added(item: Candidate, source: Source | None, context: Context) -> Mapping[str, float]:
    if isinstance(source, RankedSource):
        added = source.contributions(context, item.product_id)
        return dict(sorted(added.items(), key=lambda one: -abs(one[1])))
    if isinstance(source, FactorsSource):
        sells = source.level(item.product_id)
        return {"taste": item.score - sells, "what sells": sells}
    return {str(source.strategy): item.score} if source is not None else {}
