"""What a rail earns in a world: the program that knows both what people do with it and what they do without."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from devstore.outcomes.__main__ import main
from devstore.outcomes.past import Past
from devstore.outcomes.people import BEFORE, WITH, WITHOUT, Outcomes, Remembered, simulate
from devstore.outcomes.shelves import RAIL, Lists, Shelves
from devstore.shoppers.crowd import SAME_PERSON
from devstore.shoppers.habits import HABITS
from devstore.worlds import build
from devstore.worlds.taste import Tastes, tastes_of

EAGER = replace(HABITS, mood=1.0)
"""In a world that answers to what is shown; so few people tell much."""
STRONGER = 6.0
"""The small world's products are much alike; so a good rail and a bad one are told apart."""
RATE = 0.25
"""Higher than in any world, for the same reason."""
WORLD = build("small")


@lru_cache(maxsize=2)
def tastes(*, effect: bool) -> Tastes:
    found = tastes_of(WORLD)
    rates = np.full(len(found.customers), RATE)
    return replace(found, has_effect=effect, common=STRONGER * found.common, visit_converts=rates)


def ranked() -> list[int]:
    """The products, what most people like first."""
    common = tastes(effect=True).common[-1]
    return [int(tastes(effect=True).product_ids[row]) for row in np.argsort(-common) if np.isfinite(common[row])]


def lists_of(products: list[int]) -> Lists:
    return dict.fromkeys(ranked(), products)


@lru_cache(maxsize=8)
def lived(*, effect: bool = True, good: bool = True, people: int = 150, seed: int = 1) -> Outcomes:
    lists = lists_of(ranked() if good else ranked()[::-1])
    known = tastes(effect=effect)
    return simulate(
        known, Shelves(WORLD, lists), Past.read(WORLD, known), now=WORLD.now, people=people, seed=seed, habits=EAGER
    )


def effect_of(outcomes: Outcomes) -> float:
    return float((outcomes.with_rail - outcomes.without_rail).sum())


def test_in_a_null_world_everybody_spends_the_same_with_the_rail_and_without() -> None:
    found = lived(effect=False)
    assert found.with_rail.sum() > 0
    assert found.with_rail.tolist() == found.without_rail.tolist()


def test_in_a_null_world_as_many_visits_end_in_an_order_as_the_truth_says() -> None:
    found, visits = lived(effect=False), 1 / (1 - SAME_PERSON)
    people = len(found.person)
    error = np.sqrt(people * (visits * RATE * (1 - RATE) + RATE**2 * visits * (visits - 1)))
    assert abs((found.order_case == WITHOUT).sum() - people * visits * RATE) < 3.5 * error


def test_a_rail_of_what_people_like_earns_more_than_one_of_what_they_dislike() -> None:
    assert effect_of(lived(good=True)) > 0
    assert effect_of(lived(good=True)) > effect_of(lived(good=False))


def test_who_comes_by_the_place_and_when_does_not_depend_on_what_is_shown_there() -> None:
    good, bad = lived(good=True), lived(good=False)
    assert good.exposed_at.tolist() == bad.exposed_at.tolist()
    assert good.without_rail.tolist() == bad.without_rail.tolist()


def test_who_never_came_by_the_place_has_no_outcome() -> None:
    found = lived()
    missed = ~found.exposed
    assert missed.any()
    assert not any(sums[missed].any() for sums in (found.with_rail, found.without_rail, found.clicked))


def test_a_persons_sums_are_her_orders_since_she_was_exposed() -> None:
    found = lived()
    since = found.order_at >= found.exposed_at[found.order_person]
    for case, sums in ((WITH, found.with_rail), (WITHOUT, found.without_rail)):
        counted = since & (found.order_case == case) & found.exposed[found.order_person]
        spent = np.bincount(found.order_person[counted], found.order_net[counted], minlength=len(sums))
        assert spent.tolist() == sums.tolist()


