"""Live rules: who does what a rule counts is in the segment at once, with the reason; the rest waits for the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import jobs
from app.core.events import Event, EventType
from app.core.ids import ClientId, ProductId, ShopId, VisitorId
from app.core.segments.live import is_followed
from app.core.segments.outlets import Outlet
from app.core.segments.parse import rule_of
from app.ports.segments import SegmentId
from app.services.fold_events import fold_events
from app.services.follow_live_rules import follow_live_rules
from tests.outlets.people import Told

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
ANN, BEN, PHONE = VisitorId("a" * 32), VisitorId("b" * 32), ClientId("phone")
SOFAS = {"figure": "views", "about": {"kind": "type", "key": "Sofas"}, "days": 0, "least": 3}
YES = {"analytics": True, "preferences": True, "marketing": False}


@dataclass
class Watched:
    """A shop with the rule “viewed three sofas today”; Ann and the phone are customer 0's, Ben is customer 1."""

    told: Told
    segment: SegmentId
    moment: datetime = NOON
    sent: int = field(default=0)

    def now(self) -> datetime:
        return self.moment

    @property
    def shop(self) -> ShopId:
        return self.told.installed.shop.id

    def view(self, *products: int, **changes: Any) -> int:
        """Each product is looked at once; how many memberships changed."""
        return self.follow([self.event(product, **changes) for product in products])

    def follow(self, events: Sequence[Event]) -> int:
        records = [(self.shop, event) for event in events]
        fold_events(records, self.told.wiring.folding)
        return follow_live_rules(records, self.told.wiring.following_live_rules)

    def event(self, product: int, **changes: Any) -> Event:
        self.sent += 1
        made: dict[str, Any] = {
            "event_id": f"e{self.sent}",
            "type": EventType.PRODUCT_VIEW,
            "at": self.moment,
            "visitor": ANN,
            "client": None,
            "consent": YES,
            "product_id": ProductId(product),
        }
        return Event(**{**made, **changes})

    def inside(self, segment: SegmentId | None = None) -> dict[str, Any]:
        members = self.told.wiring.segments.members(self.shop, segment or self.segment, limit=10)
        return {member.profile: member.why for member in members}

    def history(self) -> list[tuple[str, bool]]:
        changes = self.told.wiring.segments.changes(self.shop, self.segment, limit=10)
        return [(change.profile, change.entered) for change in reversed(changes)]


@pytest.fixture
def watched(told: Told) -> Watched:
    shop = told.installed.shop.id
    made = Watched(told, add(told, "Sofas today", SOFAS))
    told.wiring.__dict__["clock"] = made
    names = [("visitor", ANN, "p0", "own"), ("client", PHONE, "p0", "own"), ("visitor", BEN, "p1", "own")]
    told.installed.execute(
        "INSERT INTO profile_members (shop_id, kind, id, profile, standing) VALUES (%s, %s, %s, %s, %s)",
        [(shop, *name) for name in names],
    )
    told.installed.execute(
        "UPDATE products SET product_type = 'Sofas' WHERE id IN (SELECT id FROM products ORDER BY id LIMIT 5)"
    )
    return made


@pytest.fixture
def sofas(watched: Watched) -> list[int]:
    rows = watched.told.installed.execute("SELECT id FROM products WHERE product_type = 'Sofas' ORDER BY id")
    return [row[0] for row in rows]


def add(told: Told, name: str, rule: dict[str, Any]) -> SegmentId:
    return told.wiring.segments.save(told.installed.shop.id, name, rule_of(rule), name, at=told.now(), by="")


def test_the_third_sofa_brings_a_shopper_in_with_the_reason(watched: Watched, sofas: list[int]) -> None:
    assert watched.view(*sofas[:2]) == 0
    assert watched.inside() == {}
    assert watched.view(sofas[0]) == 1
    assert watched.inside() == {"p0": [3]}
    assert watched.history() == [("p0", True)]
    assert watched.view(sofas[1]) == 0


def test_other_products_and_other_deeds_do_not_count(watched: Watched, sofas: list[int]) -> None:
    other = watched.told.installed.execute("SELECT max(id) FROM products")[0][0]
    watched.view(*sofas[:2], other, other)
    watched.view(sofas[0], type=EventType.ADD_TO_CART)
    assert watched.inside() == {}


def test_an_event_that_comes_twice_counts_once(watched: Watched, sofas: list[int]) -> None:
    events = [watched.event(sofas[0]), watched.event(sofas[1])]
    for _ in range(3):
        watched.follow(events)
    assert watched.inside() == {}


