"""A shop with people in it, in PostgreSQL and in Redis."""

from __future__ import annotations

import pytest

from app.adapters.redis import keys
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.platform.people import VISITORS, behave, settle


@pytest.fixture
def wiring(installed_shop: Shop, worker_wiring: Worker) -> Worker:
    """A worker's wiring, with both customers in the shop, in the lake and in Redis."""
    settle(worker_wiring.database, worker_wiring.sealer, installed_shop.id)
    behave(worker_wiring, installed_shop.id)
    for visitor in VISITORS.values():
        worker_wiring.redis.hset(keys.visitor(installed_shop.id, visitor), "clicked", "1:1")
        body = f'{{"visitor":"{visitor}"}}'
        worker_wiring.redis.xadd(keys.EVENTS, {"kind": "event", "shop": int(installed_shop.id), "body": body})
    return worker_wiring
