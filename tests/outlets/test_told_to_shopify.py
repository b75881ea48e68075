"""What stands at the store's customers is what was counted, for whoever allows it, and only changes travel."""

from __future__ import annotations

from contextlib import suppress

import pytest

from app import jobs
from app.adapters.shopify import scopes
from app.core.ids import CustomerId
from app.core.segments.outlets import Outlet
from app.errors import Permanent, Retryable
from app.ports import Subject
from app.services.ask_opt_outs import drop_objectors
from app.services.tell_segments import Done, tell_segments
from app.services.untell_customers import untell_customers
from tests.outlets.people import Told


def tell(told: Told) -> Done:
    return tell_segments(told.installed.shop, told.wiring.telling_segments)


@pytest.fixture
def counted(told: Told) -> Told:
    """Places 0 and 1 are champions, 1 to 3 at risk, 2 in a segment of the merchant's; all is switched on."""
    told.count(
        {told.segment("champions"): [0, 1], told.segment("stage_at_risk"): [1, 2, 3], told.own_segment("Best"): [2]}
    )
    told.switch(Outlet.METAFIELDS)
    return told


def test_each_customer_carries_handles_and_the_stage(counted: Told) -> None:
    own = next(s.id for s in counted.wiring.segments.all(counted.installed.shop.id) if s.name == "Best")
    assert tell(counted).written == 4
    assert counted.in_store(0) == {"segments": ["ads-high-value", "champions"]}
    assert counted.in_store(1)["lifecycle"] == "at risk"
    assert counted.in_store(2)["segments"] == [f"segment-{own}", "stage-at-risk"]
    assert counted.in_store(4) == {}


def test_scores_are_told_as_three_digits(counted: Told) -> None:
    shop, customer = counted.installed.shop.id, counted.customers[0]
    counted.installed.order(1, [counted.installed.products[0]])
    counted.installed.execute(f"UPDATE orders SET customer_id = {customer}, total = 2 WHERE shop_id = {shop}")
    tell(counted)
    assert counted.in_store(0)["rfm"] == "523"


def test_the_favourite_category_is_what_most_orders_hold_and_of_equal_ones_the_last(counted: Told) -> None:
    shop, customer, products = counted.installed.shop.id, counted.customers[0], counted.installed.products
    for product, kind in zip(products, ("Rugs", "Lamps", ""), strict=False):
        counted.installed.execute(f"UPDATE products SET product_type = '{kind}' WHERE id = {product}")
    rugs, lamps, nameless = products[:3]
    counted.installed.order(3, [lamps, nameless], days_ago=3)
    counted.installed.order(1, [rugs, nameless], days_ago=2)
    counted.installed.execute(f"UPDATE orders SET customer_id = {customer} WHERE shop_id = {shop}")
    tell(counted)
    assert counted.in_store(0)["favourite_category"] == "Rugs"
    counted.installed.order(2, [lamps])
    counted.installed.execute(f"UPDATE orders SET customer_id = {customer} WHERE shop_id = {shop}")
    tell(counted)
    assert counted.in_store(0)["favourite_category"] == "Lamps"
    assert "favourite_category" not in counted.in_store(1)


def test_what_has_not_changed_does_not_travel(counted: Told) -> None:
    tell(counted)
    assert tell(counted) == Done()
    counted.count({counted.segment("champions"): [0]})
    assert tell(counted).written == 1
    assert counted.in_store(1) == {"segments": ["stage-at-risk"], "lifecycle": "at risk"}


def test_whoever_leaves_all_segments_has_nothing_left(counted: Told) -> None:
    tell(counted)
    counted.count({counted.segment("champions"): [1]})
    assert tell(counted).removed == 1
    assert counted.in_store(0) == {}


@pytest.mark.parametrize(
    "no",
    [
        "UPDATE customers SET opted_out = true WHERE id = {0}",
        "INSERT INTO tombstones (shop_id, customer_id, at) VALUES ({1}, {0}, now())",
        "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, changed_at) "
        "VALUES ({1}, 'customer', '{0}', false, now())",
    ],
)
def test_who_says_no_is_told_nothing_of_and_what_stood_there_goes(counted: Told, no: str) -> None:
    tell(counted)
    counted.installed.execute(no.format(counted.customers[1], counted.installed.shop.id))
    tell(counted)
    assert counted.in_store(1) == {}
    assert counted.in_store(0) != {}


def test_nothing_is_told_before_the_merchant_has_switched_it_on(told: Told) -> None:
    told.count({told.segment("champions"): [0]})
    assert tell(told) == Done()
    assert told.in_store(0) == {}


def test_switching_off_takes_everything_away(counted: Told) -> None:
    counted.switch(Outlet.NATIVE, counted.segment("champions"))
    tell(counted)
    assert counted.natives() == {"Attune: Champions": {0, 1}}
    counted.switch(Outlet.METAFIELDS, on=False)
    tell(counted)
    assert [counted.in_store(place) for place in range(4)] == [{}, {}, {}, {}]
    assert counted.natives() == {}
    assert not counted.wiring.outlets.all(counted.installed.shop.id)


