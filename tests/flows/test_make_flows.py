"""The series are made in Klaviyo on one click: against the simulated account, with the real library in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.adapters.db.made_flows import DbMadeFlows
from app.core.email.flows.series import FLOWS, WELCOME
from app.core.email.look import Look
from app.core.email.names import Arm
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop
from app.errors import KlaviyoRefused, Retryable
from app.ports.flows import MadeFlow, MadeTemplate
from app.ports.klaviyo import KlaviyoConnection
from app.services.flow_refusals import LIMIT, NO_ACCESS, NO_SENDER, OTHER, PLAN, SENDER, in_words
from app.services.make_flows import CLAIM, make_flows
from app.wiring.worker import current
from tests.klaviyo_fixture import Twin

MAILS = 2 * sum(len(plan.mails) for plan in FLOWS)


def run(shop: Shop) -> int:
    return make_flows(shop, current().making_flows)


def test_one_click_makes_drafts_a_second_changes_nothing_and_what_was_deleted_comes_back(
    klaviyo_shop: Shop, twin: Twin
) -> None:
    assert run(klaviyo_shop) == len(FLOWS)
    flows, templates = dict(twin.account.flows), dict(twin.account.templates)
    assert sorted(one.name for one in flows.values()) == sorted(plan.name for plan in FLOWS)
    assert {one.status for one in flows.values()} == {"draft"}
    assert sum(not one.of_message for one in templates.values()) == MAILS + 1  # The campaign's.
    assert sum(one.of_message for one in templates.values()) == MAILS
    updated = {one.id: one.updated for one in templates.values()}
    made = current().made_flows.flows(klaviyo_shop.id)
    twin.account.flows[made[WELCOME.key].flow].status = "live"
    assert run(klaviyo_shop) == len(FLOWS)
    assert twin.account.flows.keys() == flows.keys()
    assert {one.id: one.updated for one in twin.account.templates.values()} == updated
    assert current().made_flows.flows(klaviyo_shop.id)[WELCOME.key].status == "live"
    del twin.account.flows[made[WELCOME.key].flow]
    run(klaviyo_shop)
    assert sum(one.name == WELCOME.name for one in twin.account.flows.values()) == 1
    # Making metrics known starts no flow and writes to nobody.
    seeded = [one for one in twin.account.profiles.values() if one.external_id == "attune-setup"]
    assert [one.email for one in seeded] == [None]
    assert not twin.account.mails.all()


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


class Killed(BaseException):
    """What a worker that is killed does not come back from."""


class DyingStore(DbMadeFlows):
    """The store of a worker that is killed when it is about to note this."""

    doomed = ""

    def put_flow(self, shop: ShopId, flow: MadeFlow) -> None:
        self._die(flow.key)
        super().put_flow(shop, flow)

    def put_template(self, shop: ShopId, template: MadeTemplate) -> None:
        self._die(template.key)
        super().put_template(shop, template)

    def _die(self, key: str) -> None:
        if key == self.doomed:
            raise Killed


def most(twin: Twin) -> int:
    """How often the flow or the template that stands there most often does."""
    library = Counter(one.name for one in twin.account.templates.values() if not one.of_message)
    return max(*library.values(), *Counter(one.name for one in twin.account.flows.values()).values())


def test_what_a_killed_worker_made_is_found_again_and_not_made_twice(klaviyo_shop: Shop, twin: Twin) -> None:
    twin.control.post("quota", json={"factor": 100})
    wiring, store = current(), DyingStore(current().database)
    for doomed in (WELCOME.mails[0].template_key(Arm.ATTUNE), WELCOME.key, FLOWS[-1].key, "campaign"):
        store.doomed = doomed
        with pytest.raises(Killed):
            make_flows(klaviyo_shop, replace(wiring.making_flows, made=store))
    assert run(klaviyo_shop) == len(FLOWS)
    assert most(twin) == 1
    assert len(twin.account.flows) == len(FLOWS)
    noted = wiring.made_flows.flows(klaviyo_shop.id)
    assert {one.flow for one in noted.values()} == set(twin.account.flows)


def test_a_flow_whose_answer_was_lost_is_not_made_twice(klaviyo_shop: Shop, twin: Twin) -> None:
    twin.fault("error", path="/api/flows", method="POST", status=502, late=True)
    with pytest.raises(Retryable):
        run(klaviyo_shop)
    assert run(klaviyo_shop) == len(FLOWS)
    assert most(twin) == 1


def test_a_merchants_own_template_of_the_same_name_is_left_alone(klaviyo_shop: Shop, twin: Twin) -> None:
    run(klaviyo_shop)
    wiring, key = current(), WELCOME.mails[0].template_key(Arm.ATTUNE)
    ours = next(
        one for one in twin.account.templates.values() if one.name == WELCOME.mails[0].template_name(Arm.ATTUNE)
    )
    theirs = replace(ours, id="THEIRS", html="<p>Mine</p>", of_message=False)
    twin.account.templates = {"THEIRS": theirs}
    run(klaviyo_shop)
    assert theirs.html == "<p>Mine</p>"
    assert wiring.made_flows.templates(klaviyo_shop.id)[key].template != "THEIRS"


def test_two_workers_do_not_make_the_same_at_once(klaviyo_shop: Shop) -> None:
    with current().claims.keep(klaviyo_shop.id, CLAIM, seconds=60) as taken:
        assert taken
        with pytest.raises(Busy):
            run(klaviyo_shop)


class NoSender:
    """The connection to an account that has no default sender."""

    def __init__(self, connection: KlaviyoConnection | None) -> None:
        assert connection is not None
        self._connection = replace(connection, sender_email="")

    def of(self, _: ShopId) -> KlaviyoConnection:
        return self._connection

    def broken(self, shop: ShopId, trouble: str, *, at: datetime) -> None:
        raise AssertionError(trouble)


def complaints(shop: Shop) -> dict[str, str]:
    return {key: one.complaint for key, one in current().made_flows.flows(shop.id).items()}


def test_what_klaviyo_refuses_is_told_at_the_flow_and_the_others_are_made(klaviyo_shop: Shop, twin: Twin) -> None:
    twin.control.post("quota", json={"factor": 100})
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("feature_unavailable", {}, "Change the plan in Klaviyo"),
        ("error", {"status": 403}, NO_ACCESS),
        ("error", {"status": 400}, "send this sentence"),
    ]
    for mode, how, words in cases:
        twin.account.flows = {}
        twin.fault(mode, path="/api/flows", method="POST", **how)
        assert run(klaviyo_shop) == len(FLOWS) - 1
        [(key, complaint)] = [(key, said) for key, said in complaints(klaviyo_shop).items() if said]
        assert key == WELCOME.key
        assert words in complaint
    assert run(klaviyo_shop) == len(FLOWS)
    assert set(complaints(klaviyo_shop).values()) == {""}


def test_without_access_to_metrics_or_a_sender_nothing_is_made_and_each_flow_says_so(
    klaviyo_shop: Shop, twin: Twin
) -> None:
    twin.fault("error", path="/api/metrics", status=403)
    assert run(klaviyo_shop) == 0
    assert set(complaints(klaviyo_shop).values()) == {NO_ACCESS}
    no_sender = NoSender(current().klaviyo_connections.of(klaviyo_shop.id))
    assert make_flows(klaviyo_shop, replace(current().making_flows, connections=no_sender)) == 0
    assert set(complaints(klaviyo_shop).values()) == {NO_SENDER}
    assert not twin.account.flows


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (KlaviyoRefused("no", status=403), NO_ACCESS),
        (KlaviyoRefused("Not in your plan", status=403, code="feature_unavailable"), PLAN),
        (KlaviyoRefused("Pay", status=402), PLAN),
        (KlaviyoRefused("Full.", status=400, code="limit_reached"), LIMIT),
        (KlaviyoRefused("bad", status=400, pointer="/data/attributes/from_email"), SENDER),
        (KlaviyoRefused("bad", status=400), OTHER),
    ],
)
def test_every_refusal_says_what_to_do(refusal: KlaviyoRefused, words: str) -> None:
    said = in_words(refusal)
    assert said == words.format(said=f"{refusal}".rstrip(".") + ".")
