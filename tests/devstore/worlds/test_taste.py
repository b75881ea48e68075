"""What shoppers want, in the shape that all worlds answer in."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from devstore.model import World
from devstore.worlds import build
from devstore.worlds.generated.conversion import view_to_buy
from devstore.worlds.taste import NEVER, Tastes, tastes_of
from tests.devstore.core.shop import toml
from tests.patience import PATIENCE_S
from tests.ports import free_port


@pytest.fixture(scope="module")
def tastes(generated: World) -> Tastes:
    return tastes_of(generated)


def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_in_the_generated_world_a_view_converts_as_its_truth_says(generated: World, tastes: Tastes) -> None:
    at = generated.now - timedelta(days=200)
    week = (at - generated.truth["parameters"]["start"]).days // 7
    for product in generated.products[::100]:
        price = int(tastes.price[week, tastes.row_of(product.id)])
        true = view_to_buy(generated, generated.customers[7].id, product.id, price, at=at)
        assert tastes.view_to_buy(7, product.id, at) == pytest.approx(true, abs=1e-9)
        dearer = view_to_buy(generated, generated.customers[7].id, product.id, price * 2, at=at)
        assert tastes.view_to_buy(7, product.id, at, price * 2) == pytest.approx(dearer, abs=1e-9)


def test_what_is_written_to_a_file_answers_the_same(generated: World, tastes: Tastes, tmp_path: Path) -> None:
    tastes.save(tmp_path / "tastes.npz")
    read = Tastes.load(tmp_path / "tastes.npz")
    assert (read.world, read.has_effect, read.start) == ("generated", True, tastes.start)
    assert np.array_equal(read.utilities(3, generated.now), tastes.utilities(3, generated.now))
    assert read.draw_visitor(random(), generated.now) == tastes.draw_visitor(random(), generated.now)
    assert read.complements(generated.products[0].id) == tastes.complements(generated.products[0].id)


@pytest.mark.parametrize("length", [0, 7, 3000])
def test_a_broken_file_is_refused(tmp_path: Path, length: int) -> None:
    tastes_of(build("small")).save(tmp_path / "whole.npz")
    (tmp_path / "tastes.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:length])
    with pytest.raises((ValueError, OSError)):
        Tastes.load(tmp_path / "tastes.npz")


def test_wishes_are_different_products_that_are_on_sale(generated: World, tastes: Tastes) -> None:
    drafts = {product.id for product in generated.products if product.status == "DRAFT"}
    wishes = tastes.wishes(5, generated.now, 1500, random())
    assert len(wishes) == len(set(wishes)) > 1400
    assert not drafts & set(wishes)


def test_wishes_come_as_often_as_utility_says(generated: World, tastes: Tastes) -> None:
    draw = random()
    best = int(np.argmax(tastes.utilities(5, generated.now)))
    weights = np.exp(tastes.utilities(5, generated.now))
    often = np.mean([tastes.wishes(5, generated.now, 1, draw)[0] == tastes.product_ids[best] for _ in range(3000)])
    assert often == pytest.approx(weights[best] / weights.sum(), abs=0.02)


def test_those_come_who_order_often_and_are_still_here(generated: World, tastes: Tastes) -> None:
    draw, truth = random(), generated.truth
    rows = np.array([tastes.draw_visitor(draw, generated.now) for _ in range(2000)])
    customers = rows[tastes.customers[rows] > 0]
    assert (truth["leave_day"][customers] >= truth["parameters"]["days"]).all()
    assert truth["rate"][customers].mean() > 1.5 * truth["rate"][: len(generated.customers)].mean()
    assert 0 < (tastes.customers[rows] == 0).mean() < 0.2


def test_a_customer_returns_from_the_first_order_on_and_a_guest_never(generated: World, tastes: Tastes) -> None:
    order = next(order for order in generated.orders if order.customer_id)
    row = tastes.customers.tolist().index(order.customer_id)
    assert not tastes.is_returning(row, order.created_at)
    assert tastes.is_returning(row, order.created_at + timedelta(days=1))
    assert not tastes.is_returning(len(tastes.customers) - 1, generated.now)
    assert (tastes.first_order == NEVER).any()


def test_what_runs_out_is_due_about_when_it_is_used_up(generated: World, tastes: Tastes) -> None:
    place = int(np.flatnonzero(tastes.own_days > 20)[0])
    row = int(np.searchsorted(tastes.own_from, place, side="right")) - 1
    product = int(tastes.product_ids[tastes.own_product[place]])
    bought = generated.truth["parameters"]["start"] + timedelta(seconds=int(tastes.own_last[place]) - tastes.start)
    lasts = float(tastes.own_days[place])
    due = [product in tastes.due(row, bought + timedelta(days=lasts * share)) for share in (0.2, 1.0, 3.0)]
    assert due == [False, True, False]


def test_the_null_world_has_the_same_tastes_but_no_effect(tastes: Tastes, null: World) -> None:
    ours, theirs = tastes_of(null), tastes
    assert (null.name, ours.world) == ("null", "null")
    assert (ours.has_effect, theirs.has_effect) == (False, True)
    assert np.array_equal(ours.utilities(9, null.now), theirs.utilities(9, null.now))


def test_an_unknown_product_is_an_error(tastes: Tastes) -> None:
    with pytest.raises(KeyError):
        tastes.row_of(1)


@pytest.mark.parametrize("name", ["empty", "single", "small", "sold_out"])
def test_every_world_has_visitors(name: str) -> None:
    world = build(name)
    tastes = tastes_of(world)
    row = tastes.draw_visitor(random(), world.now)
    sold = [product.id for product in world.products if product.status == "ACTIVE"]
    assert set(tastes.wishes(row, world.now, 100, random())) == set(sold)
    assert tastes.due(row, world.now) == [] or world.orders


def test_the_store_writes_its_tastes_before_it_says_ready(tmp_path: Path) -> None:
    (tmp_path / "shopify.app.toml").write_text(toml())
    command = [sys.executable, "-m", "devstore", "--world", "small", "--port", str(free_port())]
    command += ["--app-url", "http://127.0.0.1:8000", "--app-toml", str(tmp_path / "shopify.app.toml")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}
    environment |= {"SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": "secret"}
    with subprocess.Popen(
        [*command, "--tastes", str(tmp_path / "tastes.npz")], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("READY")
        assert Tastes.load(tmp_path / "tastes.npz").world == "small"
        program.terminate()
        assert program.wait(PATIENCE_S) == 0
