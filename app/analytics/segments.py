"""What each measure comes to for everybody, and who fulfils a rule, as Ibis expressions.

Every measure of all rules is counted in one pass over each table; a rule is then a filter over the few numbers of each
person. What is unknown is nothing, which fulfils no condition, as in `app.core.segments.evaluate`.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir

from app.analytics import affinities, customers, engagement
from app.analytics.affinities import LEVELS, POINTS, UNITS
from app.analytics.customers import PEOPLE, Asked
from app.core.segments.lifecycle import DAY_S
from app.core.segments.rules import All, Any, Condition, Figure, Measure, Not, Rule, measures

JUDGED = {
    Figure.LAST_ORDER: "last_s",
    Figure.STAGE: "stage",
    Figure.RECENCY: "recency",
    Figure.FREQUENCY: "frequency",
    Figure.MONETARY: "monetary",
}
SCORED = ("orders", "last_s", "net", "recency", "frequency", "monetary")


def values(asked: Asked) -> ir.Table:
    """``person``, the measures ``m0, m1, …`` (whole numbers or nothing), and what `customers.cuts` is asked of."""
    judged, lines = customers.judged(asked), affinities.bought(asked)
    people = PEOPLE.left_join(judged, "person").drop("person_right")
    people = people.left_join(lines, "person", rname="{name}_bought").drop("person_bought")
    if affinities.needs_behaviour(asked):
        seen = customers.added(affinities.seen_parts(asked))
        people = people.left_join(seen, "person", rname="{name}_seen").drop("person_seen")
    if engagement.needs_mails(asked):
        mails = customers.added(engagement.mail_parts(asked))
        people = people.left_join(mails, "person", rname="{name}_mails").drop("person_mails")
    if asked.of(Figure.TAG):
        people = people.left_join(customers.tagged(asked), "person", rname="{name}_tags").drop("person_tags")
    columns = {f"m{place}": _value(people, asked, place) for place in range(len(asked.measures))}
    return people.select("person", **{f"by_{name}": people[name] for name in SCORED}, **columns)


def values_table(asked: Asked) -> ir.Table:
    """The table that holds what `values` gave."""
    names = [*(f"by_{name}" for name in SCORED), *(f"m{place}" for place in range(len(asked.measures)))]
    return ibis.table({"person": "!int64", **dict.fromkeys(names, "int64")}, name="counted")


def members(asked: Asked, rule: Rule) -> ir.Table:
    """``person, why`` of those who fulfil the rule; `why` is a JSON list of the values of the rule's measures."""
    counted = values_table(asked)
    inside = counted.filter(_holds(asked, counted, rule))
    said = [ibis.coalesce(inside[_column(asked, one)].cast("string"), "null") for one in measures(rule)]
    parts = [part for each in said for part in (ibis.literal(","), each)][1:]
    why = reduce(lambda left, right: left + right, [ibis.literal("["), *parts, ibis.literal("]")])
    return inside.select("person", why=why)


def cuts(asked: Asked) -> ir.Table:
    """As `customers.cuts`, of what `values` gave."""
    counted = values_table(asked)
    known = counted.filter(counted.by_orders.notnull())
    return customers.cuts(known.select(**{name: known[f"by_{name}"] for name in SCORED}))


def _value(people: ir.Table, asked: Asked, place: int) -> ir.Value:
    measure, name = asked.measures[place], f"m{place}"
    match measure.figure:
        case Figure.LAST_ORDER | Figure.STAGE | Figure.RECENCY | Figure.FREQUENCY | Figure.MONETARY:
            return people[JUDGED[measure.figure]].cast("int64")
        case Figure.ACCEPTS_EMAIL:
            return ibis.ifelse(people.accepts_email, 1, 0).cast("int64")
        case Figure.DISCOUNT_SHARE:
            return _share(people.discounted, people.orders)
        case Figure.PRICE_LEVEL:
            return _price_level(people[LEVELS], people[UNITS])
        case Figure.AFFINITY:
            of_all = ibis.coalesce(people[POINTS], 0) + ibis.coalesce(people[f"{POINTS}_seen"], 0)
            return _share(ibis.coalesce(people[name], 0) + ibis.coalesce(people[f"{name}_seen"], 0), of_all)
    return ibis.coalesce(people[name], 0).cast("int64")


def _share(of_them: ir.IntegerValue, of_all: ir.IntegerValue) -> ir.IntegerValue:
    """As `affinity.share`; an engine may look at the division before it knows that it is not asked for."""
    whole = (100 * of_them // ibis.greatest(of_all, 1)).cast("int64")
    return ibis.ifelse(of_all > 0, whole, ibis.null("int64"))


def _price_level(levels: ir.IntegerValue, units: ir.IntegerValue) -> ir.IntegerValue:
    """As `affinity.price_level`."""
    level = ibis.cases((3 * levels < 5 * units, 1), (3 * levels > 7 * units, 3), else_=2).cast("int64")
    return ibis.ifelse(units > 0, level, ibis.null("int64"))


def _column(asked: Asked, measure: Measure) -> str:
    return f"m{asked.measures.index(measure)}"


def _holds(asked: Asked, counted: ir.Table, rule: Rule) -> ir.BooleanValue:
    match rule:
        case Condition():
            return ibis.coalesce(_fulfils(asked, counted, rule), False)
        case Not(part):
            return ~_holds(asked, counted, part)
        case All(parts):
            return reduce(and_, (_holds(asked, counted, part) for part in parts))
        case Any(parts):
            return reduce(or_, (_holds(asked, counted, part) for part in parts))


def _fulfils(asked: Asked, counted: ir.Table, condition: Condition) -> ir.BooleanValue:
    value, unit = counted[_column(asked, condition.measure)], 1
    if condition.measure.figure is Figure.LAST_ORDER:
        value, unit = asked.now_s - value, DAY_S
    bounds = []
    if condition.least is not None:
        bounds.append(value >= condition.least * unit)
    if condition.most is not None:
        bounds.append(value <= condition.most * unit)
    return reduce(and_, bounds)
