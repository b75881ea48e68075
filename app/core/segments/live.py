"""Live rules: which rules can be judged the moment something happens, and what events are deeds to them.

Judged at once is a rule that counts what was done today and otherwise only what the store's own records say. What was
done on earlier days stands in the lake, which nobody asks about single shoppers: rules that count that are left to the
next count, and so are those about shares of attention and price ranges.
"""

from __future__ import annotations

from typing import Final

from app.core.events import Event, EventType
from app.core.segments.past import Deed
from app.core.segments.rules import TODAY, TRAITS, Figure, Rule, is_live, measures

FIGURE_OF: Final = {
    EventType.PRODUCT_VIEW: Figure.VIEWS,
    EventType.ADD_TO_CART: Figure.CARTS,
    EventType.CLICK: Figure.CLICKS,
    EventType.SEARCH: Figure.SEARCHES,
    EventType.CHECKOUT_STARTED: Figure.CHECKOUTS,
}
MAILS: Final = frozenset({Figure.MAILS, Figure.OPENS, Figure.MAIL_CLICKS})
LEFT_TO_THE_COUNT: Final = MAILS | {Figure.AFFINITY, Figure.PRICE_LEVEL}


def is_followed(rule: Rule) -> bool:
    """Whether the rule is live and everything that it counts is known at once."""
    own = measures(rule)
    return is_live(rule) and not any(
        one.figure in LEFT_TO_THE_COUNT or (TRAITS[one.figure].is_behaviour and one.days != TODAY) for one in own
    )


def needs_records(rule: Rule) -> bool:
    """Whether it takes more than what was done today."""
    return any(not TRAITS[one.figure].is_behaviour for one in measures(rule))


def deed_of(event: Event) -> Deed | None:
    """What the event is to a rule; None where no rule counts it, or nobody saw the card that it is about."""
    figure = FIGURE_OF.get(event.type)
    if figure is None or event.ghost:
        return None
    return Deed(figure, int(event.at.timestamp()), event.product_id)
