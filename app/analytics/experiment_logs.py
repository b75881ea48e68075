"""What is asked of the lake's decisions, as Ibis expressions: a rail's answers, and the cards of it that were clicked.

A decision may stand twice in the lake and counts once, by its request's id; a click counts once for its card. Not every
answer is shown: some come too late, and some only tell a page to fetch another one. Cards in view say which were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from app.analytics.expressions import EVENTS, LEFT_OUT, TIME, between
from app.core.events import EventType

DECISIONS: Final = ibis.table(
    {
        "request_id": "!string",
        "at": TIME,
        "rail": "string",
        "product_id": "int64",
        "visitor": "string",
        "unit": "string",
        "show": "string",
        "items": "string",
    },
    name="decisions",
)


LATE: Final = timedelta(days=1)
"""So long after its answer a card may come into view, or be clicked."""


def answers(rail: str, since: datetime, until: datetime) -> ir.Table:
    """``request_id, question, browser, show, seen, items`` of the rail's decisions in [since, until), each once.

    `question` is 0 where no product was looked at, `browser` empty where nobody is known, `seen` whether any card of
    the answer was in view or clicked; `items` is JSON. Answers to visitors one of whose names stands in `LEFT_OUT` are
    not there.
    """
    inside = DECISIONS.filter(
        DECISIONS.rail == rail,
        DECISIONS.at >= ibis.literal(since, TIME),
        DECISIONS.at < ibis.literal(until, TIME),
        ~ibis.coalesce(DECISIONS.visitor, "").isin(LEFT_OUT.id),
        ~ibis.coalesce(DECISIONS.unit, "").isin(LEFT_OUT.id),
    )
    same = ibis.window(group_by=inside.request_id, order_by=[inside.at])
    numbered = inside.mutate(number=ibis.row_number().over(same))
    once = numbered.filter(numbered.number == 0)
    return once.select(
        "request_id",
        "items",
        question=ibis.coalesce(once.product_id, 0),
        browser=ibis.coalesce(once.unit, once.visitor),
        show=ibis.coalesce(once.show, "ours"),
        seen=once.request_id.isin(_of_answers(once, _on_cards(rail, since, until)).request_id),
    )


def _of_answers(answers: ir.Table, cards: ir.Table) -> ir.Table:
    """The cards that are of the answer: beside them a rail may hold cards of the page's own, which carry its id too."""
    both = answers.select("request_id", "items").join(cards.select("request_id", "product_id"), "request_id")
    return both.filter(both.items.contains(_NAMED + both.product_id.cast("string") + _AND_MORE))


_NAMED: Final = ibis.literal('"product_id":')
_AND_MORE: Final = ibis.literal(",")
"""How an item begins in the JSON that the lake holds (`app.adapters.lake.schema`); its place always follows."""


def clicked(rail: str, since: datetime, until: datetime) -> ir.Table:
    """``request_id, product_id`` of the cards that were clicked of the rail's answers in [since, until), each once."""
    cards = _on_cards(rail, since, until)
    clicks = cards.filter(cards.type == EventType.CLICK.value, cards.product_id.notnull())
    return clicks.select("request_id", "product_id").distinct()


def _on_cards(rail: str, since: datetime, until: datetime) -> ir.Table:
    events = between(since, until + LATE)
    on_cards = EVENTS.type.isin([EventType.EXPOSURE.value, EventType.CLICK.value])
    return events.filter(on_cards, EVENTS.rail == rail, EVENTS.request_id.notnull())