def test_what_was_clicked_is_a_part_of_its_visits_orders_and_those_of_all() -> None:
    found = lived()
    assert 0 < found.clicked.sum() <= found.after_click.sum() <= found.with_rail.sum()
    assert (found.clicked <= found.after_click).all()
    assert (found.after_click <= found.with_rail).all()


def test_what_was_bought_before_comes_from_the_worlds_own_orders() -> None:
    found, known = lived(), tastes(effect=True)
    customers = set(known.customers[found.person].tolist()) - {0}
    ninety = [order for order in WORLD.orders if (WORLD.now - order.processed_at).days < 90 and not order.cancelled_at]
    theirs = [order for order in ninety if order.customer_id in customers]
    assert 0 < (found.order_case == BEFORE).sum() == len(theirs)


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    again = simulate(
        tastes(effect=True),
        Shelves(WORLD, lists_of(ranked())),
        Past.read(WORLD, tastes(effect=True)),
        now=WORLD.now,
        people=150,
        seed=1,
        habits=EAGER,
    )
    assert all((again.as_columns()[name] == column).all() for name, column in lived().as_columns().items())
    assert lived(seed=2).person.tolist() != lived().person.tolist()


def test_where_all_is_sold_out_nothing_is_proposed() -> None:
    shelves = Shelves(build("sold_out"), lists_of(ranked()))
    assert {shelves.price(product) for product in ranked()} == {None}
    assert not any(row.is_rail for product in ranked() for row in shelves.product(product, ()).rows)


def test_a_rail_holds_neither_its_own_product_nor_the_carts_nor_what_is_not_sold() -> None:
    first, held, *_ = ranked()
    rail = Shelves(WORLD, lists_of([first, held, *ranked(), 1])).product(first, [held]).rows[-1]
    assert rail.is_rail
    assert len(rail.cards) == RAIL
    assert not {first, held, 1} & {*rail.cards}


def test_where_there_is_nothing_to_show_there_is_no_place() -> None:
    assert not any(row.is_rail for row in Shelves(WORLD, {}).product(ranked()[0], ()).rows)


def test_remembered_tastes_answer_as_the_worlds_own() -> None:
    known = tastes(effect=True)
    quick = Remembered.of(known)
    for row in (0, 5, 0):
        assert np.array_equal(quick.utilities(row, WORLD.now), known.utilities(row, WORLD.now))
        for seed in range(20):
            wishes = [one.wishes(row, WORLD.now, 1, np.random.default_rng(seed)) for one in (quick, known)]
            assert wishes[0] == wishes[1]
    assert [quick.row_of(product) for product in ranked()] == [known.row_of(product) for product in ranked()]


def test_the_program_writes_orders_and_one_file_a_seed(tmp_path: Path) -> None:
    lists = tmp_path / "lists.json"
    lists.write_text(json.dumps({str(product): ranked()[:5] for product in ranked()}))
    task = ["--world", "small", "--orders", str(tmp_path / "orders.npz"), "--lists", str(lists)]
    command = [sys.executable, "-m", "devstore.outcomes", *task, "--out", str(tmp_path / "out"), "--people", "20"]
    subprocess.run([*command, "--seeds", "2", "--first-seed", "7"], check=True, capture_output=True)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["seed-7.npz", "seed-8.npz"]
    with np.load(tmp_path / "out" / "seed-7.npz") as found, np.load(tmp_path / "orders.npz") as orders:
        assert len(found["person"]) == 20
        lines = sum(len(order.lines) for order in WORLD.orders if not order.cancelled_at)
        assert len(orders["product"]) == lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to write"),
        (["--world", "atlantis", "--orders", "nowhere.npz"], "No world is called"),
        (["--world", "small", "--lists", "no-lists.json"], "holds no lists"),
    ],
)
def test_what_the_program_cannot_do_it_says(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no-lists.json").write_text("[1, 2]")
    with pytest.raises(SystemExit, match=words):
        main(arguments)
