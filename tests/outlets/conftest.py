"""A shop with the app installed, whose customers have profiles and segments."""

from __future__ import annotations

import pytest

from app.adapters.shopify import scopes
from tests.models.conftest import installed  # noqa: F401  (the fixture itself)
from tests.models.store import Installed
from tests.outlets.people import Told


@pytest.fixture
def told(installed: Installed) -> Told:  # noqa: F811  (the fixture above)
    """The merchant has granted the optional scope and consented; nothing is switched on yet."""
    made = Told(installed, sorted(installed.store.customers)[:8])
    made.put_people()
    made.control("POST", "scopes", granted=[*scopes.REQUIRED, *scopes.OPTIONAL])
    installed.consent()
    return made
