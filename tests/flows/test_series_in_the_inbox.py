"""Every series as it arrives in the inbox of the simulated Klaviyo: products with reasons, arms, fallback, consent."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.email.flows.definition import Names, definition_of
from app.core.email.flows.plan import FlowPlan
from app.core.email.flows.series import BROWSE, CART, FLOWS, THANKS, WELCOME, WIN_BACK
from app.core.email.look import Look
from app.core.email.names import ARM, GONE, Arm
from app.core.email.products import MailItem
from app.core.email.templates.campaign import campaign
from app.core.email.templates.mail import template_of
from app.core.email.triggers import POPULAR
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


def test_two_series_at_once_send_one_mail_within_sixteen_hours() -> None:
    room = MailRoom()
    live(room, WELCOME)
    live(room, BROWSE)
    profile = room.profile()
    for plan in (WELCOME, BROWSE):
        room.account.record(profile, plan.trigger, {"items": items(1)})
    room.later(hours=1)
    assert [mail.flow_name for mail in room.sent(profile)] == [WELCOME.name]
    assert room.reasons(profile) == ["Skipped: Smart Sending"]


def test_a_later_mail_shows_what_the_first_one_did_not() -> None:
    room = MailRoom()
    live(room, WELCOME)
    profile = room.profile()
    first, second, third = received(room, WELCOME, profile, items(*range(1, 9)))
    assert first.products == third.products == ("p1", "p2", "p3", "p4")
    assert second.products == ("p5", "p6", "p7", "p8")


@pytest.mark.parametrize(
    ("gone", "shown"),
    [
        ([], "1 2 3 4"),
        (["9"], "1 2 3 4"),
        (["2"], "5 6 7 8"),
        (["2", "7"], "1 3 4 5 6 8"),
    ],
)
def test_what_is_gone_is_not_shown(gone: list[str], shown: str) -> None:
    room = MailRoom()
    live(room, BROWSE)
    profile = room.profile()
    room.account.upsert({"id": profile.id}, properties={GONE: gone} if gone else {})
    [mail] = received(room, BROWSE, profile, items(*range(1, 9)))
    assert mail.products == tuple(f"p{number}" for number in shown.split())


def rendered(room: MailRoom, html: str, feeds: dict[str, Any], **variables: Any) -> str:
    from devstore.klaviyo.mailer import Mailer

    return Mailer(room.account).preview(html, {"feeds": feeds, **variables})


def test_an_event_without_products_ends_in_the_best_sellers_and_does_not_say_they_were_chosen() -> None:
    html = template_of(WELCOME.mails[0], Arm.ATTUNE, LOOK).html
    shown = rendered(MailRoom(), html, {"attune_best_sellers": {"items": items(7)}}, event={}, person={})
    assert "Product 7" in shown
    assert "Our best sellers" in shown
    assert WELCOME.mails[0].grid not in shown


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_products_that_merely_sell_stand_under_a_heading_that_says_so(plan: FlowPlan) -> None:
    room = MailRoom()
    for mail in plan.mails:
        made = template_of(mail, Arm.ATTUNE, LOOK)
        for template in (made.html, made.text):
            shown = rendered(room, template, {}, event={"items": items(7), "heading": POPULAR}, person={})
            assert POPULAR in shown
            assert mail.grid not in shown
            chosen = rendered(room, template, {}, event={"items": items(7)}, person={})
            assert mail.grid in chosen
            assert POPULAR not in chosen


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
