"""The tiny shop, with the app installed and without."""

from __future__ import annotations

import pytest

from tests.devstore.core.shop import Shop, make


@pytest.fixture
def bare() -> Shop:
    return make()


@pytest.fixture
def shop(bare: Shop) -> Shop:
    return bare.install()
