"""Which of an event's products a mail shows: an event may be days old when a mail of its flow goes out.

What has sold out since stands in the reader's profile, which is kept within minutes of the store. A mail shows the
event's first products, or its next ones where one of those is gone, or whatever is left of them. A later mail of the
same series begins with the next ones, so that nobody is shown the same twice while there is something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.core.email.names import GONE

ITEMS: Final = "event.items"
LEAST: Final = 2
"""So few are no grid."""

Show = Callable[[str], str]
"""From how the template names a list of products to what shows them."""


def of_event(show: Show, show_rest: Show, otherwise: str, most: int, *, later: bool) -> str:
    """The part of a template that chooses.

    Args:
        show_rest: shows what is left where something is gone of either part (`still_there`).
        otherwise: what follows where the event has brought no products, from ``{% elif`` on.
        most: how many products the mail shows.
        later: whether an earlier mail of the series has shown the first ones.
    """
    first = (_fresh(0, most, least=1), f"{ITEMS}|slice:':{most}'")
    following = (_fresh(most, most, least=LEAST), f"{ITEMS}|slice:'{most}:{2 * most}'")
    (one, these), (other, those) = (following, first) if later else (first, following)
    rest = f"{{% elif {ITEMS} %}}{show_rest(ITEMS)}"
    return f"{{% if {one} %}}{show(these)}{{% elif {other} %}}{show(those)}{rest}{otherwise}"


def still_there(source: str, shown: str) -> str:
    """A loop over the products of a list that are not gone; `shown` is how the template shows one ``item``."""
    return f"{{% for item in {source} %}}{{% if not item.id in person.{GONE} %}}{shown}{{% endif %}}{{% endfor %}}"


def _fresh(start: int, number: int, *, least: int) -> str:
    """The condition that enough products stand from there on, and none of them is gone."""
    gone = [f"not {ITEMS}.{place}.id in person.{GONE}" for place in range(start, start + number)]
    return " and ".join([f"{ITEMS}.{start + least - 1}", *gone])
