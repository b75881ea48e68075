"""Item-level lists: each of one source, none that repeats another, and nothing that cannot be bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from app.core.ids import ProductId
from app.core.recommend.lists import LONGEST, LONGEST_LOOK, ProductLists, home_list, product_lists
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, ReasonCode
from tests.models.worlds import model_of

PRODUCTS = 40
MODEL = model_of(
    {1: [(n, 1 / n) for n in range(2, 7)], 2: [(3, 0.5)]}, {n: float(n) for n in range(1, PRODUCTS)}
)  # product 1 has five neighbours, product 2 one


def everything(product: ProductId) -> bool:
    return True


def beside(product: int, model: ItemModel = MODEL, allowed: Sequence[int] = range(1, PRODUCTS)) -> ProductLists:
    return product_lists(model, ProductId(product), set(allowed).__contains__)


def test_a_list_holds_neighbours_only_when_they_fill_a_row() -> None:
    assert beside(1) == ProductLists(ReasonCode.BOUGHT_TOGETHER, (2, 3, 4, 5, 6))  # type: ignore[arg-type]


def test_a_list_with_too_few_neighbours_is_trending_throughout() -> None:
    lists = beside(2)
    assert (lists.code, len(lists.recs)) == (ReasonCode.TRENDING, LONGEST)
    assert lists.recs[:3] == (39, 38, 37)


def test_a_list_gives_way_when_its_neighbours_are_sold_out() -> None:
    lists = beside(1, allowed=range(5, PRODUCTS))
    assert lists.code is ReasonCode.TRENDING
    assert 1 not in lists.recs


def test_without_a_full_row_the_longest_list_stands() -> None:
    assert beside(1, allowed=(2, 3)).recs == (2, 3)


def test_where_nothing_can_be_bought_there_is_no_list() -> None:
    assert not beside(1, allowed=())


def table(rows: dict[int, list[int]]) -> Neighbours:
    """Neighbours of product ids, best first, in a model whose products are 1 … N."""
    made = np.zeros((PRODUCTS - 1, PRODUCTS), dtype=NEIGHBOUR)
    made["index"] = -1
    for product, near in rows.items():
        for place, other in enumerate(near):
            made[product - 1, place] = (other - 1, 1 / (1 + place))
    return made


def with_rails(
    viewed: list[int], looks: list[int], *, rails: Sequence[Rail] = (Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK)
) -> ItemModel:
    """Product 1 with these neighbours; a product's kind is its number modulo 5."""
    groups = np.arange(1, PRODUCTS, dtype=np.int32) % 5
    return replace(
        MODEL, viewed=table({1: viewed}), complementing=table({1: looks}), groups=groups, rails=frozenset(rails)
    )


def test_a_look_goes_first_and_no_kind_stands_twice_among_its_first_four() -> None:
    lists = beside(1, with_rails([], [12, 17, 22, 13, 14, 15, 18, 9]))
    assert lists.complete_the_look == (12, 13, 14, 15, 17, 22)
    assert len(lists.complete_the_look) == LONGEST_LOOK


def test_a_look_of_fewer_kinds_ends_before_it_repeats_one() -> None:
    assert beside(1, with_rails([], [12, 7, 13, 8, 22])).complete_the_look == (12, 13)
    assert beside(1, with_rails([], [12, 7, 22])).complete_the_look == ()


def test_a_look_does_not_cost_the_page_what_is_bought_together() -> None:
    lists = beside(1, with_rails([], [2, 3, 9]))
    assert (lists.complete_the_look, lists.recs) == ((), (2, 3, 4, 5, 6))


def test_what_others_viewed_leaves_out_what_the_other_lists_show() -> None:
    lists = beside(1, with_rails([2, 20, 3, 21, 22, 23], []))
    assert lists.also_viewed == (20, 21, 22, 23)


def test_rails_that_did_not_pass_their_exam_have_no_list() -> None:
    lists = beside(1, with_rails(list(range(10, 30)), [2, 8, 9], rails=()))
    assert (lists.also_viewed, lists.complete_the_look) == ((), ())


NEAR = some.lists(some.integers(2, PRODUCTS - 1), unique=True, max_size=30)


@given(NEAR, NEAR, some.sets(some.integers(1, PRODUCTS - 1)))
def test_the_lists_of_a_page_hold_no_product_twice_and_only_what_can_be_bought(
    viewed: list[int], looks: list[int], allowed: set[int]
) -> None:
    lists = beside(1, with_rails(viewed, looks), allowed=list(allowed))
    shown = [*lists.complete_the_look, *lists.recs, *lists.also_viewed]
    assert len(shown) == len(set(shown))
    assert set(shown) <= allowed - {1}
    assert max(map(len, (lists.recs, lists.also_viewed))) <= LONGEST
    first = [product % 5 for product in lists.complete_the_look[:4]]
    assert len(first) == len(set(first))


def test_the_home_list_is_what_sells_and_can_be_bought_at_most_twenty() -> None:
    assert home_list(MODEL, everything)[:2] == (39, 38)
    assert len(home_list(MODEL, everything)) == 20
    assert home_list(MODEL, lambda product: product < 3) == (2, 1)
