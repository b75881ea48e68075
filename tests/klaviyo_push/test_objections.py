"""Whoever objects is out of Klaviyo at once, not after the night: by Shopify's record, and by their own switches."""

from __future__ import annotations

import pytest

from app import jobs
from app.adapters.db.shopper_consents import DbShopperConsents
from app.core.ids import CustomerId, VisitorId
from app.core.profiles.consent import OwnSwitches
from app.core.profiles.preferences import Preferences, differences
from app.ports import ShopperNames
from app.services.apply_change import CONSENT, handlers
from app.services.process_webhook import Message
from app.services.push_objections import push_objections
from app.services.push_profiles import Done
from tests.klaviyo_push.conftest import Pushed

VISITOR = VisitorId("5" * 32)


def waiting(pushed: Pushed) -> list[CustomerId]:
    """Of whom notes wait."""
    notes = pushed.wiring.due_work.waiting(pushed.shop.id, jobs.PUSH_OBJECTIONS_DUE)
    return [CustomerId(int(note.partition("/")[0])) for note in notes]


def worked_off(pushed: Pushed) -> Done:
    return push_objections(pushed.shop, pushed.wiring.pushing, wait=lambda _: None)


def switch_off(pushed: Pushed, names: ShopperNames, switches: OwnSwitches) -> None:
    """As the page of preferences saves it."""
    before, after = Preferences(), Preferences(switches)
    store = DbShopperConsents(pushed.wiring.database)
    at = pushed.wiring.clock.now()
    store.save(pushed.shop.id, names, after, differences(before, after), source="preferences", at=at)


@pytest.mark.parametrize("change", ["email_marketing = 'UNSUBSCRIBED'", "opted_out = true"])
def test_what_shopify_tells_is_noted_and_the_profile_is_emptied(pushed: Pushed, change: str) -> None:
    pushed.push()
    customer, other = pushed.people[:2]
    pushed.execute(f"UPDATE customers SET {change} WHERE id = :id", id=customer)
    assert waiting(pushed) == [customer]
    assert worked_off(pushed) == Done(withdrawn=1)
    assert pushed.properties(customer) == {}
    assert pushed.properties(other)
    assert waiting(pushed) == []


def test_what_was_never_pushed_and_what_did_not_change_leaves_no_note(pushed: Pushed) -> None:
    customer = pushed.people[0]
    pushed.execute("UPDATE customers SET email_marketing = 'UNSUBSCRIBED' WHERE id = :id", id=customer)
    pushed.execute("UPDATE customers SET email_marketing = 'SUBSCRIBED' WHERE id = :id", id=customer)
    pushed.push()
    pushed.execute("UPDATE customers SET email_marketing = 'SUBSCRIBED' WHERE id = :id", id=customer)
    assert waiting(pushed) == []


def test_the_webhook_of_consent_has_shopify_asked_about_the_customer(pushed: Pushed) -> None:
    customer = pushed.people[0]
    handle = handlers(pushed.wiring.store_records, pushed.wiring.due_work)[CONSENT]
    handle(Message(pushed.shop.id, "w1", CONSENT, {"customer_id": customer}, None))
    assert pushed.wiring.due_work.waiting(pushed.shop.id, jobs.OPT_OUTS_DUE) == [f"{customer}/w1"]
    pushed.wiring.due_work.done(pushed.shop.id, jobs.OPT_OUTS_DUE, f"{customer}/w1")


def test_a_switch_of_the_signed_in_shopper_empties_the_profile(pushed: Pushed) -> None:
    pushed.push()
    customer = pushed.people[0]
    switch_off(pushed, ShopperNames(VISITOR, customer), OwnSwitches(email=False))
    assert worked_off(pushed) == Done(withdrawn=1)
    assert pushed.properties(customer) == {}


def test_a_switch_in_a_browser_reaches_the_profile_of_whose_it_is(pushed: Pushed) -> None:
    pushed.push()
    customer = pushed.people[0]
    pushed.execute(
        "INSERT INTO profile_members (shop_id, kind, id, profile, standing) "
        "SELECT shop_id, 'visitor', :visitor, profile, 'own' FROM profile_members WHERE kind = 'customer' AND id = :id",
        visitor=VISITOR,
        id=str(customer),
    )
    try:
        switch_off(pushed, ShopperNames(VISITOR), OwnSwitches(email=False))
        assert worked_off(pushed) == Done(withdrawn=1)
        assert pushed.properties(customer) == {}
    finally:
        pushed.execute("DELETE FROM profile_members WHERE kind = 'visitor' AND id = :visitor", visitor=VISITOR)


def test_who_does_not_want_to_be_known_is_pushed_anew(pushed: Pushed) -> None:
    pushed.push()
    customer = pushed.people[0]
    switch_off(pushed, ShopperNames(VISITOR, customer), OwnSwitches(personalise=False))
    assert worked_off(pushed) == Done(pushed=1)
    assert pushed.properties(customer)
