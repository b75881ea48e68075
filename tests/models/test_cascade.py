"""The cascade keeps its promises for any catalogue, stock, cart and failing source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as some

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, Source, recommend
from app.core.recommend.types import Candidate, Placement, Ranking, Reason, ReasonCode, Strategy

PRODUCTS = some.integers(1, 30).map(ProductId)


@dataclass
class Listed:
    """A source that proposes the given products, and fails after them if asked to."""

    products: list[ProductId]
    strategy: Strategy = Strategy.ITEM_ITEM
    fails: bool = False

    def candidates(self, context: Context) -> Iterator[Candidate]:
        for product in self.products:
            yield Candidate(product, 1.0, Reason(ReasonCode.TRENDING))
        if self.fails:
            raise RuntimeError("the source broke")


SOURCES = some.lists(
    some.builds(Listed, some.lists(PRODUCTS, max_size=20), some.sampled_from(list(Strategy)[:3]), some.booleans()),
    max_size=4,
)
CONTEXTS = some.builds(
    Context,
    some.just(Placement.PRODUCT),
    some.none() | PRODUCTS,
    some.lists(PRODUCTS, max_size=5).map(tuple),
    some.integers(0, 12),
)


@given(CONTEXTS, SOURCES, some.sets(PRODUCTS))
def test_only_allowed_products_are_shown_none_twice_and_none_of_the_context(
    context: Context, sources: list[Source], allowed: set[ProductId]
) -> None:
    shown = [item.product_id for item in recommend(context, sources, allowed.__contains__).items]
    assert len(shown) == len(set(shown)) <= context.limit
    assert set(shown) <= allowed - set(context.cart) - {context.product_id}


@given(CONTEXTS, SOURCES, some.sets(PRODUCTS))
def test_a_rail_is_never_short_while_a_source_knows_another_allowed_product(
    context: Context, sources: list[Listed], allowed: set[ProductId]
) -> None:
    possible = {p for source in sources for p in source.products} & allowed - set(context.anchors)
    assert len(recommend(context, sources, allowed.__contains__).items) == min(context.limit, len(possible))


def context(limit: int = 4) -> Context:
    return Context(Placement.PRODUCT, ProductId(1), (ProductId(2),), limit)


def always(product: ProductId) -> bool:
    return True


def test_a_failing_source_is_named_and_what_it_gave_before_is_kept() -> None:
    broken = Listed([ProductId(5)], fails=True)
    ranking = recommend(context(), [broken, Listed([ProductId(6)], Strategy.TRENDING)], always)
    assert [item.product_id for item in ranking.items] == [5, 6]
    assert ranking.skipped == ("item_item",)
    assert ranking.strategy is Strategy.ITEM_ITEM


def test_the_strategy_is_the_first_source_that_contributed() -> None:
    ranking = recommend(context(), [Listed([ProductId(2)]), Listed([ProductId(9)], Strategy.TRENDING)], always)
    assert (ranking.strategy, ranking.skipped) == (Strategy.TRENDING, ("item_item",))


def test_a_source_is_not_asked_when_the_rail_is_full() -> None:
    ranking = recommend(context(1), [Listed([ProductId(9)]), Listed([], fails=True)], always)
    assert (len(ranking.items), ranking.skipped) == (1, ())


def test_nothing_to_show_is_an_empty_rail_without_a_strategy() -> None:
    assert recommend(context(), [], always).strategy is Strategy.NONE


# -- reasons that are given late -------------------------------------------------------------------------------------


@dataclass
class Thoughtful:
    """A source whose reasons cost something, so that it notes for whom they were asked."""

    products: list[ProductId]
    asked: list[ProductId]
    strategy: Strategy = Strategy.RANKED
    fails: bool = False

    def candidates(self, context: Context) -> Iterator[Candidate]:
        for product in self.products:
            yield Candidate(product, 1.0, Reason(ReasonCode.BECAUSE_VIEWED), self)

    def reasons(self, products: Sequence[ProductId]) -> Sequence[Reason]:
        self.asked += products
        if self.fails:
            raise RuntimeError("the reasons broke")
        return [Reason(ReasonCode.BECAUSE_VIEWED, (ProductId(100 + product),)) for product in products]


def rail(*sources: Source, limit: int = 3) -> Ranking:
    return recommend(Context(Placement.HOME, None, (), limit), sources, lambda product: product != 2)


def test_reasons_are_asked_for_what_is_shown_and_stand_with_their_items() -> None:
    ranked = Thoughtful([ProductId(one) for one in (1, 2, 3)], [])
    found = rail(ranked, Listed([ProductId(9)])).items
    assert ranked.asked == [1, 3]
    assert [(one.product_id, one.reason.because) for one in found] == [(1, (101,)), (3, (103,)), (9, ())]


def test_items_whose_reasons_fail_are_shown_all_the_same_and_the_failure_is_counted() -> None:
    found = rail(Thoughtful([ProductId(1), ProductId(3)], [], fails=True))
    assert [(one.product_id, one.reason.because) for one in found.items] == [(1, ()), (3, ())]
    assert found.failed == ("ranked",)
