"""Fixtures of the page tests: the devstore's shop in the states in which a merchant may find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.core.shops import Shop
from app.core.training_consent import CURRENT
from tests.devstore_fixture import DevStore, RunningApp
from tests.serving.catalogue import rows_of

Work = Callable[[], None]


def text_of(page: str) -> str:
    """What a person reads: without tags but for their headings, with single spaces."""
    shown = re.sub(r'<[^>]*\b(?:heading|subheading|error)="([^"]*)"[^>]*>', r" \1 ", page)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def decide(app: RunningApp, devstore: DevStore, **form: str) -> int:
    """Send the consent form as App Bridge's fetch does; returns the status."""
    return app.http.post("/admin/consent", data=form, headers=signed(devstore), follow_redirects=False).status_code


def signed(devstore: DevStore) -> dict[str, str]:
    return {"Authorization": f"Bearer {devstore.id_token()}"}


@pytest.fixture
def imported(installed_shop: Shop, work: Work) -> Shop:
    """Everything is imported and the pixel is connected; nothing has been decided."""
    work()
    return installed_shop


@pytest.fixture
def trained(imported: Shop, running_app: RunningApp, devstore: DevStore, work: Work) -> Shop:
    """The owner has consented, a model is in use, and its lists stand in the store."""
    assert decide(running_app, devstore, decision="grant", text_version=CURRENT.version) == 303
    work()
    return imported


@pytest.fixture
def rows(running_app: RunningApp, imported: Shop) -> Iterator[psycopg.Connection]:
    """The imported shop's rows, each statement a transaction of its own."""
    with rows_of(running_app.wiring.database, imported.id) as connection:
        connection.autocommit = True
        yield connection
