"""What is asked of the lake, as Ibis expressions: counts by rail, visitors, visits, and the sessions that models read.

`EVENTS` are the columns that are used of the lake's. An event may stand twice in it (consumers deliver again what they
were killed over) and counts once, by its id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import ibis
import ibis.expr.types as ir

from app.core.events import EventType
from app.core.shop_days import SESSION_GAP

TIME: Final = "timestamp('UTC', 6)"
EVENTS: Final = ibis.table(
    {
        "event_id": "!string",
        "type": "!string",
        "at": TIME,
        "visitor": "string",
        "client": "string",
        "placement": "string",
        "rail": "string",
        "product_id": "int64",
        "order_id": "int64",
        "request_id": "string",
        "ghost": "boolean",
    },
    name="events",
)
GHOST: Final = "ghost"
"""As which exposures of control arms are counted."""
LEFT_OUT: Final = ibis.table({"id": "!string"}, name="left_out")
"""Visitor and client ids of which nothing may be learnt."""
GAP_S: Final = int(SESSION_GAP.total_seconds())
DAY_S: Final = 86_400
MOST_A_DAY: Final = 500
MOST_OF_ONE: Final = 5000
"""Product views of one browser, on a day and in all that models read: whoever looks at more is a program."""


def counts(since: datetime, until: datetime) -> ir.Table:
    """``placement, rail, type, count`` of the events in [since, until); empty texts where an event names none.

    What would have been seen in a control arm is a type of its own: nobody saw it.
    """
    events = once(between(since, until))
    named = events.select(
        type=ibis.ifelse(ibis.coalesce(events.ghost, False), GHOST, events.type),
        placement=ibis.coalesce(events.placement, ""),
        rail=ibis.coalesce(events.rail, ""),
    )
    return named.group_by("placement", "rail", "type").aggregate(count=named.count())


def impressions(since: datetime, until: datetime) -> ir.Table:
    """``product, count`` of the cards in view in [since, until); what a control arm would have shown nobody saw."""
    events = between(since, until)
    seen = events.filter(
        events.type == EventType.EXPOSURE.value, events.product_id.notnull(), ~ibis.coalesce(events.ghost, False)
    )
    each = once(seen)
    return each.group_by(product=each.product_id).aggregate(count=each.count())


def visits(since: datetime, until: datetime) -> ir.Table:
    """One row of ``visitors, sessions`` for [since, until). A visit is counted where it began.

    The events of the half hour before are looked at too: who was there then goes on with a visit that began earlier.
    """
    events = once(between(since - SESSION_GAP, until))
    seen = events.filter(events.type != EventType.IDENTITY.value)
    marked = _with_gaps(with_browser(seen, pairs_of(events)))
    inside = marked.filter(marked.at >= ibis.literal(since, TIME))
    return inside.aggregate(visitors=inside.browser.nunique(), sessions=inside.begins.sum())


def sessions(since: datetime, until: datetime) -> ir.Table:
    """``session, product, at`` of the product views in [since, until), in order; sessions are numbered from 1.

    Views of a browser one of whose names stands in `LEFT_OUT` are left out, and those of a program.
    """
    events = between(since, until)
    pairs = pairs_of(events)
    views = once(events.filter(events.type == EventType.PRODUCT_VIEW.value, events.product_id.notnull()))
    views = with_browser(views, pairs)
    known = [views.browser.isin(LEFT_OUT.id), ibis.coalesce(views.client, "").isin(LEFT_OUT.id)]
    marked = _with_gaps(_of_people(views.filter(*(~each for each in known))))
    so_far = ibis.window(order_by=[marked.browser, marked.at, marked.event_id], preceding=None, following=0)
    numbered = marked.select("at", "event_id", session=marked.begins.sum().over(so_far), product=marked.product_id)
    return numbered.order_by("session", "at", "event_id").select("session", "product", "at")


def _of_people(views: ir.Table) -> ir.Table:
    """The views of browsers that look at no more than people do: a program would outweigh all of them together."""
    days = views.mutate(day=(views.at.epoch_seconds() / DAY_S).floor())
    busiest = days.mutate(on_day=days.count().over(ibis.window(group_by=[days.browser, days.day])))
    own = ibis.window(group_by=busiest.browser)
    counted = busiest.mutate(most=busiest.on_day.max().over(own), every=busiest.count().over(own))
    people = counted.filter(counted.most <= MOST_A_DAY, counted.every <= MOST_OF_ONE)
    return people.drop("day", "on_day", "most", "every")


def between(since: datetime, until: datetime) -> ir.Table:
    return EVENTS.filter(EVENTS.at >= ibis.literal(since, TIME), EVENTS.at < ibis.literal(until, TIME))


def once(events: ir.Table) -> ir.Table:
    """Each event once: of what has the same id the earliest."""
    same = ibis.window(group_by=events.event_id, order_by=[events.at])
    numbered = events.mutate(place=ibis.row_number().over(same))
    return numbered.filter(numbered.place == 0).drop("place")


def pairs_of(events: ir.Table) -> ir.Table:
    """Which visitor a client is, as far as any event of the period names both."""
    both = events.filter(events.visitor.notnull(), events.client.notnull()).select("visitor", "client").distinct()
    return both.group_by(pair_client=both.client).aggregate(pair_visitor=both.visitor.max())


def with_browser(events: ir.Table, pairs: ir.Table) -> ir.Table:
    """The events with ``browser``: the visitor, or the one that the client is known to be, or the client."""
    joined = events.left_join(pairs, events.client == pairs.pair_client)
    named = joined.mutate(browser=ibis.coalesce(joined.visitor, joined.pair_visitor, joined.client))
    return named.drop("pair_client", "pair_visitor")


def _with_gaps(events: ir.Table) -> ir.Table:
    """The events with ``begins``: 1 where the browser was not seen within the half hour before, else 0."""
    own = ibis.window(group_by=events.browser, order_by=[events.at, events.event_id])
    before = events.mutate(last_at=events.at.lag().over(own))
    gap = before.at.epoch_seconds() - before.last_at.epoch_seconds()
    return before.mutate(begins=ibis.ifelse(before.last_at.isnull() | (gap > GAP_S), 1, 0)).drop("last_at")
