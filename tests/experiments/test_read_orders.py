"""What a reading makes of orders: which count, for whom, what they are worth now, and the metrics beside revenue."""

from __future__ import annotations

from dataclasses import replace

from app.core.events import EventType
from app.core.experiments.types import Metric
from tests.experiments.store import HOLD_OUT, ObservedStore, counted, mean, moment

DAY = 24.0


# -- orders ----------------------------------------------------------------------------------------------------------


def test_only_orders_from_the_first_exposure_to_the_end_count(store: ObservedStore) -> None:
    store.buy(1, 0.5, 100)
    store.see(1, "b", hours=1)
    store.buy(1, 2, 200)
    store.buy(1, 25 * DAY, 400)
    assert counted(store)["b"] == (1, 1, 200.0)


def test_an_order_counts_once_for_the_browser_that_reported_it_first(store: ObservedStore) -> None:
    for who, arm in ((1, "control"), (2, "b")):
        store.see(who, arm)
    order = store.buy(1, 3, 800)
    store.do(2, EventType.PURCHASE, 4, order_id=order)
    store.do(1, EventType.PURCHASE, 5, order_id=order)
    assert counted(store) == {"control": (1, 1, 800.0), "b": (1, 0, 0.0)}


def test_an_order_that_no_browser_reported_counts_in_no_arm_even_after_a_click(store: ObservedStore) -> None:
    # Clicks exist in one arm only: counting by them would favour it.
    request = store.see(1, "b")
    store.click(1, request)
    store.buy(1, 2, request=request, reported=False)
    store.settle()
    store.wiring.roll_ups.link_orders(store.shop.id)
    assert counted(store)["b"] == (1, 0, 0.0)


def test_a_refund_a_month_later_lowers_what_was_counted(store: ObservedStore) -> None:
    store.see(1, "b")
    order = store.buy(1, 2, 1000, quantity=2)
    assert counted(store)["b"] == (1, 1, 2000.0)
    store.clock.pass_days(30)
    store.refund(order, left=1)
    assert counted(store)["b"] == (1, 1, 1000.0)
    store.refund(order, left=0)
    assert counted(store)["b"] == (1, 0, 0.0)


def test_money_that_is_paid_back_without_goods_is_not_revenue(store: ObservedStore) -> None:
    store.see(1, "b")
    order = store.buy(1, 2, 1000)
    store.pay_back(order, 300)
    assert counted(store)["b"] == (1, 1, 700.0)


def test_an_order_that_was_edited_after_a_click_is_counted_as_it_is_now(store: ObservedStore) -> None:
    request = store.see(1, "b")
    store.click(1, request)
    order = store.buy(1, 2, 1000, request=request)
    assert store.read().clicked_revenue == {"control": 0, "b": 1000}
    store.reprice(order, 600)
    reading = store.read()
    assert reading.clicked_revenue == {"control": 0, "b": 600}
    assert reading.arms[1].metrics[Metric.REVENUE_PER_VISITOR].x == 600


def test_orders_in_another_currency_are_left_out_and_counted(store: ObservedStore) -> None:
    store.see(1, "b")
    store.buy(1, 2, 5000, currency="JPY")
    store.buy(1, 3, 1000)
    reading = store.read()
    assert (reading.arms[1].orders, reading.arms[1].metrics[Metric.REVENUE_PER_VISITOR].x) == (1, 1000.0)
    assert (reading.currency, reading.excluded.foreign_orders) == ("EUR", 1)


def test_test_orders_and_cancelled_ones_do_not_count(store: ObservedStore) -> None:
    store.see(1, "b")
    for change in ("test = true", "cancelled_at = now()"):
        order = store.buy(1, 2)
        store._execute(f"UPDATE orders SET {change} WHERE id = :order", {"order": order})
    assert counted(store)["b"] == (1, 0, 0.0)


def test_what_a_visitor_bought_in_the_quarter_before_is_its_covariate(store: ObservedStore) -> None:
    store.buy(1, -95 * DAY, 5000)
    store.buy(1, -60 * DAY, 300)
    store.see(1, "b", hours=1)
    store.see(2, "b", hours=1)
    arm = store.arms()["b"]
    assert arm.metrics[Metric.REVENUE_PER_VISITOR].c == 300
    assert arm.metrics[Metric.CONVERSION].c == 1
    assert (arm.units, arm.new_units) == (2, 1)


