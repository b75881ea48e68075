"""The small shop of the serving tests, the real application before it, and a worker behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import jobs
from app.config import Settings
from app.core.shops import Shop
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.serving.conftest import app, ask, catalogue, client, full_model, live_redis, signed, wiring

__all__ = ["app", "ask", "catalogue", "client", "full_model", "live_redis", "wiring"]

Say = Callable[..., TestResponse]


@pytest.fixture
def behind(settings: Settings, live_redis: redis.Redis) -> Iterator[Worker]:
    """A worker's wiring on the same services."""
    opened = Worker(settings)
    yield opened
    opened.close()


@pytest.fixture
def say(client: FlaskClient, wiring: Web, shop: Shop) -> Say:
    """Ask for a change of preferences, or with no body for what is known; by keyword, the query's parameters."""

    def saying(body: object = None, *, mimetype: str = "application/json", **parameters: object) -> TestResponse:
        address = f"/proxy/v1/preferences?{signed({name: str(value) for name, value in parameters.items()})}"
        if body is None:
            return client.get(address)
        return client.post(address, json=body) if mimetype == "application/json" else client.post(address, data=body)

    return saying


def rows(wiring: Web | Worker, shop: Shop, query: str) -> list[tuple[Any, ...]]:
    with wiring.database.shop(shop.id) as session:
        return [tuple(row) for row in session.execute(text(query))]


def notes(wiring: Web, kind: str = jobs.FORGET_BROWSER_DUE) -> list[str]:
    """The ids of the due work of a kind."""
    with wiring.database.open() as connection:
        return list(connection.execute(text("SELECT id FROM due_work WHERE kind = :kind"), {"kind": kind}).scalars())
