"""What a night does: members as counted, the moment since which they are in, who came and went, and every reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.errors import Busy
from app.core.segments.lifecycle import Stage
from app.core.segments.parse import rule_of
from app.core.shops import Shop
from app.ports.segments import Segment
from app.services.save_segment import save_segment
from app.services.segment_customers import CLAIM, segment_customers
from app.wiring.worker import Worker
from tests.segments.conftest import Stopped
from tests.segments.world import NOW, World, draw, member, write
from tests.serving.catalogue import rows_of


@pytest.fixture
def world(wiring: Worker, shop: Shop) -> World:
    drawn = draw(60, seed=11)
    write(drawn, wiring, shop)
    return drawn


def by_key(wiring: Worker, shop: Shop, key: str) -> Segment:
    return next(one for one in wiring.segments.all(shop.id) if one.key == key)


def profiles(wiring: Worker, shop: Shop, segment: Segment) -> set[str]:
    return {one.profile for one in wiring.segments.members(shop.id, segment.id, limit=1000)}


def later(wiring: Worker, days: int) -> None:
    """The clock moves, and whatever holds it is built anew."""

    class Later(Stopped):
        def now(self):  # type: ignore[no-untyped-def]
            return NOW + timedelta(days=days)

    for name in ("segmenting", "clock"):
        wiring.__dict__.pop(name, None)
    wiring.__dict__["clock"] = Later()


def test_everybody_who_ever_ordered_is_in_exactly_one_stage(wiring: Worker, shop: Shop, world: World) -> None:
    done = segment_customers(shop, wiring.segmenting)
    stages = [profiles(wiring, shop, by_key(wiring, shop, f"stage_{stage.name.lower()}")) for stage in Stage]
    buyers = {profile for profile, past in world.pasts.items() if past.orders}
    assert set().union(*stages) == buyers
    assert sum(len(one) for one in stages) == len(buyers)
    assert done.entered == done.members > len(buyers)


def test_a_second_count_of_the_same_changes_nothing(wiring: Worker, shop: Shop, world: World) -> None:
    segment_customers(shop, wiring.segmenting)
    again = segment_customers(shop, wiring.segmenting)
    assert (again.entered, again.left) == (0, 0)


def test_who_falls_silent_changes_stage_and_the_history_says_so(wiring: Worker, shop: Shop, world: World) -> None:
    segment_customers(shop, wiring.segmenting)
    before = profiles(wiring, shop, by_key(wiring, shop, "stage_lost"))
    later(wiring, 900)
    done = segment_customers(shop, wiring.segmenting)
    lost = by_key(wiring, shop, "stage_lost")
    assert profiles(wiring, shop, lost) == {profile for profile, past in world.pasts.items() if past.orders}
    members = {one.profile: one.since for one in wiring.segments.members(shop.id, lost.id, limit=1000)}
    assert {members[profile] for profile in before} == {NOW}, "a membership that goes on keeps its beginning"
    changed = [one for one in wiring.segments.changes(shop.id, lost.id, limit=1000) if one.at > NOW]
    assert {one.profile for one in changed} == members.keys() - before
    assert all(one.entered for one in changed)
    assert done.left > 0
    days = wiring.segments.days(shop.id, lost.id, limit=10)
    assert [(day.size, day.entered) for day in days] == [(len(before), len(before)), (len(members), len(changed))]


def test_each_membership_says_which_values_decided(wiring: Worker, shop: Shop, world: World) -> None:
    rule = rule_of({"all": [{"figure": "orders", "least": 2}, {"figure": "spent", "least": 1}]})
    id = save_segment(shop, "Twice", rule, by="a test", ports=wiring.saving_segments)
    segment_customers(shop, wiring.segmenting)
    members = wiring.segments.members(shop.id, id, limit=1000)
    assert members
    for one in members:
        orders = world.pasts[one.profile].orders
        assert list(one.why) == [len(orders), sum(order.net for order in orders)]
        assert one.customer == int(one.profile[1:])


def test_who_opted_out_or_switched_personalisation_off_is_in_no_segment(
    wiring: Worker, shop: Shop, world: World
) -> None:
    with rows_of(wiring.database, shop.id) as connection:
        # The second customer of the fifth profile, a switch of the second, a browser's of the third.
        connection.execute("UPDATE customers SET opted_out = true WHERE id = 1005")
        for kind, who in (("customer", "2"), ("visitor", wiring_digest(3))):
            connection.execute(
                "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, hidden, changed_at) "
                "VALUES (%s, %s, %s, false, '{}', now())",
                [shop.id, kind, who],
            )
        connection.commit()
    save_segment(shop, "All", rule_of({"figure": "orders", "least": 0}), by="a test", ports=wiring.saving_segments)
    segment_customers(shop, wiring.segmenting)
    with wiring.database.shop(shop.id) as session:
        found = set(session.execute(text("SELECT DISTINCT profile FROM segment_members")).scalars())
    assert found == world.pasts.keys() - {"p2", "p3", "p5"}


def wiring_digest(number: int) -> str:
    from app.adapters.db.lake import digest

    return digest("visitor", f"{number:032x}")


def test_what_several_people_use_says_nothing_about_one_of_them(wiring: Worker, shop: Shop, world: World) -> None:
    with rows_of(wiring.database, shop.id) as connection:
        connection.execute("UPDATE profile_members SET standing = 'shared' WHERE kind IN ('visitor', 'client')")
        member(connection, shop, "visitor", "f" * 32, "nobody")
        connection.commit()
    rule = rule_of({"any": [{"figure": name, "least": 1} for name in ("views", "carts", "searches", "clicks")]})
    id = save_segment(shop, "Seen", rule, by="a test", ports=wiring.saving_segments)
    segment_customers(shop, wiring.segmenting)
    assert wiring.segments.members(shop.id, id, limit=10) == []


@pytest.mark.parametrize("moment", ["counted", "written"])
def test_a_night_that_is_killed_leaves_all_or_nothing(wiring: Worker, shop: Shop, world: World, moment: str) -> None:
    with pytest.raises(Killed):
        segment_customers(shop, wiring.segmenting, checkpoint=lambda name: stop_at(name, moment))
    sizes = {one.size for one in wiring.segments.all(shop.id)}
    assert (sizes == {None}) is (moment == "counted")
    done = segment_customers(shop, wiring.segmenting)
    assert (done.entered == 0) is (moment == "written")


class Killed(Exception):
    """The night ends here."""


def stop_at(name: str, moment: str) -> None:
    if name == moment:
        raise Killed


def test_two_nights_of_one_shop_do_not_run_at_once(wiring: Worker, shop: Shop, world: World) -> None:
    with wiring.claims.hold(shop.id, CLAIM, seconds=60) as taken:
        assert taken
        with pytest.raises(Busy):
            segment_customers(shop, wiring.segmenting)


def test_another_shop_sees_none_of_it(wiring: Worker, shop: Shop, other_shop: Shop, world: World) -> None:
    segment_customers(shop, wiring.segmenting)
    assert wiring.segments.all(other_shop.id) == []
    segment = by_key(wiring, shop, "champions")
    assert wiring.segments.one(other_shop.id, segment.id) is None
    assert segment_customers(other_shop, wiring.segmenting).members == 0
