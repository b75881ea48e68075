"""The store in which the tests of readings run an experiment: three weeks old, in Berlin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.experiments.register import SetClock
from tests.experiments.store import PROFILE, START, ObservedStore


@pytest.fixture
def store(settings: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObservedStore]:
    wiring = Worker(settings)
    clock = SetClock(START + timedelta(days=20))
    monkeypatch.setitem(wiring.__dict__, "clock", clock)
    with wiring.database.shop(shop.id) as session:
        session.execute(text(PROFILE), {"shop": shop.id, "zone": "Europe/Berlin"})
    opened = ObservedStore(wiring, shop, clock)
    opened.run()
    yield opened
    wiring.close()
