"""The page on which the merchant decides about learning."""

from __future__ import annotations

import pytest

from app.core.shops import Shop
from app.core.training_consent import CURRENT
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import decide, text_of


def test_the_consent_page_names_who_decided_and_offers_the_way_back(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    before = text_of(running_app.open(devstore, "/admin/consent").text)
    assert "Nothing is learnt until you allow it" in before
    decide(running_app, devstore, decision="grant", text_version=CURRENT.version)
    after = text_of(running_app.open(devstore, "/admin/consent").text)
    assert "by Shopify user 1" in after
    assert "Withdraw, and delete what was learnt" in after


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"decision": "perhaps", "text_version": CURRENT.version}, 400),
        ({"decision": "grant", "text_version": "1999-01"}, 409),
        ({"decision": "grant"}, 409),
    ],
)
def test_a_consent_form_that_does_not_fit_records_nothing(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, form: dict[str, str], status: int
) -> None:
    assert decide(running_app, devstore, **form) == status
    assert running_app.wiring.consents.current(installed_shop.id) is None
