"""What to do with an experiment: the rule by which its figures become a decision.

Shipping and stopping rest on the always-valid sequence, so that reading the page every day does no harm; shipping also
waits for two whole weeks and for a small expected loss. Figures that can't be trusted block every decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from app.core.experiments import health, sentences
from app.core.experiments.judgement import LEAST_POSITIVE, ArmVerdict, Case, Decision, DecisionKind
from app.core.experiments.reading import Caution
from app.core.experiments.types import ArmKey

LEAST_DAYS = 14
NO_DIFFERENCE = 0.02
"""Arms whose always-valid interval lies within ±2 % are called equal."""
BROKEN = 1e-6
"""So small a chance of an arm's number of buyers that it must be broken, though it was looked at every day."""


def decide(case: Case) -> Decision:
    """The first rule that applies, in the order of what matters most."""
    rules: tuple[Callable[[Case], Decision | None], ...] = (
        _blocked,
        _unseen,
        _broken,
        _too_few,
        _winner,
        _losers,
        _equal,
        _planned_for,
    )
    for rule in rules:
        if (decision := rule(case)) is not None:
            return decision
    leading = _leading(case)
    return _say(DecisionKind.KEEP_RUNNING, sentences.undecided(case, leading, _days_left(case)), leading.arm)


def _say(kind: DecisionKind, sentence: str, arm: ArmKey | None = None) -> Decision:
    return Decision(kind, arm, sentence)


def _blocked(case: Case) -> Decision | None:
    causes: Mapping[Caution, Callable[[Case], str]] = {
        Caution.NO_DATES: lambda _: sentences.NO_DATES,
        Caution.SAMPLE_RATIO: sentences.sample_ratio,
        Caution.ARM_SILENT: sentences.silent,
    }
    found = next((say for caution, say in causes.items() if caution in case.cautions), None)
    return _say(DecisionKind.BLOCKED, found(case)) if found else None


def _unseen(case: Case) -> Decision | None:
    empty = [case.name(arm.arm) for arm in case.arms if not arm.units]
    return _say(DecisionKind.KEEP_RUNNING, sentences.unseen(case, empty)) if empty else None


def _broken(case: Case) -> Decision | None:
    """Where hardly anybody buys in one arm only, something is broken; too few buyers must not hide that."""
    control = case.arms[0]
    for arm in case.arms[1:]:
        counts, units = [case.positive(control), case.positive(arm)], [control.units, arm.units]
        suspect = counts[0] >= LEAST_POSITIVE > counts[1] and health.can_be_checked(counts, units)
        if suspect and health.sample_ratio(counts, units) < BROKEN:
            return _say(DecisionKind.STOP, sentences.broken(case, arm), arm.arm)
    return None


def _too_few(case: Case) -> Decision | None:
    if all(one.sequence is not None for one in case.verdicts):
        return None
    return _say(DecisionKind.KEEP_RUNNING, sentences.too_few(case))


def _winner(case: Case) -> Decision | None:
    ahead = [one for one in case.verdicts if one.sequence and one.sequence[0] > 0]
    if not ahead:
        return None
    best = max(ahead, key=lambda arm: _lift(case, arm))
    if _days_left(case):
        return _say(DecisionKind.KEEP_RUNNING, sentences.ahead(case, best, _days_left(case)), best.arm)
    if best.expected_loss is None or best.expected_loss >= case.experiment.loss_threshold:
        return _say(DecisionKind.KEEP_RUNNING, sentences.too_dear(case, best), best.arm)
    others = [one for one in ahead if one is not best]
    return _say(DecisionKind.SHIP, sentences.ship(case, best, others), best.arm)


def _losers(case: Case) -> Decision | None:
    """Only when every arm loses: one that may still win is worth the others' running."""
    if not all(one.sequence and one.sequence[1] < 0 for one in case.verdicts):
        return None
    best = _leading(case)
    return _say(DecisionKind.STOP, sentences.stop(case, best), best.arm)


def _equal(case: Case) -> Decision | None:
    if not all(one.sequence and max(map(abs, one.sequence)) <= NO_DIFFERENCE for one in case.verdicts):
        return None
    best = _leading(case)
    return _say(DecisionKind.NO_DIFFERENCE, sentences.equal(case, best, NO_DIFFERENCE), best.arm)


def _planned_for(case: Case) -> Decision | None:
    """The planned visitors have come and nothing has shown."""
    planned = case.experiment.planned
    if planned is None or _days_left(case) or min(arm.units for arm in case.arms) < planned:
        return None
    best = _leading(case)
    return _say(DecisionKind.NO_DIFFERENCE, sentences.nothing_shown(case, best, planned), best.arm)


def _leading(case: Case) -> ArmVerdict:
    """Of all arms but the control the one with the highest lift, which need not be above 0."""
    return max(case.verdicts, key=lambda arm: _lift(case, arm))


def _lift(case: Case, arm: ArmVerdict) -> float:
    """What is believed of the main figure's lift; the chance to win can't rank arms that are all sure to."""
    found = arm.lifts.get(case.metric)
    return found.relative if found else -inf


def _days_left(case: Case) -> int:
    return max(LEAST_DAYS - case.whole_days, 0)
