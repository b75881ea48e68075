"""Rules as plain sentences, and what a value that decided was.

"bought from Bedding at least twice in 180 days and has not opened an e-mail for 30 days": conditions are predicates of
one shopper, so that they can be joined by and, or and not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.core.segments import lifecycle
from app.core.segments.lifecycle import Stage
from app.core.segments.rules import TODAY, All, Any, Condition, Figure, Kind, Measure, Not, Rule, Selection

DEEDS: Final = {
    Figure.VIEWS: ("viewed a product", "viewed {}"),
    Figure.CARTS: ("added to the cart", "added {} to the cart"),
    Figure.CLICKS: ("clicked a recommendation", "clicked {} among recommendations"),
    Figure.SEARCHES: ("searched", ""),
    Figure.CHECKOUTS: ("started a checkout", ""),
    Figure.MAILS: ("received an e-mail", ""),
    Figure.OPENS: ("opened an e-mail", ""),
    Figure.MAIL_CLICKS: ("clicked a link in an e-mail", ""),
}
"""What was done, and to chosen products. Past tense and participle are the same words in all of them."""
SCORES: Final = {
    Figure.RECENCY: "a recency score",
    Figure.FREQUENCY: "a frequency score",
    Figure.MONETARY: "a spending score",
}
LEVELS: Final = {1: "lower", 2: "middle", 3: "upper"}


@dataclass(frozen=True, slots=True)
class Wording:
    """How the shop's own things are said: a selection's name, an amount of minor units."""

    name: Callable[[Selection], str]
    money: Callable[[int], str]


def sentence(rule: Rule, wording: Wording) -> str:
    """What whoever is in the segment has done or is, without a subject and without a full stop."""
    match rule:
        case Condition():
            return _condition(rule, wording)
        case Not(part):
            return f"not ({sentence(part, wording)})"
        case All(parts):
            return _joined(parts, "and", Any, wording)
        case Any(parts):
            return _joined(parts, "or", All, wording)


def told(measure: Measure, value: int | None, wording: Wording) -> str:
    """What was measured of one shopper, such as ``bought from Bedding 3 times in 180 days``."""
    if value is None:
        return f"{_subject(measure, wording)}: nothing known"
    if measure.figure is Figure.LAST_ORDER:
        return f"ordered last on {_day(value)}"
    if measure.figure in _SAID:
        return _condition(Condition(measure, value, value), wording)
    return _happened(measure, _times(value), wording) if value else _never(measure, wording)


def _joined(parts: tuple[Rule, ...], word: str, other: type, wording: Wording) -> str:
    said = [sentence(part, wording) for part in parts]
    if len(said) == 1:
        return said[0]
    inside = [isinstance(part, All | Any) and type(part) is other and len(part.parts) > 1 for part in parts]
    said = [f"({words})" if bracketed else words for words, bracketed in zip(said, inside, strict=True)]
    return f"{', '.join(said[:-1])} {word} {said[-1]}"


def _condition(condition: Condition, wording: Wording) -> str:
    said = _SAID.get(condition.measure.figure)
    if said is not None:
        return said(condition, wording)
    often = _often(condition.least, condition.most)
    return _never(condition.measure, wording) if condition.most == 0 else _happened(condition.measure, often, wording)


def _spent(condition: Condition, wording: Wording) -> str:
    low, high = (None if each is None else wording.money(each) for each in (condition.least, condition.most))
    return f"spent {_bounds(low, high)}{_on(condition.measure, wording)}{_time(condition.measure.days)}"


def _stage(condition: Condition, _: Wording) -> str:
    least, most = condition.least or min(Stage), condition.most or max(Stage)
    return f"is {' or '.join(lifecycle.WORDS[stage] for stage in Stage if least <= stage <= most)}"


def _score(condition: Condition, _: Wording) -> str:
    return f"has {SCORES[condition.measure.figure]} of {_bounds(_text(condition.least), _text(condition.most))}"


def _affinity(condition: Condition, wording: Wording) -> str:
    share = _bounds(_percent(condition.least), _percent(condition.most))
    return f"gives {share} of their attention to {_name(condition.measure, wording)}"


def _price_level(condition: Condition, _: Wording) -> str:
    least, most = condition.least or min(LEVELS), condition.most or max(LEVELS)
    return f"buys in the {' or '.join(word for level, word in LEVELS.items() if least <= level <= most)} price range"


def _discount_share(condition: Condition, _: Wording) -> str:
    return f"used a discount in {_bounds(_percent(condition.least), _percent(condition.most))} of their orders"


def _tag(condition: Condition, wording: Wording) -> str:
    return f"{'is' if condition.least else 'is not'} tagged “{_name(condition.measure, wording)}”"


def _accepts(condition: Condition, _: Wording) -> str:
    return f"{'accepts' if condition.least else 'does not accept'} e-mail marketing"


def _happened(measure: Measure, often: str, wording: Wording) -> str:
    return f"{_done(measure, wording)} {often}{_time(measure.days)}"


def _done(measure: Measure, wording: Wording) -> str:
    if measure.figure is Figure.ORDERS:
        return _bought(measure.about, wording) if measure.about else "ordered"
    anything, these = DEEDS[measure.figure]
    return these.format(_name(measure, wording)) if measure.about else anything


def _bought(about: Selection, wording: Wording) -> str:
    return f"bought {'' if about.kind is Kind.PRODUCT else 'from '}{wording.name(about)}"


def _never(measure: Measure, wording: Wording) -> str:
    how_long = "" if measure.days is None else " today" if measure.days == TODAY else f" for {_days(measure.days)}"
    done = _done(measure, wording)
    return f"has not {done}{how_long}" if how_long else f"has never {done}"


def _last_order(least: int | None, most: int | None) -> str:
    if least is None:
        return f"ordered last within {_days(most or 0)}"
    if most is None:
        return f"ordered last more than {_days(least)} ago"
    return f"ordered last {least} to {_days(most)} ago"


def _on(measure: Measure, wording: Wording) -> str:
    return f" on {_name(measure, wording)}" if measure.about else ""


def _name(measure: Measure, wording: Wording) -> str:
    return wording.name(measure.about) if measure.about else ""


def _subject(measure: Measure, wording: Wording) -> str:
    return f"{measure.figure.value.replace('_', ' ')}{_on(measure, wording)}"


def _often(least: int | None, most: int | None) -> str:
    if least is not None and least == most:
        return f"exactly {_times(least)}"
    return _bounds(None if least is None else _times(least), None if most is None else _times(most))


def _bounds(least: str | None, most: str | None) -> str:
    if least is not None and least == most:
        return least
    if least is not None and most is not None:
        return f"between {least} and {most}"
    return f"at least {least}" if least is not None else f"at most {most}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _time(days: int | None) -> str:
    return "" if days is None else " today" if days == TODAY else f" in {_days(days)}"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _percent(number: int | None) -> str | None:
    return None if number is None else f"{number} %"


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _day(seconds: int) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b %Y}"


_SAID: Final[Mapping[Figure, Callable[[Condition, Wording], str]]] = {
    Figure.SPENT: _spent,
    Figure.LAST_ORDER: lambda condition, _: _last_order(condition.least, condition.most),
    Figure.STAGE: _stage,
    Figure.RECENCY: _score,
    Figure.FREQUENCY: _score,
    Figure.MONETARY: _score,
    Figure.AFFINITY: _affinity,
    Figure.PRICE_LEVEL: _price_level,
    Figure.DISCOUNT_SHARE: _discount_share,
    Figure.TAG: _tag,
    Figure.ACCEPTS_EMAIL: _accepts,
}
"""All other figures are how often something happened."""
