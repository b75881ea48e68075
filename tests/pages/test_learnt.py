"""The page of what was learnt: every rail's exam beside its floor, and the trainings so far."""

from __future__ import annotations

import re

import psycopg

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import text_of


def test_every_rail_stands_beside_what_best_sellers_find_with_an_interval(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(running_app.open(devstore, "/admin/model").text)
    row = re.search(
        r"Often bought together Bought in the same orders ([\d.]+)% ([\d.]+)% "
        r"\+([\d.]+) to \+([\d.]+) points 204 orders",
        read,
    )
    assert row
    found, floor, low, high = (float(number) for number in row.groups())
    assert low < found - floor < high


def test_a_rail_that_did_not_pass_says_what_it_shows_instead_and_why(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    read = text_of(running_app.open(devstore, "/admin/model").text)
    assert "Goes well with your cart What is popular" in read
    assert "Also viewed Not shown yet – – –" in read
    assert "Goes well with your cart: the exam needs 200 orders with three or more products" in read


def test_without_a_model_the_page_says_what_it_takes(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    read = text_of(running_app.open(devstore, "/admin/model").text)
    assert "A model is trained as soon as" in read
    assert "Trainings" not in read


def test_a_model_to_which_somebody_went_back_is_marked(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    assert "An earlier model is in use again" not in running_app.open(devstore, "/admin/model").text
    rows.execute(
        "INSERT INTO model_runs (shop_id, version, state, strategy, trained_at, orders, products, metrics, note) "
        "VALUES (%s, 'younger', 'retired', 'item_item', now() + interval '1 year', 870, 40, '{}', '')",
        [trained.id],
    )
    read = text_of(running_app.open(devstore, "/admin/model").text)
    assert "An earlier model is in use again" in read
    assert re.search(r"Earlier 870 40 .* In use 862 40", read)
