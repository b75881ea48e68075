"""The parts of `attune bench statistics`: each measures one thing, says what it found, and names the limits.

What a part needs that is not there (a data set, a package index) is said, never passed over: then its figures are
missing, or for the environment that has to be made, count as missed.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from app.cli.bench.result import Target
from app.cli.bench.statistics_retail import (
    Orders,
    data_folder,
    known_customers,
    new_customers,
    read_orders,
    stand_ins,
    variance_removed,
)
from app.cli.bench.statistics_world import Found
from app.config import data_dir
from app.core.experiments.reading import QUANTILE
from app.core.experiments.types import Metric
from app.errors import Permanent

SEED = 20261123
OPEN_BANDIT, GENERATED = "open_bandit_zozo", "generated"
HELD = 92
"""Of 100 experiments; sound 95 % intervals reach it in 94 of 100 series."""

Measures = dict[str, float]
Part = tuple[Measures, list[Target]]
"""What a part measured, and what of it has a limit."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    runs: int
    off_policy_runs: int
    world_seeds: tuple[int, ...]
    seeds: int
    """Experiments in each world."""
    people: int
    is_long: bool


def say(text: str) -> None:
    click.echo(f"  {text}")


def agreement(size: Size) -> Part:  # noqa: ARG001 - all parts are asked alike
    """Core beside gbstats."""
    from app.cli.bench import statistics_oracle as oracle
    from app.cli.bench.statistics_cases import CASES

    limit = [Target("gbstats_deviation", "<=", 1e-6)]
    try:
        found = oracle.agreement(CASES, data_dir() / "bench" / "gbstats")
    except Permanent as error:
        say(f"not measured: {error}")
        return {"gbstats_deviation": math.inf}, limit
    say(f"{found.figures} figures of {found.cases} cases; the largest deviation is {found.deviation:.1e}")
    say(f"({found.figure})")
    return {"gbstats_deviation": found.deviation, "gbstats_figures": float(found.figures)}, limit


