"""The judge of rails knows the best list there is, and what it says agrees with what the world's people really took."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from devstore.model import World
from devstore.outcomes.__main__ import main
from devstore.outcomes.questions import LARGEST_CART, Questions, catalogue, draw, views
from devstore.outcomes.regret import PLACES, Judge, Lists, Regret
from devstore.outcomes.shelves import Shelves
from devstore.worlds import build
from devstore.worlds.errors import WorldError
from devstore.worlds.generated import build_generated
from devstore.worlds.generated.baskets import COMPLEMENT, WISH
from devstore.worlds.generated.parameters import PARAMETERS
from devstore.worlds.taste import tastes_of

SMALLER = replace(PARAMETERS, customers=1500, guests=300, orders=5000, repeats=1800)
RANDOM = np.random.default_rng(2)


@lru_cache(maxsize=1)
def world() -> World:
    return build_generated(5, SMALLER)


@lru_cache(maxsize=1)
def shelves() -> Shelves:
    return Shelves(world(), {})


@lru_cache(maxsize=1)
def judge() -> Judge:
    return Judge(world(), shelves(), seed=1, viewers=500)


@lru_cache(maxsize=1)
def asked() -> Questions:
    found = draw(world(), shelves(), people=60, seed=1)
    return replace(found, product=found.product[::20])


def judged(rail: str, answer: Callable[[int], list[int]]) -> Regret:
    """Of the rail whose list for each question, by its number, is given."""
    many = {"home": len(asked().home), "cart": len(asked().cart)}.get(rail, len(asked().product))
    return judge().judge(rail, asked(), [answer(number) for number in range(many)])


def drawn(_number: int) -> list[int]:
    return [int(one) for one in RANDOM.choice(sorted(shelves().proposed), 8, replace=False)]


@pytest.mark.parametrize("rail", sorted(PLACES))
def test_a_random_list_has_a_regret_of_about_one_and_what_sells_has_less(rail: str) -> None:
    anything = judged(rail, drawn)
    selling = judged(rail, lambda _: list(shelves().ranked[:8]))
    assert 0.85 < anything.regret < 1.1
    assert 0 < anything.regret_of_popular < 1
    assert selling.regret < anything.regret
    assert anything.best > anything.popular > anything.random > 0


def test_who_knows_what_somebody_likes_regrets_nothing_at_home() -> None:
    tastes = tastes_of(world())
    place = {product: row for row, product in enumerate(tastes.product_ids.tolist())}
    people = {customer: row for row, customer in enumerate(tastes.customers.tolist())}

    needs_nothing = [one for one in asked().home if not tastes.due(people[one], world().now)]

    def best(customer: int) -> list[int]:
        row = people[customer]
        utility = tastes.utilities(row, world().now)
        own = {*tastes.own_product[int(tastes.own_from[row]) : int(tastes.own_from[row + 1])].tolist()}
        offered = [product for product in shelves().proposed if place[product] not in own]
        return sorted(offered, key=lambda product: -utility[place[product]])[: PLACES["home"]]

    found = judge().judge("home", Questions(tuple(needs_nothing), (), ()), [best(one) for one in needs_nothing])
    assert found.regret == pytest.approx(0, abs=1e-9)
    assert found.revenue_regret > 0


def test_who_has_run_out_of_something_is_also_shown_what_goes_with_it() -> None:
    tastes = tastes_of(world())
    people = {customer: row for row, customer in enumerate(tastes.customers.tolist()) if customer}
    due = {customer: tastes.due(row, world().now) for customer, row in people.items()}
    someone = next(
        customer for customer, products in due.items() if products and tastes.loyalty[people[customer]] > 0.5
    )
    nobody = next(customer for customer, row in people.items() if not due[customer] and tastes.own_from[row + 1] > 0)
    beside = [[product for product, _ in tastes.complements(due[someone][0]) if product in shelves().proposed]]

    def worth(customer: int) -> float:
        return judge().judge("home", Questions((customer,), (), ()), beside).ours

    assert worth(someone) > 0.1 > worth(nobody)


def test_what_goes_with_a_product_is_worth_more_in_its_hands_than_where_it_is_only_looked_at() -> None:
    tastes = tastes_of(world())

    def complements(number: int) -> list[int]:
        beside = [product for product, _ in tastes.complements(asked().product[number])]
        return [product for product in beside if product in shelves().proposed]

    assert judged("bought_together", complements).ours > 2 * judged("also_viewed", complements).ours
    looks: Lists = [complements(number) for number in range(len(asked().product))]
    truth = judge().complements(asked(), looks)
    assert (truth["complements"], truth["thought_of"], truth["substitutes"]) == (1.0, 1.0, 0.0)
    assert truth["pairs"] == sum(map(len, looks))


def test_products_of_one_kind_are_substitutes_and_earn_nothing_beside_each_other() -> None:
    kind = {product.id: product.product_type for product in world().products}

    def alike(number: int) -> list[int]:
        given = asked().product[number]
        return [one for one in sorted(shelves().proposed) if kind[one] == kind[given] and one != given]

    looks = [alike(number) for number in range(len(asked().product))]
    truth = judge().complements(asked(), looks)
    assert (truth["complements"], truth["substitutes"]) == (0.0, 1.0)
    assert judged("complete_the_look", alike).ours == 0.0


def pairs_taken() -> list[tuple[int, int, int]]:
    """Customer, first and second product of every order that a wish began and one more line ended."""
    truth, found, start = world().truth, [], 0
    for number, order in enumerate(world().orders):
        origins = truth["line_origin"][start : start + len(order.lines)].tolist()
        start += len(order.lines)
        products = [line.product_id or 0 for line in order.lines]
        own = order.customer_id and truth["order_shopper"][number] == truth["order_recipient"][number]
        if own and sorted(origins) in ([WISH, WISH], [WISH, COMPLEMENT]) and set(products) <= shelves().proposed:
            first = origins.index(WISH)
            found.append((order.customer_id or 0, products[first], products[1 - first]))
    return found


def test_the_chances_at_a_cart_are_those_with_which_baskets_were_filled() -> None:
    """The world's own orders against the judge's chances; not exactly, because he speaks of the present."""
    tastes, pairs = tastes_of(world()), pairs_taken()
    questions = Questions((), (), tuple((customer, (first,)) for customer, first, _ in pairs))
    beside = [[product for product, _ in tastes.complements(first)] for _, first, _ in pairs]
    selling = [list(shelves().ranked[:8]) for _ in pairs]
    for lists in (beside, selling):
        taken = np.mean([second in listed for (*_, second), listed in zip(pairs, lists, strict=True)])
        assert judge().judge("cart", questions, lists).ours == pytest.approx(taken, abs=0.06)


def test_a_rail_that_stays_away_is_judged_where_it_is() -> None:
    found = judged("complete_the_look", lambda number: [] if number % 2 else drawn(number))
    assert found.questions == found.answered == (len(asked().product) + 1) // 2
    everywhere = judged("home", lambda number: [] if number % 2 else drawn(number))
    assert (everywhere.questions, everywhere.answered) == (60, 30)


def test_other_rails_and_lists_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="no rail"):
        judge().judge("shelf", asked(), [])
    with pytest.raises(ValueError, match="1 lists for 60 questions"):
        judge().judge("home", asked(), [[]])
    with pytest.raises(WorldError, match="only the generated world"):
        Judge(build("small"), Shelves(build("small"), {}), seed=1)


def test_carts_hold_what_orders_began_with_and_never_all_of_it() -> None:
    for customer, cart in asked().cart:
        orders = [order for order in world().orders if order.customer_id == customer]
        held = [{line.product_id for line in order.lines} for order in orders]
        assert 1 <= len(cart) <= LARGEST_CART
        assert any(set(cart) < whole for whole in held)
    assert Questions.of(json.loads(json.dumps(asked().as_json()))) == asked()


def test_visits_show_what_people_looked_at_before_the_present() -> None:
    found = views(world(), shelves(), visits=300, seed=1)
    today = int(world().now.timestamp()) // 86_400
    assert len(found["product"]) > 300
    assert set(found["product"].tolist()) <= {product.id for product in world().products}
    assert (np.diff(found["session"]) >= 0).all()
    assert today - 28 <= found["day"].min() <= found["day"].max() <= today


def test_the_program_writes_what_an_app_learns_from_and_judges_its_answers(tmp_path: Path) -> None:
    main(["--world", "small", "--ask", str(tmp_path), "--people", "5", "--visits", "50"])
    asked_for = json.loads((tmp_path / "questions.json").read_text())
    assert len(json.loads((tmp_path / "catalogue.json").read_text())) == len(
        catalogue(build("small"), Shelves(build("small"), {}))
    )
    assert len(asked_for["home"]) == 5
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"questions": asked_for, "rails": {}}))
    with pytest.raises(SystemExit, match="only the generated world"):
        main(["--world", "small", "--answers", str(answers), "--regret", str(tmp_path / "regret.json")])
