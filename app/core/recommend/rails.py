"""Which sources feed which rail, in which order, and what each rail leaves out.

A rail is fed by what passed its exam. What did not is left to the next source: "also viewed", "complete the look" and
"buy again" say what they are and so stay away rather than hold something else; the others end in what sells lately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, DifferentKinds, Source
from app.core.recommend.live import FactorsSource, HistorySource, LooksSource
from app.core.recommend.ranked_source import RankedSource
from app.core.recommend.remembered import RememberedNeighbours
from app.core.recommend.replenish_source import ReplenishSource
from app.core.recommend.scoring import ItemModel, Table, TrendingSource
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Placement, Rail, Strategy, placement_of

OF_DIFFERENT_KINDS = 4
"""So many of the first of a look are all of different kinds."""
CLAIMS: Mapping[Placement, tuple[Rail, ...]] = {
    Placement.HOME: (Rail.BUY_AGAIN, Rail.FOR_YOU),
    Placement.PRODUCT: (Rail.COMPLETE_THE_LOOK, Rail.BOUGHT_TOGETHER, Rail.ALSO_VIEWED),
    Placement.CART: (Rail.GOES_WELL,),
}
"""A page's rails in the order in which they claim a product that several could show: the one with fewest first."""


CHOICES: Mapping[Rail, tuple[Strategy, ...]] = {
    Rail.FOR_YOU: (Strategy.RANKED, Strategy.ALS, Strategy.ITEM_ITEM, Strategy.CO_VIEW, Strategy.TRENDING),
    Rail.BOUGHT_TOGETHER: (Strategy.ITEM_ITEM, Strategy.CO_VIEW, Strategy.COMPLEMENTS, Strategy.TRENDING),
    Rail.GOES_WELL: (Strategy.ITEM_ITEM, Strategy.COMPLEMENTS, Strategy.CO_VIEW, Strategy.TRENDING),
}
"""What an experiment may put first on a rail. The other rails say what they are, and hold nothing else."""
ONLY_WHEN_FILLED = frozenset({Rail.BUY_AGAIN})
"""Rails of which a page holds nothing until an answer brings something; for most shoppers none does."""
OF_CUSTOMERS = frozenset({Rail.FOR_YOU, Rail.BUY_AGAIN})
"""Rails that make something of what a signed-in customer bought; the others are never told."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a rail, whoever asks: the storefront, the admin's preview, the command line."""

    rail: Rail
    product_id: ProductId | None = None
    """Only on a product's page."""
    cart: tuple[ProductId, ...] = ()
    limit: int = 8
    shown: tuple[ProductId, ...] = ()
    """What the page's other rails hold already."""

    def for_shopper(self, shopper: Shopper = NOBODY) -> Context:
        """The question as the cascade takes it.

        "For you" also leaves out what the shopper has bought or put into the cart lately: the same again is no help
        until it is known which products are used up. "Buy again" knows that, and leaves out only what is in the cart
        already.
        """
        known = shopper.bought + shopper.carted if self.rail is Rail.FOR_YOU else ()
        known = shopper.carted if self.rail is Rail.BUY_AGAIN else known
        product = self.product_id if self.placement is Placement.PRODUCT else None
        return Context(self.placement, product, self.cart, self.limit, shopper, self.shown + known)

    @property
    def placement(self) -> Placement:
        return placement_of(self.rail)


PERSONAL = (RankedSource, FactorsSource, HistorySource, LooksSource, ReplenishSource)
"""Sources that live from what is known of the shopper."""
Near = Mapping[Table, RememberedNeighbours]


def near_of(model: ItemModel) -> Near:
    """The model's tables of neighbours, each with a memory that all rails share."""
    return {table: RememberedNeighbours(model, table) for table in Table}


