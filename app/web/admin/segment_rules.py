"""A rule as the builder shows it: groups of conditions that all must hold, in each of which one condition is enough.

Every rule that the builder makes has this form, and any of `all`, `any` and `not` over conditions can be brought into
it by hand. The rule that is being built stands in the page's address as JSON, so nothing is kept until it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import orjson

from app.core.errors import DomainError
from app.core.money import decimals, minor_units
from app.core.segments.lifecycle import WORDS
from app.core.segments.parse import BadRule, as_json, rule_of
from app.core.segments.rules import (
    MOST_DAYS,
    TRAITS,
    All,
    Any,
    Condition,
    Figure,
    Kind,
    Measure,
    Not,
    Rule,
    Selection,
    measures,
)

LONGEST = 8000
"""Characters of a rule in an address."""
Groups = tuple[tuple[Rule, ...], ...]


class BadCondition(DomainError):
    """A field of the builder's form does not fit; `field` is its name."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Form:
    """What the form asks for one figure."""

    figure: Figure
    title: str
    unit: str
    kinds: tuple[Kind, ...]
    needs_about: bool
    takes_days: bool
    options: Mapping[int, str]
    """The values to choose from, where there are few."""


CHOICES = {
    Figure.STAGE: {int(stage): words for stage, words in WORDS.items()},
    Figure.PRICE_LEVEL: {1: "lower prices", 2: "middle prices", 3: "upper prices"},
    Figure.TAG: {1: "has the tag", 0: "does not have the tag"},
    Figure.ACCEPTS_EMAIL: {1: "yes", 0: "no"},
}


def form_of(figure: Figure) -> Form:
    trait = TRAITS[figure]
    kinds = tuple(kind for kind in Kind if kind in trait.about)
    unit = {"money": "", "%": "%", "days": "days"}.get(trait.unit, "")
    return Form(figure, trait.title, unit, kinds, trait.needs_about, trait.takes_days, CHOICES.get(figure, {}))


def groups_of(text: str) -> Groups:
    """The groups that stand in an address; none for an empty one.

    Raises:
        BadRule: it is no rule.
    """
    if not text:
        return ()
    if len(text) > LONGEST:
        raise BadRule("this rule is too long")
    try:
        rule = rule_of(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise BadRule("this is no rule") from None
    return tuple(part.parts if isinstance(part, Any) else (part,) for part in _parts(rule))


def _parts(rule: Rule) -> Sequence[Rule]:
    return rule.parts if isinstance(rule, All) else (rule,)


def rule_from(groups: Groups) -> Rule:
    """The rule that the groups say; there is one at least."""
    parts = tuple(group[0] if len(group) == 1 else Any(group) for group in groups)
    return parts[0] if len(parts) == 1 else All(parts)


def written(groups: Groups) -> str:
    """For an address; empty where there is no condition."""
    return orjson.dumps(as_json(rule_from(groups))).decode() if groups else ""


def without(groups: Groups, group: int, place: int) -> Groups:
    """The groups without one condition; a group that is empty then goes."""
    rest = [
        tuple(each for at, each in enumerate(one) if (number, at) != (group, place))
        for number, one in enumerate(groups)
    ]
    return tuple(one for one in rest if one)


def with_condition(groups: Groups, fields: Mapping[str, str], currency: str) -> Groups:
    """The groups with what the form says; an alternative joins the last group.

    Raises:
        BadCondition: a field does not fit.
    """
    rule = condition_of(fields, currency)
    if fields.get("joined") == "or" and groups:
        added: Groups = (*groups[:-1], (*groups[-1], rule))
    else:
        added = (*groups, (rule,))
    rule_of(as_json(rule_from(added)))
    return added


def condition_of(fields: Mapping[str, str], currency: str) -> Rule:
    """One condition, or its opposite.

    Raises:
        BadCondition: a field does not fit.
    """
    try:
        figure = Figure(fields.get("figure", ""))
    except ValueError:
        raise BadCondition("choose what it is about", "figure") from None
    trait, choices = TRAITS[figure], CHOICES.get(figure)
    about = _about(fields.get("about", ""), needed=trait.needs_about)
    days = _days(fields.get("time", "ever"), fields.get("days", "")) if trait.takes_days else None
    names = ("value", "value") if choices else ("least", "most")
    least, most = (_bound(fields, name, figure, currency) for name in names)
    raw = Condition(Measure(figure, about, days), least, most)
    try:
        rule = rule_of(as_json(raw))
    except BadRule as error:
        raise BadCondition(error.sentence, "value" if choices else _field_of(error.place)) from error
    return Not(rule) if fields.get("negated") == "not" else rule


def titles_needed(groups: Groups) -> set[Selection]:
    return {one.about for group in groups for rule in group for one in measures(rule) if one.about is not None}


def _about(text: str, *, needed: bool) -> Selection | None:
    kind, _, key = text.partition(":")
    if not text:
        if needed:
            raise BadCondition("choose which", "about")
        return None
    try:
        return Selection(Kind(kind), key)
    except ValueError:
        raise BadCondition("choose one of the list", "about") from None


def _days(time: str, days: str) -> int | None:
    if time == "ever":
        return None
    if time == "today":
        return 0
    number = _whole(days, "days")
    if not 1 <= number <= MOST_DAYS:
        raise BadCondition(f"give a number of days from 1 to {MOST_DAYS}", "days")
    return number


def _bound(fields: Mapping[str, str], name: str, figure: Figure, currency: str) -> int | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    if figure is not Figure.SPENT:
        return _whole(text, name)
    try:
        if Decimal(text.replace(",", ".")) < 0 or decimals(currency) < 0:
            raise InvalidOperation
        return minor_units(text.replace(",", "."), currency)
    except (InvalidOperation, ValueError):
        raise BadCondition("give an amount such as 49.90", name) from None


def _whole(text: str, field: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise BadCondition("give a whole number", field)
    return int(text)


def _field_of(place: str) -> str:
    return place if place in {"least", "most", "days"} else "about" if place.startswith("about") else "least"
