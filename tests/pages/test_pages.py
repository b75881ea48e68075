"""The embedded pages, loaded as the Shopify admin loads them, over the real app and the devstore."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp

PAGES = ("/", "/admin/consent", "/admin/preview", "/admin/results", "/admin/import-problems")
Work = Callable[[], None]


def text_of(page: str) -> str:
    """What a person reads: without tags but for their headings, with single spaces."""
    shown = re.sub(r'<[^>]*\bheading="([^"]*)"[^>]*>', r" \1 ", page)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def decide(app: RunningApp, devstore: DevStore, **form: str) -> int:
    header = {"Authorization": f"Bearer {devstore.id_token()}"}
    answer = app.http.post("/admin/consent", data=form, headers=header, follow_redirects=False)
    return answer.status_code


@pytest.fixture
def imported(installed_shop: Shop, work: Work) -> Shop:
    work()
    return installed_shop


def test_the_first_page_says_what_is_done_and_what_is_still_to_do(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    page = running_app.open(devstore)
    assert 'data-settled="true"' in page.text
    read = text_of(page.text)
    assert "41 products, 150 customers, 900 orders" in read
    assert "To do Decide about learning" in read
    assert "Starts by itself after import and consent" in read


def test_after_consent_the_model_stands_beside_what_is_merely_popular(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    assert decide(running_app, devstore, decision="grant", text_version="2026-11") == 303
    work()
    read = text_of(running_app.open(devstore).text)
    assert "To do" not in read
    assert "learnt from your orders" in read
    assert "what is popular alone reaches" in read


def test_the_consent_page_names_who_decided_and_offers_the_way_back(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    before = text_of(running_app.open(devstore, "/admin/consent").text)
    assert "Nothing is learnt until you allow it" in before
    decide(running_app, devstore, decision="grant", text_version="2026-11")
    after = text_of(running_app.open(devstore, "/admin/consent").text)
    assert "by Shopify user 1" in after
    assert "Withdraw, and delete what was learnt" in after


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"decision": "perhaps", "text_version": "2026-11"}, 400),
        ({"decision": "grant", "text_version": "1999-01"}, 409),
        ({"decision": "grant"}, 409),
    ],
)
def test_a_consent_form_that_does_not_fit_records_nothing(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, form: dict[str, str], status: int
) -> None:
    assert decide(running_app, devstore, **form) == status
    assert running_app.wiring.consents.current(installed_shop.id) is None


def test_the_preview_shows_a_products_rail_with_reasons(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    decide(running_app, devstore, decision="grant", text_version="2026-11")
    work()
    found = running_app.open(devstore, "/admin/preview?q=chopping")
    link = re.search(r"/admin/preview\?product_id=\d+", found.text)
    assert link
    rail = text_of(running_app.open(devstore, link[0]).text)
    assert rail.count("Often bought together with Olive Wood Chopping Board") >= 4
    assert "Source: item item" in rail


@pytest.mark.parametrize("world_name", ["empty", "single", "sold_out"])
@pytest.mark.parametrize("consented", [False, True])
def test_a_store_with_next_to_nothing_gets_sensible_pages(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work, consented: bool
) -> None:
    if consented:
        decide(running_app, devstore, decision="grant", text_version="2026-11")
        work()
    for path in PAGES:
        page = running_app.open(devstore, path)
        assert page.status_code == 200, path
        assert "<s-page" in page.text


@pytest.mark.parametrize("world_name", ["empty", "sold_out"])
def test_a_store_with_nothing_to_show_is_told_why_and_its_page_stops_waiting(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work, world_name: str
) -> None:
    decide(running_app, devstore, decision="grant", text_version="2026-11")
    work()
    page = running_app.open(devstore)
    why = {"empty": "nothing to learn yet", "sold_out": "no other product that can be bought now"}[world_name]
    assert 'data-settled="true"' in page.text
    assert why in text_of(page.text)
    assert "Under way" not in page.text


def test_a_hostile_title_is_shown_and_not_executed(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    devstore.post("products", title="<script>alert(1)</script> Vase", price=100, quantity=5)
    devstore.flush()
    work()
    page = running_app.open(devstore, "/admin/preview?q=vase")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Vase" in page.text
    assert "<script>alert" not in page.text


def test_a_permission_that_was_taken_away_is_named_on_the_first_page(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    devstore.post("scopes", granted=["read_products", "write_products"])
    devstore.flush()
    work()
    read = text_of(running_app.open(devstore).text)
    assert "Attune may not read what it needs" in read
    assert "read_inventory, read_orders, read_all_orders, read_customers" in read


def test_progress_is_for_the_shops_own_staff(running_app: RunningApp, devstore: DevStore, imported: Shop) -> None:
    assert running_app.http.get("/admin/progress.json").status_code in (302, 401)
    header = {"Authorization": f"Bearer {devstore.id_token()}"}
    progress = running_app.http.get("/admin/progress.json", headers=header).json()
    assert progress["imported"] is True
    assert {run["share"] for run in progress["runs"]} == {1.0}
