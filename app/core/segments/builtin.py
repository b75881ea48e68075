"""The segments that every shop has: stages of life, the classic groups by recency, frequency and spending, engagement.

They are rules like the merchant's own and are counted the same way; the merchant can neither change nor delete them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.segments.lifecycle import MEANINGS, WORDS, Stage
from app.core.segments.rules import All, Any, Condition, Figure, Measure, Rule


@dataclass(frozen=True, slots=True)
class Builtin:
    """`key` never changes: it is by what the segment is found again."""

    key: str
    name: str
    rule: Rule


def _at_least(figure: Figure, least: int, days: int | None = None) -> Condition:
    return Condition(Measure(figure, days=days), least=least)


def _at_most(figure: Figure, most: int, days: int | None = None) -> Condition:
    return Condition(Measure(figure, days=days), most=most)


def _stage(stage: Stage) -> Builtin:
    name, value = WORDS[stage], int(stage)
    return Builtin(f"stage_{stage.name.lower()}", name.capitalize(), Condition(Measure(Figure.STAGE), value, value))


BUILTIN: Final = (
    *(_stage(stage) for stage in Stage),
    Builtin(
        "champions",
        "Champions",
        All(tuple(_at_least(figure, 4) for figure in (Figure.RECENCY, Figure.FREQUENCY, Figure.MONETARY))),
    ),
    Builtin(
        "big_spenders_leaving",
        "Big spenders going quiet",
        All((_at_most(Figure.RECENCY, 2), _at_least(Figure.MONETARY, 4))),
    ),
    Builtin(
        "discount_lovers", "Discount lovers", All((_at_least(Figure.DISCOUNT_SHARE, 50), _at_least(Figure.ORDERS, 2)))
    ),
    Builtin("upper_prices", "Buys the expensive ones", _at_least(Figure.PRICE_LEVEL, 3)),
    Builtin(
        "engaged",
        "Engaged",
        Any((_at_least(Figure.VIEWS, 3, 30), _at_least(Figure.OPENS, 2, 30), _at_least(Figure.CARTS, 1, 30))),
    ),
)

MEANING_OF: Final = {f"stage_{stage.name.lower()}": meaning for stage, meaning in MEANINGS.items()}
"""What the built-in segments that are a stage of life mean, by key: their rule only names the stage."""
