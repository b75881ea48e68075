"""Shopify Flow is told of entries once: into segments that are switched on, and of nobody who refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.errors import DomainError
from app.core.segments.outlets import Outlet
from app.core.segments.parse import rule_of
from app.services.tell_flow import Done, tell_flow
from tests.outlets.people import Told


def fire(told: Told) -> Done:
    return tell_flow(told.installed.shop, told.wiring.telling_flow)


@pytest.fixture
def switched(told: Told) -> Told:
    """Place 0 had been a champion when Flow was switched on for champions."""
    begun = told.now() - timedelta(hours=2)
    told.count({told.segment("champions"): [0]}, at=begun)
    told.first_counted(told.segment("champions"), begun)
    told.switch(Outlet.FLOW, told.segment("champions"))
    return told


def test_who_enters_starts_the_workflows_once(switched: Told) -> None:
    switched.count({switched.segment("champions"): [0, 1], switched.segment("engaged"): [2]})
    assert fire(switched) == Done(fired=1)
    payload = {"customer_id": switched.customers[1], "Segment": "Champions", "Handle": "champions"}
    assert [(one["handle"], one["payload"]) for one in switched.flow()] == [("entered-segment", payload)]
    assert fire(switched) == Done()
    assert len(switched.flow()) == 1


def test_who_comes_back_starts_them_again(switched: Told) -> None:
    champions = switched.segment("champions")
    for hours, members in ((0.9, [0, 1]), (0.6, [0]), (0.3, [0, 1])):
        switched.count({champions: members}, at=switched.now() - timedelta(hours=hours))
    assert fire(switched).fired == 2


def test_a_count_that_commits_late_is_not_passed_over(switched: Told) -> None:
    switched.count({switched.segment("champions"): [0, 1]}, at=switched.now() - timedelta(minutes=1))
    fire(switched)
    switched.count({switched.segment("champions"): [0, 1, 2]}, at=switched.now() - timedelta(minutes=30))
    assert fire(switched).fired == 1


def test_a_rising_risk_is_told_and_a_falling_one_is_not(told: Told) -> None:
    risk, lost = told.segment("stage_at_risk"), told.segment("stage_lost")
    told.count({risk: [0], lost: [1]}, at=told.now() - timedelta(hours=2))
    for one in (risk, lost):
        told.first_counted(one, told.now() - timedelta(hours=2))
    told.switch(Outlet.CHURN)
    told.count({risk: [1, 2], lost: [0]})
    fire(told)
    found = {one["payload"]["customer_id"]: one["payload"]["Stage"] for one in told.flow()}
    assert found == {told.customers[0]: "lost", told.customers[2]: "at risk"}
    assert {one["handle"] for one in told.flow()} == {"churn-risk-rose"}


def test_whom_a_first_count_finds_has_not_risen(told: Told) -> None:
    risk, begun = told.segment("stage_at_risk"), told.now() - timedelta(minutes=30)
    told.switch(Outlet.CHURN)
    told.count({risk: [0, 1]}, at=begun)
    told.first_counted(risk, begun)
    assert fire(told) == Done()
    told.count({risk: [0, 1, 2]})
    assert fire(told) == Done(fired=1)


def test_a_segment_must_have_been_counted_once(told: Told) -> None:
    shop = told.installed.shop.id
    rule = rule_of({"figure": "orders", "least": 1})
    new = told.wiring.segments.save(shop, "New one", rule, "", at=told.now(), by="")
    with pytest.raises(DomainError, match="not been counted"):
        told.switch(Outlet.FLOW, new)


def test_of_who_opted_out_nothing_is_told(switched: Told) -> None:
    switched.count({switched.segment("champions"): [0, 1]})
    switched.installed.execute(f"UPDATE customers SET opted_out = true WHERE id = {switched.customers[1]}")
    assert fire(switched) == Done(withheld=1)
    assert switched.flow() == []
    assert fire(switched) == Done()


def test_what_is_switched_off_before_it_was_told_is_not_told(switched: Told) -> None:
    outbox, shop = switched.wiring.flow_outbox, switched.installed.shop.id
    switched.count({switched.segment("champions"): [0, 1]})
    assert outbox.collect(shop, now=switched.now()) == 1
    switched.switch(Outlet.FLOW, switched.segment("champions"), on=False)
    assert fire(switched) == Done()
    assert switched.flow() == []
    assert outbox.counts(shop).withheld == 1


def test_what_shopify_refuses_is_kept_with_its_words_and_not_tried_again(switched: Told) -> None:
    switched.count({switched.segment("champions"): [0, 1]})
    store = switched.installed.store
    gone = store.customers.pop(switched.customers[1])
    assert fire(switched) == Done(refused=1)
    store.customers[gone.id] = gone
    counts = switched.wiring.flow_outbox.counts(switched.installed.shop.id)
    assert (counts.refused, counts.waiting) == (1, 0)
    assert "customer_id" in counts.complaint


def test_a_kill_tells_the_entry_in_hand_twice_at_most(switched: Told) -> None:
    class Killed(BaseException):
        pass

    def die(checkpoint: str) -> None:
        if checkpoint == "fired":
            raise Killed

    switched.count({switched.segment("champions"): [0, 1, 2]})
    with pytest.raises(Killed):
        tell_flow(switched.installed.shop, switched.wiring.telling_flow, checkpoint=die)
    switched.installed.expire_claims()
    assert fire(switched).fired == 2
    told_of = [one["payload"]["customer_id"] for one in switched.flow()]
    assert sorted(told_of) in (
        sorted([switched.customers[1]] * 2 + [switched.customers[2]]),
        sorted([switched.customers[2]] * 2 + [switched.customers[1]]),
    )
