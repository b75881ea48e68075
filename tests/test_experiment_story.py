"""From the first training to an outcome: one shop, its hold-out and an A/B test, with all real processes.

Every test takes the story a step further; what the owner reads is what the jobs have counted from what browsers sent
and the store's webhooks told.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from app.cli import report
from app.cli.demo_stack import SHOP_DOMAIN
from app.ports import Card
from tests.experiment_story import Desk, Shopper, arms_of, come, sign_in
from tests.open_shop import OpenShop, by_and_by, open_shop
from tests.patience import PATIENCE_S

TEST = {"tested": "strategy", "name": "What sells", "rail_bought_together": "on", "value_b": "trending"}
DECIDED_BY = {"primary": "revenue_per_visitor"}
EARLY = 120
"""So many come before anything is changed."""
EACH = 30
"""So many of either arm look on; of those held out as many as of both."""
WANTED = {"held out": 2 * EACH, "control": EACH, "b": EACH}
BUYERS = {"held out": 26, "control": 26, "b": 29}
"""Of them so many buy: the first a product in the checkout, the others a gift card, in arm b two of them."""
A_WHILE = timedelta(minutes=1)
A_FORTNIGHT = timedelta(days=15)


@pytest.fixture(scope="module")
def house() -> Iterator[OpenShop]:
    with open_shop(hold_out_percent=5) as opened:
        yield opened


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE_S, follow_redirects=True) as client:
        yield client


@pytest.fixture(scope="module")
def desk(house: OpenShop) -> Desk:
    return Desk(house)


# -- the hold-out ----------------------------------------------------------------------------------------------------


def test_after_the_first_training_one_visitor_in_twenty_is_held_out(desk: Desk) -> None:
    read = desk.read()
    assert "5 % held out" in read
    assert "Nothing has been counted yet" in read
    assert "Attune" in desk.read("/1")


@dataclass
class Raised:
    early: list[Shopper]
    later: list[Shopper]
    """The same visitors, asked again when the owner had raised the share."""


@pytest.fixture(scope="module")
def clerk(house: OpenShop) -> int:
    """One of the staff. Webhooks don't tell a customer's tags: the app asks for them, within a minute or so."""
    return new_customer(house, "shop@example.com", tags=["staff"])


@pytest.fixture(scope="module")
def raised(desk: Desk, house: OpenShop, http: httpx.Client, clerk: int) -> Raised:
    by_and_by(lambda: house.wiring.experiments.running(house.shop.id), "the hold-out runs")
    early = [come(house, http) for _ in range(EARLY)]
    assert desk.send("/hold-out", share="50", show="empty") == "/admin/experiments"
    # Twice as many as one in two take part: everybody.
    by_and_by(lambda: all(come(house, http).arm(1) for _ in range(20)), "the web process knows of the new share")
    return Raised(early, [come(house, http, one.visitor) for one in early])


def test_a_larger_share_takes_more_in_and_moves_nobody(raised: Raised, desk: Desk) -> None:
    before, after = arms_of(raised.early, 1), arms_of(raised.later, 1)
    assert len(before) < EARLY / 2
    assert len(after) == EARLY
    assert before.items() <= after.items()
    assert "50 % held out" in desk.read()


def test_who_is_held_out_gets_a_place_that_stays_empty_and_no_products(raised: Raised, house: OpenShop) -> None:
    held = next(one for one in raised.later if one.arm(1) == "control")
    assert {rail["show"] for rail in held.rails.values()} == {"empty"}
    answer = held.ask(house.card(house.stack.shown_handle))
    assert (answer["show"], answer["items"]) == ("empty", [])


# -- the A/B test ----------------------------------------------------------------------------------------------------


@dataclass
class Ramped:
    number: int
    at_20: dict[str, str]
    at_50: dict[str, str]


@pytest.fixture(scope="module")
def ramped(raised: Raised, desk: Desk, house: OpenShop, http: httpx.Client) -> Ramped:
    number = int(desk.send(**TEST, **DECIDED_BY).rpartition("/")[2])
    arms: list[dict[str, str]] = [{}]
    for share, action in (("20", "start"), ("50", "ramp")):
        desk.send(f"/{number}/{action}", traffic=share)
        known = len(arms[-1])

        def more(known: int = known) -> bool:
            arms.append(arms_of([come(house, http, one.visitor) for one in raised.later], number))
            return len(arms[-1]) > known

        by_and_by(more, f"the web process knows of the {share} %")
    return Ramped(number, next(one for one in arms if one), arms[-1])


def test_the_test_ramps_from_20_to_50_and_moves_nobody(ramped: Ramped, raised: Raised, desk: Desk) -> None:
    assert ramped.at_20
    assert ramped.at_20.items() < ramped.at_50.items()
    held = {one.visitor for one in raised.later if one.arm(1) == "control"}
    assert not held & ramped.at_50.keys()
    read = desk.read(f"/{ramped.number}")
    assert "Started with 20 % of its visitors" in read
    assert "From 20 % to 50 % of its visitors" in read


def test_an_arm_ranks_as_its_form_says(ramped: Ramped, house: OpenShop, http: httpx.Client) -> None:
    card = house.card(house.stack.shown_handle)
    first = {arm: visitor for visitor, arm in ramped.at_50.items()}
    answers = {arm: come(house, http, visitor).ask(card) for arm, visitor in first.items()}
    assert answers["b"]["strategy"] == "trending"
    assert answers["control"]["strategy"] == "item_item"
    assert all(answers[arm]["variant"].endswith(f"{ramped.number}:{arm}") for arm in answers)
    assert {item["reason"]["code"] for item in answers["b"]["items"]} == {"trending"}


# -- a day in the shop -----------------------------------------------------------------------------------------------


@dataclass
class Day:
    number: int
    card: Card
    gift: Card
    groups: dict[str, list[Shopper]]

    def units(self, group: str) -> int:
        return len(self.groups[group])

    def orders(self, group: str) -> int:
        return sum(len(one.orders) for one in self.groups[group])

    def spent(self, *groups: str) -> float:
        """Revenue per visitor, in minor units."""
        return sum(one.paid for group in groups for one in self.groups[group]) / sum(map(self.units, groups))


@pytest.fixture(scope="module")
def gathered(ramped: Ramped, raised: Raised, house: OpenShop, http: httpx.Client) -> dict[str, list[Shopper]]:
    """As many of each arm as shall look on, and three more who are in the test; whoever comes else leaves again."""
    groups: dict[str, list[Shopper]] = {"held out": [], "control": [], "b": [], "others": []}
    waiting = [one.visitor for one in raised.later]
    while any(len(groups[name]) < number for name, number in WANTED.items()):
        one = come(house, http, waiting.pop() if waiting else None)
        name = "held out" if one.arm(1) == "control" else one.arm(ramped.number)
        if name is not None:
            groups[name if len(groups[name]) < WANTED[name] else "others"].append(one)
    return groups


@pytest.fixture(scope="module")
def stitched(gathered: dict[str, list[Shopper]], house: OpenShop, http: httpx.Client) -> tuple[Shopper, Shopper]:
    """One customer's two browsers: the first is held out, the second was not before she signed in there."""
    first, second = gathered["held out"][-1], come_until(house, http, lambda one: one.arm(1) == "attune")
    sign_in(http, house, new_customer(house, "twice@example.com"))
    come(house, http, first.visitor)
    again = come(house, http, second.visitor)
    http.cookies.clear()
    return first, again


