"""What may run beside what: two experiments never decide the same thing about the same rail for the same visitor.

Experiments that change different things (one the order of products, the other the title) run side by side, and chance
spreads each evenly over the other's arms. Those that change the same thing must share a layer without sharing slots:
then a visitor is in one of them at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import DomainError
from app.core.experiments.rules import in_percent
from app.core.experiments.types import SLOTS, Experiment, Kind, Show


class Respect(StrEnum):
    """What an arm can decide about a rail."""

    ORDER = "which products stand there, and in which order"
    TITLE = "the title"
    PLACE = "the place on the page"
    SHOW = "whether anything stands there"


class Overlapping(DomainError):
    """Two experiments would decide the same thing for the same visitor; `other` is the one that runs already."""

    def __init__(self, message: str, other: Experiment) -> None:
        super().__init__(message)
        self.other = other


@dataclass(frozen=True, slots=True)
class Room:
    """A range of slots of a layer that no experiment has: [start, end)."""

    start: int
    end: int

    @property
    def share(self) -> float:
        """As a part of all visitors."""
        return (self.end - self.start) / SLOTS


def respects(experiment: Experiment) -> frozenset[Respect]:
    """What the experiment's arms decide. The hold-out is over all others and clashes with none of them."""
    if experiment.kind in (Kind.HOLD_OUT, Kind.EMAIL):
        return frozenset()
    found = {Respect.ORDER} if experiment.kind is Kind.INTERLEAVING else set()
    for arm in experiment.arms:
        made = arm.treatment
        if made.ranks:
            found.add(Respect.ORDER)
        if made.title is not None:
            found.add(Respect.TITLE)
        if made.place is not None:
            found.add(Respect.PLACE)
        if made.show is not Show.OURS:
            found.add(Respect.SHOW)
    return frozenset(found)


def clash(one: Experiment, other: Experiment) -> Respect | None:
    """What both would decide for some visitor, or None where they get along."""
    if one.id == other.id or not set(one.rails) & set(other.rails) or _exclusive(one, other):
        return None
    both = respects(one) & respects(other)
    return next((respect for respect in Respect if respect in both), None)


def require_no_clash(starting: Experiment, running: Iterable[Experiment]) -> None:
    """Refuse to run `starting` beside `running` where both would decide the same.

    Raises:
        Overlapping: the message names the other one, and says what to do.
        DomainError: its slots are taken by another experiment of its layer.
    """
    for other in running:
        respect = clash(starting, other)
        if respect is not None:
            raise Overlapping(
                f"“{other.name}” is running and decides {respect} on the same rail. Stop it first, or make this one "
                f"exclusive with it, so that no visitor is in both",
                other,
            )
        if other.id != starting.id and other.layer == starting.layer and not _exclusive(starting, other):
            raise Overlapping(
                f"“{other.name}” has taken some of the visitors that this experiment had been promised; create it anew",
                other,
            )


def free_room(layer: str, others: Iterable[Experiment]) -> tuple[Room, ...]:
    """The ranges of a layer's slots that none of `others` (those that run, and drafts) has, the largest first."""
    taken = sorted((one.slot_from, one.slot_to) for one in others if one.layer == layer)
    free, at = [], 0
    for start, end in (*taken, (SLOTS, SLOTS)):
        if start > at:
            free.append(Room(at, start))
        at = max(at, end)
    return tuple(sorted(free, key=lambda room: room.start - room.end))


def room_for(share: float, layer: str, others: Iterable[Experiment], *, beside: str = "") -> Room:
    """A range of the layer's slots that holds this share of all visitors and is free.

    Raises:
        DomainError: there is none; the message says how much is free, and beside which experiment.
    """
    wanted, free = round(share * SLOTS), free_room(layer, others)
    most = free[0].end - free[0].start if free else 0
    if wanted > most:
        name = f"“{beside}”" if beside else "the others"
        if not most:
            raise DomainError(f"nothing is free beside {name}, which keeps every visitor for itself; stop it first")
        raise DomainError(f"only {in_percent(most / SLOTS)} of visitors are free beside {name}; take that or less")
    return Room(free[0].start, free[0].start + wanted)


def _exclusive(one: Experiment, other: Experiment) -> bool:
    """Whether no visitor can be in both."""
    apart = one.slot_to <= other.slot_from or other.slot_to <= one.slot_from
    return one.layer == other.layer and apart
