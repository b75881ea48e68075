"""All embedded pages, loaded as the Shopify admin loads them, over the real app and the devstore."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.shops import Shop
from app.core.training_consent import CURRENT
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import Work, decide, signed, text_of

PAGES = (
    "/",
    "/admin/consent",
    "/admin/preview",
    "/admin/preview?product_id=1",
    "/admin/shoppers",
    "/admin/shoppers?visitor=" + "a" * 32,
    "/admin/results",
    "/admin/experiments",
    "/admin/experiments/new",
    "/admin/experiments/new?what=strategy",
    "/admin/steering",
    "/admin/steering?rail=for_you",
    "/admin/steering?rail=bought_together&diversity=100&stock=50",
    "/admin/model",
    "/admin/import-problems",
    "/admin/data",
    "/admin/data/ga4",
    "/admin/data/stock",
)
HOSTILE = "<script>alert(1)</script> \"onload='alert(2)' Vase"


@pytest.mark.parametrize("world_name", ["empty", "single", "sold_out"])
@pytest.mark.parametrize("consented", [False, True])
def test_a_store_with_next_to_nothing_gets_sensible_pages(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work, consented: bool
) -> None:
    if consented:
        decide(running_app, devstore, decision="grant", text_version=CURRENT.version)
        work()
    for path in PAGES:
        page = running_app.open(devstore, path)
        assert page.status_code == 200, path
        assert "<s-page" in page.text


def test_the_pages_stand_before_anything_is_imported(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    for path in PAGES:
        assert running_app.open(devstore, path).status_code == 200, path


def test_every_link_and_form_names_the_shop_so_that_the_door_opens(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    for path in PAGES:
        page = running_app.open(devstore, path).text
        inside = page.split("</s-app-nav>")[1]
        for link in re.findall(r'(?:href|action)="(/[^"]*)"', inside):
            query = parse_qs(urlsplit(html.unescape(link)).query)
            assert query.get("shop") == [devstore.shop_domain], f"{link} on {path}"
            assert "id_token" not in query


def test_a_link_that_is_followed_without_a_token_ends_at_the_page_that_fetches_one(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    link = re.search(
        r'href="(/admin/results[^"]*shop=[^"]*)"', running_app.open(devstore).text.split("</s-app-nav>")[1]
    )
    if link is None:
        link = re.search(r'href="(/admin/preview[^"]*shop=[^"]*)"', running_app.open(devstore).text)
    assert link
    answer = running_app.http.get(html.unescape(link[1]), follow_redirects=False)
    assert answer.status_code == 302
    assert urlsplit(answer.headers["Location"]).path == "/admin/patch-token"


def test_sub_pages_have_a_way_back(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    for path in (
        "/admin/preview?product_id=1",
        "/admin/shoppers?visitor=" + "a" * 32,
        "/admin/import-problems",
        "/admin/data/ga4",
    ):
        assert 'slot="breadcrumb-actions"' in running_app.open(devstore, path).text, path


def test_the_preview_shows_a_products_rails_with_reasons(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    found = running_app.open(devstore, "/admin/preview?q=chopping")
    link = re.search(r'"(/admin/preview\?product_id=\d+)', found.text)
    assert link
    rail = text_of(running_app.open(devstore, link[1]).text)
    assert rail.count("Often bought together with Olive Wood Chopping Board") >= 4
    assert "Source: bought in the same orders" in rail
    assert "the rail stays away from the page" in rail, "of the rails that did not pass their exams"


def test_a_search_for_a_product_without_a_hit_is_answered_at_the_field(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    page = running_app.open(devstore, "/admin/preview?q=zzz").text
    assert re.search(r"<s-search-field[^>]* error=\"No product's title holds these words\.\"", html.unescape(page))


def test_a_hostile_title_is_shown_and_not_executed(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    made = devstore.post("products", title=HOSTILE, price=100, quantity=5)
    devstore.flush()
    work()
    found = running_app.open(devstore, "/admin/preview?q=vase").text
    shown = running_app.open(devstore, f"/admin/preview?product_id={made['id']}").text
    for page in (found, shown):
        assert html.escape("<script>alert(1)</script>") in page
        assert "<script>alert" not in page
        assert "\"onload='alert" not in page
    assert running_app.open(devstore, '/admin/preview?q="><script>alert(3)</script>').text.count("<script>alert") == 0


def test_a_damaged_model_gives_a_page_that_says_so(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    for version in running_app.wiring.artefacts.versions(trained.id):
        running_app.wiring.artefacts.delete(trained.id, version)
    page = running_app.open(devstore, "/admin/preview?product_id=1")
    assert page.status_code == 502
    assert page.headers["Content-Type"].startswith("text/html")
    assert "This page cannot be shown now" in text_of(page.text)
    script = running_app.http.get("/admin/preview?product_id=1", headers=signed(devstore))
    assert script.headers["Content-Type"] == "application/problem+json"


def test_nothing_promises_what_was_not_measured(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    for path in PAGES:
        read = text_of(running_app.open(devstore, path).text).lower()
        for word in ("boost", "increase sales", "increase your", "guarantee", "hurry", "skyrocket"):
            assert word not in read, path