def test_a_customer_keeps_the_arm_of_her_first_browser_on_the_second(
    stitched: tuple[Shopper, Shopper], house: OpenShop, http: httpx.Client
) -> None:
    first, second = stitched
    assert second.rails == first.rails
    assert come(house, http, second.visitor).arm(1) == "control"  # Also when she is not signed in any more.
    totals = house.wiring.counters.totals()
    assert (totals["units_stitched"], totals["units_conflicting"]) == (1, 1)


@pytest.fixture(scope="module")
def day(
    ramped: Ramped,
    gathered: dict[str, list[Shopper]],
    stitched: tuple[Shopper, Shopper],
    house: OpenShop,
    desk: Desk,
    clerk: int,
) -> Day:
    card, gift = house.card(house.stack.shown_handle), gift_card(house)
    drawn = house.rails(f"/products/{card.handle}")["bought_together"]
    groups = {name: gathered[name] for name in WANTED}
    staff, program, *_ = (come_until(house, stitched[0].http, lambda one: one.arm(ramped.number)) for _ in range(2))
    everybody = [one for group in groups.values() for one in group]
    seen = [look for one in (*everybody, stitched[1], staff, program) for look in one.look(card, drawn)]
    house.tell(seen)
    desk.pass_time(A_WHILE)  # Orders are dated to the second: one within a second of the look would lie before it.
    bought = [groups[name][0].buy(card) for name in WANTED]
    bought += [
        one.give(gift, quantity=2 if name == "b" else 1) for name in WANTED for one in groups[name][1 : BUYERS[name]]
    ]
    bought.append(stitched[1].buy(card))
    bought.append(staff.buy(card, customer=clerk))
    house.tell([*bought, *({"type": "page_view", "visitor": program.visitor, "path": "/"} for _ in range(501))])
    orders = [int(each["order_id"]) for each in bought]
    by_and_by(lambda: of_types(house) >= Counter(exposure=len(seen), purchase=len(bought), page_view=501), "the lake")
    by_and_by(lambda: house.rows(f"SELECT count(*) FROM orders WHERE id IN ({', '.join(map(str, orders))})")
              == [(len(orders),)], "the store's webhooks have told of all orders")  # fmt: skip
    by_and_by(lambda: house.rows(f"SELECT 1 FROM customers WHERE id = {clerk} AND 'staff' = ANY(tags)"), "her tag")
    desk.count(ramped.number)
    groups["held out"][-1].orders, groups["held out"][-1].paid = stitched[1].orders, stitched[1].paid
    return Day(ramped.number, card, gift, groups)


