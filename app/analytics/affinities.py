"""What customers turn to, as Ibis expressions: products bought, looked at and carted, prices, attention by selection.

Behaviour is counted a slice of days at a time, so that memory does not grow with the log: an event is delivered twice
within its own day at most, counts add up, and `added` sums the slices.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import ibis
import ibis.expr.types as ir

from app.analytics.customers import BUYERS, NAMES, Asked, total
from app.analytics.expressions import between, once
from app.core.events import EventType
from app.core.segments import affinity
from app.core.segments.rules import Figure, Measure

LINES: Final = ibis.table(
    {
        "order_id": "!int64",
        "customer_id": "!int64",
        "at_s": "!int64",
        "product_id": "int64",
        "quantity": "!int64",
        "amount": "!int64",
    },
    name="lines",
)
"""Lines of the orders; `quantity` and `amount` are what was not sent back."""
TYPES: Final = {
    Figure.VIEWS: EventType.PRODUCT_VIEW,
    Figure.CARTS: EventType.ADD_TO_CART,
    Figure.CLICKS: EventType.CLICK,
    Figure.SEARCHES: EventType.SEARCH,
    Figure.CHECKOUTS: EventType.CHECKOUT_STARTED,
}
POINTS, LEVELS, UNITS = "points", "levels", "units"


def bought(asked: Asked) -> ir.Table:
    """By person: order measures about products, points of attention, ``levels`` and ``units`` of known price level."""
    lines = LINES.join(BUYERS, "customer_id").filter(LINES.quantity > 0)
    lines = lines.left_join(asked.products, lines.product_id == asked.products.product_id)
    chosen = {place: asked.is_in(lines, about) for place, about in enumerate(asked.selections)}
    lately = asked.within(lines.at_s, affinity.DAYS)
    known = lines.level.notnull()
    # An order counts once, however many lines of it are of the selection.
    orders = lines.group_by("person", "order_id", "at_s").aggregate(
        points=total(lately) * affinity.BOUGHT,
        levels=total(known, lines.level * lines.quantity),
        units=total(known, lines.quantity),
        **{f"has_{place}": ibis.ifelse(inside, 1, 0).max() for place, inside in chosen.items()},
        **{f"amount_{place}": total(inside, lines.amount) for place, inside in chosen.items()},
        **{f"points_{place}": total(inside & lately) * affinity.BOUGHT for place, inside in chosen.items()},
    )
    counted, spent, points = {}, {}, {}
    for name, measure in asked.of(Figure.ORDERS, Figure.SPENT, Figure.AFFINITY):
        if measure.about is None:
            continue
        place, inside = asked.selections.index(measure.about), asked.within(orders.at_s, measure.days)
        if measure.figure is Figure.AFFINITY:
            points[name] = total(ibis.literal(True), orders[f"points_{place}"])
        elif measure.figure is Figure.SPENT:
            spent[name] = total(inside, orders[f"amount_{place}"])
        else:
            counted[name] = total(inside, orders[f"has_{place}"])
    sums = {name: total(ibis.literal(True), orders[name]) for name in (POINTS, LEVELS, UNITS)}
    return orders.group_by("person").aggregate(**sums, **counted, **spent, **points)


def behaviour(asked: Asked, since: datetime, until: datetime) -> ir.Table:
    """By person, of the events in [since, until): counts of the measures, and ``points`` in all and of affinities."""
    wanted = [type.value for figure, type in TYPES.items() if asked.of(figure) or _needs_points(asked, figure)]
    events = between(since, until)
    events = events.filter(events.type.isin(wanted), ~ibis.coalesce(events.ghost, False))
    # A visitor who is known by both names is one person by either.
    named = events.mutate(name=ibis.coalesce(events.visitor, events.client)).join(NAMES, NAMES.id == ibis._.name)
    known = once(named.select("event_id", "type", "at", "product_id", "person"))
    seen = known.mutate(at_s=known.at.epoch_seconds()).drop("at", "event_id")
    seen = seen.left_join(asked.products, seen.product_id == asked.products.product_id)
    counts = {
        name: total((seen.type == TYPES[measure.figure].value) & _counts(asked, seen, measure))
        for name, measure in asked.of(*TYPES)
    }
    return seen.group_by("person").aggregate(**counts, **_points(asked, seen))


def seen_parts(asked: Asked) -> ir.Table:
    """The table that holds what `behaviour` gave for each slice."""
    names = [name for name, _ in asked.of(*TYPES)] + list(_names_of_points(asked))
    return ibis.table({"person": "!int64", **dict.fromkeys(names, "int64")}, name="seen")


def needs_behaviour(asked: Asked) -> bool:
    return bool(asked.of(*TYPES, Figure.AFFINITY))


def since_of(asked: Asked) -> int | None:
    """From which second on events are needed; None: all that there are."""
    counted, lately = asked.since_of(*TYPES), asked.since_s(affinity.DAYS)
    if not asked.of(Figure.AFFINITY):
        return counted
    return lately if not asked.of(*TYPES) else None if counted is None else min(counted, lately or counted)


def _needs_points(asked: Asked, figure: Figure) -> bool:
    return figure in affinity.POINTS and bool(asked.of(Figure.AFFINITY))


def _counts(asked: Asked, seen: ir.Table, measure: Measure) -> ir.BooleanValue:
    return asked.within(seen.at_s, measure.days) & asked.is_in(seen, measure.about)


def _names_of_points(asked: Asked) -> list[str]:
    affinities = asked.of(Figure.AFFINITY)
    return [POINTS, *(name for name, _ in affinities)] if affinities else []


def _points(asked: Asked, seen: ir.Table) -> dict[str, ir.IntegerScalar]:
    if not asked.of(Figure.AFFINITY):
        return {}
    worth = ibis.cases(
        *((seen.type == TYPES[figure].value, points) for figure, points in affinity.POINTS.items()), else_=0
    )
    lately = asked.within(seen.at_s, affinity.DAYS)
    of_them = {
        name: total(lately & asked.is_in(seen, measure.about), worth) for name, measure in asked.of(Figure.AFFINITY)
    }
    return {POINTS: total(lately, worth), **of_them}
