"""Experiments as they are kept, and what is counted for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.core.experiments.counted import Exposed, Period, Steps
    from app.core.experiments.interleave import Team
    from app.core.experiments.reading import Reading
    from app.core.experiments.replay import LeftOut, LoggedAnswers
    from app.core.experiments.types import ArmKey, Experiment, ExperimentId
    from app.core.ids import CustomerId, OrderId, ShopId
    from app.core.recommend.types import Rail


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that is left out of an experiment's figures, and why."""

    since: datetime
    until: datetime
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to an experiment: created, started, ramped, stopped, a window excluded."""

    at: datetime
    by: str
    what: str
    """A sentence in the merchant's words."""


@dataclass(frozen=True, slots=True)
class KeptExperiment:
    experiment: Experiment
    created_at: datetime
    started_at: datetime | None
    stopped_at: datetime | None
    changes: Sequence[Change]
    """The newest first."""
    windows: Sequence[Window]
    outcome: str = ""
    """What was decided when it was stopped, in a sentence."""


class ExperimentRegister(Protocol):
    """The shop's experiments. A change bumps what web processes look at, after its commit."""

    def all(self, shop: ShopId) -> Sequence[KeptExperiment]:
        """The hold-out first, then the newest first."""

    def one(self, shop: ShopId, experiment: ExperimentId) -> KeptExperiment | None: ...

    def running(self, shop: ShopId) -> Sequence[Experiment]: ...

    def in_force(self, shop: ShopId) -> Sequence[Experiment]:
        """Those that run, and those that ended with an arm that everybody has got since."""

    def add(self, shop: ShopId, experiment: Experiment, change: Change) -> ExperimentId:
        """Keep a new one; its `id` is given here.

        Raises:
            DomainError: it clashes with one that was added meanwhile.
        """

    def replace(
        self,
        shop: ShopId,
        experiment: Experiment,
        change: Change,
        *,
        outcome: str = "",
        window: Window | None = None,
    ) -> None:
        """Put the new state in the place of the old one, with the change in its history, in one transaction.

        A `window` is left out of the figures from then on, in the same transaction.

        The first change to ``running`` sets when it started, the one to ``stopped`` when it ended.
        """

    def exclude(self, shop: ShopId, experiment: ExperimentId, window: Window, change: Change | None = None) -> None:
        """Leave a span of time out of the figures, with the change in its history, in one transaction; also of an
        experiment that has ended."""

    def readings(self, shop: ShopId, experiment: ExperimentId) -> Sequence[Reading]:
        """The newest reading of each of the shop's days, the oldest first; the course by day in the last one only."""

    def latest(self, shop: ShopId) -> Mapping[ExperimentId, Reading]:
        """The newest reading of every experiment that has one."""

    def keep_reading(self, shop: ShopId, reading: Reading) -> None:
        """In the place of an earlier one of the same day of the shop."""


@dataclass(frozen=True, slots=True)
class TeamClick:
    """A click on a card of a rail that two rankings shared."""

    unit: str
    at: datetime
    team: Team


class Exposures(Protocol):
    """What the lake knows of an experiment. A browser's unit is the one of its newest decision."""

    def exposed(self, shop: ShopId, experiment: Experiment, period: Period) -> Exposed: ...

    def shown(self, shop: ShopId, experiment: Experiment, period: Period) -> tuple[Sequence[str], Steps]:
        """Clicks (numerator) on cards in view (denominator) by unit and hour; `Steps.unit` counts the units given."""

    def carts(self, shop: ShopId, period: Period) -> tuple[Sequence[str], Steps]:
        """Carts that were filled and not bought within a day (denominator), and those of them that were bought within
        the week after (numerator), at the moment at which something was put into them last. Carts whose time is not
        over by `Period.until` are not there.
        """

    def purchases(self, shop: ShopId, period: Period) -> Mapping[OrderId, str]:
        """Order → unit of the browser that reported it first, from `COVARIATE_DAYS` before `Period.since` on."""

    def team_clicks(self, shop: ShopId, experiment: Experiment, period: Period) -> Sequence[TeamClick]: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer on the list of an e-mail experiment."""

    customer: CustomerId
    arm: ArmKey
    at: datetime
    """Since when."""


class EmailCustomers(Protocol):
    """Whom an e-mail experiment may take in, and whom it has."""

    def accepting(self, shop: ShopId, *, after: CustomerId, limit: int) -> Sequence[CustomerId]:
        """Customers who accept e-mail marketing and have not opted out, by number, behind `after`."""

    def expose(
        self, shop: ShopId, experiment: ExperimentId, arms: Mapping[CustomerId, ArmKey], *, at: datetime
    ) -> None:
        """Note who was put on a list; whoever was on one before stays in that arm, since then."""

    def exposed(self, shop: ShopId, experiment: ExperimentId) -> Mapping[ArmKey, int]:
        """How many customers of each arm were on a list."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What became of orders, as columns of the same length; without test and cancelled ones, and those of which
    nothing was kept. See `app.core.experiments.counted.Orders`.
    """

    order: Any
    customer: Any
    """The customer's number; 0 for none."""
    at: Any
    net: Any
    clicked: Any
    foreign: Any
    staff: Any


class Outcomes(Protocol):
    """What the orders know."""

    def of_orders(self, shop: ShopId, orders: Collection[OrderId]) -> OrderFacts: ...

    def of_listed(self, shop: ShopId, experiment: ExperimentId, *, since: datetime, until: datetime) -> OrderFacts:
        """The orders of the customers on the experiment's list."""

    def listed(self, shop: ShopId, experiment: ExperimentId) -> Sequence[Listed]: ...

    def currency(self, shop: ShopId) -> str: ...


class LoggedDecisions(Protocol):
    """What the lake knows of a rail's answers and the chances behind them."""

    def answers(
        self, shop: ShopId, rail: Rail, *, since: datetime, until: datetime
    ) -> tuple[LoggedAnswers, Mapping[LeftOut, int]]:
        """The rail's answers in [since, until) that were partly drawn at random, and how many others there were."""


class ClickedRevenue(Protocol):
    def after_clicks(self, shop: ShopId, *, since: datetime) -> Mapping[tuple[str, int], int]:
        """What is left of products that were bought after a click on them, by request and product.

        Minor units of the shop's currency, of orders placed since then.
        """
