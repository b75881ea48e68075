"""What is asked of the lake about an experiment, as Ibis expressions: who was exposed, what they did, what they bought.

A card that was in view counts for the arm that stands in its answer's record, which is found by the request; the unit
is the one under which its browser was answered last. Moments of excluded windows count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from app.analytics.expressions import TIME, between, once, pairs_of, with_browser
from app.core.events import EventType
from app.core.experiments.assign import BOTH
from app.core.experiments.counted import COVARIATE_DAYS
from app.core.experiments.types import ExperimentId
from app.core.recommend.types import Strategy

DECISIONS: Final = ibis.table(
    {
        "request_id": "!string",
        "at": TIME,
        "visitor": "string",
        "unit": "string",
        "strategy": "string",
        "variant": "string",
        "items": "string",
    },
    name="decisions",
)
UNITS: Final = ibis.table({"unit": "!string"}, name="units")
"""Of whom behaviour is asked."""
BEFORE: Final = timedelta(days=COVARIATE_DAYS)
DECIDED_BEFORE: Final = timedelta(days=1)
"""A page may stand open; what is reported of it later than this was not stored."""
CART_LEFT: Final = timedelta(days=1)
CART_OVER: Final = timedelta(days=8)
"""A cart is left when nothing was bought for a day, and lost when nothing was bought in the week after."""
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Asked:
    experiment: ExperimentId
    since: datetime
    until: datetime
    windows: tuple[tuple[datetime, datetime], ...] = ()


def exposed(asked: Asked) -> ir.Table:
    """``unit, arm, arms, first_at, exposures, clicks``, by unit.

    Of a unit that was exposed in several arms, `arms` is 2 and `arm` any one of them: such a unit counts for none.
    """
    cards = _outside(asked, _cards(asked))
    seen = cards.type == EventType.EXPOSURE.value
    units = cards.group_by("unit").aggregate(
        arm=cards.arm.min(where=seen),
        other=cards.arm.max(where=seen),
        first_at=cards.at.min(where=seen),
        exposures=cards.count(where=seen),
        clicks=cards.count(where=~seen),
    )
    units = units.filter(units.exposures > 0).mutate(arms=ibis.ifelse(units.arm == units.other, 1, 2))
    return units.select("unit", "arm", "arms", "first_at", "exposures", "clicks").order_by("unit")


def behaviour(asked: Asked) -> ir.Table:
    """``unit, events, busiest_hour, came_at`` of the units in `UNITS`; cards seen or clicked for `came_at` alone.

    A control has no cards to be clicked: counted, they would make a program of whoever does the same in another arm.

    The covariate's days before the period are looked at too, for who was there before. What was delivered twice counts
    twice here: putting all events of a shop in order would cost more than a rule of thumb about programs is worth.
    """
    all_events = between(asked.since - BEFORE, asked.until)
    named = _with_unit(asked, all_events, all_events)
    events = named.filter(named.unit.isin(UNITS.unit)).select("type", "at", "unit")
    events = events.mutate(hour=events.at.epoch_seconds() // HOUR_S)
    on_cards = events.type.isin([EventType.EXPOSURE.value, EventType.CLICK.value])
    counts = ~on_cards & (events.at >= ibis.literal(asked.since, TIME))
    hours = events.group_by("unit", "hour").aggregate(number=events.count(where=counts), came_at=events.at.min())
    return hours.group_by("unit").aggregate(
        events=hours.number.sum(), busiest_hour=hours.number.max(), came_at=hours.came_at.min()
    )


def only_in_windows(asked: Asked) -> ir.Table:
    """One row, ``units``: how many were exposed within excluded windows and never outside them."""
    cards = _cards(asked)
    cards = cards.filter(cards.type == EventType.EXPOSURE.value)
    by_unit = cards.group_by("unit").aggregate(outside=cards.count(where=~_in_windows(asked, cards.at)))
    return by_unit.aggregate(units=by_unit.count(where=by_unit.outside == 0))


def shown(asked: Asked) -> ir.Table:
    """``unit, at, clicks, exposures`` by hour, in which `at` is the hour's first card or click."""
    cards = _outside(asked, _cards(asked))
    cards = cards.mutate(hour=cards.at.epoch_seconds() // HOUR_S)
    seen = cards.type == EventType.EXPOSURE.value
    hours = cards.group_by("unit", "hour").aggregate(
        at=cards.at.min(), clicks=cards.count(where=~seen), exposures=cards.count(where=seen)
    )
    return hours.select("unit", "at", "clicks", "exposures").order_by("unit", "at")


def purchases(asked: Asked) -> ir.Table:
    """``order_id, unit`` of every order that a browser reported: the unit of the browser that did so first."""
    events = between(asked.since - BEFORE, asked.until)
    bought = once(events.filter(events.type == EventType.PURCHASE.value, events.order_id.notnull()))
    bought = _with_unit(asked, bought, events)
    first = ibis.window(group_by=bought.order_id, order_by=[bought.at, bought.event_id])
    numbered = bought.mutate(place=ibis.row_number().over(first))
    return numbered.filter(numbered.place == 0).select("order_id", "unit")


def carts(asked: Asked) -> ir.Table:
    """``unit, at, recovered`` of carts that were left: `at` is when something was put into them last."""
    events = between(asked.since, asked.until)
    steps = once(events.filter(events.type.isin([EventType.ADD_TO_CART.value, EventType.PURCHASE.value])))
    steps = _with_unit(asked, steps, events).select(
        "unit",
        "event_id",
        at=steps.at,
        seconds=steps.at.epoch_seconds(),
        is_add=steps.type == EventType.ADD_TO_CART.value,
    )
    own = ibis.window(group_by=steps.unit, order_by=[steps.at, steps.event_id])
    later = ibis.window(group_by=steps.unit, order_by=[steps.at, steps.event_id], preceding=0, following=None)
    steps = steps.mutate(
        next_s=steps.seconds.lead().over(own),
        bought_s=ibis.ifelse(steps.is_add, ibis.null("int64"), steps.seconds).min().over(later),
    )
    left_s, over_s = int(CART_LEFT.total_seconds()), int(CART_OVER.total_seconds())
    last = steps.filter(
        steps.is_add,
        steps.next_s.isnull() | (steps.next_s - steps.seconds > left_s),
        steps.at < ibis.literal(asked.until - CART_OVER, TIME),
        ~_in_windows(asked, steps.at),
    )
    recovered = ibis.coalesce(last.bought_s - last.seconds <= over_s, False)
    return last.select("unit", "at", recovered=ibis.ifelse(recovered, 1, 0)).order_by("unit", "at")


def team_clicks(asked: Asked) -> ir.Table:
    """``unit, at, product_id, items`` of the cards that were clicked of rails that two rankings shared, each once.

    Whoever comes back to a card does not like a second product.
    """
    cards = _outside(asked, _cards(asked))
    cards = cards.filter(cards.type == EventType.CLICK.value, cards.arm == BOTH.key)
    cards = cards.group_by("unit", "request_id", "product_id").aggregate(at=cards.at.min())
    answers = _decided(asked)
    lists = answers.group_by(answered=answers.request_id).aggregate(items=answers.items.max())
    joined = cards.join(lists, cards.request_id == lists.answered)
    return joined.select("unit", "at", "product_id", "items").order_by("unit", "at")


# -- parts of these --------------------------------------------------------------------------------------------------


def _decided(asked: Asked) -> ir.Table:
    since = ibis.literal(asked.since - DECIDED_BEFORE, TIME)
    return DECISIONS.filter(DECISIONS.at >= since, DECISIONS.at < ibis.literal(asked.until, TIME))


def _arms(asked: Asked) -> ir.Table:
    """``answered, asked_by, arm``: the answers that the experiment touched, each once.

    An answer without items counts in no arm: a rail with nothing in it is not seen, but an empty box in its place is.
    """
    answers = _decided(asked)
    arm = answers.variant.re_extract(rf"(^|,){asked.experiment:d}:([a-z0-9_]+)", 2)
    answers = answers.mutate(arm=arm).filter(answers.visitor.notnull())
    has_items = ibis.coalesce(answers.strategy, "") != Strategy.NONE.value
    answers = answers.filter(answers.arm.notnull(), answers.arm != "", has_items)
    return answers.select(answered=answers.request_id, asked_by=answers.visitor, arm=answers.arm).distinct()


def _stitched(asked: Asked) -> ir.Table:
    """``known_as, belongs_to``: the unit of each visitor that was ever answered as another unit, by its newest answer.

    All others, which are nearly all, are units of their own.
    """
    answers = _decided(asked)
    answers = answers.filter(answers.visitor.notnull())
    moved = answers.filter(answers.unit.notnull(), answers.unit != answers.visitor)
    theirs = answers.filter(answers.visitor.isin(moved.visitor))
    newest = ibis.window(group_by=theirs.visitor, order_by=[theirs.at.desc(), theirs.request_id])
    numbered = theirs.mutate(place=ibis.row_number().over(newest))
    last = numbered.filter(numbered.place == 0)
    return last.select(known_as=last.visitor, belongs_to=ibis.coalesce(last.unit, last.visitor))


def _cards(asked: Asked) -> ir.Table:
    """Cards in view and clicks on them, each once, with ``unit`` and ``arm``."""
    events = between(asked.since, asked.until)
    on_cards = events.type.isin([EventType.EXPOSURE.value, EventType.CLICK.value])
    events = events.filter(on_cards, events.request_id.notnull())
    cards = once(events.select("event_id", "type", "at", "request_id", "product_id"))
    arms, stitched = _arms(asked), _stitched(asked)
    joined = cards.join(arms, cards.request_id == arms.answered)
    joined = joined.left_join(stitched, joined.asked_by == stitched.known_as)
    unit = ibis.coalesce(joined.belongs_to, joined.asked_by)
    return joined.select("type", "at", "request_id", "product_id", "arm", unit=unit)


def _with_unit(asked: Asked, events: ir.Table, all_events: ir.Table) -> ir.Table:
    """The events with ``unit``, which is the browser itself where it was never answered as another one."""
    named = with_browser(events, pairs_of(all_events))
    stitched = _stitched(asked)
    joined = named.left_join(stitched, named.browser == stitched.known_as)
    return joined.mutate(unit=ibis.coalesce(joined.belongs_to, joined.browser)).drop("known_as", "belongs_to")


def _outside(asked: Asked, cards: ir.Table) -> ir.Table:
    return cards.filter(~_in_windows(asked, cards.at))


def _in_windows(asked: Asked, at: ir.Value) -> ir.BooleanValue:
    inside: ir.BooleanValue = ibis.literal(False)
    for since, until in asked.windows:
        inside = inside | ((at >= ibis.literal(since, TIME)) & (at < ibis.literal(until, TIME)))
    return inside
