"""New products are placed beside what they are like, stand in a rail's last place, and say that they are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.cascade import Context, Guests, Source, recommend
from app.core.recommend.fresh import Fresh, Row
from app.core.recommend.fresh_places import Places
from app.core.recommend.item_words import ItemText, attributes_from, terms
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.newcomers import places_for_guests
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Candidate, Rail, Ranking, ReasonCode, Strategy

NEW = ProductId(99)
TEXTS = [
    ItemText("Fern pot", kind="Pots", vendor="Hearth", tags=("clay",)),
    ItemText("Moss pot", kind="Pots", vendor="Hearth", tags=("clay",)),
    ItemText("Oak table", kind="Tables", vendor="Hearth"),
    ItemText("Linen towel", kind="Towels", vendor="Loom"),
]


def placed(text: ItemText, prices: Mapping[int, float] | None = None) -> Row:
    """Beside the products 1 to 4, whose texts are above."""
    own = {ProductId(number): price for number, price in (prices or {}).items()}
    places = Places(np.arange(1, 5), attributes_from(enumerate(TEXTS), len(TEXTS)), own)
    return places.of(NEW, terms(text))


def test_a_newcomer_is_placed_beside_its_own_kind() -> None:
    row = placed(ItemText("Ivy pot", kind="Pots", vendor="Hearth", tags=("clay",)))
    assert {other for other, _ in row} == {1, 2}
    assert sum(share for _, share in row) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "text",
    [ItemText(), ItemText("Nothing alike", kind="Lamps"), ItemText("A lamp of brass", kind="Lamps", vendor="Loom")],
)
def test_what_is_like_nothing_is_placed_nowhere(text: ItemText) -> None:
    assert placed(text) == ()


def test_what_costs_many_times_as_much_is_another_wish() -> None:
    pot = ItemText("Ivy pot", kind="Pots", vendor="Hearth", tags=("clay",))
    assert [other for other, _ in placed(pot, {99: 1000, 1: 9000, 2: 1500})] == [2]


def test_an_empty_catalogue_has_no_places() -> None:
    assert Places(np.empty(0, dtype=np.int64), attributes_from([], 0)).of(NEW, terms(TEXTS[0])) == ()


def served(fresh: Mapping[int, list[tuple[int, float]]], version: str = "v") -> ServedModel:
    """Products 1 to 12, of which 1 has all others as neighbours, with these newcomers beside them."""
    table = np.full((12, 11), -1, dtype=NEIGHBOUR)
    table[0] = [(place, 1 / (1 + place)) for place in range(1, 12)]
    ids = np.arange(1, 13)
    model = ItemModel(ModelVersion("v"), Strategy.ITEM_ITEM, ids, table, ids.astype(np.float32))
    rows = {ProductId(new): tuple([(ProductId(old), share) for old, share in row]) for new, row in fresh.items()}
    return ServedModel.of(model, Fresh(ModelVersion(version), placed=rows))


def asked(
    model: ServedModel,
    rail: Rail = Rail.BOUGHT_TOGETHER,
    *,
    product: int = 1,
    limit: int = 8,
    shopper: Shopper = NOBODY,
    sold_out: int = 0,
) -> Ranking:
    context = Question(rail, ProductId(product), limit=limit).for_shopper(shopper)
    return recommend(context, model.sources(rail, shopper), lambda one: one != sold_out)


def test_beside_its_like_a_newcomer_has_the_last_place_and_says_that_it_is_new() -> None:
    items = asked(served({99: [(1, 0.6), (2, 0.4)]})).items
    assert [item.product_id for item in items] == [2, 3, 4, 5, 6, 7, 8, 99]
    assert (items[-1].reason.code, items[-1].reason.because) == (ReasonCode.NEW, (1,))


def test_newcomers_have_one_place_in_eight_and_the_one_most_alike_comes_first() -> None:
    many = {90 + number: [(1, number / 10)] for number in range(1, 10)}
    assert [one.product_id for one in asked(served(many)).items if one.product_id > 12] == [99]
    assert [one.product_id for one in asked(served(many), limit=16).items if one.product_id > 12] == [99, 98]
    assert [places_for_guests(limit) for limit in (1, 3, 4, 8, 15, 16, 50)] == [0, 0, 1, 1, 1, 2, 6]


def test_beside_what_it_is_not_like_a_newcomer_does_not_stand() -> None:
    assert 99 not in [one.product_id for one in asked(served({99: [(2, 1.0)]})).items]


def test_a_newcomer_that_cannot_be_bought_takes_no_place() -> None:
    items = asked(served({99: [(1, 1.0)]}), sold_out=99).items
    assert [one.product_id for one in items] == [2, 3, 4, 5, 6, 7, 8, 9]


def test_on_its_own_page_stands_what_it_is_like_before_what_sells() -> None:
    items = asked(served({99: [(3, 0.7), (4, 0.3)]}), product=99).items
    assert [(one.product_id, one.reason.code) for one in items[:3]] == [
        (3, ReasonCode.SIMILAR),
        (4, ReasonCode.SIMILAR),
        (12, ReasonCode.TRENDING),
    ]
    assert len(items) == 8


def test_for_a_shopper_newcomers_are_like_what_she_looked_at_and_strangers_get_none() -> None:
    model = served({99: [(5, 1.0)]})
    hers = asked(model, Rail.FOR_YOU, shopper=Shopper(viewed=(ProductId(5),))).items
    assert (hers[-1].product_id, hers[-1].reason.because) == (99, (5,))
    ranking = asked(model, Rail.FOR_YOU)
    assert 99 not in [one.product_id for one in ranking.items]
    assert "alike" not in ranking.skipped


def test_news_of_another_version_change_nothing() -> None:
    assert asked(served({99: [(1, 1.0)]}, version="w")) == asked(served({}))


def test_a_newcomers_source_that_fails_leaves_the_rail_as_it_was() -> None:
    model = served({99: [(1, 1.0)]})
    sources = list(model.sources(Rail.BOUGHT_TOGETHER, NOBODY))
    broken: list[Source] = [*sources[:-1], Guests(Broken(), places_for_guests)]
    context = Question(Rail.BOUGHT_TOGETHER, ProductId(1)).for_shopper()
    assert [one.product_id for one in recommend(context, broken, lambda _: True).items] == [2, 3, 4, 5, 6, 7, 8, 9]


class Broken:
    @property
    def strategy(self) -> Strategy:
        return Strategy.ALIKE

    def candidates(self, context: Context) -> Iterator[Candidate]:
        raise RuntimeError(context)
