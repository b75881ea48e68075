"""Whether a rule holds for measured values, and which of its conditions decided that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.core.segments.lifecycle import DAY_S
from app.core.segments.past import Past, Scale, value_of
from app.core.segments.rules import All, Any, Condition, Figure, Measure, Not, Rule, measures

Values = Mapping[Measure, int | None]


def values_of(rule: Rule, past: Past, scale: Scale) -> dict[Measure, int | None]:
    """What the rule's measures come to for one profile."""
    return {measure: value_of(measure, past, scale) for measure in measures(rule)}


def holds(rule: Rule, values: Values, now_s: int) -> bool:
    """Whether the rule holds; `now_s` is by what days since something are counted."""
    match rule:
        case Condition():
            return _fulfils(rule, values.get(rule.measure), now_s)
        case All(parts):
            return all(holds(part, values, now_s) for part in parts)
        case Any(parts):
            return any(holds(part, values, now_s) for part in parts)
        case Not(part):
            return not holds(part, values, now_s)


def decisive(rule: Rule, values: Values, now_s: int) -> Iterator[Condition]:
    """The conditions by which it came out as it did: of what had to hold all, of alternatives those that did."""
    match rule:
        case Condition():
            yield rule
        case Not(part):
            yield from decisive(part, values, now_s)
        case All(parts) | Any(parts):
            outcome = holds(rule, values, now_s)
            for part in parts:
                if holds(part, values, now_s) is outcome:
                    yield from decisive(part, values, now_s)


def _fulfils(condition: Condition, value: int | None, now_s: int) -> bool:
    if value is None:
        return False
    unit = 1
    if condition.measure.figure is Figure.LAST_ORDER:
        value, unit = now_s - value, DAY_S
    above = condition.least is None or value >= condition.least * unit
    return above and (condition.most is None or value <= condition.most * unit)
