"""What is asked of the lake about models that shoppers get, as Ibis expressions: clicks, cards in view, trouble.

Only answers to consenting visitors that showed a rail of ours count. Visitors count by the model that they were drawn
for, or the draw would not be a fair one: who got the canary once is the canary's, and who an experiment keeps from it
counts for nobody. A program counts for none either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from app.analytics.expressions import EVENTS, TIME
from app.core.events import EventType
from app.core.experiments.types import ExperimentId
from app.core.ids import ModelVersion
from app.core.recommend.types import Strategy

DECISIONS: Final = ibis.table(
    {
        "request_id": "!string",
        "at": TIME,
        "visitor": "string",
        "unit": "string",
        "strategy": "string",
        "variant": "string",
        "model_version": "string",
        "show": "string",
        "failed": "int32",
    },
    name="decisions",
)
LATE: Final = timedelta(days=1)
"""So long after its answer a card may come into view, or be clicked."""
MOST_CARDS: Final = 2000
"""More than so many cards of ours are looked at by no person within the days of a trial."""
DAY_S: Final = 86_400


def of_versions(
    versions: Sequence[ModelVersion],
    since: datetime,
    until: datetime,
    *,
    apart: Collection[ExperimentId] = (),
) -> ir.Table:
    """``place, units, seen, answers, troubled, troubled_units, x, xx, d, dd, xd, positive``, one row a version.

    x are a unit's clicks and d its cards in view; their sums run over the `seen` units with a card in view.

    Args:
        versions: `place` is the position in it; a unit that got several of them counts for the first one.
        apart: units with an answer in one of these experiments count for none.
    """
    answers = _answers(since, until)
    answers = answers.filter(answers.model_version.isin(list(versions)))
    places = [(answers.model_version == version, place) for place, version in enumerate(versions)]
    answers = answers.mutate(place=ibis.cases(*places))
    cards = _cards_of(answers, since, until)
    shown = cards.group_by("request_id").aggregate(
        clicks=cards.count(where=cards.is_click), cards=cards.count(where=~cards.is_click)
    )
    joined = answers.left_join(shown, "request_id")
    units = joined.group_by("unit").aggregate(
        place=joined.place.min(),
        apart=joined.count(where=_in_one_of(apart, joined.variant)),
        answers=joined.count(),
        troubled=joined.count(where=joined.is_troubled),
        x=ibis.coalesce(joined.clicks, 0).sum(),
        d=ibis.coalesce(joined.cards, 0).sum(),
    )
    units = units.filter(units.apart == 0, units.d <= MOST_CARDS)
    seen = units.d > 0
    return units.group_by("place").aggregate(
        units=units.count(),
        seen=units.count(where=seen),
        answers=units.answers.sum(),
        troubled=units.troubled.sum(),
        troubled_units=units.count(where=units.troubled > 0),
        x=_sum(units.x, seen),
        xx=_sum(units.x * units.x, seen),
        d=_sum(units.d, seen),
        dd=_sum(units.d * units.d, seen),
        xd=_sum(units.x * units.d, seen),
        positive=units.count(where=seen & (units.x > 0)),
    )


def by_day(at: datetime, since: datetime, until: datetime) -> ir.Table:
    """``number, cards, clicks, answers, troubled`` by 24 hours counted from `at`; cards stand on their answer's day."""
    answers = _answers(since, until)
    number = ((answers.at.epoch_seconds() - int(at.timestamp())) / DAY_S).floor().cast("int64")
    answers = answers.mutate(number=number)
    cards = _cards_of(answers, since, until)
    shown = cards.group_by("request_id").aggregate(
        clicks=cards.count(where=cards.is_click), cards=cards.count(where=~cards.is_click)
    )
    joined = answers.left_join(shown, "request_id")
    days = joined.group_by("number").aggregate(
        cards=ibis.coalesce(joined.cards, 0).sum(),
        clicks=ibis.coalesce(joined.clicks, 0).sum(),
        answers=joined.count(),
        troubled=joined.count(where=joined.is_troubled),
    )
    return days.order_by("number")


def _answers(since: datetime, until: datetime) -> ir.Table:
    """``request_id, at, unit, variant, model_version, is_troubled`` of the answers in [since, until), each once."""
    inside = DECISIONS.filter(
        DECISIONS.at >= ibis.literal(since, TIME),
        DECISIONS.at < ibis.literal(until, TIME),
        DECISIONS.visitor.notnull(),
        DECISIONS.model_version.notnull(),
        ibis.coalesce(DECISIONS.show, "ours") == "ours",
    )
    same = ibis.window(group_by=inside.request_id, order_by=[inside.at])
    numbered = inside.mutate(place=ibis.row_number().over(same))
    once = numbered.filter(numbered.place == 0)
    empty = ibis.coalesce(once.strategy, "") == Strategy.NONE.value
    return once.select(
        "request_id",
        "at",
        "variant",
        "model_version",
        unit=ibis.coalesce(once.unit, once.visitor),
        is_troubled=empty | (ibis.coalesce(once.failed, 0) > 0),
    )


def _cards_of(answers: ir.Table, since: datetime, until: datetime) -> ir.Table:
    """``request_id, product_id, is_click`` of the answers' cards in view and of the clicks on them, each once."""
    events = EVENTS.filter(
        EVENTS.at >= ibis.literal(since, TIME),
        EVENTS.at < ibis.literal(until + LATE, TIME),
        EVENTS.type.isin([EventType.EXPOSURE.value, EventType.CLICK.value]),
        EVENTS.request_id.isin(answers.request_id),
        ~ibis.coalesce(EVENTS.ghost, False),
    )
    named = events.select("request_id", "product_id", is_click=events.type == EventType.CLICK.value)
    return named.distinct()


def _in_one_of(experiments: Collection[ExperimentId], variant: ir.StringValue) -> ir.BooleanValue:
    """Whether the answer was given in one of the experiments: a variant is ``<experiment>:<arm>``, and commas."""
    numbers = "|".join(f"{number:d}" for number in sorted(experiments))
    return ibis.coalesce(variant, "").re_search(rf"(^|,)({numbers}):") if numbers else ibis.literal(False)


def _sum(values: ir.NumericValue, where: ir.BooleanValue) -> ir.NumericScalar:
    """0 where there is nothing. `MOST_CARDS` keeps every sum of squares within 64 bits."""
    return ibis.coalesce(values.sum(where=where), 0)
