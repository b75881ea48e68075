"""Live rules: what is judged, the deeds of today, and who comes into a segment at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from app.core.segments import lifecycle
from app.core.segments.rfm import Cuts

if TYPE_CHECKING:
    from app.core.events import Event
    from app.core.ids import ShopId, VisitorId
    from app.core.profiles.consent import ShopperConsent
    from app.core.segments.past import Deed, Past
    from app.core.segments.rules import Rule, Selection
    from app.ports.segments import ProfileId, SegmentId

Browser = tuple[str, str]
"""Kind (visitor or client) and id."""


@dataclass(frozen=True, slots=True)
class LiveRules:
    """A shop's rules that are judged at once, and what they are measured by; see `app.core.segments.past.Scale`."""

    rules: Mapping[SegmentId, Rule]
    told: frozenset[SegmentId] = frozenset()
    """Segments of whose entries Shopify Flow is told."""
    timezone: str = ""
    usual_s: int = lifecycle.USUAL_S
    cuts: Cuts = field(default_factory=Cuts)
    chosen: Mapping[Selection, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """A profile that holds a customer, with its own browsers, its wishes, and the segments that it is in."""

    profile: ProfileId
    browsers: frozenset[Browser]
    customers: tuple[int, ...]
    consent: ShopperConsent
    segments: frozenset[SegmentId]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule says of a profile, with the values of its measures."""

    segment: SegmentId
    profile: ProfileId
    inside: bool
    why: Sequence[int | None]


class FollowsRules(Protocol):
    def rules(self, shop: ShopId) -> LiveRules:
        """As of a few seconds ago."""

    def profiles(self, shop: ShopId, browsers: Iterable[Browser]) -> Sequence[Followed]:
        """The profiles with customers to which these browsers belong; what several persons use belongs to none."""

    def records(self, shop: ShopId, profiles: Sequence[Followed]) -> Mapping[ProfileId, Past]:
        """Their orders, tags and marketing consent."""

    def keep(
        self, shop: ShopId, judged: Sequence[Judged], *, at: datetime
    ) -> tuple[Sequence[Judged], Sequence[Judged]]:
        """Bring memberships to what was judged, and note it in the history; returns who came and who went."""


class Deeds(Protocol):
    """What browsers did today, in shops that have live rules."""

    def add(self, shop: ShopId, events: Sequence[Event]) -> None:
        """Adding an event twice changes nothing; what an erased browser did before is left out.

        Raises:
            Retryable: Redis does not answer.
        """

    def of(self, shop: ShopId, browsers: Iterable[Browser]) -> Mapping[Browser, Mapping[str, Deed]]:
        """By browser, the deeds by their events' ids."""

    def show(self, shop: ShopId, segments: Mapping[VisitorId, Iterable[SegmentId]]) -> None:
        """Write the segments into the live state of these visitors, where there is one."""
