"""What a merchant is told: the decision of every situation, its sentence, and the cautions beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.core.experiments.interleaved import second_arm
from app.core.experiments.judgement import DecisionKind, Verdict
from app.core.experiments.priors import FLAT
from app.core.experiments.reading import ArmReading, Caution, DayOfArm, Excluded, Preference, Reading
from app.core.experiments.sums import NOTHING, sums_of
from app.core.experiments.types import Experiment, Kind, Metric, Status
from app.core.experiments.verdict import judge
from app.core.experiments.words import CAUTIONS, METRICS
from tests.experiments.figures import (
    CONTROL,
    RPV,
    SINCE,
    B,
    C,
    converted,
    counted,
    experiment,
    reading,
    revenue,
    spent,
)

KEEP, SHIP, STOP = DecisionKind.KEEP_RUNNING, DecisionKind.SHIP, DecisionKind.STOP
BLOCKED, EQUAL = DecisionKind.BLOCKED, DecisionKind.NO_DIFFERENCE


def verdict(found: Reading, made: Experiment | None = None) -> Verdict:
    return judge(made or experiment(), found, now=found.at)


def test_a_difference_that_may_be_chance_keeps_it_running() -> None:
    said = verdict(reading(converted((10_000, 300), (10_000, 345)))).decision
    assert said.kind is KEEP
    assert said.sentence == (
        "Keep running: conversion is 3.5 % in B and 3.0 % in Control, most likely +13.8 % (95 %"
        " interval −3.0 % to +30.6 %), which may still be chance."
    )


def test_what_a_single_look_would_settle_is_not_called_chance_and_not_settled() -> None:
    found = verdict(reading(converted((20_000, 600), (20_000, 690)), days=14))
    conversion, sequence = found.arms[0].lifts[Metric.CONVERSION], found.arms[0].sequence
    assert conversion is not None
    assert sequence is not None
    assert (conversion.low > 0, sequence[0] < 0) == (True, True)
    assert found.decision.kind is KEEP
    assert "; one single look would settle that, but" in found.decision.sentence


def test_a_clear_winner_of_two_weeks_is_to_be_shipped() -> None:
    said = verdict(reading(converted((20_000, 600), (20_000, 840)), days=14)).decision
    assert (said.kind, said.arm) == (SHIP, B)
    assert said.sentence.startswith("Ship B: conversion is 4.2 % in B and 3.0 % in Control, most likely +37.7 % (")
    assert said.sentence.endswith("; the loss to expect from it is below 0.01 %.")


def test_a_clear_winner_waits_for_two_whole_weeks() -> None:
    found = verdict(reading(converted((20_000, 600), (20_000, 840)), days=11))
    assert found.decision.kind is KEEP
    assert "B is ahead" in found.decision.sentence
    assert found.decision.sentence.endswith("but two whole weeks need 3 days more, so that every weekday counts twice.")
    assert Caution.YOUNG in found.cautions


def test_a_winner_waits_while_the_expected_loss_is_above_what_the_merchant_allows() -> None:
    made = experiment(loss_threshold=0.0)
    said = verdict(reading(converted((20_000, 600), (20_000, 840))), made).decision
    assert said.kind is KEEP
    assert "above the 0.0 % that you allow" in said.sentence


def test_a_loser_is_stopped_at_once_and_the_sentence_says_what_it_costs() -> None:
    said = verdict(reading(converted((5_000, 400), (5_000, 250)), days=3)).decision
    assert (said.kind, said.arm) == (STOP, B)
    assert said.sentence.startswith("Stop: it costs you 28.")
    assert "buyers per 1,000 visitors (95 % interval" in said.sentence


def test_what_a_loser_costs_is_told_in_money_where_that_was_measured() -> None:
    random = np.random.default_rng(1)
    arms = revenue(spent(random, 20_000, 0.06, spread=0.5), spent(random, 20_000, 0.03, spread=0.5))
    said = verdict(reading(arms)).decision
    assert said.sentence.startswith("Stop: it costs you £1,")
    assert " GBP per 1,000 visitors (95 % interval " in said.sentence


def test_an_arm_in_which_hardly_anybody_can_buy_is_stopped_though_its_buyers_are_few() -> None:
    said = verdict(reading(converted((4_010, 300), (4_000, 3)), days=2)).decision
    assert (said.kind, said.arm) == (STOP, B)
    assert "3 of 4,000 visitors in B but 300 of 4,010 visitors in Control" in said.sentence


def test_equal_arms_are_called_equal_once_the_interval_lies_close_to_no_difference() -> None:
    said = verdict(reading(converted((900_000, 450_000), (900_000, 450_300)))).decision
    assert said.kind is EQUAL
    assert "within ±2.0 % of Control's" in said.sentence


def test_the_planned_visitors_without_a_difference_are_an_answer_too() -> None:
    found = reading(converted((10_000, 300), (10_000, 310)))
    said = verdict(found, replace(experiment(), planned=10_000)).decision
    assert said.kind is EQUAL
    assert "each version was seen by the 10,000 visitors that were planned, and the lift of conversion" in said.sentence
    assert verdict(found, replace(experiment(), planned=10_001)).decision.kind is KEEP
    assert verdict(found).decision.kind is KEEP


def test_sizes_that_chance_does_not_explain_block_whatever_the_lift_says() -> None:
    found = verdict(reading(converted((10_212, 306), (9_630, 500))))
    assert found.sample_ratio_p < 0.001
    assert found.decision.kind is BLOCKED
    assert "of the visitors 10,212 saw Control and 9,630 saw B, where 1:1 is due" in found.decision.sentence
    assert Caution.SAMPLE_RATIO in found.cautions


def test_a_day_on_which_one_arm_was_broken_blocks_until_it_is_left_out() -> None:
    day = SINCE.date()
    course = tuple(DayOfArm(day, arm, new, new, NOTHING) for arm, new in ((CONTROL, 60), (B, 0)))
    said = verdict(reading(converted((10_000, 300), (10_000, 345)), course=course)).decision
    assert said.kind is BLOCKED
    assert said.sentence.startswith("Blocked: on 2026-03-01 nobody saw B while others were seen")


def test_an_experiment_without_a_day_says_so() -> None:
    found = verdict(reading(converted((0, 0), (0, 0)), days=-2))
    assert found.decision.kind is BLOCKED
    assert found.decision.sentence.startswith("Blocked: no day is left")


@pytest.mark.parametrize(
    ("arms", "caution", "words"),
    [
        (((0, 0), (0, 0)), Caution.NO_EXPOSURES, "nobody has seen this experiment yet"),
        (((3, 0), (0, 0)), Caution.ARM_EMPTY, "nobody has seen B yet"),
        (((40, 1), (42, 0)), Caution.FEW_ORDERS, "1 in Control and 0 in B; nothing is said below 25"),
        (((500, 24), (480, 60)), Caution.FEW_ORDERS, "24 in Control and 60 in B"),
    ],
)
def test_too_little_to_say_anything_is_told_as_that(
    arms: tuple[tuple[int, int], ...], caution: Caution, words: str
) -> None:
    found = verdict(reading(converted(*arms)))
    assert found.decision.kind is KEEP
    assert words in found.decision.sentence
    assert caution in found.cautions
    assert all(arm.lifts.get(Metric.CONVERSION) is None and arm.chance_to_win is None for arm in found.arms)


def test_a_figure_that_is_the_same_for_everybody_is_told_as_that_and_not_as_few() -> None:
    found = verdict(reading(converted((50, 50), (50, 50))))
    assert found.decision.kind is KEEP
    assert "the same for every visitor of a version" in found.decision.sentence
    assert Caution.FEW_ORDERS not in found.cautions


def test_an_experiment_of_which_nothing_at_all_was_counted_is_no_crash() -> None:
    found = judge(experiment(primary=RPV), reading(()), now=SINCE)
    assert found.decision.sentence == "Keep running: nobody has seen this experiment yet."
    assert found.incremental is None


def test_orders_in_another_currency_and_people_in_two_arms_are_told() -> None:
    excluded = Excluded(two_arms=500, foreign_orders=3)
    cautions = verdict(reading(converted((10_000, 300), (10_000, 345)), excluded=excluded)).cautions
    assert {Caution.CURRENCY_MIX, Caution.TWO_ARMS} <= set(cautions)


def test_what_the_counting_noticed_is_kept_and_stands_once() -> None:
    found = reading(converted((10, 0), (10, 0)), days=3, cautions=(Caution.YOUNG, Caution.CURRENCY_MIX))
    assert sorted(verdict(found).cautions) == ["currency_mix", "few_orders", "young"]


def test_a_stopped_experiment_is_not_told_to_keep_running() -> None:
    made = experiment(status=Status.STOPPED)
    arms = converted((20_000, 600), (20_000, 840))
    assert verdict(reading(arms, days=5), made).decision.sentence.startswith(
        "Undecided when it was stopped: B is ahead"
    )
    assert "it ran 5 days, less than two whole weeks" in verdict(reading(arms, days=5), made).decision.sentence


def test_an_experiment_is_as_old_as_it_has_run_and_not_as_its_plan_says() -> None:
    found = reading(converted((20_000, 600), (20_000, 840)), days=60)
    assert judge(experiment(), found, now=SINCE + timedelta(days=9)).whole_days == 9


def test_of_three_arms_the_better_one_is_shipped_and_both_are_held_to_a_stricter_level() -> None:
    three, two = experiment((CONTROL, B, C)), experiment()
    found = verdict(reading(converted((20_000, 600), (20_000, 610), (20_000, 840))), three)
    assert (found.decision.kind, found.decision.arm) == (SHIP, C)
    alone = verdict(reading(converted((20_000, 600), (20_000, 610))), two)
    assert found.arms[0].sequence
    assert alone.arms[0].sequence
    assert found.arms[0].sequence[1] > alone.arms[0].sequence[1]


def test_of_two_arms_that_are_both_sure_to_win_the_one_with_the_higher_lift_is_shipped() -> None:
    for buyers, best in (((6_000, 9_000, 12_000), C), ((6_000, 12_000, 9_000), B)):
        arms = converted(*((100_000, number) for number in buyers))
        found = verdict(reading(arms), experiment((CONTROL, B, C)))
        assert [arm.chance_to_win for arm in found.arms] == [1.0, 1.0]
        assert (found.decision.kind, found.decision.arm) == (SHIP, best)
        assert found.decision.sentence.endswith(f"; {'B' if best == C else 'C'} won against Control, too.")


def test_of_two_arms_that_both_lose_for_sure_the_sentence_is_about_the_better_one() -> None:
    found = verdict(
        reading(converted((100_000, 12_000), (100_000, 6_000), (100_000, 9_000))), experiment((CONTROL, B, C))
    )
    assert (found.decision.kind, found.decision.arm) == (STOP, C)


def test_an_arm_that_loses_does_not_stop_another_that_may_still_win() -> None:
    found = verdict(reading(converted((20_000, 800), (20_000, 400), (20_000, 830))), experiment((CONTROL, B, C)))
    assert (found.decision.kind, found.decision.arm) == (KEEP, C)
    assert "; B did worse than Control" in found.decision.sentence


def test_a_winner_that_earns_less_is_not_shipped_without_a_word_of_it() -> None:
    random = np.random.default_rng(6)
    arms = revenue(spent(random, 20_000, 0.05, spread=0.5), spent(random, 20_000, 0.08, factor=0.4, spread=0.5))
    said = verdict(reading(arms)).decision
    assert said.kind is SHIP
    assert ", but it brought in less, by " in said.sentence


def test_a_loser_that_earns_more_is_not_stopped_without_a_word_of_it() -> None:
    random = np.random.default_rng(7)
    arms = revenue(spent(random, 20_000, 0.08, spread=0.5), spent(random, 20_000, 0.05, factor=2.5, spread=0.5))
    said = verdict(reading(arms)).decision
    assert said.kind is STOP
    assert ", though it brought in another " in said.sentence


def test_figures_of_money_say_that_they_are_cut() -> None:
    random = np.random.default_rng(8)
    arms = revenue(spent(random, 8_000, 0.05), spent(random, 8_000, 0.05))
    assert "in Control with the largest amounts cut, most likely" in (
        verdict(reading(arms), experiment(primary=RPV)).decision.sentence
    )


def test_days_that_were_left_out_do_not_count_towards_the_two_weeks() -> None:
    found = reading(converted((20_000, 600), (20_000, 840)), days=15)
    assert verdict(found).decision.kind is SHIP
    shortened = verdict(replace(found, left_out=timedelta(days=3)))
    assert (shortened.whole_days, shortened.decision.kind) == (12, KEEP)
    assert Caution.YOUNG in shortened.cautions


def test_revenue_is_decided_by_its_cut_sums_and_counted_by_what_was_paid() -> None:
    random = np.random.default_rng(2)
    control, treatment = (spent(random, 10_000, 0.05, spread=0.6) for _ in range(2))
    treatment[0] = 50_000_000
    arms = tuple(
        counted(key, {RPV: sums_of(values)}, winsorised={RPV: sums_of(np.minimum(values, 20_000))})
        for key, values in ((CONTROL, control), (B, treatment))
    )
    arm = verdict(reading(arms), experiment(primary=RPV)).arms[0]
    cut = arm.lifts[RPV]
    assert cut
    assert arm.incremental
    assert arm.heavy
    assert abs(cut.relative) < 0.2
    assert (treatment.mean() - control.mean()) * 1000 == pytest.approx(arm.incremental.per_thousand)
    assert arm.incremental.total == pytest.approx(treatment.sum() - control.sum())
    assert arm.incremental.per_thousand_low < 0 < arm.incremental.per_thousand_high
    assert abs(arm.heavy.revenue.relative) < 0.3


def test_few_buyers_are_a_caution_for_revenue() -> None:
    random = np.random.default_rng(3)
    few = revenue(*(spent(random, 2_000, 0.04) for _ in range(2)))
    many = revenue(*(spent(random, 8_000, 0.04) for _ in range(2)))
    assert Caution.FEW_BUYERS in verdict(reading(few)).cautions
    assert Caution.FEW_BUYERS not in verdict(reading(many)).cautions


def test_incremental_revenue_knows_no_prior() -> None:
    random = np.random.default_rng(4)
    found = reading(revenue(spent(random, 5_000, 0.05), spent(random, 5_000, 0.06)))
    flat = judge(experiment(), found, now=found.at, prior=FLAT)
    assert verdict(found).incremental == flat.incremental
    assert verdict(found).arms[0].lifts != flat.arms[0].lifts


def test_the_hold_out_says_keep_attune_and_never_ship() -> None:
    hold_out = experiment(kind=Kind.HOLD_OUT)
    names = ("Without Attune", "With Attune")
    made = replace(
        hold_out, arms=tuple(replace(arm, name=name) for arm, name in zip(hold_out.arms, names, strict=True))
    )
    said = verdict(reading(converted((20_000, 600), (20_000, 840))), made).decision
    assert said.sentence.startswith("Keep Attune: conversion is 4.2 % in “With Attune” and 3.0 % in “Without Attune”")


def liked(first: int, second: int, *, days: int = 20) -> Verdict:
    arms = tuple(ArmReading(key, 900, 0, 0, {}) for key in (CONTROL, B))
    found = reading(arms, days=days, preference=Preference(first, second, 50))
    return verdict(found, experiment(kind=Kind.INTERLEAVING, primary=Metric.CLICK_THROUGH))


@pytest.mark.parametrize(
    ("first", "second", "days", "kind", "words"),
    [
        (3, 6, 20, KEEP, "9 visits had a winner so far"),
        (100, 112, 20, KEEP, "B wins 52.8 % of 212 visits with a winner"),
        (300, 500, 20, SHIP, "Ship B: it wins 62.5 % of 800 visits"),
        (300, 500, 6, KEEP, "two whole weeks are not over yet"),
        (500, 300, 6, STOP, "Stop: Control is clicked more; B wins 37.5 %"),
        (0, 0, -1, BLOCKED, "no day is left"),
    ],
)
def test_interleaved_rankings_are_judged_by_the_visits_that_they_win(
    first: int, second: int, days: int, kind: DecisionKind, words: str
) -> None:
    found = liked(first, second, days=days)
    assert found.decision.kind is kind
    assert words in found.decision.sentence
    assert Caution.NO_EXPOSURES not in found.cautions


def test_equal_rankings_that_are_looked_at_daily_are_hardly_ever_told_apart() -> None:
    random, runs = np.random.default_rng(5), 200
    wins = np.cumsum(random.binomial(40, 0.5, (runs, 28)), axis=1)
    wrong = 0
    for run in wins.tolist():
        looks = [second_arm(B, Preference(40 * day - won, won, 0)).sequence for day, won in enumerate(run, start=1)]
        wrong += any(look and not look[0] <= 0 <= look[1] for look in looks)
    assert wrong / runs <= 0.06


def test_every_caution_and_every_metric_has_its_words() -> None:
    assert set(CAUTIONS) == set(Caution)
    assert set(METRICS) == set(Metric)
