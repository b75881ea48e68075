"""Fixtures that all tests may ask for. Services start once a session, and only when a test asks for them."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.shops import DbShops
from app.config import Settings, load
from app.core.ids import ShopDomain
from app.core.shops import Shop, ShopState
from tests.services import TestServices

# Machines are noisy and tests never fail on speed; the same examples are tried in every run.
hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")

pytest_plugins = ["tests.klaviyo_fixture", "tests.devstore_fixture"]

TEST_KEY = base64.b64encode(b"k" * 32).decode()
REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def online_retail() -> Path:
    """The real transaction log of a British gift shop; a test that asks for it is skipped where it is missing."""
    return real_data("online_retail/online_retail_2010_2011.parquet")


def real_data(name: str) -> Path:
    """Where the data set lies: beside the repository, or in the folder that ATTUNE_DATA names."""
    folder = Path(os.environ.get("ATTUNE_DATA") or REPOSITORY.parent / "shared" / "data")
    path = folder / name
    if not path.exists():
        pytest.skip(f"{path} is not here; set ATTUNE_DATA to the folder of the data sets")
    return path


@pytest.fixture(scope="session")
def services() -> Iterator[TestServices]:
    running = TestServices()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def database_urls(services: TestServices) -> Iterator[tuple[str, str]]:
    """Addresses of a fresh migrated database: for the app role, and for the owner."""
    with services.database() as urls:
        yield urls


@pytest.fixture
def settings(database_urls: tuple[str, str], services: TestServices, tmp_path: Path) -> Settings:
    return settings_of(database_urls, services, tmp_path)


def settings_of(database_urls: tuple[str, str], services: TestServices, folder: Path) -> Settings:
    """What a process of a test is told: its database, the session's Redis, and a folder of its own."""
    return load(
        {
            "DATABASE_URL": database_urls[0],
            "DATABASE_OWNER_URL": database_urls[1],
            "REDIS_URL": services.redis.url,
            "ATTUNE_DATA_DIR": str(folder),
            "SHOPIFY_API_KEY": "test-api-key",
            "SHOPIFY_API_SECRET": "test-api-secret",
            "APP_URL": "https://attune.example.com",
            "ENCRYPTION_KEYS": TEST_KEY,
            "HOLD_OUT_PERCENT": "0",
            "CANARY_PERCENT": "0",
        }
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    assert settings.database_url is not None
    opened = Database(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    return Sealer(settings.encryption_keys)


@pytest.fixture
def shop(database: Database) -> Shop:
    """Alice's shop: the owner of the fixed cast."""
    return DbShops(database).put(ShopDomain("alice.myshopify.com"), ShopState.INSTALLED)


@pytest.fixture
def other_shop(database: Database) -> Shop:
    """Charlie's shop: the outsider of the fixed cast."""
    return DbShops(database).put(ShopDomain("charlie.myshopify.com"), ShopState.INSTALLED)
