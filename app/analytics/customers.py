"""Customers as the warehouse counts them, as Ibis expressions: orders, scores, stages of life.

A person is a profile that holds a customer, by its place in a list that the run makes; texts are not carried through
every join. Moments are seconds since 1970 and money minor units: whole numbers alone, so that every engine agrees.
Definitions are those of `app.core.segments`; a test compares the two on drawn pasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import ibis
import ibis.expr.types as ir

from app.core.segments import lifecycle, rfm
from app.core.segments.lifecycle import DAY_S, Stage
from app.core.segments.rules import PRODUCTS, TODAY, Figure, Kind, Measure, Selection

PEOPLE: Final = ibis.table({"person": "!int64", "accepts_email": "!boolean"}, name="people")
"""Each person once, without those of whom nothing may be learnt."""
BUYERS: Final = ibis.table({"customer_id": "!int64", "person": "!int64"}, name="buyers")
NAMES: Final = ibis.table({"id": "!string", "person": "!int64"}, name="names")
"""Visitor and client ids; each stands once."""
ORDERS: Final = ibis.table(
    {"order_id": "!int64", "customer_id": "!int64", "at_s": "!int64", "net": "!int64", "discounted": "!boolean"},
    name="orders",
)
TAGS: Final = ibis.table({"customer_id": "!int64", "tag": "!string"}, name="tags")
"""Only the tags that are asked for."""


@dataclass(frozen=True)
class Asked:
    """What one run counts: its measures, and the shop's moments and scale; see `app.core.segments.past.Scale`."""

    measures: tuple[Measure, ...]
    now_s: int
    today_s: int
    usual_s: int = lifecycle.USUAL_S

    @cached_property
    def selections(self) -> tuple[Selection, ...]:
        """The choices of products, each once."""
        found = (measure.about for measure in self.measures)
        return tuple(dict.fromkeys(one for one in found if one is not None and one.kind in PRODUCTS))

    @cached_property
    def products(self) -> ir.Table:
        """``product_id, level``, and for each selection whether the product is ``in_<place>`` it."""
        columns = {f"in_{place}": "!boolean" for place in range(len(self.selections))}
        return ibis.table({"product_id": "!int64", "level": "int64", **columns}, name="products")

    def of(self, *figures: Figure) -> list[tuple[str, Measure]]:
        """The measures of these figures with the names of their columns."""
        return [(f"m{place}", each) for place, each in enumerate(self.measures) if each.figure in figures]

    def since_s(self, days: int | None) -> int | None:
        return None if days is None else self.today_s if days == TODAY else self.now_s - days * DAY_S

    def is_in(self, table: ir.Table, about: Selection | None) -> ir.BooleanValue:
        """Whether a row that was joined with the products is of the selection; everything is of none."""
        if about is None or about.kind is Kind.TAG:
            return ibis.literal(True)
        return ibis.coalesce(table[f"in_{self.selections.index(about)}"], False)

    def since_of(self, *figures: Figure) -> int | None:
        """From which second on the records of these figures are needed; None: all that there are."""
        found = [self.since_s(measure.days) for _, measure in self.of(*figures)]
        return min((each for each in found if each is not None), default=None) if None not in found else None

    def within(self, seconds: ir.IntegerValue, days: int | None) -> ir.BooleanValue:
        since = self.since_s(days)
        return seconds.notnull() if since is None else seconds >= since


def gaps() -> ir.Table:
    """One row ``gaps, usual_s``: how many gaps there are between orders of one person, and their median."""
    orders = _orders()
    own = ibis.window(group_by=orders.person, order_by=[orders.at_s, orders.order_id])
    between = orders.select(gap_s=orders.at_s - orders.at_s.lag().over(own))
    known = between.filter(between.gap_s.notnull())
    return known.aggregate(gaps=known.count(), usual_s=known.gap_s.median().floor().cast("int64"))


