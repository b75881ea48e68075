"""The cards of a rail all the way: a browser asks the shop, the shop signs, asks us, and renders our Liquid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest

from app.adapters.redis import keys
from app.core.ids import ModelVersion
from app.core.recommend.factors import FoldIn
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.patience import PATIENCE_S
from tests.serving.catalogue import publish

RAIL = "/apps/attune/v1/rail"


@pytest.fixture
def products(running_app: RunningApp, installed_shop: Shop, work: Callable[[], None]) -> list[int]:
    """The imported shop's products; of each kind of taste (even and odd places) the later ones are liked more."""
    work()
    wiring = running_app.wiring
    ids = np.array([card.product_id for card in wiring.catalog.cards(installed_shop.id)], dtype=np.int64)
    kind, liked = np.arange(len(ids)) % 2, 1 + np.arange(len(ids)) / 10
    model = ItemModel(
        ModelVersion("by-hand"),
        Strategy.TRENDING,
        ids,
        np.zeros((len(ids), 0), dtype=NEIGHBOUR),
        np.arange(1, len(ids) + 1, dtype=np.float32),
        factors=np.stack([liked * (kind == 0), liked * (kind == 1)], axis=1).astype(np.float32),
        fold_in=FoldIn(regularization=0.1, alpha=10.0),
        rails=frozenset({Rail.FOR_YOU}),
        for_you=Strategy.ALS,
    )
    publish(wiring, installed_shop.id, model)
    wiring.shelves.map_now(installed_shop.id)
    return [int(product) for product in ids]


@pytest.fixture
def browser(devstore: DevStore) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=devstore.origin, timeout=PATIENCE_S, follow_redirects=True) as client:
        yield client


def cards(browser: httpx.Client, **parameters: str) -> list[tuple[int, str]]:
    """Product and reason of each card."""
    answer = browser.get(RAIL, params={"placement": "home", "limit": "4", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = re.findall(r'<li class="attune-card" data-product="(\d+)"[^>]*data-reason="(\w+)"', answer.text)
    return [(int(product), reason) for product, reason in found]


def test_the_shop_draws_the_cards_of_a_rail(products: list[int], browser: httpx.Client) -> None:
    shown = cards(browser)
    assert len(shown) == 4
    assert {reason for _, reason in shown} == {"trending"}
    assert [product for product, _ in shown] == sorted((product for product, _ in shown), reverse=True)
    assert not {product for product, _ in cards(browser, shown=str(shown[0][0]))} & {shown[0][0]}


def test_what_a_customer_bought_is_used_for_the_signed_in_customer_alone(
    products: list[int], browser: httpx.Client, running_app: RunningApp, installed_shop: Shop, devstore: DevStore
) -> None:
    customer = next(iter(devstore_customers(running_app, installed_shop)))
    running_app.wiring.redis.rpush(keys.customer(installed_shop.id, customer), products[0])
    popular = cards(browser)
    forged = {"logged_in_customer_id": str(customer), "customer": str(customer), "visitor": f"{customer:032x}"}
    assert cards(browser, **forged) == popular
    browser.get("/account/login", params={"customer_id": str(customer)})
    hers = cards(browser)
    assert {reason for _, reason in hers} == {"because_bought"}
    assert {products.index(product) % 2 for product, _ in hers} == {0}


def devstore_customers(running_app: RunningApp, shop: Shop) -> list[int]:
    """The customers who ordered last, as the admin's page lists them."""
    return [int(one.customer) for one in running_app.wiring.shoppers.customers(shop.id, limit=1)]
