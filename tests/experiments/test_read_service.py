"""Reading an experiment from a real lake and real orders: who counts, for which arm, and what orders are worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app import jobs
from app.core.errors import Busy
from app.core.events import EventType
from app.core.experiments.reading import Preference
from app.core.experiments.types import Kind, Metric, Status
from app.core.ids import ClientId, CustomerId
from app.core.shops import Shop
from app.ports import Change, Decision, Window
from app.services.read_experiment import CLAIM, due_experiments, read_experiments
from tests.experiments.store import HOLD_OUT, START, ObservedStore, counted, mean, moment, visitor
from workers.jobs import experiments as job

DAY = 24.0


# -- who is exposed --------------------------------------------------------------------------------------------------


def test_a_visitor_counts_for_the_arm_of_the_answer_that_was_in_view(store: ObservedStore) -> None:
    store.see(1, "control", cards=3)
    store.see(2, "b", cards=2)
    store.see(2, "b", hours=30)
    store.buy(2, 31, 2500)
    assert counted(store) == {"control": (1, 0, 0.0), "b": (1, 1, 2500.0)}


def test_an_answer_that_nobody_saw_counts_for_nothing(store: ObservedStore) -> None:
    store.answer(1, "b", 1)
    store.buy(1, 2)
    assert counted(store) == {"control": (0, 0, 0.0), "b": (0, 0, 0.0)}


def test_an_exposure_without_an_answer_of_ours_counts_for_nothing(store: ObservedStore) -> None:
    store.see(1, "b")
    made_up = store.see(2, "b")
    store.waiting = [one for one in store.waiting if getattr(one, "items", None) is None or one.request_id != made_up]
    assert counted(store)["b"] == (1, 0, 0.0)


@pytest.mark.parametrize("arm", ["control", "attune"])
def test_an_answer_without_items_counts_in_no_arm(store: ObservedStore, arm: str) -> None:
    # A rail without cards is never in view, the empty place of a control is.
    store.run(HOLD_OUT)
    store.see(1, arm, ghost=arm == "control", strategy="none")
    assert [one.units for one in store.read().arms] == [0, 0]


def test_a_ghost_in_the_control_arm_is_an_exposure_like_any_other(store: ObservedStore) -> None:
    store.run(HOLD_OUT)
    store.see(1, "control", cards=4, ghost=True)
    store.see(2, "attune", cards=4)
    arms = store.arms()
    assert (arms["control"].units, arms["attune"].units) == (1, 1)


def test_an_answer_may_belong_to_several_experiments(store: ObservedStore) -> None:
    store.see(1, "b", others="77:x")
    assert counted(store)["b"] == (1, 0, 0.0)
    store.see(2, None, others=f"1{store.experiment.id}:b")
    assert counted(store)["b"] == (1, 0, 0.0)


def test_what_comes_twice_counts_once(store: ObservedStore) -> None:
    request = store.see(1, "b", cards=2)
    store.click(1, request)
    again = list(store.waiting)
    store.settle()
    store.waiting = again[1:]
    assert store.arms()["b"].metrics[Metric.CLICK_THROUGH].d == 2
    assert mean(store.arms()["b"], Metric.CLICK_THROUGH) == 0.5


def test_a_customer_known_from_two_browsers_is_one_unit(store: ObservedStore) -> None:
    store.see(1, "b")
    store.see(2, "b", hours=5, unit=1)
    store.buy(2, 6, 700)
    assert counted(store)["b"] == (1, 1, 700.0)


def test_a_browser_that_turns_out_to_be_a_customers_brings_its_earlier_exposures_along(store: ObservedStore) -> None:
    store.see(2, "control", hours=1)
    store.see(2, "b", hours=5, unit=1)
    store.see(3, "b", hours=5)
    reading = store.read()
    assert [arm.units for arm in reading.arms] == [0, 1]
    assert reading.excluded.two_arms == 1


def test_two_arms_within_an_excluded_window_are_forgiven(store: ObservedStore) -> None:
    store.see(1, "control", hours=2)
    store.see(1, "b", hours=10)
    store.exclude(0, 5)
    assert counted(store)["b"] == (1, 0, 0.0)


def test_the_pixel_knows_a_browser_by_another_name(store: ObservedStore) -> None:
    store.meet(1, "c-1")
    store.see(1, "b")
    store.buy(1, 3, 900, visitor=None, client=ClientId("c-1"))
    assert counted(store)["b"] == (1, 1, 900.0)


def test_other_shops_see_none_of_it(store: ObservedStore, other_shop: Shop) -> None:
    store.see(1, "b")
    store.settle()
    theirs = ObservedStore(store.wiring, other_shop, store.clock)
    theirs.run()
    assert [arm.units for arm in theirs.read().arms] == [0, 0]


# -- who is left out -------------------------------------------------------------------------------------------------


def test_staff_are_left_out_with_all_they_did(store: ObservedStore) -> None:
    store.customer(5, tags=["VIP", "Staff"])
    store.see(1, "b")
    store.see(2, "b")
    store.buy(1, 2, customer=5)
    reading = store.read()
    assert (reading.arms[1].units, reading.arms[1].orders, reading.excluded.staff) == (1, 0, 1)


def test_programs_are_known_by_what_they_do(store: ObservedStore) -> None:
    for who in (1, 2, 3):
        store.see(who, "b")
    for number in range(501):
        store.do(1, EventType.PAGE_VIEW, 2 + number / 3600, path="/")
    for number in range(500):
        store.do(2, EventType.PAGE_VIEW, 2 + number / 3600, path="/")
    for number in range(2001):
        store.do(3, EventType.PAGE_VIEW, 2 + number / 60, path="/")
    reading = store.read()
    assert (reading.arms[1].units, reading.excluded.bots) == (1, 2)


def test_whoever_comes_again_and_again_and_buys_is_no_program(store: ObservedStore) -> None:
    store.see(1, "b")
    for number in range(2001):
        store.do(1, EventType.PAGE_VIEW, 2 + number / 60, path="/")
    store.buy(1, 3)
    assert store.read().excluded.bots == 0


def test_a_page_full_of_cards_makes_nobody_a_program(store: ObservedStore) -> None:
    store.see(1, "b", cards=600)
    assert store.read().excluded.bots == 0


def test_clicks_on_cards_that_a_control_does_not_have_make_nobody_a_program(store: ObservedStore) -> None:
    request = store.see(1, "b")
    for _ in range(501):
        store.click(1, request)
    assert store.read().excluded.bots == 0


def test_an_excluded_window_takes_out_what_was_seen_and_what_was_bought_in_it(store: ObservedStore) -> None:
    store.see(1, "b", hours=10)
    store.see(2, "b", hours=10)
    store.see(2, "b", hours=40)
    store.see(3, "b", hours=2)
    store.buy(3, 12, 400)
    store.buy(3, 41, 300)
    store.exclude(8, 24)
    reading = store.read()
    arm = reading.arms[1]
    assert (arm.units, arm.orders, arm.metrics[Metric.REVENUE_PER_VISITOR].x) == (2, 1, 300.0)
    assert reading.excluded.window == 1


def test_an_erased_visitor_leaves_the_figures(store: ObservedStore) -> None:
    store.see(1, "b")
    order = store.buy(1, 2)
    store.see(2, "b")
    store.settle()
    subject = store.wiring.privacy.bury(store.shop.id, CustomerId(0), [order], at=store.clock.now())
    for place in store.wiring.erasable_places:
        place.erase_customer(store.shop.id, subject)
    assert visitor(1) in subject.visitors
    assert counted(store)["b"] == (1, 0, 0.0)


# -- kinds of their own ----------------------------------------------------------------------------------------------


def test_clicks_on_a_shared_rail_are_credited_visit_by_visit(store: ObservedStore) -> None:
    store.run(replace(store.experiment, name="Two", kind=Kind.INTERLEAVING, primary=Metric.CLICK_THROUGH, layer="two"))
    teams = {2: "a", 3: "b", 4: "b"}
    items = [{"product_id": one, "position": place, "team": team} for place, (one, team) in enumerate(teams.items())]
    first, later = (store.see(1, "both", hours, items=items) for hours in (1, 30))
    store.click(1, first, 1, product=2)
    store.click(1, first, 1.1, product=2)
    store.click(1, first, 1.2, product=3)
    store.click(1, first, 1.3, product=4)
    store.click(1, later, 30, product=2)
    store.click(1, later, 30, product=9)
    reading = store.read()
    assert reading.preference == Preference(first=1, second=1, ties=0)
    assert [arm.units for arm in reading.arms] == [1, 1]


def test_an_e_mail_test_counts_its_list_from_the_day_it_was_taken_away(store: ObservedStore) -> None:
    store.run(replace(store.experiment, name="Mails", kind=Kind.EMAIL, rails=(), layer="mails"))
    for customer, arm in ((5, "control"), (6, "b"), (7, "b")):
        store.list(customer, arm, 24)
    store.buy(1, 12, 100, customer=6, reported=False)
    store.buy(1, 30, 700, customer=6, reported=False)
    store.buy(1, 30, 700, customer=8, reported=False)
    reading = store.read()
    control, treated = reading.arms
    assert (control.units, treated.units, treated.orders, treated.new_units) == (1, 2, 1, 1)
    revenue = treated.metrics[Metric.REVENUE_PER_VISITOR]
    assert (revenue.x, revenue.c) == (700, 100)
    assert Metric.CLICK_THROUGH not in treated.metrics
    assert Metric.CART_RECOVERY not in treated.metrics


def test_an_e_mail_tests_list_outlives_the_lakes_events(store: ObservedStore) -> None:
    store.run(replace(store.experiment, name="Mails", kind=Kind.EMAIL, rails=(), layer="mails"))
    store.keep_for(5)
    store.list(6, "b", 24)
    store.buy(1, 30, 700, customer=6, reported=False)
    reading = store.read()
    assert (reading.arms[1].units, reading.arms[1].orders, reading.excluded.window) == (1, 1, 0)


# -- when it is read -------------------------------------------------------------------------------------------------


def due(store: ObservedStore) -> int:
    return len(due_experiments(store.shop.id, store.wiring.reading))


def test_a_reading_is_kept_and_comes_often_while_an_experiment_is_young(store: ObservedStore) -> None:
    store.clock.at = START + timedelta(hours=1)
    assert read_experiments(store.shop, store.wiring.reading) == 1
    assert store.experiment.id in store.wiring.experiments.latest(store.shop.id)
    assert due(store) == 0
    store.clock.at += timedelta(minutes=10)
    assert due(store) == 1
    store.clock.at = START + timedelta(days=20)
    read_experiments(store.shop, store.wiring.reading)
    store.clock.at += timedelta(minutes=50)
    assert due(store) == 0
    store.clock.at += timedelta(minutes=10)
    assert due(store) == 1


def test_a_stopped_experiment_is_read_as_long_as_refunds_may_come(store: ObservedStore) -> None:
    stopped = replace(store.experiment, status=Status.STOPPED)
    store.wiring.experiments.replace(store.shop.id, stopped, Change(store.clock.now(), "Alice", "Stopped."))
    for days, expected in ((1, 1), (80, 1), (20, 1), (20, 0)):
        store.clock.pass_days(days)
        assert read_experiments(store.shop, store.wiring.reading) == expected


def test_the_result_of_a_stopped_experiment_stays_when_the_lake_has_forgotten_it(store: ObservedStore) -> None:
    store.see(1, "b")
    store.settle()
    stopped = replace(store.experiment, status=Status.STOPPED)
    store.wiring.experiments.replace(store.shop.id, stopped, Change(store.clock.now(), "Alice", "Stopped."))
    read_experiments(store.shop, store.wiring.reading)
    store.keep_for(30)
    store.clock.pass_days(40)
    assert due(store) == 0
    late = Window(moment(0), moment(5), "a broken theme", "Alice", store.clock.now())
    store.wiring.experiments.exclude(store.shop.id, store.experiment.id, late)
    assert read_experiments(store.shop, store.wiring.reading) == 0
    assert store.wiring.experiments.latest(store.shop.id)[store.experiment.id].arms[1].units == 1


def test_an_experiment_that_cannot_be_read_holds_up_no_other(store: ObservedStore) -> None:
    first = store.experiment.id
    store.run(replace(store.experiment, name="Two", kind=Kind.INTERLEAVING, primary=Metric.CLICK_THROUGH, layer="two"))
    request = store.see(1, "both")
    store.click(1, request)
    store.waiting = [replace(one, items=["damaged"]) if isinstance(one, Decision) else one for one in store.waiting]  # type: ignore[list-item]
    store.settle()
    with pytest.raises(ExceptionGroup, match="1 of 2 experiments") as failed:
        read_experiments(store.shop, store.wiring.reading)
    assert failed.value.exceptions[0].__notes__ == [f"reading experiment {store.experiment.id} of {store.shop.domain}"]
    assert list(store.wiring.experiments.latest(store.shop.id)) == [first]


def test_a_window_that_is_excluded_is_read_at_once(store: ObservedStore) -> None:
    read_experiments(store.shop, store.wiring.reading)
    assert due(store) == 0
    now = store.clock.now()
    late = Window(moment(0), moment(5), "a broken theme", "Alice", now + timedelta(seconds=1))
    store.wiring.experiments.exclude(store.shop.id, store.experiment.id, late)
    assert due(store) == 1


def test_two_workers_do_not_read_the_same_shop_at_once(store: ObservedStore) -> None:
    with store.wiring.claims.hold(store.shop.id, CLAIM, seconds=60), pytest.raises(Busy):
        read_experiments(store.shop, store.wiring.reading)


def test_the_jobs_read_what_is_due_of_installed_shops_only(
    store: ObservedStore, other_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "current", lambda: store.wiring)
    store.wiring.redis.flushdb()
    store.see(1, "b")
    store.settle()
    job.read_everywhere()
    assert [store.wiring.jobs.waiting(queue) for queue in jobs.QUEUES] == [0, 1, 0]
    job.read_experiments(store.shop.id)
    kept = store.wiring.experiments.latest(store.shop.id)[store.experiment.id]
    assert [arm.units for arm in kept.arms] == [0, 1]
    job.read_experiments(other_shop.id + 1)
    store.wiring.redis.flushdb()
    job.read_everywhere()
    assert store.wiring.jobs.waiting(jobs.QUEUE_IMPORTS) == 0
