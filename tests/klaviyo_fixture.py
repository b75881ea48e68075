"""A Klaviyo twin served in this process, and a shop that is connected to it.

A test that asks for `twin` has the app's settings pointed at it (`tests.devstore_fixture.linked_settings`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.config import Settings
from app.core.shops import Shop
from tests.patience import PATIENCE_S
from tests.ports import free_port

if TYPE_CHECKING:
    from devstore.klaviyo.state import Account
    from tests.devstore_fixture import RunningApp


@dataclass(frozen=True)
class Twin:
    """A running twin; `account` is what stands in it, `control` speaks to its ``/_dev`` routes."""

    origin: str
    account: Account
    control: httpx.Client

    @property
    def key(self) -> str:
        """A private key of the account, with full access."""
        from devstore.klaviyo.credentials import PRIVATE_KEY

        return PRIVATE_KEY

    def fault(self, mode: str, **how: Any) -> None:
        """Plan a fault (`devstore.klaviyo.api.trouble`)."""
        answer = self.control.post("faults", json={"mode": mode, **how})
        assert answer.is_success, answer.text

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """What was asked, the oldest first, of paths that begin so."""
        answer = self.control.get("requests")
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["requests"]
        return [one for one in found if one["path"].startswith(path)]


@pytest.fixture
def twin() -> Iterator[Twin]:
    """An account of its own, empty."""
    from devstore.klaviyo.state import Account
    from devstore.klaviyo.twin import create_twin
    from tests.devstore_fixture import served

    origin = f"http://127.0.0.1:{free_port()}"
    account = Account(origin=origin)
    with served(create_twin(account), origin), httpx.Client(base_url=f"{origin}/_dev", timeout=PATIENCE_S) as control:
        yield Twin(origin, account, control)


def at_twin(settings: Settings, twin: Twin) -> Settings:
    """The settings, with the twin in Klaviyo's place and an OAuth app that it knows."""
    from devstore.klaviyo.credentials import CLIENT_ID, CLIENT_SECRET

    return replace(
        settings,
        klaviyo_client_id=CLIENT_ID,
        klaviyo_client_secret=CLIENT_SECRET,
        klaviyo_test_origin=twin.origin,
    )


@pytest.fixture
def klaviyo_shop(installed_shop: Shop, running_app: RunningApp, twin: Twin, work: Callable[[], None]) -> Shop:
    """The devstore's shop, set up, imported, and connected to the twin with a private key."""
    from app.wiring.worker import current

    work()
    connect_with_key(installed_shop, twin, running_app)
    work()
    connection = current().klaviyo_connections.of(installed_shop.id)
    assert connection is not None
    assert connection.works, connection.trouble
    return installed_shop


def connect_with_key(shop: Shop, twin: Twin, running_app: RunningApp) -> None:
    """Hand the key over as the page does; a job is left to try it."""
    from app.services.connect_klaviyo import offer_key

    offer_key(shop, twin.key, by="Shopify user 1", ports=running_app.wiring.connecting_klaviyo)
