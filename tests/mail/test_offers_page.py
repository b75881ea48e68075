"""The merchant sets the terms of codes on the page of e-mails, and sees what became of them."""

from __future__ import annotations

import html
from collections.abc import Callable

import httpx
import pytest

from app import jobs
from app.adapters.shopify import scopes
from app.core.email.offers import OfferTerms
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import imported, rows, signed, text_of

__all__ = ["imported", "rows"]
PATH = "/admin/email"
FORM = {
    "is_on": "on",
    "amount": "5",
    "least_order": "20,50",
    "percent": "",
    "largest_order": "",
    "days": "10",
    "budget": "1,000.00",
}
TERMS = OfferTerms(is_on=True, amount=500, least_order=2050, days=10, budget=100_000)


def send(app: RunningApp, devstore: DevStore, **form: str) -> httpx.Response:
    return app.http.post(f"{PATH}/offer", data={**FORM, **form}, headers=signed(devstore), follow_redirects=False)


def read(app: RunningApp, devstore: DevStore) -> str:
    return text_of(html.unescape(app.open(devstore, PATH).text))


@pytest.fixture
def granted(imported: Shop, worker_wiring: Worker, devstore: DevStore) -> Shop:
    devstore.post("scopes", granted=[*scopes.REQUIRED, *scopes.OPTIONAL])
    worker_wiring.credentials.set_scopes(imported.id, ",".join([*scopes.REQUIRED, *scopes.OPTIONAL]))
    return imported


def test_the_terms_are_kept_and_a_job_makes_the_codes(
    granted: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    assert send(running_app, devstore).status_code == 303
    assert worker_wiring.mail_settings.of(granted.id).offer == TERMS
    assert "The codes are being made in Shopify" in read(running_app, devstore)
    work()
    assert not worker_wiring.due_work.waits(granted.id, jobs.OFFERS_DUE)
    shown = read(running_app, devstore)
    assert "A code costs at most $5.00 USD; the budget pays for 200 more. 200 lie ready in Shopify." in shown
    assert "Switch it on above" in shown


def test_the_page_says_when_the_budget_is_reached_and_what_is_out(
    granted: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    send(running_app, devstore, budget="9.99")
    work()
    terms, now = worker_wiring.mail_settings.of(granted.id).offer, worker_wiring.clock.now()
    assert worker_wiring.offers.reserve(granted.id, CustomerId(1), terms, now=now)
    assert worker_wiring.offers.reserve(granted.id, CustomerId(2), terms, now=now) is None
    shown = read(running_app, devstore)
    assert "The budget is reached" in shown
    assert "Codes out 1 They cost at most $5.00 USD" in shown
    assert "Left of the budget $4.99 USD" in shown


def test_without_access_the_page_says_what_to_do(
    imported: Shop, running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    worker_wiring.credentials.set_scopes(imported.id, ",".join(scopes.REQUIRED))
    send(running_app, devstore)
    work()
    shown = read(running_app, devstore)
    assert "Shopify has not given Attune access to discounts" in shown
    assert "Save once more, and agree when Shopify asks you" in shown


REFUSED = (
    ({"amount": ""}, "percent"),
    ({"percent": "10"}, "amount"),
    ({"amount": "", "percent": "10"}, "largest_order"),
    ({"amount": "", "percent": "60", "largest_order": "100"}, "percent"),
    ({"amount": "", "percent": "10", "largest_order": "20"}, "largest_order"),
    ({"amount": "five"}, "amount"),
    ({"amount": "-5"}, "amount"),
    ({"amount": "NaN"}, "amount"),
    ({"budget": "4.99"}, "budget"),
    ({"budget": "999999999999"}, "budget"),
    ({"budget": "1.000,00"}, "budget"),
    ({"days": "0"}, "days"),
    ({"days": "ten"}, "days"),
    ({"percent": "7.5"}, "percent"),
)


def test_what_bounds_no_cost_is_refused_at_its_field(
    running_app: RunningApp, devstore: DevStore, imported: Shop, worker_wiring: Worker
) -> None:
    for form, field in REFUSED:
        answer = send(running_app, devstore, **form)
        assert (answer.status_code, answer.json().get("field")) == (422, field), form
    assert worker_wiring.mail_settings.of(imported.id).offer == OfferTerms()


def test_commas_part_thousands_or_decimals(
    running_app: RunningApp, devstore: DevStore, imported: Shop, worker_wiring: Worker
) -> None:
    for said, meant in (("1,000", 100_000), ("1,000.50", 100_050), ("20,50", 2050), ("20", 2000), ("20.5", 2050)):
        assert send(running_app, devstore, budget=said).status_code == 303
        assert worker_wiring.mail_settings.of(imported.id).offer.budget == meant, said


@pytest.mark.usefixtures("imported")
def test_switched_off_terms_may_be_unfinished(running_app: RunningApp, devstore: DevStore) -> None:
    form = {**FORM, "amount": "", "budget": ""}
    del form["is_on"]
    answer = running_app.http.post(f"{PATH}/offer", data=form, headers=signed(devstore), follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.usefixtures("installed_shop")
def test_before_the_currency_is_known_nothing_is_saved(running_app: RunningApp, devstore: DevStore) -> None:
    assert send(running_app, devstore).status_code == 409
