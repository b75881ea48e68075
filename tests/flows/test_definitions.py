"""The definitions and templates of the four series, read by the simulated Klaviyo's own checks."""

from __future__ import annotations

import json

import pytest

from app.core.email.flows.definition import Names, definition_of
from app.core.email.flows.plan import FlowPlan, Part
from app.core.email.flows.series import FLOWS
from app.core.email.look import Look, checked
from app.core.email.names import Arm
from app.core.email.templates.mail import template_of
from app.core.errors import DomainError
from devstore.klaviyo import definitions, render
from tests.klaviyo.flow_schema import check_flow

LOOK = Look()


def names(plan: FlowPlan, placed: str = "PLACED") -> Names:
    keys = {mail.template_key(arm): mail.template_key(arm).upper() for mail in plan.mails for arm in Arm}
    return Names("METRIC", placed, keys, "shop@shop.example", "The Shop")


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_every_definition_is_one_that_klaviyo_would_run(plan: FlowPlan) -> None:
    assert definitions.check(definition_of(plan, names(plan))) == []


@pytest.mark.realdata
@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_every_definition_fits_klaviyos_published_schema(plan: FlowPlan) -> None:
    assert check_flow(definition_of(plan, names(plan)), name=plan.name) == []


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_every_flow_asks_for_marketing_consent(plan: FlowPlan) -> None:
    groups = definition_of(plan, names(plan))["profile_filter"]["condition_groups"]
    assert "profile-marketing-consent" in [group["conditions"][0]["type"] for group in groups]


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_both_arms_get_as_many_mails_at_the_same_times(plan: FlowPlan) -> None:
    actions = definition_of(plan, names(plan))["actions"]
    shapes = [
        [(one["type"], one["data"].get("value")) for one in actions if one["temporary_id"].startswith(arm.value)]
        for arm in Arm
    ]
    assert shapes[0] == shapes[1] != []


def test_without_shopifys_metric_no_filter_names_one() -> None:
    assert "metric_id" not in json.dumps(definition_of(FLOWS[0], names(FLOWS[0], placed="")))


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.key)
def test_every_template_can_be_read_and_lets_its_reader_unsubscribe(plan: FlowPlan) -> None:
    for mail in plan.mails:
        for arm in Arm:
            made = template_of(mail, arm, LOOK)
            assert render.check(made.html, made.text, mail.subject) == []
            assert "{% unsubscribe" in made.html
            assert "organization.full_address" in made.html
            assert "{% unsubscribe_link %}" in made.text


def test_a_mail_of_the_control_group_shows_no_products_of_ours() -> None:
    for plan in FLOWS:
        for mail in plan.mails:
            made = template_of(mail, Arm.CONTROL, LOOK)
            assert "event.items" not in made.html + made.text
            assert "offer_code" not in made.html + made.text
            assert LOOK.paragraphs[0] in made.html


def test_the_control_group_keeps_its_way_to_the_cart() -> None:
    mails = [mail for plan in FLOWS for mail in plan.mails if Part.CART in mail.parts]
    assert mails
    assert all("event.cart_url" in template_of(mail, Arm.CONTROL, LOOK).html for mail in mails)


@pytest.mark.parametrize(
    "look",
    [Look(colour="red"), Look(logo="http://a.example/x.png"), Look(static=" "), Look(static="{{ person.email }}")],
)
def test_a_look_that_no_mail_can_have_is_refused(look: Look) -> None:
    with pytest.raises(DomainError):
        checked(look)


def test_a_button_is_readable_on_any_colour() -> None:
    assert Look(colour="#ffee00").on_colour == "#000000"
    assert Look(colour="#102030").on_colour == "#ffffff"
