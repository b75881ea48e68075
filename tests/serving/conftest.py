"""A small shop with a published item model, and the real application in front of it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import numpy as np
import psycopg
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config import Settings
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.factors import FoldIn
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.web import create_app
from app.wiring.web import Web
from tests.conftest import TEST_KEY
from tests.serving.catalogue import add_product, publish, rows_of

SECRET = "test-api-secret"
VISITOR = "a" * 32
Ask = Callable[..., TestResponse]


def signed(parameters: dict[str, str], *, secret: str = SECRET, at: float | None = None) -> str:
    """A query string as Shopify's app proxy sends it."""
    full = {
        "shop": "alice.myshopify.com",
        "path_prefix": "/apps/attune",
        "timestamp": str(int(time.time() if at is None else at)),
        "logged_in_customer_id": "",
        **parameters,
    }
    message = "".join(f"{name}={full[name]}" for name in sorted(full))
    return urlencode({**full, "signature": hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()})


@pytest.fixture
def wiring(settings: Settings) -> Iterator[Web]:
    opened = Web(settings)
    yield opened
    opened.close()


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """What a web process of its own is started with."""
    return {
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "ATTUNE_DATA_DIR": str(settings.data_dir),
        "SHOPIFY_API_KEY": "test-api-key",
        "SHOPIFY_API_SECRET": "test-api-secret",
        "APP_URL": "https://attune.example.com",
        "ENCRYPTION_KEYS": TEST_KEY,
    }


@pytest.fixture
def live_redis(wiring: Web) -> redis.Redis:
    """The tests' Redis, emptied."""
    wiring.redis.flushdb()
    return wiring.redis


@pytest.fixture
def catalogue(wiring: Web, shop: Shop, live_redis: redis.Redis) -> Iterator[psycopg.Connection]:
    """Ten products, 1 to 10, each with two buyable variants; yields a connection of the shop's."""
    with rows_of(wiring.database, shop.id) as connection:
        for product in range(1, 11):
            add_product(connection, shop.id, product)
        connection.commit()
        yield connection


@pytest.fixture
def model(wiring: Web, shop: Shop, catalogue: psycopg.Connection) -> ItemModel:
    """Product 1's neighbours are 2, 3 and 4; of the rest the higher number sells better."""
    neighbours = np.zeros((10, 3), dtype=NEIGHBOUR)
    neighbours["index"] = -1
    neighbours[0] = [(1, 0.9), (2, 0.5), (3, 0.25)]
    neighbours[4] = [(5, 0.7), (-1, 0), (-1, 0)]
    ids = np.arange(1, 11, dtype=np.int64)
    made = ItemModel(ModelVersion("v1"), Strategy.ITEM_ITEM, ids, neighbours, ids.astype(np.float32))
    publish(wiring, shop.id, made)
    return made


@pytest.fixture
def full_model(wiring: Web, shop: Shop, catalogue: psycopg.Connection) -> ItemModel:
    """All rails passed their exams. Product 1: bought with 2, 3, 4; viewed with 7, 8; complements 3, 9.

    Tastes: 1 to 5 are one kind of thing, 6 to 10 another; within a kind the higher number is liked more.
    """
    ids = np.arange(1, 11, dtype=np.int64)
    first, second = (ids <= 5) * (1 + ids / 10), (ids > 5) * (1 + ids / 10)
    made = ItemModel(
        ModelVersion("full"),
        Strategy.ITEM_ITEM,
        ids,
        _table({1: [(2, 0.9), (3, 0.5), (4, 0.25)], 5: [(6, 0.7)], 6: [(2, 0.4), (10, 0.3)]}),
        ids.astype(np.float32),
        viewed=_table({1: [(7, 0.8), (8, 0.4)], 5: [(9, 0.6)]}),
        complementing=_table({1: [(3, 0.5), (9, 0.2)], 6: [(9, 0.4)]}),
        groups=(ids % 7).astype(np.int32),
        factors=np.stack([first, second], axis=1).astype(np.float32),
        fold_in=FoldIn(regularization=0.1, alpha=10.0),
        rails=frozenset(Rail),
        for_you=Strategy.ALS,
        goes_well=Strategy.COMPLEMENTS,
    )
    publish(wiring, shop.id, made)
    wiring.shelves.map_now(shop.id)
    return made


def _table(rows: dict[int, list[tuple[int, float]]]) -> Neighbours:
    """Neighbours by product id, of ten products numbered from 1."""
    table = np.zeros((10, 3), dtype=NEIGHBOUR)
    table["index"] = -1
    for product, near in rows.items():
        table[product - 1][: len(near)] = [(other - 1, score) for other, score in near]
    return table


@pytest.fixture
def app(wiring: Web) -> Flask:
    return create_app(wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ask(client: FlaskClient, wiring: Web, shop: Shop) -> Ask:
    """Ask for recommendations through the door; by keyword, the route's parameters."""

    def asking(*, route: str = "recommendations", **parameters: object) -> TestResponse:
        question = {"placement": "product", "product_id": "1", **{n: str(v) for n, v in parameters.items()}}
        return client.get(f"/proxy/v1/{route}?{signed(question)}")

    return asking


@pytest.fixture
def mapped(wiring: Web, shop: Shop, model: ItemModel) -> None:
    """The shop is in memory before the first question."""
    wiring.shelves.map_now(shop.id)


def products_of(answer: TestResponse) -> list[ProductId]:
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return [ProductId(int(item["product_id"])) for item in answer.json["items"]]
