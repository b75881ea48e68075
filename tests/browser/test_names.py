"""Under which other names a browser is known, and who signs up on it: told after consent, and never before."""

from __future__ import annotations

import pytest

from tests.browser.shop import Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
ADDRESS = "ada@example.com"


def sign_up(visit: Visit) -> None:
    form = visit.page.locator("form.newsletter")
    form.locator("[name='contact[email]']").fill(ADDRESS)
    with visit.page.expect_navigation():
        form.locator("button").click()


def test_a_newsletter_sign_up_is_told_with_the_browsers_id(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url).consent()
    visit.until(lambda: "attune:visitor" in visit.stored(), "her browser has an id")
    sign_up(visit)
    (told,) = shop.app.wait_for(1, "sign_up")
    assert (told["form"], told["email"]) == ("newsletter", ADDRESS)
    assert len(told["visitor"]) == 32
    assert [one.tags for one in shop.store.customers.values() if one.email == ADDRESS] == [("newsletter",)]


def test_without_consent_a_sign_up_is_the_shops_alone(visit: Visit, shop: Shop) -> None:
    visit.open(shop.home_url)
    sign_up(visit)
    assert shop.app.of("sign_up") == []
    assert any(one.email == ADDRESS for one in shop.store.customers.values())


def test_other_names_of_the_browser_are_told_once_a_session(visit: Visit, shop: Shop) -> None:
    visit.page.context.add_cookies([{"name": "_ga", "value": "GA1.1.1234567.1700000000", "url": shop.home_url}])
    visit.open(shop.home_url).consent()
    told = shop.app.wait_for(1, "identity")
    assert [one["ga4"] for one in told if "ga4" in one] == ["1234567.1700000000"]
    visit.open(shop.home_url)
    visit.until(lambda: "attune:visitor" in visit.stored(), "the page has started")
    assert sum("ga4" in one for one in shop.app.of("identity")) == 1
