"""The figures of an experiment in the merchant's words: one sentence for each caution and each decision.

A sentence says what was measured and how sure it is; nothing in it is a promise.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.experiments.lift import Lift
from app.core.experiments.reading import Caution
from app.core.experiments.types import Metric
from app.core.money import written

METRICS: Mapping[Metric, str] = {
    Metric.CONVERSION: "conversion",
    Metric.REVENUE_PER_VISITOR: "revenue per visitor",
    Metric.ORDER_VALUE: "order value",
    Metric.CLICK_THROUGH: "click-through",
    Metric.CART_RECOVERY: "cart recovery",
    Metric.REPEAT_PURCHASE: "repeat purchase",
}
MONEY = frozenset({Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE})
"""Metrics whose unit is money: their heavy tail is cut before arms are compared."""
OF_A_THOUSAND: Mapping[Metric, str] = {
    Metric.CONVERSION: "buyers per 1,000 visitors",
    Metric.CLICK_THROUGH: "clicks per 1,000 cards seen",
    Metric.CART_RECOVERY: "recovered carts per 1,000 left",
    Metric.REPEAT_PURCHASE: "returning buyers per 1,000",
}
"""What a part of one is when a merchant counts it."""
CAUTIONS: Mapping[Caution, str] = {
    Caution.NO_EXPOSURES: "Nobody has seen this experiment yet.",
    Caution.ARM_EMPTY: "One version has not been seen by anybody, so there is nothing to compare.",
    Caution.FEW_ORDERS: "A version has fewer than 25 visitors who count for the main figure: too few for a statement.",
    Caution.SAMPLE_RATIO: "The versions' sizes don't fit their shares, and that is hardly chance: one of them is"
    " counted differently, so no figure here can be trusted.",
    Caution.ARM_SILENT: "On a day on which others saw one version, nobody saw another: leave that day out.",
    Caution.TWO_ARMS: "More than 1 % of visitors were seen in two versions; they are left out.",
    Caution.FEW_BUYERS: "A version has fewer than 150 buyers: where a few orders are far larger than all others,"
    " intervals of revenue hold in about 90 cases of 100 as yet, not in 95.",
    Caution.CURRENCY_MIX: "Orders in another currency than the store's are left out.",
    Caution.YOUNG: "Less than two whole weeks old: not every weekday has counted twice yet.",
    Caution.NO_DATES: "It ended before it began, or excluded windows cover all of it.",
}


def percent(part: float, *, signed: bool = False) -> str:
    """A part of one as people read it, e.g. ``+15.0 %`` or ``−2.5 %``; two places where it is below one per cent."""
    places = 1 if abs(part) >= 0.01 or not part else 2
    text = f"{abs(part) * 100:.{places}f} %"
    if float(text[:-2]) == 0:
        return text
    return f"{'−' if part < 0 else '+' if signed else ''}{text}"


def figure(metric: Metric, value: float, currency: str) -> str:
    """A metric's value in its own unit; money comes in minor units."""
    return money(value, currency) if metric in MONEY else percent(value)


def cost(metric: Metric, lift: Lift, currency: str) -> str:
    """How much less an arm has, as a merchant counts it, e.g. ``4.5 buyers per 1,000 visitors``, with its interval."""
    lost = (-lift.difference, -lift.difference_high, -lift.difference_low)
    if metric in MONEY:
        middle, low, high = (money(amount, currency) for amount in lost)
        unit = "visitor" if metric is Metric.REVENUE_PER_VISITOR else "order"
        return f"{middle} per {unit} (95 % interval {low} to {high})"
    middle, low, high = (f"{'−' if amount < 0 else ''}{abs(amount) * 1000:,.1f}" for amount in lost)
    return f"{middle} {OF_A_THOUSAND[metric]} (95 % interval {low} to {high})"


def small(part: float) -> str:
    """An expected loss: what rounds to nothing is still more than nothing."""
    return "below 0.01 %" if part < 0.00005 else percent(part)


def money(amount: float, currency: str) -> str:
    return written(round(amount), currency)


def measured(metric: Metric, lift: Lift, arm: str, control: str, currency: str) -> str:
    """What was counted and what to believe of it, e.g. ``conversion is 3.5 % in B and 3.0 % in Control, most likely
    +13.8 % (95 % interval …)``: the prior has made the lift a little smaller than the two figures' own."""
    low, middle, high = (percent(part, signed=True) for part in (lift.low, lift.relative, lift.high))
    cut = " with the largest amounts cut" if metric in MONEY else ""
    return (
        f"{METRICS[metric]} is {figure(metric, lift.value, currency)} in {arm} and"
        f" {figure(metric, lift.control_value, currency)} in {control}{cut}, most likely {middle}"
        f" (95 % interval {low} to {high})"
    )


def covariate(lift: Lift, *, known: int, new: int) -> str:
    """What knowing visitors from before has done for the figure's precision."""
    if not known:
        return "All visitors were new: nothing they did before could make the figure more precise."
    says = f"What visitors had done before explains {percent(max(lift.variance_removed, 0.0))} of the figure's variance"
    return f"{says}; for the {new:,} of {new + known:,} who were new it explains about 0." if new else f"{says}."