def peeking(size: Size) -> Part:
    """Experiments without a difference, looked at every day; beside them some with one."""
    from app.cli.bench.statistics_runs import LIFTED_MUCH, decided, shipped

    values, measures, targets = _orders().value, {}, []
    for primary in (Metric.CONVERSION, Metric.REVENUE_PER_VISITOR):
        share = decided(values, primary, size.runs, seed=SEED)
        name = f"false_decisions_{primary.value}"
        measures[name] = share
        targets.append(Target(name, "<=", 0.06))
        say(f"{primary.value}: {share:.2%} of {size.runs} A/A experiments were ever told to ship or to stop")
    found = shipped(values, Metric.CONVERSION, max(size.runs // 10, 1), seed=SEED)
    say(f"{found:.0%} of experiments whose second arm has {LIFTED_MUCH - 1:.0%} more buyers were told to ship it")
    return measures | {"true_decisions": found}, targets


def covering(size: Size) -> Part:
    """Intervals beside what they are about."""
    from app.cli.bench.statistics_runs import coverage

    found = coverage(_orders().value, size.runs, seed=SEED)
    say(f"{size.runs} A/B experiments, flat prior, about {found.buyers:.0f} buyers in each arm; intervals that hold")
    say(f"the lift of revenue cut at the {QUANTILE:.1%} quantile (what is decided by): {found.cut:.2%}")
    say(f"the lift of conversion: {found.conversion:.2%}")
    say(f"incremental revenue, the difference in all that was paid, nothing cut: {found.incremental:.2%}")
    names = {
        "coverage_revenue": found.cut,
        "coverage_conversion": found.conversion,
        "coverage_incremental": found.incremental,
    }
    return names, [target for name in names for target in (Target(name, ">=", 0.935), Target(name, "<=", 0.965))]


def cuped(size: Size) -> Part:  # noqa: ARG001 - all parts are asked alike
    """How much of the variance goes away with what customers spent before."""
    orders = read_orders(data_folder())
    if orders is None:
        say(f"not measured: Online Retail is not in {data_folder()}; ATTUNE_DATA names the folder of the data sets")
        return {}, []
    known, fresh = (
        [part for at, whom in chosen(orders) if (part := variance_removed(orders, at, whom)) is not None]
        for chosen in (known_customers, new_customers)
    )
    say(f"known customers at {len(known)} moments: {np.mean(known):.1%} ({min(known):.1%} to {max(known):.1%})")
    say(f"first-time customers: {np.mean(fresh):.1%}")
    measures = {"cuped_removed": float(np.mean(known)), "cuped_removed_first_time": float(np.mean(fresh))}
    return measures, [Target("cuped_removed", ">=", 0.25), Target("cuped_removed_first_time", "<=", 0.01)]


def off_policy(size: Size) -> Part:
    """Estimates from other policies' logs."""
    from app.cli.bench.statistics_off_policy import measure

    folder = data_folder() / OPEN_BANDIT
    found = measure(folder if folder.exists() else None, runs=size.off_policy_runs)
    kinds = [name for name in ("ips", "snips", "dr") if f"off_policy_coverage_{name}" in found]
    for name in kinds:
        say(
            f"{name}: {found[f'off_policy_coverage_{name}']:.1%} of {size.off_policy_runs} simulated rails lie in the"
            f" interval, off by {found[f'off_policy_bias_{name}']:+.1%} on average"
        )
    targets = [Target(f"off_policy_coverage_{name}", ">=", 0.93) for name in kinds]
    if "open_bandit_truth" not in found:
        say(f"Open Bandit is not in {data_folder()}; ATTUNE_DATA names the folder of the data sets")
        return found, targets
    say(f"Open Bandit: the random policy's click rate is {found['open_bandit_random']:.3%}; Bernoulli TS logged")
    say(f"{found['open_bandit_truth']:.3%}, and from the random policy's log it is estimated as")
    for name in kinds:
        value, low, high = (found[f"open_bandit_{name}{end}"] for end in ("", "_low", "_high"))
        held = "holds" if low <= found["open_bandit_truth"] <= high else "does not hold"
        say(f"  {value:.3%} ({low:.3%} to {high:.3%}) by {name}, which {held} the logged one")
    return found, targets


def world(size: Size) -> Part:
    """The generated world's truth beside the hold-out's interval."""
    from app.cli.bench.statistics_world import measure

    with tempfile.TemporaryDirectory(prefix="attune-bench-") as name:
        found = measure(Path(name), world_seeds=size.world_seeds, seeds=size.seeds, people=size.people)
    measures: Measures = {}
    for kind, one in found.items():
        true, measured, low, high, clicked, after = (
            one.mean(name) / 100 for name in ("true", "measured", "low", "high", "clicked", "after_click")
        )
        say(
            f"{kind}: in {one.holds} of {len(one.seeds)} experiments with {one.mean('exposed'):.0f} people the interval"
            f" holds the truth{f'; {one.silent} had too few buyers' if one.silent else ''}"
        )
        say(f"  for 1,000 visitors the rail brings €{true:,.0f}; measured €{measured:,.0f} ({low:,.0f} to {high:,.0f})")
        say(f"  bought after a click on it: €{clicked:,.0f} of what was clicked, €{after:,.0f} all in all")
        measures |= {
            f"{kind}_held": float(one.holds),
            f"{kind}_experiments": float(len(one.seeds)),
            f"{kind}_true": true,
            f"{kind}_measured": measured,
            f"{kind}_clicked": clicked,
            f"{kind}_after_click": after,
        }
    measures |= _overstated(found[GENERATED])
    if not size.is_long:
        say("a sample; --long draws 100 experiments of each kind and holds them against the limit")
        return measures, []
    return measures, [Target(f"{kind}_held", ">=", HELD) for kind in found]


def _overstated(found: Found) -> Measures:
    """By how much counting clicks overstates what the rail brings."""
    true = found.mean("true")
    if true <= 0:
        return {}
    clicked, after = found.mean("clicked") / true, found.mean("after_click") / true
    say(f"counting clicks makes that {clicked:.1f} times as much by products clicked, {after:.1f} times by whole")
    say("orders, and in the null world it makes something of nothing")
    return {"clicked_overstates": clicked, "after_click_overstates": after}


def _orders() -> Orders:
    """The real log's orders, or log-normal ones in their stead, which is said."""
    if (orders := read_orders(data_folder())) is not None:
        return orders
    say(f"Online Retail is not in {data_folder()}: log-normal orders stand in, so this is not the real tail")
    return stand_ins(np.random.default_rng(SEED))
