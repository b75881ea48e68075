"""How a mapped shop's products do: which new ones are owed an audience, and how fast each one sells.

Read in the background, and only for shops whose sliders (or whose experiments' sliders) ask for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from app.core.experiments.assign import Experiments
from app.core.ids import ProductId, ShopId
from app.core.recommend.exploration import owed
from app.ports import Clock, ProductPulse

NEW_FOR = timedelta(days=60)
"""A product that had no audience by then is not new any more."""
MOST_NEW = 200
"""So many wait for an audience at once, the oldest first: with more of them each one's turn would never come."""
IMPRESSIONS_S = 15.0
"""Seconds between two looks at impressions, which are themselves counted about a minute behind."""
SOLD_S = 900.0
"""Seconds between two looks at sales per day: a mean of weeks, and the dearest question of the three."""
LONG_AGO = float("-inf")


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known now, and when it was read (monotonic seconds)."""

    owed: Mapping[ProductId, int] = field(default_factory=dict)
    sold_per_day: Mapping[ProductId, float] | None = None
    owed_at: float = LONG_AGO
    sold_at: float = LONG_AGO


UNREAD = Pulse()


class Beating(Protocol):
    """The part of a shelf that has a pulse."""

    experiments: Experiments
    pulse: Pulse

    def created_since(self, moment: datetime) -> Sequence[ProductId]: ...


class PulseReader:
    def __init__(self, source: ProductPulse, clock: Clock) -> None:
        self._source, self._clock = source, clock

    def refresh(self, shop: ShopId, shelf: Beating) -> None:
        """Read what is asked for and has grown old; what no slider asks for any more is let go."""
        pulse, sliders, now = shelf.pulse, shelf.experiments.sliders, time.monotonic()
        if "new_products" not in sliders:
            pulse = replace(pulse, owed={}, owed_at=LONG_AGO) if pulse.owed_at != LONG_AGO else pulse
        elif now - pulse.owed_at > IMPRESSIONS_S:
            pulse = replace(pulse, owed=self._owed(shop, shelf), owed_at=now)
        if "stock" not in sliders:
            pulse = replace(pulse, sold_per_day=None, sold_at=LONG_AGO) if pulse.sold_at != LONG_AGO else pulse
        elif now - pulse.sold_at > SOLD_S:
            sold = self._source.sold_per_day(shop, now=self._clock.now())
            pulse = replace(pulse, sold_per_day=sold, sold_at=now)
        if pulse is not shelf.pulse:
            shelf.pulse = pulse

    def _owed(self, shop: ShopId, shelf: Beating) -> Mapping[ProductId, int]:
        since = self._clock.now() - NEW_FOR
        young = shelf.created_since(since)
        # Counted from a day before, so that no time zone cuts anything off.
        seen = self._source.impressions(shop, since=since.date() - timedelta(days=1)) if young else {}
        waiting = [(product, owed(seen.get(product, 0))) for product in young]
        return dict([one for one in waiting if one[1] > 0][:MOST_NEW])
