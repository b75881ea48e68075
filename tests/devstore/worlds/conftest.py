"""The worlds under test, each built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstore.model import World
from devstore.worlds import build


@pytest.fixture(scope="session")
def small() -> World:
    return build("small")


@pytest.fixture(scope="session")
def generated() -> World:
    return build("generated")


@pytest.fixture(scope="session")
def null() -> World:
    return build("null")


@pytest.fixture(scope="session")
def both_years(online_retail: Path) -> World:
    """The whole log, from the folder of its two files."""
    return build(str(online_retail.parent))


@pytest.fixture(scope="session")
def imported(online_retail: Path) -> World:
    return build(str(online_retail))
