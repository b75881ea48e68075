"""The worlds under test, each built once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devstore.model import World
from devstore.worlds import build

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def small() -> World:
    return build("small")


@pytest.fixture(scope="session")
def generated() -> World:
    return build("generated")


@pytest.fixture(scope="session")
def online_retail() -> Path:
    data = Path(os.environ.get("ATTUNE_DATA", REPOSITORY.parent / "shared" / "data"))
    path = data / "online_retail" / "online_retail_2010_2011.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here; set ATTUNE_DATA to the folder of the data sets")
    return path


@pytest.fixture(scope="session")
def imported(online_retail: Path) -> World:
    return build(str(online_retail))
