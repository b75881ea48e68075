"""A product's item-level list: what Liquid shows to everybody, without JavaScript and without consent.

A list carries one reason for all its items, so it never mixes sources: what is called "often bought together" was, and
when too few of those may be shown, the whole list is what sells lately.
"""

from __future__ import annotations

from collections.abc import Callable

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, recommend
from app.core.recommend.scoring import ItemModel, sources_of
from app.core.recommend.types import Placement, Ranking

LONGEST = 24
SHORTEST_OF_ITS_OWN = 4
"""A row of cards; a list of neighbours shorter than this gives way to the next source."""


def item_list(model: ItemModel, product: ProductId, is_allowed: Callable[[ProductId], bool]) -> Ranking:
    """At most 24 products to show beside `product`, all from one source: the first that fills a row.

    When none does, the longest list stands, the earlier source on equal lengths.
    """
    context = Context(Placement.PRODUCT, product, (), LONGEST)
    rankings = [recommend(context, [source], is_allowed, model_version=model.version) for source in sources_of(model)]
    full = (ranking for ranking in rankings if len(ranking.items) >= SHORTEST_OF_ITS_OWN)
    return next(full, None) or max(rankings, key=lambda ranking: len(ranking.items))
