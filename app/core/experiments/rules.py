"""What holds for every experiment, whoever made it: asked when a form is read and again when one is started.

The limits are ours; what may run beside what is `app.core.experiments.conflicts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from app.core.errors import DomainError
from app.core.experiments.types import SLOTS, Experiment, Kind, Metric

LONGEST_NAME = 80
LONGEST_TITLE = 60
MOST_ARMS = 4
MOST_EXPLORED = 0.5
MOST_PARTS = 9
ARM_KEY = re.compile(r"[a-z0-9_]{1,20}\Z")
NOT_PLAIN = re.compile(r"[<>{}\x00-\x1f\x7f\u2028\u2029]")
"""Marks of markup and of Liquid, and what breaks a line: a title stands in the theme as it is."""
METRICS: Mapping[Kind, tuple[Metric, ...]] = MappingProxyType(
    {
        Kind.HOLD_OUT: (Metric.REVENUE_PER_VISITOR, Metric.CONVERSION),
        Kind.AB: (Metric.CONVERSION, Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE, Metric.CLICK_THROUGH),
        Kind.INTERLEAVING: (Metric.CLICK_THROUGH,),
        Kind.EMAIL: (Metric.CONVERSION, Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE, Metric.REPEAT_PURCHASE),
    }
)
"""By which figure an experiment of a kind may be decided; the first is proposed."""


class BadDraft(DomainError):
    """A field of the form does not fit; the message says why, and `field` names it (empty: the whole form)."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def require_sound(experiment: Experiment) -> None:
    """What holds for every experiment.

    Raises:
        BadDraft: it does not hold for this one.
    """
    plain(experiment.name, "name", "the name", LONGEST_NAME)
    keys = [arm.key for arm in experiment.arms]
    if not 2 <= len(keys) <= MOST_ARMS or len(set(keys)) < len(keys) or not all(map(ARM_KEY.match, keys)):
        raise BadDraft(f"an experiment has 2 to {MOST_ARMS} versions with short names of their own")
    if any(not 1 <= arm.weight <= MOST_PARTS for arm in experiment.arms):
        raise BadDraft(f"each version gets 1 to {MOST_PARTS} parts of the visitors")
    if not 0 <= experiment.slot_from < experiment.slot_to <= SLOTS or not 0 <= experiment.traffic <= 1:
        raise BadDraft("an experiment takes in a part of all visitors, from nobody to everybody", "room")
    if experiment.kind is Kind.INTERLEAVING and (len(keys) != 2 or len(experiment.rails) != 1):
        raise BadDraft("two rankings share one rail: exactly two versions and one rail")
    if experiment.kind is not Kind.EMAIL:
        _require_differences(experiment)
    names = [arm.name.casefold() for arm in experiment.arms]
    for number, arm in enumerate(experiment.arms):
        if names[number] in names[:number]:
            raise BadDraft("two versions have the same name, so nobody could tell them apart", f"value_{arm.key}")


def _require_differences(experiment: Experiment) -> None:
    if not experiment.rails:
        raise BadDraft("choose the rail that is tested", "rail")
    treatments = [arm.treatment for arm in experiment.arms]
    for number, treatment in enumerate(treatments):
        if treatment in treatments[:number]:
            key = experiment.arms[number].key
            raise BadDraft("two versions are the same, so there is nothing to find out about them", f"value_{key}")


def plain(text: str, field: str, what: str, longest: int) -> str:
    """The text without surplus spaces.

    Raises:
        BadDraft: it is empty, too long, or holds marks of markup.
    """
    tidy = " ".join(text.split())
    if not tidy:
        raise BadDraft(f"{what} is missing", field)
    if len(tidy) > longest:
        raise BadDraft(f"{what} may have {longest} characters; this has {len(tidy)}", field)
    if found := NOT_PLAIN.search(tidy):
        raise BadDraft(f"{what} is plain text and cannot hold “{found[0]}”", field)
    return tidy


def in_percent(part: float) -> str:
    """A part of one as a form or a button says it, e.g. ``5 %`` or ``12.5 %``."""
    return f"{100 * part:.4g} %"


def percent(text: str, field: str, *, least: float, most: float) -> float:
    """A percentage as a part of 1.

    Raises:
        BadDraft: it is no number from `least` to `most` per cent.
    """
    tidy = text.strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", tidy, re.ASCII) or not least <= float(tidy) <= most:
        raise BadDraft(f"give a percentage from {least:g} to {most:g}", field)
    return float(tidy) / 100
