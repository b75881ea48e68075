"""The verdict on an interleaving experiment: which of two rankings wins more visits, and whether that is chance.

Only visits in which one side got more clicks say anything; the chance to win is the posterior's, and decisions rest on
an always-valid interval of the share of wins, as those of other experiments do. Of revenue it says nothing.
"""

from __future__ import annotations

from math import sqrt

from app.core.experiments import words
from app.core.experiments.interleave import liking
from app.core.experiments.judgement import LEAST_POSITIVE, ArmVerdict, Case, Decision, DecisionKind
from app.core.experiments.reading import Caution, Preference
from app.core.experiments.sentences import BY_CHANCE, NO_DATES, ONE_LOOK, beginning
from app.core.experiments.sequence import reach
from app.core.experiments.types import ArmKey

NOBODY = Preference(0, 0, 0)


def second_arm(arm: ArmKey, preference: Preference | None) -> ArmVerdict:
    """The second ranking against the first.

    A chance to win is that of the posterior, in which visits that go together count for fewer.

    Its `sequence` is of how much more than half of the visits it wins, as a part of that half: from -1 (none of them)
    to 1 (all), 0 is as many as the first.
    """
    counted = preference or NOBODY
    enough = _won(counted) >= LEAST_POSITIVE
    return ArmVerdict(
        arm=arm,
        lifts={},
        sequence=_sequence(counted) if enough else None,
        chance_to_win=liking(counted).chance if enough else None,
        expected_loss=None,
        heavy=None,
        incremental=None,
    )


def decide(case: Case, least_days: int) -> Decision:
    """Ship or stop once the sequence excludes that both win as often; shipping waits for two whole weeks."""
    if Caution.NO_DATES in case.cautions:
        return Decision(DecisionKind.BLOCKED, None, NO_DATES)
    counted, second = case.reading.preference or NOBODY, case.verdicts[0]
    if second.sequence is None:
        return Decision(DecisionKind.KEEP_RUNNING, None, _too_few(case, counted))
    low, high = second.sequence
    name, share = case.name(second.arm), _share(counted)
    won = f"{name} wins {share}"
    if high < 0:
        return Decision(DecisionKind.STOP, second.arm, f"Stop: {case.control} is clicked more; {won}.")
    if low <= 0:
        told = liking(counted)
        begin = f"{beginning(case)}: {won}{BY_CHANCE if told.low <= 0.5 <= told.high else ONE_LOOK}."
        return Decision(DecisionKind.KEEP_RUNNING, second.arm, begin)
    if case.whole_days < least_days:
        wait = f"{beginning(case)}: {won}, but two whole weeks are not over yet."
        return Decision(DecisionKind.KEEP_RUNNING, second.arm, wait)
    return Decision(
        DecisionKind.SHIP, second.arm, f"Ship {name}: it wins {share}. What that does to revenue was not measured."
    )


def _won(counted: Preference) -> int:
    return counted.first + counted.second


def _sequence(counted: Preference) -> tuple[float, float]:
    """A win counts 1 and a loss -1, whose variance is at most 1; that bound is used, times what visits go together."""
    won = _won(counted)
    middle, width = (counted.second - counted.first) / won, reach(won) * sqrt(counted.spread / won)
    return max(middle - width, -1.0), min(middle + width, 1.0)


def _share(counted: Preference) -> str:
    told = liking(counted)
    return (
        f"{words.percent(counted.second / _won(counted))} of {_won(counted):,} visits with a winner (95 % interval"
        f" {words.percent(told.low)} to {words.percent(told.high)})"
    )


def _too_few(case: Case, counted: Preference) -> str:
    return f"{beginning(case)}: {_won(counted):,} visits had a winner so far; nothing is said below {LEAST_POSITIVE}."
