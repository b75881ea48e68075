"""The one sentence of a decision, with its figures, as a merchant reads it.

Every sentence begins with what to do and goes on with why: what was measured, and how sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.experiments import health
from app.core.experiments.judgement import LEAST_POSITIVE, ArmVerdict, Case, Incremental
from app.core.experiments.reading import ArmReading
from app.core.experiments.types import Kind, Status
from app.core.experiments.words import METRICS, cost, measured, money, percent, small

BY_CHANCE = ", which may still be chance"
ONE_LOOK = "; one single look would settle that, but whoever looks often sees as much by chance now and then"
NO_DATES = "Blocked: no day is left to be read, the experiment ended before it began or all of it is left out."
BEGINNINGS = {
    Status.DRAFT: "Not started",
    Status.RUNNING: "Keep running",
    Status.STOPPED: "Undecided when it was stopped",
}


def sample_ratio(case: Case) -> str:
    sizes = " and ".join(f"{arm.units:,} saw {case.name(arm.arm)}" for arm in case.arms)
    due = ":".join(str(arm.weight) for arm in case.experiment.arms)
    return (
        f"Blocked: of the visitors {sizes}, where {due} is due; that is hardly chance"
        " (on a given day fewer than 1 of 1,000 sound experiments look so), and nothing can be read until the cause is"
        " found."
    )


def silent(case: Case) -> str:
    found = health.silent(case.reading.days, {arm.key: arm.weight for arm in case.experiment.arms})
    if not found:
        return "Blocked: on some day nobody saw one of the versions; leave that day out and read again."
    day, arm = found[0]
    more = f" and on {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"Blocked: on {day.isoformat()}{more} nobody saw {case.name(arm)} while others were seen;"
        " leave that out and read again."
    )


def unseen(case: Case, empty: list[str]) -> str:
    whom = "this experiment" if len(empty) == len(case.arms) else " and ".join(empty)
    return f"{beginning(case)}: nobody has seen {whom} yet."


def broken(case: Case, arm: ArmReading) -> str:
    return (
        f"Stop: it costs you {METRICS[case.metric]}, which counts {_of(case, arm)} but {_of(case, case.arms[0])};"
        " something seems to be broken."
    )


def too_few(case: Case) -> str:
    metric = METRICS[case.metric]
    if all(case.positive(arm) >= LEAST_POSITIVE for arm in case.arms):
        return f"{beginning(case)}: {metric} is the same for every visitor of a version, so they can't be compared."
    counts = " and ".join(f"{case.positive(arm):,} in {case.name(arm.arm)}" for arm in case.arms)
    return (
        f"{beginning(case)}: too few visitors count for {metric}, {counts};"
        f" nothing is said below {LEAST_POSITIVE} in each version."
    )


def undecided(case: Case, arm: ArmVerdict, days_left: int) -> str:
    wait = f"; two whole weeks need {_days(days_left)} more" if days_left and case.experiment.is_running else ""
    worse = [case.name(one.arm) for one in case.verdicts if one.sequence and one.sequence[1] < 0]
    loses = f"; {_and(worse)} did worse than {case.control}" if worse else ""
    found = arm.lifts.get(case.metric)
    is_beside_zero = found is not None and (found.low > 0 or found.high < 0)
    return f"{beginning(case)}: {_measured(case, arm)}{ONE_LOOK if is_beside_zero else BY_CHANCE}{loses}{wait}."


def ahead(case: Case, arm: ArmVerdict, days_left: int) -> str:
    if case.experiment.is_running:
        wait = f"two whole weeks need {_days(days_left)} more, so that every weekday counts twice"
    else:
        wait = f"it ran {_days(case.whole_days)}, less than two whole weeks"
    return f"{beginning(case)}: {case.name(arm.arm)} is ahead, {_measured(case, arm)}, but {wait}."


def too_dear(case: Case, arm: ArmVerdict) -> str:
    return (
        f"{beginning(case)}: {case.name(arm.arm)} is ahead, {_measured(case, arm)}, but the loss to expect from"
        f" choosing it is {small(arm.expected_loss or 0.0)}, above the {percent(case.experiment.loss_threshold)}"
        " that you allow."
    )


def ship(case: Case, arm: ArmVerdict, others: Sequence[ArmVerdict] = ()) -> str:
    """`others` are ahead of the control, too."""
    name = case.name(arm.arm)
    begin = "Keep Attune" if case.experiment.kind is Kind.HOLD_OUT else f"Ship {name}"
    gain = arm.incremental
    earns = ""
    if gain and gain.per_thousand_low > 0:
        earns = f", and it brought in another {_per_thousand(case, gain)}"
    elif gain and gain.per_thousand_high < 0:
        earns = f", but it brought in less, by {_per_thousand(case, _reversed(gain))}"
    beside = f"; {_and([case.name(one.arm) for one in others])} won against {case.control}, too" if others else ""
    loss = small(arm.expected_loss or 0.0)
    return f"{begin}: {_measured(case, arm)}{earns}; the loss to expect from it is {loss}{beside}."


def stop(case: Case, arm: ArmVerdict) -> str:
    gain = arm.incremental
    if gain and gain.per_thousand_high < 0:
        return f"Stop: it costs you {_per_thousand(case, _reversed(gain))}; {_measured(case, arm)}."
    lift = arm.lifts.get(case.metric)
    what = cost(case.metric, lift, case.reading.currency) if lift else METRICS[case.metric]
    earns = f", though it brought in another {_per_thousand(case, gain)}" if gain and gain.per_thousand_low > 0 else ""
    return f"Stop: it costs you {what}; {_measured(case, arm)}{earns}."


def equal(case: Case, arm: ArmVerdict, within: float) -> str:
    return (
        f"No difference: {METRICS[case.metric]} in {case.name(arm.arm)} is within ±{percent(within)} of"
        f" {case.control}'s ({_sequence(arm)}, however often it is looked at)."
    )


def nothing_shown(case: Case, arm: ArmVerdict, planned: int) -> str:
    return (
        f"No difference shown: each version was seen by the {planned:,} visitors that were planned,"
        f" and the lift of {METRICS[case.metric]} in {case.name(arm.arm)} over {case.control} may still lie anywhere"
        f" from {_sequence(arm)}."
    )


def beginning(case: Case) -> str:
    """How a sentence begins that decides nothing."""
    return BEGINNINGS[case.experiment.status]


def _measured(case: Case, arm: ArmVerdict) -> str:
    lift = arm.lifts.get(case.metric)
    if lift is None:
        return f"{METRICS[case.metric]} can't be told yet"
    return measured(case.metric, lift, case.name(arm.arm), case.control, case.reading.currency)


def _sequence(arm: ArmVerdict) -> str:
    low, high = arm.sequence or (0.0, 0.0)
    return f"{percent(low, signed=True)} to {percent(high, signed=True)}"


def _reversed(gain: Incremental) -> Incremental:
    """A loss, told as what is lost."""
    of_thousand = (-gain.per_thousand, -gain.per_thousand_high, -gain.per_thousand_low)
    return Incremental(*of_thousand, -gain.total, -gain.total_high, -gain.total_low, gain.units)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _per_thousand(case: Case, gain: Incremental) -> str:
    middle, low, high = (
        money(amount, case.reading.currency)
        for amount in (gain.per_thousand, gain.per_thousand_low, gain.per_thousand_high)
    )
    return f"{middle} per 1,000 visitors (95 % interval {low} to {high})"


def _of(case: Case, arm: ArmReading) -> str:
    return f"{case.positive(arm):,} of {arm.units:,} visitors in {case.name(arm.arm)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
