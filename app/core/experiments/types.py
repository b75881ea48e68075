"""What an experiment is: its arms, what each arm changes, whom it takes in, and the life it goes through.

Everything is computed from the unit, which is a visitor's id, or the first id of a customer who was recognised on
several browsers, or for e-mail the customer's number. Nothing here reads a clock or a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from app.core.ids import ModelVersion
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail, Strategy

ExperimentId = NewType("ExperimentId", int)
"""Our own number of an experiment within its shop."""
ArmKey = NewType("ArmKey", str)
"""A short name of an arm, 1 to 20 of ``a-z0-9_``; what decisions record."""
Unit = NewType("Unit", str)
"""Who is assigned: a visitor's id, or ``c:<number>`` for a customer in an e-mail experiment."""

SLOTS = 10_000
"""A layer's traffic is cut into so many slots; a share of traffic is a range of them."""
HOLD_OUT_SHARE = 0.05
"""The default share of visitors who see the store without Attune."""
CONTROL = ArmKey("control")


class Kind(StrEnum):
    HOLD_OUT = "hold_out"
    """The permanent one: visitors without Attune against an equal slice of the others."""
    AB = "ab"
    INTERLEAVING = "interleaving"
    """Two rankings share one rail; clicks say which is liked better. Faster, but says nothing of revenue."""
    EMAIL = "email"
    """Customers are split by a property of their profile that an e-mail flow branches on."""


class Status(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    STOPPED = "stopped"


class Show(StrEnum):
    """What stands in the place of a rail."""

    OURS = "ours"
    EMPTY = "empty"
    """The place stays reserved, so that nothing of the page moves, and nothing is seen in it."""
    NATIVE = "native"
    """Shopify's own recommendations; on product pages only."""


class Place(StrEnum):
    """Where on the page a rail stands, if the merchant has put its block there twice (block setting "Position")."""

    PRIMARY = "primary"
    ALTERNATIVE = "alternative"


class Metric(StrEnum):
    CONVERSION = "conversion"
    REVENUE_PER_VISITOR = "revenue_per_visitor"
    ORDER_VALUE = "order_value"
    CLICK_THROUGH = "click_through"
    CART_RECOVERY = "cart_recovery"
    REPEAT_PURCHASE = "repeat_purchase"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What an arm changes on the experiment's rails; what is not set stays as it is for everybody."""

    show: Show = Show.OURS
    strategy: Strategy | None = None
    """This source of the cascade comes first; the others still fill the rail up."""
    model_version: ModelVersion | None = None
    trend: float | None = None
    """Weight of what sells in a score, 0 (taste alone) to 1 (what sells alone); the model's own where unset."""
    explore: float = 0.0
    """Chance with which a place of the rail is drawn from the candidates instead of taken in order, 0 to 0.5."""
    steering: Steering | None = None
    """Sliders by which the rail's candidates are ordered anew and drawn; as they come where it is not set."""
    title: str | None = None
    place: Place | None = None

    @property
    def ranks(self) -> bool:
        """Whether it may bring other products than the page was drawn with."""
        return self.explore > 0.0 or any(
            one is not None for one in (self.strategy, self.model_version, self.trend, self.steering)
        )

    @property
    def lasting(self) -> Treatment:
        """What of it can become everybody's: places stand in the theme, models are rolled back to, rails are blocks."""
        return Treatment(
            strategy=self.strategy,
            trend=self.trend,
            explore=self.explore,
            steering=self.steering,
            title=self.title,
        )

    @property
    def is_seen(self) -> bool:
        """Whether the page looks different before any answer comes, so that it must know the arm when it is painted."""
        return self.show is not Show.OURS or self.title is not None or self.place is not None


UNCHANGED = Treatment()


@dataclass(frozen=True, slots=True)
class Arm:
    key: ArmKey
    name: str
    weight: int
    """Its part of the experiment's traffic, relative to the other arms'. Fixed once the experiment runs."""
    treatment: Treatment = UNCHANGED


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment. Its first arm is the control.

    Experiments in one layer never share a visitor if their slots don't overlap; those in different layers do.
    """

    id: ExperimentId
    name: str
    kind: Kind
    status: Status
    layer: str
    salt: str
    arms: tuple[Arm, ...]
    rails: tuple[Rail, ...]
    """The rails it changes; for the hold-out all of them, for e-mail none."""
    slot_from: int = 0
    slot_to: int = SLOTS
    """The slots of its layer that are kept for it: [from, to)."""
    traffic: float = 1.0
    """The share of those slots that takes part now; ramping changes this and nothing else."""
    primary: Metric = Metric.CONVERSION
    loss_threshold: float = 0.002
    """An expected loss (as a part of the control's figure) below which a choice is taken for safe."""
    planned: int | None = None
    """Visitors in each arm that it was planned for; once they are there, finding no difference is an answer, too."""
    adopted: ArmKey | None = None
    """The arm that everybody has got since it was stopped, as far as that can last (`Treatment.lasting`)."""

    @property
    def control(self) -> Arm:
        return self.arms[0]

    @property
    def is_running(self) -> bool:
        return self.status is Status.RUNNING

    @property
    def compares_models(self) -> bool:
        """Whether an arm is another version of the shop's model."""
        return any(arm.treatment.model_version is not None for arm in self.arms)

    @property
    def is_seen(self) -> bool:
        """Whether any arm must be known before the page is painted. Then all its arms count only on pages that knew."""
        return any(arm.treatment.is_seen for arm in self.arms)

    @property
    def ranks(self) -> bool:
        """Whether any arm may bring other products than a page was drawn with; then all its arms fetch their cards."""
        return self.kind is Kind.INTERLEAVING or any(arm.treatment.ranks for arm in self.arms)

    def arm(self, key: ArmKey) -> Arm:
        """The arm of that key.

        Raises:
            KeyError: it has none.
        """
        for arm in self.arms:
            if arm.key == key:
                return arm
        raise KeyError(key)
