"""One shop per test: carts and stock change."""

from __future__ import annotations

import pytest

from tests.devstore.front.shop import Shop, open_shop


@pytest.fixture
def shop() -> Shop:
    return open_shop()
