"""Ranking by blends as a step of the cascade: never short, never what is masked, and reasons that were computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.fusion import fused
from app.core.recommend.rails import Question
from app.core.recommend.ranked_source import RankedSource
from app.core.recommend.reasons import REST, code_of, contributions, loudest, voices_of
from app.core.recommend.sentences import LANGUAGES, language_of
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.types import Rail, Reason, ReasonCode
from tests.serving.ranked import IDS, PRODUCTS, orders, ranked_model

TODAY = 20_000


@pytest.fixture(scope="module")
def served() -> ServedModel:
    return ServedModel.of(ranked_model())


def question(shopper: Shopper, *, limit: int = 8, mask: npt.NDArray[np.bool_] | None = None) -> Context:
    return replace(Question(Rail.FOR_YOU, limit=limit).for_shopper(shopper), mask=mask)


def shopper(bought: tuple[int, ...] = (), visit: tuple[int, ...] = ()) -> Shopper:
    own = orders((TODAY - 5, tuple(sorted(bought)))) if bought else ()
    seen = tuple(map(ProductId, visit))
    return Shopper(viewed=seen[::-1], bought=tuple(map(ProductId, bought)), orders=own, visit=seen, today=TODAY)


PLACES = some.lists(some.integers(1, PRODUCTS), max_size=6, unique=True).map(tuple)


@given(PLACES, PLACES, some.sets(some.integers(1, PRODUCTS)), some.integers(1, 30), some.booleans())
@settings(max_examples=60, deadline=None)
def test_a_rail_holds_only_what_may_be_shown_and_is_short_only_where_too_little_may_be(
    served: ServedModel, bought: tuple[int, ...], visit: tuple[int, ...], gone: set[int], limit: int, is_masked: bool
) -> None:
    known = shopper(bought, visit)
    allowed = np.array([int(one) not in gone for one in IDS])
    context = question(known, limit=limit, mask=allowed if is_masked else None)
    sources = served.sources(Rail.FOR_YOU, known)
    found = recommend(context, sources, lambda product: product not in gone)
    shown = [item.product_id for item in found.items]
    assert not set(shown) & (gone | set(bought))
    assert len(shown) == len(set(shown)) == min(limit, len(found_possible(bought, gone)))


def found_possible(bought: tuple[int, ...], gone: set[int]) -> set[int]:
    return {int(one) for one in IDS} - gone - set(bought)


def test_what_is_remembered_of_orders_gives_the_same_answer_again_and_goes_when_the_stock_changes(
    served: ServedModel,
) -> None:
    source, known = RankedSource(served.model), shopper((11, 12))
    stock = np.ones(PRODUCTS, dtype=np.bool_)

    def ask(mask: npt.NDArray[np.bool_]) -> list[tuple[int, Reason]]:
        found = recommend(question(known, mask=mask), [source], lambda _: True).items
        return [(one.product_id, one.reason) for one in found]

    first = ask(stock)
    anew = recommend(question(known), [source], lambda _: True).items
    assert ask(stock) == first == [(one.product_id, one.reason) for one in anew]
    emptied = stock.copy()
    emptied[first[0][0] - 1] = False
    assert [one for one, _ in ask(emptied)][:7] == [one for one, _ in first[1:]]


def test_what_is_in_the_cart_is_left_out_of_a_remembered_ranking(served: ServedModel) -> None:
    source, known, stock = RankedSource(served.model), shopper((11, 12)), np.ones(PRODUCTS, dtype=np.bool_)
    first = [one.product_id for one in recommend(question(known, mask=stock), [source], lambda _: True).items]
    carted = replace(known, carted=(first[0],))
    second = [one.product_id for one in recommend(question(carted, mask=stock), [source], lambda _: True).items]
    assert second[:7] == first[1:]


# -- reasons ---------------------------------------------------------------------------------------------------------


def test_what_the_signals_added_sums_up_to_the_score(served: ServedModel) -> None:
    blend = served.model.blends.visit
    assert blend is not None
    source, known = RankedSource(served.model), shopper(visit=(21, 22))
    (voice,) = source.voices(question(known))
    ranked = blend.rank(voice.history, only_new=True)
    voices, added = contributions(blend.new, ranked.rows)
    base = blend.new.contributions(ranked.rows)[:, -1]
    assert np.allclose(added.sum(axis=1) + base, ranked.score, atol=1e-3)
    assert set(voices) == set(voices_of(blend.names))
    told = source.contributions(question(known), ProductId(int(ranked.at[0]) + 1))
    assert sum(told.values()) == pytest.approx(float(added[0].sum()), abs=1e-3)


def test_the_voice_that_added_most_is_the_reason_and_what_says_nothing_of_it_never_is() -> None:
    added = np.array([[0.1, 0.9, 5.0], [0.2, -1.0, 0.0]], dtype=np.float32)
    assert loudest(("popular", "linear", REST), added) == ["linear", "popular"]
    assert code_of("popular", ReasonCode.BECAUSE_BOUGHT) is ReasonCode.TRENDING
    assert code_of("content", ReasonCode.BECAUSE_BOUGHT) is ReasonCode.SIMILAR
    assert code_of("linear", ReasonCode.BECAUSE_VIEWED) is ReasonCode.BECAUSE_VIEWED


def test_reasons_name_products_of_the_history_and_of_the_history_that_spoke(served: ServedModel) -> None:
    known = shopper(bought=(11, 12), visit=(41, 42))
    found = recommend(question(known, limit=24), served.sources(Rail.FOR_YOU, known), lambda _: True).items
    own = {ReasonCode.BECAUSE_BOUGHT: {11, 12}, ReasonCode.BECAUSE_VIEWED: {41, 42}}
    told = [one.reason for one in found if one.reason.code in own and one.reason.because]
    assert {one.code for one in told} == set(own)
    assert all(set(one.because) <= own[one.code] for one in told)


# -- fusion and words ------------------------------------------------------------------------------------------------


def test_rankings_are_fused_by_ranks_and_weights() -> None:
    first, second = np.array([3, 1, 0]), np.array([1, 2])
    order, scores = fused([(first, 0.5), (second, 0.5)], 5)
    assert order.tolist() == [1, 3, 2, 0]
    assert scores[0] == pytest.approx(0.5 / 62 + 0.5 / 61)
    assert fused([(first, 1.0), (second, 0.0)], 5)[0].tolist()[:3] == [3, 1, 0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_every_reason_and_names_products_in_it(language: str) -> None:
    sentences = LANGUAGES[language].sentences
    assert set(sentences) == set(ReasonCode)
    for code, (naming, plain) in sentences.items():
        assert "{" not in plain
        assert naming.count("{}") == (0 if code in (ReasonCode.TRENDING, ReasonCode.BUY_AGAIN) else 1)
        assert naming.replace("{}", "").count("{") == 0


def test_a_title_is_never_read_as_a_pattern() -> None:
    reason = Reason(ReasonCode.BECAUSE_BOUGHT, (ProductId(1), ProductId(2)))
    text = reason_text(reason, {ProductId(1): "{0} {x}", ProductId(2): "50% {}"}, "fr")
    assert text == "Parce que vous avez acheté {0} {x} et 50% {}"


@pytest.mark.parametrize(
    ("locale", "language"), [("de-CH", "de"), ("ES_mx", "es"), ("", "en"), ("xx", "en"), ("fr", "fr")]
)
def test_a_locale_is_answered_in_its_language_or_in_english(locale: str, language: str) -> None:
    assert language_of(locale) == language