def test_all_browsers_of_a_profile_are_added_up(watched: Watched, sofas: list[int]) -> None:
    watched.view(*sofas[:2])
    watched.view(sofas[2], visitor=BEN)
    assert watched.inside() == {}
    watched.view(sofas[3], visitor=None, client=PHONE)
    assert list(watched.inside()) == ["p0"]


def test_yesterday_does_not_count(watched: Watched, sofas: list[int]) -> None:
    watched.view(*sofas[:2], at=NOON - timedelta(hours=13))
    watched.view(sofas[0])
    assert watched.inside() == {}


def test_a_rule_may_ask_what_the_store_knows_as_well(watched: Watched, sofas: list[int]) -> None:
    both = add(watched.told, "Buyers of sofas", {"all": [SOFAS, {"figure": "orders", "least": 1}]})
    watched.told.installed.order(1, [sofas[0]])
    watched.told.installed.execute(f"UPDATE orders SET customer_id = {watched.told.customers[1]}")
    watched.view(*sofas[:3])
    watched.view(*sofas[:3], visitor=BEN)
    assert watched.inside(both) == {"p1": [3, 1]}
    assert set(watched.inside()) == {"p0", "p1"}


def test_a_step_can_lead_out_of_a_segment(watched: Watched, sofas: list[int]) -> None:
    few = add(watched.told, "Hardly looked", {"figure": "views", "days": 0, "most": 1})
    watched.view(sofas[0])
    assert watched.inside(few) == {"p0": [1]}
    watched.view(sofas[1])
    assert watched.inside(few) == {}


@pytest.mark.parametrize(
    "no",
    [
        "UPDATE customers SET opted_out = true WHERE id = {0}",
        "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, changed_at) "
        "VALUES ({1}, 'customer', '{0}', false, now())",
    ],
)
def test_who_said_no_is_brought_in_nowhere(watched: Watched, sofas: list[int], no: str) -> None:
    watched.told.installed.execute(no.format(watched.told.customers[0], watched.shop))
    watched.view(*sofas[:3])
    assert watched.inside() == {}


def test_without_consent_to_analytics_nothing_is_kept(watched: Watched, sofas: list[int]) -> None:
    watched.view(*sofas[:3], consent={"analytics": False, "preferences": True})
    assert watched.inside() == {}
    assert not list(watched.told.wiring.redis.scan_iter("attune:*:deeds:*"))


def test_a_shared_device_brings_nobody_in(watched: Watched, sofas: list[int]) -> None:
    watched.told.installed.execute(f"UPDATE profile_members SET standing = 'shared' WHERE id = '{ANN}'")
    watched.view(*sofas[:3])
    assert watched.inside() == {}


def test_the_segments_stand_in_the_visitors_live_state(watched: Watched, sofas: list[int]) -> None:
    champions = watched.told.segment("champions")
    watched.told.count({champions: [0]})
    watched.view(*sofas[:3])
    shown = watched.told.wiring.following_live_rules.deeds.shown(watched.shop, ANN)  # type: ignore[attr-defined]
    assert shown == {champions, watched.segment}


def test_what_was_done_today_goes_with_the_browser(watched: Watched, sofas: list[int]) -> None:
    watched.view(*sofas[:3])
    live = watched.told.wiring.redis
    assert list(live.scan_iter(f"attune:*:deeds:{ANN}"))
    place = next(one for one in watched.told.wiring.erasable_places if one.name == "redis")
    place.forget(watched.shop, [ANN])  # type: ignore[attr-defined]
    assert not list(live.scan_iter(f"attune:*:deeds:{ANN}"))
    watched.view(sofas[0], at=NOON - timedelta(seconds=1))
    assert not list(live.scan_iter(f"attune:*:deeds:{ANN}"))


def test_flow_is_asked_for_when_the_segment_is_told_of(watched: Watched, sofas: list[int]) -> None:
    watched.told.installed.execute("UPDATE segments SET counted_at = now()")
    watched.told.switch(Outlet.FLOW, watched.segment)
    watched.view(*sofas[:3])
    assert watched.told.wiring.due_work.waits(watched.shop, jobs.FLOW_DUE)


@pytest.mark.parametrize(
    ("rule", "followed"),
    [
        (SOFAS, True),
        ({"any": [SOFAS, {"figure": "orders", "least": 2}]}, True),
        ({"figure": "views", "days": 30, "least": 3}, False),
        ({"all": [SOFAS, {"figure": "views", "days": 30, "least": 9}]}, False),
        ({"all": [SOFAS, {"figure": "price_level", "least": 3}]}, False),
        ({"figure": "opens", "days": 0, "least": 1}, False),
        ({"figure": "orders", "least": 1}, False),
    ],
)
def test_only_what_is_known_at_once_is_judged_at_once(rule: dict[str, Any], followed: bool) -> None:
    assert is_followed(rule_of(rule)) is followed