def test_a_withdrawal_of_consent_takes_everything_away(counted: Told) -> None:
    tell(counted)
    counted.installed.consent(granted=False)
    tell(counted)
    assert [counted.in_store(place) for place in range(4)] == [{}, {}, {}, {}]


def test_a_native_segment_finds_exactly_our_members(counted: Told) -> None:
    counted.switch(Outlet.NATIVE, counted.segment("stage_at_risk"))
    counted.switch(Outlet.AUDIENCE, key="high-value")
    counted.installed.execute(f"UPDATE customers SET email_marketing = '' WHERE id = {counted.customers[1]}")
    assert tell(counted).natives == 2
    assert counted.natives() == {"Attune: At risk": {1, 2, 3}, "Attune: High value (ads)": {0}}
    assert tell(counted).natives == 0
    counted.switch(Outlet.NATIVE, counted.segment("stage_at_risk"), on=False)
    tell(counted)
    assert set(counted.natives()) == {"Attune: High value (ads)"}


def test_the_audiences_sizes_say_who_is_left_out(counted: Told) -> None:
    counted.installed.execute(f"UPDATE customers SET email_marketing = '' WHERE id = {counted.customers[1]}")
    counted.installed.execute(f"UPDATE customers SET contact = NULL WHERE id = {counted.customers[0]}")
    tell(counted)
    size = counted.wiring.audiences.sizes(counted.installed.shop.id)["high-value"]
    assert (size.members, size.allowed, size.with_email) == (2, 1, 0)


def test_after_an_erasure_the_stores_metafields_go_as_well(counted: Told) -> None:
    tell(counted)
    shop, customer = counted.installed.shop, counted.customers[1]
    place = next(one for one in counted.wiring.erasable_places if one.name == "database.told_customers")
    subject = Subject(CustomerId(customer))
    assert place.erase_customer(shop.id, subject) == 1
    assert place.remaining(shop.id, subject) == 0
    assert counted.wiring.due_work.waiting(shop.id, jobs.UNTELL_DUE) == [str(customer)]
    assert untell_customers(shop, counted.wiring.untelling) == 1
    assert counted.in_store(1) == {}
    assert counted.in_store(0) != {}
    assert not counted.wiring.due_work.waits(shop.id, jobs.UNTELL_DUE)


def test_an_opt_out_takes_the_metafields_away_without_waiting_for_the_next_count(counted: Told) -> None:
    tell(counted)
    shop, customer = counted.installed.shop, counted.customers[1]
    counted.installed.execute(f"UPDATE customers SET opted_out = true WHERE id = {customer}")
    drop_objectors(shop, counted.wiring.opt_out_asking)
    assert counted.wiring.due_work.waiting(shop.id, jobs.UNTELL_DUE) == [str(customer)]
    assert untell_customers(shop, counted.wiring.untelling) == 1
    assert counted.in_store(1) == {}
    assert counted.in_store(0) != {}
    drop_objectors(shop, counted.wiring.opt_out_asking)
    assert not counted.wiring.due_work.waits(shop.id, jobs.UNTELL_DUE), "nothing stands there any more"


class Killed(BaseException):
    """As SIGKILL: nobody catches it."""


@pytest.mark.parametrize("at", ["planned", "noted", "written", "recorded", "deleted", "natives_told"])
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(counted: Told, at: str) -> None:
    counted.switch(Outlet.NATIVE, counted.segment("champions"))
    tell(counted)
    counted.count({counted.segment("champions"): [1, 5], counted.segment("stage_at_risk"): [2]})

    def die(checkpoint: str) -> None:
        if checkpoint == at:
            raise Killed

    with pytest.raises(Killed):
        tell_segments(counted.installed.shop, counted.wiring.telling_segments, checkpoint=die)
    counted.installed.expire_claims()
    tell(counted)
    assert tell(counted) == Done()
    assert counted.in_store(0) == {}
    assert counted.in_store(1) == counted.in_store(5) == {"segments": ["ads-high-value", "champions"]}
    assert counted.in_store(2)["lifecycle"] == "at risk"
    assert counted.in_store(3) == {}
    assert counted.natives() == {"Attune: Champions": {1, 5}}


def test_what_stands_there_after_a_kill_goes_when_it_is_switched_off(counted: Told) -> None:
    def die(checkpoint: str) -> None:
        if checkpoint == "written":
            raise Killed

    with pytest.raises(Killed):
        tell_segments(counted.installed.shop, counted.wiring.telling_segments, checkpoint=die)
    assert counted.in_store(0) != {}
    counted.installed.expire_claims()
    counted.switch(Outlet.METAFIELDS, on=False)
    tell(counted)
    assert [counted.in_store(place) for place in range(4)] == [{}, {}, {}, {}]


def test_without_the_scope_shopify_refuses_and_nothing_is_taken_for_told(counted: Told) -> None:
    counted.control("POST", "scopes", granted=list(scopes.REQUIRED))
    with suppress(Permanent, Retryable):
        tell(counted)
    assert counted.in_store(0) == {}
    counted.installed.expire_claims()
    counted.control("POST", "scopes", granted=[*scopes.REQUIRED, *scopes.OPTIONAL])
    tell(counted)
    assert counted.in_store(0) != {}
