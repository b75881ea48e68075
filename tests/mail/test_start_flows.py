"""Occasions become events in Klaviyo: each once, with consent, with what it is about, on both sides of the hold-out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from app.adapters.db.lake import digest
from app.adapters.db.segment_members import DbMemberships
from app.core.email.names import Trigger
from app.core.events import EventType
from app.core.ids import CustomerId
from app.core.segments.rfm import Cuts
from app.ports.segments import Scaled, SegmentId
from app.services.erase_customer import erase_customer
from app.services.push_profiles import unpush
from app.services.start_flows import Done
from app.services.train_models import train_models
from tests.mail.conftest import Mails

VIEW, CART = EventType.PRODUCT_VIEW, EventType.ADD_TO_CART


def worsen(mails: Mails, stage: str, customer: CustomerId) -> None:
    """A customer of a shop that has been counted for long comes into the stage."""
    mails.execute("UPDATE segments SET first_counted_at = now() - interval '90 days'")
    mails.execute(
        "INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered) "
        "SELECT s.shop_id, s.id, %s, %s, true FROM segments s WHERE s.key = %s",
        [(mails.now() - timedelta(hours=1), f"p{customer}", f"stage_{stage}")],
    )


def count(mails: Mails, key: str, inside: Sequence[CustomerId], *, at: datetime) -> None:
    """A count of one segment finds these in it."""
    [(segment,)] = mails.execute(f"SELECT id FROM segments WHERE key = '{key}'")
    batch = pa.RecordBatch.from_pydict({"profile": [f"p{one}" for one in inside], "why": ["[]" for _ in inside]})
    DbMemberships(mails.wiring.database).replace(
        mails.shop.id, [(SegmentId(segment), [batch])], at=at, day=at.date(), scale=Scaled(6, 86400, Cuts())
    )


def left_cart(mails: Mails, customer: int = 0) -> None:
    mails.do(mails.customers[customer], CART, mails.products[0], hours_ago=2)


def test_nothing_is_sent_before_it_is_switched_on(mails: Mails) -> None:
    left_cart(mails)
    assert mails.start() == Done()
    assert not mails.events()


def test_a_cart_left_behind_is_told_once_with_its_products(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    left_cart(mails)
    assert mails.start() == Done(sent=1)
    assert mails.start() == Done()
    [event] = mails.events()
    assert event.properties["arm"] == "attune"
    assert event.properties["product"]["id"] == str(mails.products[0])
    assert [one["id"] for one in event.properties["cart"]] == [str(mails.products[0])]


def test_a_cart_of_a_moment_ago_and_one_that_was_emptied_or_ordered_are_none(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    moment, emptied, bought = mails.customers[:3]
    mails.do(moment, CART, mails.products[0], hours_ago=0.5)
    mails.do(emptied, CART, mails.products[0], hours_ago=3)
    mails.do(emptied, EventType.REMOVE_FROM_CART, mails.products[0], hours_ago=2)
    mails.do(bought, CART, mails.products[0], hours_ago=3)
    mails.do(bought, EventType.PURCHASE, mails.products[0], hours_ago=2)
    assert mails.start() == Done()


def test_what_a_browser_without_consent_did_is_not_noted(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    mails.do(mails.customers[0], CART, mails.products[0], hours_ago=2, consent={"analytics": False})
    assert mails.execute("SELECT count(*) FROM mail_deeds") == [(0,)]


def test_who_does_not_accept_mails_gets_no_event(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    mails.execute("UPDATE customers SET email_marketing = 'UNSUBSCRIBED'")
    left_cart(mails)
    assert mails.start() == Done(withheld=1)
    assert not mails.events()


@pytest.mark.parametrize("switch", ["personalise", "email"])
def test_what_was_switched_off_in_the_browser_alone_is_honoured(mails: Mails, switch: str) -> None:
    mails.switch(Trigger.CART_LEFT)
    left_cart(mails)
    who = digest("visitor", mails.visitor(mails.customers[0]))
    mails.execute(
        f"INSERT INTO shopper_preferences (shop_id, kind, who, {switch}, changed_at) "
        "VALUES (%s, 'visitor', %s, %s, now())",
        [(int(mails.shop.id), who, False)],
    )
    assert mails.start() == Done(withheld=1)
    assert not mails.events()


def test_a_mail_that_would_show_nothing_is_withheld_on_both_sides(mails: Mails) -> None:
    mails.switch(Trigger.WIN_BACK, hold_out=0.5)
    for customer in mails.customers:
        worsen(mails, "lost", customer)
    assert mails.start() == Done(withheld=len(mails.customers)), "no model was trained"
    assert not mails.events()


def test_the_control_gets_the_event_without_our_products(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT, hold_out=0.5)
    for place in range(len(mails.customers)):
        left_cart(mails, place)
    assert mails.start().sent == len(mails.customers)
    control = [one for one in mails.events() if one.properties["arm"] == "control"]
    assert 0 < len(control) < len(mails.customers)
    assert all("items" not in one.properties and "rid" not in one.properties for one in control)
    counts = mails.wiring.mail_triggers.counts(mails.shop.id, since=mails.now() - timedelta(days=1))
    assert [(one.control, one.attune) for one in counts] == [(len(control), len(mails.customers) - len(control))]


def test_a_kill_after_klaviyo_has_it_starts_the_flow_once(mails: Mails) -> None:
    class Killed(BaseException):
        pass

    def die(checkpoint: str) -> None:
        if checkpoint == "sent":
            raise Killed

    mails.switch(Trigger.CART_LEFT)
    left_cart(mails)
    with pytest.raises(Killed):
        mails.start(checkpoint=die)
    mails.execute("UPDATE claims SET until = now() - interval '1 day'")
    assert mails.start() == Done(sent=1)
    assert len(mails.events()) == 1


def test_what_was_looked_at_twice_is_browse_abandoned_and_once_is_not(mails: Mails) -> None:
    mails.switch(Trigger.BROWSE_ABANDONED)
    often, once = mails.customers[:2]
    for hours in (6, 5):
        mails.do(often, VIEW, mails.products[1], hours_ago=hours)
    mails.do(once, VIEW, mails.products[1], hours_ago=5)
    assert mails.start() == Done(sent=1)
    assert mails.events()[0].properties["product"]["id"] == str(mails.products[1])


def test_a_price_that_fell_is_told_to_who_looked(mails: Mails) -> None:
    mails.switch(Trigger.BACK_IN_FAVOURITES)
    mails.do(mails.customers[0], VIEW, mails.products[2], hours_ago=48)
    assert mails.start() == Done()
    mails.execute(f"UPDATE variants SET price = price / 2 WHERE product_id = {mails.products[2]}")
    assert mails.start() == Done(sent=1)
    assert mails.events()[0].properties["news"] == "cheaper"


def test_the_own_rhythm_of_three_orders_says_when_the_next_is_due(mails: Mails) -> None:
    mails.switch(Trigger.REPLENISHMENT_DUE)
    mails.execute("DELETE FROM orders")
    order_in_rhythm(mails, mails.customers[0])
    assert mails.start() == Done(sent=1)
    assert mails.events()[0].properties["interval_days"] == "30"


@pytest.mark.parametrize(
    "passed",
    [
        "UPDATE mail_settings SET rhythms_at = rhythms_at - interval '1 day'",
        "UPDATE sync_runs SET finished_at = (SELECT rhythms_at + interval '1 microsecond' FROM mail_settings)",
    ],
    ids=["a day", "an import"],
)
def test_all_orders_are_looked_through_once_a_day_and_after_an_import(mails: Mails, passed: str) -> None:
    mails.switch(Trigger.REPLENISHMENT_DUE)
    mails.execute("DELETE FROM orders")
    mails.execute("UPDATE sync_runs SET finished_at = finished_at - interval '10 days'")
    assert mails.start() == Done()
    order_in_rhythm(mails, mails.customers[0])
    assert mails.start() == Done()
    mails.execute(passed)
    assert mails.start() == Done(sent=1)


def order_in_rhythm(mails: Mails, customer: CustomerId) -> None:
    """Three orders of the same product, thirty days apart, the last a month ago."""
    shop, product = int(mails.shop.id), mails.products[0]
    for number, days in enumerate((91, 61, 31), start=1):
        at = mails.now() - timedelta(days=days)
        mails.execute(
            "INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, source_name, "
            "test, created_at, updated_at) VALUES (%s, %s, '', %s, 'USD', 1000, 0, 0, '', false, %s, %s)",
            [(shop, number, customer, at, at)],
        )
        mails.execute(
            "INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, "
            "discount) VALUES (%s, %s, %s, %s, 1, 1, 1000, 0)",
            [(shop, 10_000_000 + number, number, product)],
        )


@pytest.mark.parametrize(("stage", "trigger"), [("at_risk", Trigger.CHURN_RISK_ROSE), ("lost", Trigger.WIN_BACK)])
def test_a_stage_that_worsens_is_an_occasion(mails: Mails, stage: str, trigger: Trigger) -> None:
    train_models(mails.shop, mails.wiring.training)
    mails.switch(trigger)
    worsen(mails, stage, mails.customers[0])
    assert mails.start() == Done(sent=1)


def test_a_segment_s_first_count_is_nobody_s_entry(mails: Mails) -> None:
    train_models(mails.shop, mails.wiring.training)
    mails.switch(Trigger.WIN_BACK)
    counted = mails.now() - timedelta(hours=1)
    mails.execute("UPDATE segments SET counted_at = NULL, first_counted_at = NULL")
    mails.execute("DELETE FROM segment_changes")
    mails.execute("DELETE FROM segment_members")
    count(mails, "stage_lost", mails.customers[:2], at=counted)
    assert mails.start() == Done()
    count(mails, "stage_lost", mails.customers[:3], at=counted + timedelta(minutes=30))
    assert mails.start() == Done(sent=1)


def test_two_mails_that_nobody_asked_for_are_days_apart(mails: Mails) -> None:
    mails.switch(Trigger.CHURN_RISK_ROSE, Trigger.BROWSE_ABANDONED)
    test_a_stage_that_worsens_is_an_occasion(mails, "at_risk", Trigger.CHURN_RISK_ROSE)
    mails.switch(Trigger.CHURN_RISK_ROSE, Trigger.BROWSE_ABANDONED)
    for hours in (6, 5):
        mails.do(mails.customers[0], VIEW, mails.products[1], hours_ago=hours)
    assert mails.start() == Done()


def test_an_order_is_followed_by_what_goes_with_it_and_a_test_order_is_not(mails: Mails) -> None:
    mails.switch(Trigger.ORDERED)
    mails.execute(
        "WITH two AS (SELECT DISTINCT ON (customer_id) id FROM orders WHERE customer_id IS NOT NULL "
        "AND NOT test AND cancelled_at IS NULL LIMIT 2), numbered AS (SELECT id, row_number() OVER () AS n FROM two) "
        f"UPDATE orders o SET created_at = '{(mails.now() - timedelta(hours=1)).isoformat()}', test = n.n = 2 "
        "FROM numbered n WHERE o.id = n.id"
    )
    done = mails.start()
    assert done.sent + done.withheld == 1


def test_who_signs_up_is_greeted_with_what_they_looked_at(mails: Mails) -> None:
    mails.switch(Trigger.SIGNED_UP)
    newcomer = mails.customers[0]
    mails.execute(f"UPDATE orders SET customer_id = NULL WHERE customer_id = {newcomer}")
    mails.execute("UPDATE customers SET created_at = created_at - interval '90 days'")
    at = (mails.now() - timedelta(hours=1)).isoformat()
    mails.execute(f"UPDATE customers SET created_at = '{at}' WHERE id = {newcomer}")
    mails.do(newcomer, VIEW, mails.products[3], hours_ago=2)
    assert mails.start() == Done(sent=1)
    assert mails.events()[0].properties["product"]["id"] == str(mails.products[3])


def test_with_a_model_the_event_carries_what_goes_well_and_its_decision(mails: Mails) -> None:
    train_models(mails.shop, mails.wiring.training)
    mails.switch(Trigger.CART_LEFT)
    left_cart(mails)
    assert mails.start() == Done(sent=1)
    [event] = mails.events()
    items = event.properties["items"]
    assert str(mails.products[0]) not in [one["id"] for one in items]
    assert all(one["reason"] and one["rid"] == event.properties["rid"] for one in items)
    assert mails.execute("SELECT DISTINCT request_id FROM mail_triggers") == [(event.properties["rid"],)]


def test_the_arm_is_in_the_profile_as_soon_as_the_flow_begins_and_goes_with_the_shopper(mails: Mails) -> None:
    mails.switch(Trigger.CART_LEFT)
    left_cart(mails)
    assert mails.start() == Done(sent=1)
    [profile] = [one for one in mails.twin.account.profiles.values() if "attune_email_arm" in one.properties]
    erase_customer(mails.shop.id, mails.customers[0], request_id="by-hand", ports=mails.wiring.erasing_customer)
    assert unpush(mails.shop, mails.wiring.pushing, wait=lambda _: None) == 1
    assert "attune_email_arm" not in profile.properties
