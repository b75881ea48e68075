"""The bench of trainings measures what it says: a shop of the stated size with structure in it, and each part."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from app.cli.bench.train import command
from app.cli.bench.train_shop import GOES_WELL, KINDS, draw
from app.core.recommend.models import complements, item_item
from app.core.recommend.models.outcome import Material

SHOP = draw(60_000, products=500, shoppers=4000)


def test_a_shop_has_the_size_that_is_asked_for() -> None:
    assert SHOP.visits is not None
    # A product counts once in an order, and a page that is loaded twice at once is one view.
    assert 0.8 * 24_000 < len(SHOP.orders.item) <= 24_000
    assert 0.8 * 36_000 < len(SHOP.visits.item) <= 36_000
    assert len(SHOP.orders.items) == 500
    assert 0 < SHOP.orders.customer.min() <= SHOP.orders.customer.max() <= 4000
    assert (np.diff(SHOP.orders.day) >= 0).all()


def test_the_same_shop_is_drawn_again_and_another_seed_draws_another() -> None:
    again, other = (draw(3000, products=100, shoppers=300, seed=seed) for seed in (1, 2))
    assert (draw(3000, products=100, shoppers=300, seed=1).orders.item == again.orders.item).all()
    assert len(other.orders.item) != len(again.orders.item) or (other.orders.item != again.orders.item).any()


def test_few_products_are_bought_most_and_some_go_together() -> None:
    sold = np.sort(np.bincount(SHOP.orders.item, minlength=500))[::-1]
    assert sold[:50].sum() > 0.3 * sold.sum()
    found = looks(SHOP)
    assert np.mean((found >= 0).any(axis=1)) > GOES_WELL / 2


def looks(shop: Material) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    assert shop.groups is not None
    assert len(np.unique(shop.groups)) <= KINDS
    counts = item_item.counts_together(shop.orders)
    return np.asarray(complements.fit(shop.orders, shop.groups, counts=counts)["index"])


def test_the_command_writes_what_it_measured_beside_its_limits(tmp_path: Path) -> None:
    file = tmp_path / "train.json"
    size = ["--interactions", "20000", "--products", "200", "--shoppers", "1500", "--only", "implicit"]
    done = CliRunner().invoke(command, [*size, "--json", str(file)])
    written = json.loads(file.read_bytes())
    assert done.exit_code == (0 if written["met"]["implicit_ratio"] else 1), done.output
    assert written["name"] == "train"
    assert written["targets"] == {"implicit_ratio": "<= 1.1"}
    ratio = written["measures"]["implicit_ours_s"] / written["measures"]["implicit_bare_s"]
    assert written["measures"]["implicit_ratio"] == ratio