def buying(asked: Asked) -> ir.Table:
    """By person who ever ordered: ``person, orders, first_s, before_s, last_s, net, discounted`` and order measures."""
    orders = _orders()
    newest = ibis.window(group_by=orders.person, order_by=[orders.at_s.desc(), orders.order_id.desc()])
    orders = orders.mutate(place=ibis.row_number().over(newest))
    counted = {
        name: total(asked.within(orders.at_s, measure.days))
        for name, measure in asked.of(Figure.ORDERS)
        if measure.about is None
    }
    spent = {
        name: total(asked.within(orders.at_s, measure.days), orders.net)
        for name, measure in asked.of(Figure.SPENT)
        if measure.about is None
    }
    return orders.group_by("person").aggregate(
        orders=orders.count(),
        first_s=orders.at_s.min(),
        before_s=orders.at_s.max(where=orders.place == 1),
        last_s=orders.at_s.max(),
        net=orders.net.sum().cast("int64"),
        discounted=total(orders.discounted),
        **counted,
        **spent,
    )


def judged(asked: Asked) -> ir.Table:
    """`buying` with ``recency, frequency, monetary`` (1 to 5) and ``stage``."""
    people = buying(asked)
    scored = people.mutate(recency=_score(people.last_s), frequency=_score(people.orders), monetary=_score(people.net))
    return scored.mutate(stage=_stage(scored, asked))


def cuts(scored: ir.Table) -> ir.Table:
    """``figure, score, least``: from which value on a score is given, for `app.core.segments.rfm.Cuts`."""
    columns = {Figure.RECENCY: "last_s", Figure.FREQUENCY: "orders", Figure.MONETARY: "net"}
    parts = [
        scored.group_by(figure=ibis.literal(figure.value), score=scored[figure.value]).aggregate(
            least=scored[column].min().cast("int64")
        )
        for figure, column in columns.items()
    ]
    return ibis.union(*parts)


def tagged(asked: Asked) -> ir.Table:
    """By person: 1 in the measure's column where one of the customers has the tag."""
    tags = TAGS.join(BUYERS, "customer_id")
    wanted = {
        name: ibis.ifelse(tags.tag == measure.about.key, 1, 0).max().cast("int64")
        for name, measure in asked.of(Figure.TAG)
        if measure.about is not None
    }
    return tags.group_by("person").aggregate(**wanted)


def _orders() -> ir.Table:
    return ORDERS.join(BUYERS, "customer_id").select("person", "order_id", "at_s", "net", "discounted")


def _score(values: ir.IntegerColumn) -> ir.IntegerValue:
    """1 + floor(5 · share of people below)."""
    below = ibis.rank().over(ibis.window(order_by=values))
    everybody = values.count().over(ibis.window())
    return (1 + (rfm.FIFTHS * below).cast("int64") // everybody).cast("int64")


def _stage(people: ir.Table, asked: Asked) -> ir.IntegerValue:
    """As `lifecycle.stage_of`."""
    silent = asked.now_s - people.last_s
    expected = (people.last_s - people.first_s + asked.usual_s) // people.orders
    # Of somebody with one order nothing came before; the division must not meet a 0 there.
    earlier = ibis.greatest(people.orders - 1, 1)
    expected_before = (people.before_s - people.first_s + asked.usual_s) // earlier
    stage = ibis.cases(
        (silent > lifecycle.LOST * expected, int(Stage.LOST)),
        (lifecycle.RISK[1] * silent > lifecycle.RISK[0] * expected, int(Stage.AT_RISK)),
        (people.before_s.isnull(), int(Stage.NEW)),
        (people.last_s - people.before_s > lifecycle.LOST * expected_before, int(Stage.WON_BACK)),
        (people.orders >= lifecycle.LOYAL_ORDERS, int(Stage.LOYAL)),
        else_=int(Stage.ACTIVE),
    )
    return stage.cast("int64")


def total(where: ir.BooleanValue, of: ir.IntegerValue | int = 1) -> ir.IntegerScalar:
    """The sum over the rows of the group for which it holds; 0 where there are none."""
    return ibis.coalesce(ibis.ifelse(where, of, 0).sum(), 0).cast("int64")


def added(parts: ir.Table) -> ir.Table:
    """Counts of several slices by person, summed."""
    everywhere = ibis.literal(True)
    sums = {name: total(everywhere, parts[name]) for name in parts.columns if name != "person"}
    return parts.group_by("person").aggregate(**sums)
