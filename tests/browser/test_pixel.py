"""The real web pixel in the devstore's sandbox beside the real theme scripts: one browser, and only with consent."""

from __future__ import annotations

import pytest

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
    visit.open(shop.page_url).consent()
    identity = shop.app.wait_for(1, "identity")[0]
    assert identity["visitor"] == visit.stored()["attune:visitor"]
    view = shop.app.wait_for(1, "product_view")[0]
    assert (view["product_id"], view["client_id"]) == (str(shop.page.id), identity["client_id"])
    assert shop.app.wait_for(1, "page_view")[0]["path"] == f"/products/{shop.page.handle}"
    assert EventType.IDENTITY in {parse(event, now=NOW).type for event in shop.app.events}
    assert visit.complaints == []


def test_the_next_page_knows_the_visitor_at_once(visit: Visit, shop: Shop) -> None:
    shop.connect_pixel()
    visit.open(shop.page_url).consent()
    shop.app.wait_for(1, "identity")
    visit.open(shop.home_url)
    visit.until(lambda: [e for e in shop.app.of("page_view") if e["path"] == "/"], "the home page is told")
    home = next(event for event in shop.app.of("page_view") if event["path"] == "/")
    assert home["visitor"] == visit.stored()["attune:visitor"]
    assert len(shop.app.of("identity")) == 1
