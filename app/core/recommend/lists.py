"""A product's item-level lists: what Liquid shows to everybody, without JavaScript and without consent.

A list carries one reason for all its items, so it never mixes sources: what is called "often bought together" was, and
when too few of those may be shown, the whole list is what sells lately. The lists of one page hold no product twice:
what completes the look takes its few first, then comes what is bought together, then what others looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, recommend
from app.core.recommend.rails import sources_of_rails
from app.core.recommend.scoring import ItemModel, Table, sources_of
from app.core.recommend.types import Placement, Rail, Ranking, ReasonCode

LONGEST = 24
LONGEST_HOME = 20
"""Liquid's `all_products` finds twenty products a page."""
LONGEST_LOOK = 6
"""A row of four and two to spare: what completes the look is taken from what is bought together."""
SHORTEST = 4
"""A row of cards; a list of neighbours shorter than this gives way to the next source, or to nothing."""
SHORTEST_LOOK = 2

Allowed = Callable[[ProductId], bool]
Products = tuple[ProductId, ...]


@dataclass(frozen=True, slots=True)
class ProductLists:
    """The lists beside one product, best first, each at most 24; `code` is the reason of `recs`."""

    code: ReasonCode
    recs: Products
    also_viewed: Products = ()
    complete_the_look: Products = ()

    def __bool__(self) -> bool:
        return bool(self.recs or self.also_viewed or self.complete_the_look)


def product_lists(model: ItemModel, product: ProductId, is_allowed: Allowed) -> ProductLists:
    """What to show beside `product`; rails that did not pass their exam have no list."""
    look = _look(model, product, is_allowed)
    recs = _recs(model, product, is_allowed, look)
    if look:
        # A look must not cost the page its other row: then those few stand there instead.
        alone = _recs(model, product, is_allowed, ())
        if alone.strategy is not recs.strategy:
            look, recs = (), alone
    shown = tuple(item.product_id for item in recs.items)
    code = recs.items[0].reason.code if recs.items else ReasonCode.TRENDING
    return ProductLists(code, shown, _also_viewed(model, product, is_allowed, {product, *look, *shown}), look)


def home_list(model: ItemModel, is_allowed: Allowed) -> Products:
    """What the home page shows to everybody: the most popular products that can be bought."""
    return _first((item for item, _ in model.trending() if is_allowed(item)), LONGEST_HOME)


def _recs(model: ItemModel, product: ProductId, is_allowed: Allowed, taken: Products) -> Ranking:
    """From the first source that fills a row; when none does, the longest, the earlier source on equal lengths."""
    context = Context(Placement.PRODUCT, product, (), LONGEST, left_out=taken)
    rankings = [recommend(context, [source], is_allowed, model_version=model.version) for source in sources_of(model)]
    full = (ranking for ranking in rankings if len(ranking.items) >= SHORTEST)
    return next(full, None) or max(rankings, key=lambda ranking: len(ranking.items))


def _also_viewed(model: ItemModel, product: ProductId, is_allowed: Allowed, taken: set[ProductId]) -> Products:
    if Rail.ALSO_VIEWED not in model.rails:
        return ()
    near = (item for item, _ in model.neighbours_of(product, Table.VIEWED))
    found = _first((item for item in near if item not in taken and is_allowed(item)), LONGEST)
    return found if len(found) >= SHORTEST else ()


def _look(model: ItemModel, product: ProductId, is_allowed: Allowed) -> Products:
    """As the live rail shows it to a stranger."""
    context = Context(Placement.PRODUCT, product, (), LONGEST_LOOK)
    ranking = recommend(context, sources_of_rails(model)[Rail.COMPLETE_THE_LOOK], is_allowed)
    return tuple(item.product_id for item in ranking.items) if len(ranking.items) >= SHORTEST_LOOK else ()


def _first(products: Iterable[ProductId], most: int) -> Products:
    return tuple(itertools.islice(products, most))
