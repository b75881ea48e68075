"""The real web pixel in the devstore's sandbox beside the real theme scripts: one browser, and only with consent."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from app.core.events import EventType, parse
from devstore.worlds.small import NOW
from tests.browser.shop import Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def test_before_consent_and_after_a_refusal_the_pixel_sends_nothing(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    visit.open(shop.page_url)
    visit.page.wait_for_timeout(2500)  # Nothing is to happen: longer than the two seconds after which it would send.
    visit.consent(analytics=False, preferences=False)
    visit.page.wait_for_timeout(2500)
    assert visit.sent_to_app == []
    assert shop.app.batches == []


def test_after_consent_it_tells_what_happens_and_whose_browser_it_is(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    visit.open(shop.home_url).consent()
    identity = shop.app.wait_for(1, "identity")[0]
    assert identity["visitor"] == visit.stored()["attune:visitor"]
    visit.open(shop.page_url)
    view = shop.app.wait_for(1, "product_view")[0]
    assert (view["product_id"], view["client_id"]) == (str(shop.page.id), identity["client_id"])
    assert shop.app.wait_for(1, "page_view")[0]["path"] == f"/products/{shop.page.handle}"  # Home was before consent.
    assert EventType.IDENTITY in {parse(event, now=NOW).type for event in shop.app.events}
    assert visit.complaints == []


def test_what_was_done_on_the_page_before_consent_is_never_sent(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    visit.open(shop.page_url)
    visit.page.evaluate(shop.add(shop.listed[0]))
    visit.consent()
    shop.app.wait_for(1, "identity")
    visit.page.evaluate(shop.add(shop.listed[2]))
    visit.until(lambda: shop.app.of("add_to_cart"), "what is done from now on is told")
    visit.page.wait_for_timeout(2500)  # Nothing more is to happen: longer than the two seconds of a batch.
    told = [(event["type"], event.get("product_id")) for event in shop.app.events if event["type"] != "identity"]
    assert told == [("add_to_cart", str(shop.listed[2]))]


def test_where_no_consent_is_needed_the_first_page_is_told(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    shop.arrange(consent_free=["home"])
    visit.open(shop.page_url)
    assert shop.app.wait_for(1, "product_view")[0]["product_id"] == str(shop.page.id)


def test_withdrawal_in_another_tab_silences_the_pixel_of_this_one(
    visit: Visit, context: BrowserContext, shop: Shop
) -> None:
    shop.connect_pixel()
    visit.open(shop.home_url).consent()
    shop.app.wait_for(1, "identity")
    Visit(context, shop).open(shop.home_url).consent(analytics=False, preferences=False)
    visit.page.wait_for_function("__devstore.published.some(({ payload }) => payload.visitor === null)")
    shop.app.batches.clear()
    visit.page.evaluate(shop.add(shop.listed[2]))
    visit.page.wait_for_timeout(2500)  # Nothing is to happen: longer than the two seconds after which it would send.
    assert shop.app.batches == []
    assert visit.stored() == {}


def test_the_next_page_knows_the_visitor_at_once(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    visit.open(shop.page_url).consent()
    shop.app.wait_for(1, "identity")
    visit.open(shop.home_url)
    visit.until(lambda: [e for e in shop.app.of("page_view") if e["path"] == "/"], "the home page is told")
    home = next(event for event in shop.app.of("page_view") if event["path"] == "/")
    assert home["visitor"] == visit.stored()["attune:visitor"]
    assert len(shop.app.of("identity")) == 1
