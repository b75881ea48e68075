"""What mails earned: by series what was counted, and the lift that the hold-out measures at the trigger.

Clicks say where money came after a click; what is due to Attune only the hold-out says, for both arms get a mail and
were counted at the same occasion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.email.flows.series import FLOWS
from app.core.email.names import Arm
from app.core.experiments.judgement import LEAST_POSITIVE
from app.core.experiments.lift import Lift, Unreadable, lift
from app.core.experiments.priors import STATED
from app.core.experiments.sums import Sums
from app.core.experiments.verdict import BUYERS_FOR_REVENUE
from app.core.shops import Shop
from app.ports import Clock
from app.ports.engagement import FlowCount, MailOutcomes, SeriesCount

PERIOD: Final = timedelta(days=28)
WINDOW_DAYS: Final = 7
"""What is bought within so many days after an occasion counts for it."""
NAMES: Final = {plan.key: plan.name.removeprefix("Attune: ") for plan in FLOWS}
"""What the flows are called, by the key under which we made them."""
FEW: Final = (
    f"With fewer than {BUYERS_FOR_REVENUE} buyers on a side, intervals of what was spent hold in about 90 cases of 100"
    " as yet, not in 95."
)
DEFINITIONS: Final = {
    "received": "mails of our series that reached an inbox in the last 28 days, by what Klaviyo tells of them",
    "opened": "people who opened one; opens by mail programs are left out, and some mails tell of no opening",
    "clicked": "people who clicked in one; clicks by scanners are left out",
    "mail orders": "orders with a product that was clicked in a mail; this is attribution, not lift",
    "mail revenue": "those products' price after discounts, less refunded and removed units, in the shop's currency",
    "mail lift": "chance gives a part of the shoppers the shop's own block in the place of our products; both parts are"
    f" counted when the occasion comes, by what they order in the {WINDOW_DAYS} days after it; nothing is said below"
    f" {LEAST_POSITIVE} buyers in either part",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One occasion: customers counted in either arm, and the lifts where they can be told."""

    trigger: str
    attune: int
    control: int
    attune_bought: int
    control_bought: int
    buyers: Lift | None
    """Of the share of customers who bought; None where it can't be told, as of too few buyers."""
    value: Lift | None
    """Of what each customer spent."""

    @property
    def fewest(self) -> int:
        """Buyers in the arm that has fewer of them; `LEAST_POSITIVE` are asked for."""
        return min(self.attune_bought, self.control_bought)


@dataclass(frozen=True, slots=True)
class MailReport:
    since: datetime
    counted_at: datetime | None
    flows: dict[str, FlowCount]
    orders: int
    revenue: int
    """Net, of products that were clicked in a mail and bought; minor units."""
    measured: tuple[Measured, ...]

    @property
    def caution(self) -> str:
        """What is to be said of intervals of money; empty where nothing is."""
        is_few = any(one.value is not None and one.fewest < BUYERS_FOR_REVENUE for one in self.measured)
        return FEW if is_few else ""


def report_mails(shop: Shop, outcomes: MailOutcomes, clock: Clock) -> MailReport:
    """The last 28 days; of occasions only those whose seven days are over."""
    now = clock.now()
    since = now - PERIOD
    settled = now - timedelta(days=WINDOW_DAYS)
    arms = outcomes.arms(shop.id, since=settled - PERIOD, until=settled, days=WINDOW_DAYS)
    orders, revenue = outcomes.clicked_revenue(shop.id, since=since)
    triggers = sorted({one.trigger for one in arms})
    measured = tuple(_measured(name, [one for one in arms if one.trigger == name]) for name in triggers)
    flows = dict(outcomes.flows(shop.id))
    return MailReport(since, outcomes.counted_at(shop.id), flows, orders, revenue, measured)


def _measured(trigger: str, arms: list[SeriesCount]) -> Measured:
    found = {one.arm: one for one in arms}
    nobody = SeriesCount(trigger, "", 0, 0, 0, 0.0)
    ours, control = found.get(Arm.ATTUNE, nobody), found.get(Arm.CONTROL, nobody)
    return Measured(
        trigger,
        ours.customers,
        control.customers,
        ours.bought,
        control.bought,
        _lift(_shares(control), _shares(ours)),
        _lift(_amounts(control), _amounts(ours)),
    )


def _lift(control: Sums, treatment: Sums) -> Lift | None:
    if min(control.positive, treatment.positive) < LEAST_POSITIVE:
        return None
    try:
        return lift(control, treatment, prior=STATED)
    except Unreadable:
        return None


def _shares(arm: SeriesCount) -> Sums:
    return _sums(arm, arm.bought, float(arm.bought))


def _amounts(arm: SeriesCount) -> Sums:
    return _sums(arm, arm.spent, arm.spent_squares)


def _sums(arm: SeriesCount, total: float, squares: float) -> Sums:
    n = arm.customers
    return Sums(n=n, x=total, xx=squares, d=n, dd=n, xd=total, positive=arm.bought)