def test_a_part_of_the_time_counts_everybody_who_was_exposed_before_and_what_they_did_then(
    store: ObservedStore,
) -> None:
    store.buy(1, -DAY, 70)
    early = store.see(1, "b", hours=1, cards=2)
    store.click(1, early)
    store.buy(1, 2, 300)
    store.see(2, "b", hours=1)
    late = store.see(1, "b", hours=5 * DAY, cards=5)
    store.click(1, late, hours=5 * DAY)
    store.buy(1, 6 * DAY, 500)
    arm = store.arms(since=moment(3 * DAY))["b"]
    revenue = arm.metrics[Metric.REVENUE_PER_VISITOR]
    # Whether somebody comes again may depend on the arm, so the second visitor stays in.
    assert (arm.units, arm.orders, revenue.x, revenue.c) == (2, 1, 500, 70)
    assert mean(arm, Metric.CLICK_THROUGH) == 0.2


def test_figures_before_the_lakes_oldest_events_are_not_used_as_covariates(store: ObservedStore) -> None:
    store.keep_for(10)
    store.see(1, "b", hours=1)
    store.buy(1, 12 * DAY, 500)
    store.see(1, "b", hours=13 * DAY)
    store.buy(1, 14 * DAY, 30)
    revenue = store.arms()["b"].metrics[Metric.REVENUE_PER_VISITOR]
    assert (revenue.x, revenue.c) == (30, 0)


def test_what_was_bought_after_an_exposure_in_an_excluded_window_is_no_covariate(store: ObservedStore) -> None:
    store.buy(1, -DAY, 70)
    store.see(1, "b", hours=2)
    store.buy(1, 3, 500)
    store.buy(1, 10, 90)
    store.see(1, "b", hours=30)
    store.exclude(1, 5)
    revenue = store.arms()["b"].metrics[Metric.REVENUE_PER_VISITOR]
    assert (revenue.x, revenue.c) == (0, 70)


# -- metrics beside revenue ------------------------------------------------------------------------------------------


def test_clicks_are_not_counted_where_nothing_of_ours_stood(store: ObservedStore) -> None:
    store.run(HOLD_OUT)
    request = store.see(2, "attune", cards=4)
    store.see(1, "control", cards=4, ghost=True)
    store.click(2, request)
    arms = store.arms()
    assert Metric.CLICK_THROUGH not in arms["control"].metrics
    assert mean(arms["attune"], Metric.CLICK_THROUGH) == 0.25


def test_two_orders_on_one_day_are_no_repeat_purchase(store: ObservedStore) -> None:
    for who in (1, 2):
        store.see(who, "b")
    # 23:30 in Berlin on one day and 00:30 on the next, and twice on the same day.
    for who, hours in ((1, 13.5), (1, 14.5), (2, 2), (2, 4)):
        store.buy(who, hours)
    assert mean(store.arms()["b"], Metric.REPEAT_PURCHASE) == 0.5
    assert mean(store.arms()["b"], Metric.CONVERSION) == 1.0
    assert mean(store.arms()["b"], Metric.ORDER_VALUE) == 1000


def test_a_cart_that_is_left_and_bought_within_the_week_is_recovered(store: ObservedStore) -> None:
    for who in (1, 2, 3, 4, 5):
        store.see(who, "b")
    for who in (1, 2, 3, 4):
        store.do(who, EventType.ADD_TO_CART, 2)
    store.do(5, EventType.ADD_TO_CART, 0.5)  # Before it saw anything.
    store.buy(1, 3)  # At once: never left.
    store.buy(2, 3 * DAY)  # Recovered.
    store.buy(3, 12 * DAY)  # Too late.
    sums = store.arms()["b"].metrics[Metric.CART_RECOVERY]
    assert (sums.x, sums.d) == (1, 3)


def test_a_cart_of_yesterday_is_not_lost_yet(store: ObservedStore) -> None:
    store.see(1, "b")
    store.do(1, EventType.ADD_TO_CART, 19 * DAY)
    assert store.arms()["b"].metrics[Metric.CART_RECOVERY].d == 0


def test_a_primary_metric_of_clicks_is_told_by_the_day(store: ObservedStore) -> None:
    store.run(replace(store.experiment, name="Clicks", primary=Metric.CLICK_THROUGH, layer="clicks"))
    request = store.see(1, "b", hours=1, cards=4)
    store.click(1, request, hours=1)
    store.see(1, "b", hours=DAY, cards=4)
    days = [day for day in store.read().days if day.arm == "b"]
    assert [(day.primary.x, day.primary.d) for day in days[:3]] == [(1, 4), (1, 8), (1, 8)]