def gift_card(house: OpenShop) -> Card:
    return next(card for card in house.wiring.catalog.cards(house.shop.id) if card.handle.endswith("gift-card"))


def of_types(house: OpenShop) -> Counter[str]:
    return Counter(row["type"] for row in house.events())


def come_until(house: OpenShop, http: httpx.Client, wanted: Callable[[Shopper], object]) -> Shopper:
    return next(one for one in iter(lambda: come(house, http), None) if wanted(one))


def new_customer(house: OpenShop, email: str, **more: Any) -> int:
    made = house.control.post("customers", json={"email": email, **more})
    assert made.is_success, made.text
    number = int(made.json()["id"])
    by_and_by(lambda: house.rows(f"SELECT 1 FROM customers WHERE id = {number}"), "the app knows the customer")
    return number


def test_the_page_says_how_many_are_in_each_arm_and_what_it_means(day: Day, desk: Desk) -> None:
    hold_out, test = desk.read("/1"), desk.read(f"/{day.number}")
    attune = day.orders("control") + day.orders("b")
    assert (
        f"Without Attune {day.units('held out')} {day.orders('held out')} With Attune {2 * EACH} {attune}" in hold_out
    )
    assert f"As it is now {EACH} {day.orders('control')} What is popular {EACH} {day.orders('b')}" in test
    assert "sizes fit their shares (p = 1.00" in test
    assert "No decision yet Keep running: " in test
    for left_out in ("Customers tagged “staff”: 1", "Programs: more than 500 events in an hour, or 2,000"):
        assert left_out in test
        assert left_out in hold_out


def test_the_report_prints_the_lift(day: Day, house: OpenShop, tmp_path: Path) -> None:
    said, told = reported(house, tmp_path)
    hold_out, (test,) = told["hold_out"], told["experiments"]
    assert hold_out["units"] == {"control": 2 * EACH, "attune": 2 * EACH}
    assert hold_out["excluded"] == {"two_arms": 0, "bots": 1, "staff": 1, "window": 0, "foreign_orders": 0}
    lift = hold_out["lifts"]["attune"]["revenue_per_visitor"]
    assert lift["control_value"] == pytest.approx(day.spent("held out"))
    assert lift["value"] == pytest.approx(day.spent("control", "b"))
    assert lift["low"] < lift["relative"] < lift["high"]
    assert test["lifts"]["b"]["revenue_per_visitor"]["value"] == pytest.approx(day.spent("b"))
    assert f"What sells (simulated): {test['decision']['sentence']}" in said
    assert "Hold-out (simulated): " in said


