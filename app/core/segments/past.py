"""One profile's past as values, and what each measure comes to for it: the rule's meaning, in plain Python.

The warehouse asks the same of everybody at once (`app.analytics`), and a test compares the two; here single profiles
are judged, when something they do may bring them into a segment at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.core.segments import affinity, lifecycle, rfm
from app.core.segments.lifecycle import DAY_S
from app.core.segments.rfm import Cuts
from app.core.segments.rules import TODAY, Figure, Kind, Measure, Selection


@dataclass(frozen=True, slots=True)
class Line:
    """`quantity` is what was not sent back; `amount` its price in minor units."""

    product_id: int | None
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Order:
    """`at_s` in seconds since 1970; `net` in minor units, less refunds."""

    id: int
    at_s: int
    net: int
    discounted: bool
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a browser or a mail reported; `figure` is the one that counts such deeds."""

    figure: Figure
    at_s: int
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of one profile, orders in any order."""

    orders: Sequence[Order] = ()
    deeds: Sequence[Deed] = ()
    tags: frozenset[str] = frozenset()
    accepts_email: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """What the shop as a whole is measured by.

    `today_s` is when the shop's day began; `chosen` are the products of each selection; `levels` a product's third
    (1 to 3) among the prices of its type.
    """

    now_s: int
    today_s: int
    usual_s: int = lifecycle.USUAL_S
    cuts: Cuts = field(default_factory=Cuts)
    chosen: Mapping[Selection, frozenset[int]] = field(default_factory=dict)
    levels: Mapping[int, int] = field(default_factory=dict)

    def since_s(self, days: int | None) -> int | None:
        """The first second of a measure's time; None: since ever."""
        return None if days is None else self.today_s if days == TODAY else self.now_s - days * DAY_S


def value_of(measure: Measure, past: Past, scale: Scale) -> int | None:
    """What the measure comes to; None where it is unknown."""
    return _VALUES.get(measure.figure, _deeds)(measure, past, scale)


def _deeds(measure: Measure, past: Past, scale: Scale) -> int:
    chosen, since = _chosen(measure.about, scale), scale.since_s(measure.days)
    deeds = [deed for deed in past.deeds if deed.figure is measure.figure and _within(deed.at_s, since)]
    return sum(1 for deed in deeds if chosen is None or deed.product_id in chosen)


def _chosen(about: Selection | None, scale: Scale) -> frozenset[int] | None:
    return None if about is None or about.kind is Kind.TAG else scale.chosen.get(about, frozenset())


def _within(at_s: int, since_s: int | None) -> bool:
    return since_s is None or at_s >= since_s


def _orders(measure: Measure, past: Past, scale: Scale) -> Sequence[Order]:
    chosen, since = _chosen(measure.about, scale), scale.since_s(measure.days)
    inside = [order for order in past.orders if _within(order.at_s, since)]
    if chosen is None:
        return inside
    return [order for order in inside if any(line.quantity > 0 and line.product_id in chosen for line in order.lines)]


def _spent(measure: Measure, past: Past, scale: Scale) -> int:
    chosen = _chosen(measure.about, scale)
    orders = _orders(measure, past, scale)
    if chosen is None:
        return sum(order.net for order in orders)
    lines = [line for order in orders for line in order.lines if line.quantity > 0 and line.product_id in chosen]
    return sum(line.amount for line in lines)


def _stage(_: Measure, past: Past, scale: Scale) -> int | None:
    at = sorted(order.at_s for order in past.orders)
    if not at:
        return None
    before = at[-2] if len(at) > 1 else None
    return lifecycle.stage_of(
        len(at), first_s=at[0], before_s=before, last_s=at[-1], now_s=scale.now_s, usual_s=scale.usual_s
    )


def _score(measure: Measure, past: Past, scale: Scale) -> int | None:
    if not past.orders:
        return None
    if measure.figure is Figure.RECENCY:
        return rfm.score(max(order.at_s for order in past.orders), scale.cuts.recency)
    if measure.figure is Figure.FREQUENCY:
        return rfm.score(len(past.orders), scale.cuts.frequency)
    return rfm.score(sum(order.net for order in past.orders), scale.cuts.monetary)


def _affinity(measure: Measure, past: Past, scale: Scale) -> int | None:
    since = scale.since_s(affinity.DAYS)
    points = [
        (line.product_id, affinity.BOUGHT)
        for order in past.orders
        if _within(order.at_s, since)
        for line in order.lines
        if line.quantity > 0
    ]
    points += [
        (deed.product_id, affinity.POINTS[deed.figure])
        for deed in past.deeds
        if deed.figure in affinity.POINTS and _within(deed.at_s, since)
    ]
    chosen = _chosen(measure.about, scale) or frozenset()
    return affinity.share(sum(each for id, each in points if id in chosen), sum(each for _, each in points))


def _price_level(_: Measure, past: Past, scale: Scale) -> int | None:
    bought = [line for order in past.orders for line in order.lines if line.quantity > 0]
    known = [(scale.levels.get(line.product_id or 0), line.quantity) for line in bought]
    leveled = [(level, number) for level, number in known if level is not None]
    return affinity.price_level(sum(level * number for level, number in leveled), sum(number for _, number in leveled))


_VALUES: Final[Mapping[Figure, Callable[[Measure, Past, Scale], int | None]]] = {
    Figure.ORDERS: lambda measure, past, scale: len(_orders(measure, past, scale)),
    Figure.SPENT: _spent,
    Figure.LAST_ORDER: lambda _, past, __: max((order.at_s for order in past.orders), default=None),
    Figure.STAGE: _stage,
    Figure.RECENCY: _score,
    Figure.FREQUENCY: _score,
    Figure.MONETARY: _score,
    Figure.AFFINITY: _affinity,
    Figure.PRICE_LEVEL: _price_level,
    Figure.DISCOUNT_SHARE: lambda _, past, __: affinity.share(
        sum(one.discounted for one in past.orders), len(past.orders)
    ),
    Figure.TAG: lambda measure, past, _: int(measure.about is not None and measure.about.key in past.tags),
    Figure.ACCEPTS_EMAIL: lambda _, past, __: int(past.accepts_email),
}
"""All other figures count deeds."""
