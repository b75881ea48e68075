"""The series are made in Klaviyo on one click: against the simulated account, with the real library in between."""

from __future__ import annotations

from app.core.email.flows.series import FLOWS, WELCOME
from app.core.email.look import Look
from app.core.email.names import Arm
from app.core.shops import Shop
from app.services.make_flows import make_flows
from app.wiring.worker import current
from tests.klaviyo_fixture import Twin

MAILS = 2 * sum(len(plan.mails) for plan in FLOWS)


def run(shop: Shop) -> int:
    return make_flows(shop, current().making_flows)


def test_one_click_makes_drafts_and_a_second_changes_nothing(klaviyo_shop: Shop, twin: Twin) -> None:
    assert run(klaviyo_shop) == len(FLOWS)
    flows, templates = dict(twin.account.flows), dict(twin.account.templates)
    assert sorted(one.name for one in flows.values()) == sorted(plan.name for plan in FLOWS)
    assert {one.status for one in flows.values()} == {"draft"}
    assert sum(not one.of_message for one in templates.values()) == MAILS + 1  # The campaign's.
    assert sum(one.of_message for one in templates.values()) == MAILS
    updated = {one.id: one.updated for one in templates.values()}
    assert run(klaviyo_shop) == len(FLOWS)
    assert twin.account.flows.keys() == flows.keys()
    assert {one.id: one.updated for one in twin.account.templates.values()} == updated


def test_making_metrics_known_starts_no_flow_and_writes_to_nobody(klaviyo_shop: Shop, twin: Twin) -> None:
    run(klaviyo_shop)
    seeded = [one for one in twin.account.profiles.values() if one.external_id == "attune-setup"]
    assert len(seeded) == 1
    assert not seeded[0].email
    assert not twin.account.mails.all()


def test_what_klaviyo_says_of_a_flow_is_shown(klaviyo_shop: Shop, twin: Twin) -> None:
    run(klaviyo_shop)
    made = current().made_flows.flows(klaviyo_shop.id)[WELCOME.key]
    assert made.status == "draft"
    twin.account.flows[made.flow].status = "live"
    run(klaviyo_shop)
    assert current().made_flows.flows(klaviyo_shop.id)[WELCOME.key].status == "live"


def test_a_flow_that_the_merchant_deleted_is_made_anew(klaviyo_shop: Shop, twin: Twin) -> None:
    run(klaviyo_shop)
    del twin.account.flows[current().made_flows.flows(klaviyo_shop.id)[WELCOME.key].flow]
    run(klaviyo_shop)
    assert sum(one.name == WELCOME.name for one in twin.account.flows.values()) == 1


def test_a_new_look_renews_our_templates_but_not_what_the_merchant_edited(klaviyo_shop: Shop, twin: Twin) -> None:
    wiring = current()
    run(klaviyo_shop)
    known = wiring.made_flows.templates(klaviyo_shop.id)
    ours, theirs = (known[WELCOME.mails[place].template_key(Arm.CONTROL)] for place in (0, 1))
    twin.account.templates[theirs.template].html += "<p>By us</p>"
    wiring.mail_looks.put(klaviyo_shop.id, Look(static="Look at our new things."))
    run(klaviyo_shop)
    assert twin.account.templates[ours.template].of_message
    assert "Look at our new things." in twin.account.templates[ours.template].html
    assert "Look at our new things." not in twin.account.templates[theirs.template].html
    assert wiring.made_flows.templates(klaviyo_shop.id)[theirs.key].edited
