"""Rules as JSON, in and out: ``{"all": […]}``, ``{"any": […]}``, ``{"not": …}``, or one condition as an object.

A condition is ``{"figure": "orders", "about": {"kind": "collection", "key": "42"}, "days": 180, "least": 2}``. What
does not fit is refused with a sentence and the place where it stands, such as ``all[1].days``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any as Json
from typing import Final, TypeVar

from app.core.errors import DomainError
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
    Trait,
    conditions,
)

DEEPEST: Final = 5
MOST_CONDITIONS: Final = 40
LONGEST_KEY: Final = 255
FIELDS: Final = frozenset({"figure", "about", "days", "least", "most"})
Named = TypeVar("Named", bound=StrEnum)


class BadRule(DomainError):
    """A rule does not fit; `place` is where, empty for the rule as a whole."""

    def __init__(self, sentence: str, place: str = "") -> None:
        super().__init__(f"{place}: {sentence}" if place else sentence)
        self.sentence, self.place = sentence, place


def rule_of(raw: object) -> Rule:
    """The rule that the JSON value says.

    Raises:
        BadRule: it says none; the message names the place.
    """
    rule = _rule(raw, "", 1)
    number = sum(1 for _ in conditions(rule))
    if number > MOST_CONDITIONS:
        raise BadRule(f"a rule has {MOST_CONDITIONS} conditions at most, this one {number}")
    return rule


def as_json(rule: Rule) -> dict[str, Json]:
    """The JSON of which `rule_of` makes the same rule."""
    match rule:
        case All(parts):
            return {"all": [as_json(part) for part in parts]}
        case Any(parts):
            return {"any": [as_json(part) for part in parts]}
        case Not(part):
            return {"not": as_json(part)}
        case Condition(measure, least, most):
            about = measure.about and {"kind": measure.about.kind.value, "key": measure.about.key}
            said = {"about": about, "days": measure.days, "least": least, "most": most}
            return {"figure": measure.figure.value} | {name: each for name, each in said.items() if each is not None}


def _rule(raw: object, place: str, depth: int) -> Rule:
    if not isinstance(raw, Mapping):
        raise BadRule("this must be an object", place)
    if depth > DEEPEST:
        raise BadRule(f"rules are nested {DEEPEST} deep at most", place)
    joined = [name for name in ("all", "any", "not") if name in raw]
    if not joined:
        return _condition(raw, place)
    if len(raw) > 1:
        raise BadRule(f"beside “{joined[0]}” nothing else may stand here", place)
    name, inside = joined[0], _under(place, joined[0])
    if name == "not":
        return Not(_rule(raw[name], inside, depth + 1))
    parts = raw[name]
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise BadRule("this must be a list with one condition at least", inside)
    rules = tuple(_rule(part, f"{inside}[{number}]", depth + 1) for number, part in enumerate(parts))
    return All(rules) if name == "all" else Any(rules)


def _condition(raw: Mapping[str, object], place: str) -> Condition:
    unknown = sorted(str(name) for name in set(raw) - FIELDS)
    if unknown:
        raise BadRule(f"there is no field “{unknown[0]}”", place)
    figure = _named(Figure, raw.get("figure"), _under(place, "figure"))
    trait = TRAITS[figure]
    about = _about(raw.get("about"), trait, _under(place, "about"))
    days = _number(raw.get("days"), _under(place, "days"), lowest=0, highest=MOST_DAYS)
    if days is not None and not trait.takes_days:
        raise BadRule(f"“{trait.title}” is not counted over days", _under(place, "days"))
    bounds = [
        _number(raw.get(name), _under(place, name), lowest=trait.lowest, highest=trait.highest)
        for name in ("least", "most")
    ]
    least, most = bounds
    if least is None and most is None:
        raise BadRule("say how many at least, at most, or both", place)
    if least is not None and most is not None and least > most:
        raise BadRule(f"at least {least} and at most {most} leaves nobody", place)
    return Condition(Measure(figure, about, days), least, most)


def _about(raw: object, trait: Trait, place: str) -> Selection | None:
    if raw is None:
        if trait.needs_about:
            raise BadRule(f"“{trait.title}” must say which", place)
        return None
    if not trait.about:
        raise BadRule(f"“{trait.title}” takes no choice of products", place)
    if not isinstance(raw, Mapping) or set(raw) != {"kind", "key"}:
        raise BadRule("this must have a kind and a key", place)
    kind, key = _named(Kind, raw["kind"], _under(place, "kind")), raw["key"]
    if kind not in trait.about:
        raise BadRule(f"“{trait.title}” cannot be about a {kind.value}", _under(place, "kind"))
    if not isinstance(key, str) or not key.strip() or len(key) > LONGEST_KEY:
        raise BadRule(f"this must be a text of {LONGEST_KEY} characters at most", _under(place, "key"))
    if kind in {Kind.COLLECTION, Kind.PRODUCT} and not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise BadRule(f"this must be the number of a {kind.value}", _under(place, "key"))
    return Selection(kind, key)


def _named(names: type[Named], raw: object, place: str) -> Named:
    try:
        return names(str(raw))
    except ValueError:
        known = ", ".join(name.value for name in names)
        raise BadRule(f"there is no {raw!r}; there are {known}", place) from None


def _number(raw: object, place: str, *, lowest: int, highest: int) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or not lowest <= raw <= highest:
        raise BadRule(f"this must be a whole number from {lowest} to {highest}", place)
    return raw


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
