"""What happened before a trigger was switched on, told to Klaviyo as history: it is recorded there and starts no flow.

With it a merchant's own segments, and the filters of flows, know of orders from before. Only orders have a past that
can be told: of carts and visits nothing is kept for long enough to be worth it.
https://developers.klaviyo.com/en/reference/bulk_create_events
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.core.email.names import Arm, Trigger
from app.core.email.triggers import Occasion, event_of

TOLD: Final = Trigger.ORDERED
PERIOD: Final = timedelta(days=365)
MOST: Final = 50_000
"""Orders, the newest ones."""
AT_ONCE: Final = 1000
"""Events in a request."""


@dataclass(frozen=True, slots=True)
class Past:
    """How many orders were gone through, and how many there are."""

    done: int = 0
    all: int = 0
    trouble: str = ""
    """What Klaviyo did not take, and why."""


def past_event(occasion: Occasion, *, email: str) -> dict[str, Any]:
    """The event that the occasion would have been, by the same `unique_id`; without an arm, for no mail came of it."""
    event = event_of(occasion, email=email, arm=Arm.CONTROL, picked=None)
    properties = {name: value for name, value in event["properties"].items() if name != "arm"}
    return {**event, "properties": properties, "backfill": True}