def reported(house: OpenShop, folder: Path) -> tuple[str, dict[str, Any]]:
    """What `attune report` prints, in one line, and its document."""
    env = dict(re.findall(r"(\w+)='(.*)'", house.stack.env_file.read_text()))
    file = folder / "report.json"
    ran = CliRunner(env={**env, "COLUMNS": "200"}).invoke(report.command, [SHOP_DOMAIN, "--json", str(file)])
    assert ran.exit_code == 0, ran.output
    return " ".join(ran.output.split()), json.loads(file.read_text())


def test_a_control_reports_ghosts_that_the_report_of_rails_leaves_out(day: Day, house: OpenShop) -> None:
    seen = [row for row in house.events() if row["type"] == "exposure"]
    held = {one.visitor for one in day.groups["held out"]}
    ghosts = [row for row in seen if row["ghost"]]
    assert held <= {row["visitor"] for row in ghosts}
    assert not {one.visitor for name in ("control", "b") for one in day.groups[name]} & {
        row["visitor"] for row in ghosts
    }
    by_and_by(
        lambda: (row := house.figures("bought_together")) and row.exposures == len(seen) - len(ghosts),
        "ghosts are left",
    )


# -- what becomes of orders ------------------------------------------------------------------------------------------


def test_a_refund_and_an_edit_change_what_was_counted(day: Day, house: OpenShop, desk: Desk, tmp_path: Path) -> None:
    price = day.groups["control"][1].paid
    refunded, edited = day.groups["b"][1].orders[0], day.groups["control"][1].orders[0]
    (line,) = house.rows(f"SELECT id FROM order_lines WHERE order_id = {refunded}")
    back = {"order_id": refunded, "lines": [{"line_id": line.id, "quantity": 1}]}
    assert house.control.post("refunds", json=back).is_success
    added = {"lines": [{"variant_id": day.gift.variant_id}]}
    assert house.control.post(f"orders/{edited}/edit", json=added).is_success
    lines = "SELECT sum(current_quantity) FROM order_lines WHERE order_id = {}"
    by_and_by(lambda: house.rows(lines.format(refunded)) == [(1,)], "the refund is known")
    by_and_by(lambda: house.rows(lines.format(edited)) == [(2,)], "the edit is known")
    desk.count(day.number)
    (test,) = reported(house, tmp_path)[1]["experiments"]
    lift = test["lifts"]["b"]["revenue_per_visitor"]
    assert lift["value"] == pytest.approx(day.spent("b") - price / EACH)
    assert lift["control_value"] == pytest.approx(day.spent("control") + price / EACH)


# -- the end ---------------------------------------------------------------------------------------------------------


def test_after_a_fortnight_it_is_stopped_with_an_outcome_that_stays(
    day: Day, house: OpenShop, desk: Desk, http: httpx.Client, tmp_path: Path
) -> None:
    desk.pass_time(A_FORTNIGHT)
    desk.count(day.number)
    (test,) = reported(house, tmp_path)[1]["experiments"]
    sentence = test["decision"]["sentence"]
    assert "young" not in test["cautions"]
    assert sentence in desk.read(f"/{day.number}")
    desk.send(f"/{day.number}/stop", choice="b")
    read = desk.read(f"/{day.number}")
    assert f"Chosen: “What is popular”. {sentence} Everybody gets it from then on." in read
    visitor = day.groups["b"][0].visitor
    by_and_by(lambda: come(house, http, visitor).arm(day.number) is None, "nobody is in it any more")
    shopper = come(house, http, visitor)
    assert shopper.arm(1) == "attune"
    # Every process of the web's has heard of it by and by, also one that has only just got to know the shop.
    by_and_by(lambda: shopper.ask(day.card)["strategy"] == "trending", "everybody gets what was chosen")
    desk.send(f"/{day.number}/take-back")
    by_and_by(lambda: shopper.ask(day.card)["strategy"] == "item_item", "it is taken back")
    assert "What sells A/B test, Often bought together Ended" in desk.read()