def sources_of_rails(model: ItemModel, near: Near | None = None) -> Mapping[Rail, tuple[Source, ...]]:
    """The cascade of every rail."""
    bought, viewed, complements = (near or near_of(model)).values()
    trending = TrendingSource(model)
    learnt = model.strategy is Strategy.ITEM_ITEM
    return {
        Rail.FOR_YOU: (*_personal(model, bought), trending),
        Rail.BUY_AGAIN: (ReplenishSource(model),) if Rail.BUY_AGAIN in model.rails else (),
        Rail.BOUGHT_TOGETHER: (bought, LooksSource(bought), trending) if learnt else (trending,),
        Rail.ALSO_VIEWED: (viewed, LooksSource(viewed)) if Rail.ALSO_VIEWED in model.rails else (),
        Rail.COMPLETE_THE_LOOK: _look(model, complements) if Rail.COMPLETE_THE_LOOK in model.rails else (),
        Rail.GOES_WELL: (*_beside_a_cart(model, bought, complements), trending),
    }


def leads_of_rails(model: ItemModel, near: Near) -> Mapping[Rail, Mapping[Strategy, Source]]:
    """What an experiment may put first on each rail: of `CHOICES`, what passed an exam with this model."""
    bought, viewed, complements = near.values()
    learnt = model.strategy is Strategy.ITEM_ITEM
    passed: dict[Strategy, Source] = {Strategy.TRENDING: TrendingSource(model)}
    if learnt:
        passed[Strategy.ITEM_ITEM] = bought
    if Rail.ALSO_VIEWED in model.rails:
        passed[Strategy.CO_VIEW] = viewed
    if Rail.COMPLETE_THE_LOOK in model.rails:
        passed[Strategy.COMPLEMENTS] = complements
    personal: dict[Strategy, Source] = {Strategy.TRENDING: passed[Strategy.TRENDING]}
    if model.blends:
        personal[Strategy.RANKED] = RankedSource(model)
    if model.factors is not None:
        personal[Strategy.ALS] = FactorsSource(model)
    if learnt:
        personal[Strategy.ITEM_ITEM] = HistorySource(bought)
    if Rail.ALSO_VIEWED in model.rails:
        personal[Strategy.CO_VIEW] = LooksSource(viewed)
    found = {rail: personal if rail is Rail.FOR_YOU else passed for rail in CHOICES}
    return {rail: {one: leads[one] for one in CHOICES[rail] if one in leads} for rail, leads in found.items()}


def impersonal(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Those that need to know nothing of the shopper."""
    return tuple(one for one in sources if not isinstance(one, PERSONAL))


def _look(model: ItemModel, complements: Source) -> tuple[Source, ...]:
    return (DifferentKinds(complements, model.group_of, OF_DIFFERENT_KINDS),)


def _beside_a_cart(model: ItemModel, bought: Source, complements: Source) -> tuple[Source, ...]:
    """What sat the cart's exam, in the order in which it did."""
    if Rail.GOES_WELL not in model.rails:
        return ()
    return (complements, bought) if model.goes_well is Strategy.COMPLEMENTS else (bought,)


def _personal(model: ItemModel, bought: RememberedNeighbours) -> tuple[Source, ...]:
    """First the source that won the exam among customers, then the others.

    A blend for visits passed an exam of its own, and leads for shoppers who are known by their visit alone. Where none
    beat what sells, or there were too few customers to ask, only what is looked at right now counts, by neighbours that
    passed the exam of their own rail.
    """
    factors = (FactorsSource(model),) if model.factors is not None else ()
    learnt = model.strategy is Strategy.ITEM_ITEM
    ranked = (RankedSource(model),) if model.blends else ()
    if model.for_you in (Strategy.RANKED, Strategy.ALS):
        return (*ranked, *factors, HistorySource(bought)) if learnt else (*ranked, *factors)
    if model.for_you is Strategy.ITEM_ITEM:
        return (*ranked, HistorySource(bought), *factors)
    return (*ranked, LooksSource(bought)) if learnt else ranked
