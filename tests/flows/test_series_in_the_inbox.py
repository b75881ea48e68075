"""Every series as it arrives in the inbox of the simulated Klaviyo: products with reasons, arms, fallback, consent."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.email.flows.definition import Names, definition_of
from app.core.email.flows.plan import FlowPlan
from app.core.email.flows.series import CART, FLOWS, THANKS, WELCOME, WIN_BACK
from app.core.email.look import Look
from app.core.email.names import ARM, Arm
from app.core.email.products import MailItem
from app.core.email.templates.campaign import campaign
from app.core.email.templates.mail import template_of
from app.core.ids import ProductId
from devstore.klaviyo.mails import Mail
from devstore.klaviyo.records import NEVER_SUBSCRIBED, Flow, Profile
from tests.klaviyo_twin.mail_room import MailRoom

LOOK = Look(static="Nothing is chosen for you here.")
MORE: dict[str, Any] = {
    "cart_url": "https://store.example/cart/1",
    "offer_code": "BACK-1",
    "offer_ends": "8 December",
    "care": {"title": "How to care for oak", "url": "https://store.example/blogs/care/oak"},
}


def items(*numbers: int) -> list[dict[str, str | int]]:
    made = [
        MailItem(ProductId(one), f"Product {one}", f"https://store.example/products/p{one}", "", "£9", f"Reason {one}")
        for one in numbers
    ]
    return [item.as_json("rid", place) for place, item in enumerate(made, start=1)]


def live(room: MailRoom, plan: FlowPlan) -> Flow:
    templates = {}
    for mail in plan.mails:
        for arm in Arm:
            made = template_of(mail, arm, LOOK)
            templates[made.key] = room.template(made.html)
    placed = room.account.metric("Placed Order").id
    definition = definition_of(
        plan, Names(room.account.metric(plan.trigger).id, placed, templates, "shop@store.example", "The Shop")
    )
    flow = Flow(room.account.new_id(), plan.name, "live", definition, room.now, room.now)
    room.account.flows[flow.id] = flow
    return flow


def received(room: MailRoom, plan: FlowPlan, profile: Profile, shown: list[dict[str, str | int]]) -> list[Mail]:
    """What comes within a month of the event that starts the plan's flow."""
    room.account.record(profile, plan.trigger, {**MORE, "items": shown} if shown else {"cart_url": MORE["cart_url"]})
    for _ in range(30):
        room.later(days=1)
    return room.sent(profile)


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_three_shoppers_get_the_whole_series_each_with_their_own_products_and_reasons(plan: FlowPlan) -> None:
    room = MailRoom()
    live(room, plan)
    for number in (10, 20, 30):
        profile = room.profile(f"shopper{number}@example.com")
        mails = received(room, plan, profile, items(number, number + 1))
        assert [mail.message_name for mail in mails] == [mail.template_name(Arm.ATTUNE) for mail in plan.mails]
        for mail in mails:
            assert mail.products == (f"p{number}", f"p{number + 1}")
            assert f"Reason {number}" in mail.html
            assert all("attune_rid=rid" in link.url for link in mail.links if "/products/" in link.url)


def test_the_control_group_gets_the_same_mails_without_products() -> None:
    room = MailRoom()
    live(room, WIN_BACK)
    mails = received(room, WIN_BACK, room.profile(**{ARM: Arm.CONTROL.value}), items(1, 2))
    assert [mail.message_name for mail in mails] == [mail.template_name(Arm.CONTROL) for mail in WIN_BACK.mails]
    assert all(not mail.products and "Nothing is chosen for you here." in mail.html for mail in mails)
    assert all("BACK-1" not in mail.html for mail in mails)


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_whoever_did_not_subscribe_gets_nothing(plan: FlowPlan) -> None:
    room = MailRoom()
    live(room, plan)
    assert received(room, plan, room.profile(consent=NEVER_SUBSCRIBED), items(1)) == []


def test_an_order_ends_the_reminders_of_a_cart() -> None:
    room = MailRoom()
    live(room, CART)
    profile = room.profile()
    room.account.record(profile, CART.trigger, {"items": items(1)})
    room.later(hours=2)
    room.account.record(profile, "Placed Order", {})
    room.later(days=3)
    assert len(room.sent(profile)) == 1


def test_the_way_to_the_cart_the_care_and_the_code_stand_in_their_mails() -> None:
    for plan, words in ((CART, "Back to your cart"), (THANKS, "How to care for oak"), (WIN_BACK, "BACK-1")):
        room = MailRoom()
        live(room, plan)
        assert words in received(room, plan, room.profile(), items(1))[0].html


def test_a_shopper_enters_a_series_once_in_its_time_of_rest() -> None:
    room = MailRoom()
    live(room, WELCOME)
    profile = room.profile()
    received(room, WELCOME, profile, items(1))
    assert len(received(room, WELCOME, profile, items(2))) == len(WELCOME.mails)


def rendered(room: MailRoom, html: str, feeds: dict[str, Any], **variables: Any) -> str:
    from devstore.klaviyo.mailer import Mailer

    return Mailer(room.account).preview(html, {"feeds": feeds, **variables})


def test_an_event_without_products_ends_in_the_best_sellers_and_does_not_say_they_were_chosen() -> None:
    html = template_of(WELCOME.mails[0], Arm.ATTUNE, LOOK).html
    shown = rendered(MailRoom(), html, {"attune_best_sellers": {"items": items(7)}}, event={}, person={})
    assert "Product 7" in shown
    assert "Our best sellers" in shown
    assert WELCOME.mails[0].grid not in shown


def test_a_campaign_shows_the_products_of_the_readers_cohort_and_else_the_best_sellers() -> None:
    feeds = {"attune_cohorts": {"lost--lamps": items(5)}, "attune_best_sellers": {"items": items(7)}}
    html, room = campaign(LOOK).html, MailRoom()
    known = rendered(room, html, feeds, person={"attune_facts": {"cohort": "lost--lamps"}})
    assert "Product 5" in known
    assert "Product 7" not in known
    for person in ({}, {"attune_facts": {"cohort": "other"}}):
        assert "Product 7" in rendered(room, html, feeds, person=person)


def test_words_from_outside_are_escaped() -> None:
    html = template_of(WELCOME.mails[0], Arm.ATTUNE, LOOK).html
    evil = [{**items(1)[0], "title": "<script>x</script>"}]
    assert "<script>" not in rendered(MailRoom(), html, {}, event={"items": evil}, person={"first_name": "<b>"})
