"""Interleaving: a fair draft, clicks counted for whose turn it was, and what they allow to be said."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from scipy import stats

from app.core.experiments import beta
from app.core.experiments.interleave import Team, credit, liking, preference_of, team_draft
from app.core.experiments.interleaved import second_arm
from app.core.experiments.reading import Preference
from app.core.experiments.types import ArmKey
from app.core.ids import ProductId
from app.core.recommend.types import Candidate, Reason, ReasonCode

A, B = Team.FIRST, Team.SECOND


def ranking(*products: int) -> list[Candidate]:
    return [Candidate(ProductId(product), 1.0, Reason(ReasonCode.TRENDING)) for product in products]


def drafted(first: list[int], second: list[int], limit: int, coin: Callable[[], bool]) -> list[tuple[int, Team | None]]:
    merged = team_draft(ranking(*first), ranking(*second), limit, coin)
    return [(one.candidate.product_id, one.team) for one in merged]


def test_each_side_puts_its_best_product_that_is_not_there_yet() -> None:
    turns = iter([True, False])
    assert drafted([1, 2, 3, 4], [2, 1, 5, 6], 4, lambda: next(turns)) == [(1, A), (2, B), (5, B), (3, A)]


def test_no_product_stands_twice_and_both_sides_have_as_many() -> None:
    generator = Random(5)
    for _ in range(200):
        first, second = generator.sample(range(30), 12), generator.sample(range(30), 12)
        merged = drafted(first, second, 8, lambda: generator.random() < 0.5)
        assert len({product for product, _ in merged}) == 8
        assert [team for _, team in merged].count(A) == 4


def test_equal_rankings_are_credited_alike() -> None:
    generator = Random(6)
    coin = lambda: generator.random() < 0.5  # noqa: E731
    teams = [dict(drafted([1, 2, 3], [1, 2, 3], 3, coin))[ProductId(1)] for _ in range(2000)]
    assert abs(teams.count(A) - 1000) < 5 * 500**0.5


@pytest.mark.parametrize("first_begins", [True, False])
def test_what_one_side_adds_alone_belongs_to_nobody(first_begins: bool) -> None:
    merged = drafted([1], [2, 3, 4], 4, lambda: first_begins)
    assert [team for _, team in merged].count(A) == [team for _, team in merged].count(B) == 1
    assert sorted(product for product, _ in merged) == [1, 2, 3, 4]
    assert [team for _, team in merged[2:]] == [None, None]


def test_an_empty_side_leaves_the_other_ones_order() -> None:
    assert drafted([], [2, 3], 4, lambda: False) == [(2, None), (3, None)]
    assert drafted([], [], 4, lambda: True) == []
    assert drafted([1, 1, 2], [], 4, lambda: True) == [(1, None), (2, None)]


@pytest.mark.parametrize(
    ("clicks", "winner"), [([A], A), ([A, B, B], B), ([A, B], None), ([], None), ([None, None, A], A)]
)
def test_the_side_with_more_clicks_wins_the_visit(clicks: list[Team | None], winner: Team | None) -> None:
    assert credit(clicks) is winner


def test_visits_without_a_click_on_either_side_are_no_ties() -> None:
    assert preference_of([[A], [B, B, A], [A, B], [], [None]]) == Preference(first=1, second=1, ties=1)


def test_the_posterior_is_that_of_beta_1_1() -> None:
    told = liking(Preference(first=40, second=60, ties=20))
    known = stats.beta(61, 41)
    assert told.share == pytest.approx(known.mean())
    assert (told.low, told.high) == pytest.approx(known.interval(0.95), abs=1e-9)
    assert told.chance == pytest.approx(known.sf(0.5), abs=1e-9)
    assert told.ties == pytest.approx(1 / 6)


@pytest.mark.parametrize("a", [0.5, 1.0, 30.0, 1e5])
@pytest.mark.parametrize("b", [0.5, 3.0, 999.0, 2e5])
def test_the_beta_distribution_agrees_with_scipy(a: float, b: float) -> None:
    for chance in (1e-6, 0.025, 0.5, 0.975):
        x = float(stats.beta.ppf(chance, a, b))
        assert beta.cdf(x, a, b) == pytest.approx(float(stats.beta.cdf(x, a, b)), abs=1e-9)
        assert beta.quantile(chance, a, b) == pytest.approx(x, abs=1e-9)


def test_ends_of_the_beta_distribution() -> None:
    assert (beta.cdf(0.0, 2, 3), beta.cdf(1.0, 2, 3), beta.cdf(-1.0, 2, 3)) == (0.0, 1.0, 0.0)


def test_ties_change_neither_share_nor_chance() -> None:
    without, with_ties = (liking(Preference(40, 60, ties)) for ties in (0, 500))
    assert (without.share, without.chance) == (with_ties.share, with_ties.chance)


def test_counts_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="from 0"):
        liking(Preference(-1, 2, 0))


def test_visits_of_one_visitor_go_together() -> None:
    apart, together = preference_of([[A]] * 6 + [[B]] * 6), preference_of([[A]] * 6 + [[B]] * 6, [1] * 6 + [2] * 6)
    assert (apart.spread, together.spread) == (1.0, 6.0)
    assert liking(together).high > liking(apart).high


def test_visitors_with_lasting_tastes_do_not_make_equal_rankings_look_apart() -> None:
    random, wrong, runs = np.random.default_rng(8), 0, 100
    for _ in range(runs):
        likes = np.repeat(random.beta(0.5, 0.5, 60), 10)
        wins = random.random(600) < likes
        found = second_arm(
            ArmKey("b"), preference_of([[B] if win else [A] for win in wins], np.repeat(range(60), 10).tolist())
        )
        assert found.sequence
        wrong += not found.sequence[0] <= 0 <= found.sequence[1]
    assert wrong / runs <= 0.06
