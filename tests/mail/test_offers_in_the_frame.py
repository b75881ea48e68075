"""The merchant sets the terms of codes in the admin’s frame: Shopify asks for access, a problem stands at its field."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.adapters.shopify import scopes
from tests.devstore_fixture import DevStore
from tests.pages.conftest import Work, imported
from tests.pages.test_in_the_frame import NARROW, WIDE, WIDER_THAN_ITS_PLACE, Merchant, browser, merchant, width

__all__ = ["browser", "imported", "merchant", "width"]
pytestmark = pytest.mark.browser
FORM = 'form[action*="/admin/email/offer"]'


@pytest.mark.parametrize("width", [WIDE])
@pytest.mark.usefixtures("imported")
def test_shopify_asks_for_access_when_codes_are_switched_on(merchant: Merchant, devstore: DevStore, work: Work) -> None:
    devstore.post("scopes", granted=list(scopes.REQUIRED))
    form = merchant.open("/admin/email").locator(FORM)
    save = form.locator("s-button[type=submit]")
    form.locator("s-checkbox").click()
    form.locator('[name="amount"] input').fill("5")
    form.locator('[name="budget"] input').fill("3")
    save.click()
    merchant.page.get_by_role("button", name="Cancel").click()
    expect(form.locator("[data-problem]:not([hidden])")).to_contain_text("Without this access no codes can be made.")
    save.click()
    merchant.page.get_by_role("button", name="Update").click()
    expect(form.locator('[name="budget"]')).to_have_attribute("error", "The budget must pay for one code at least.")
    form.locator('[name="budget"] input').fill("1,000")
    save.click()
    body = merchant.frame.locator("body")
    expect(body).to_contain_text("The codes are being made in Shopify")
    assert set(scopes.OFFERS) <= set(devstore.get("state")["scopes"])
    devstore.flush()
    work()
    for wide in (WIDE, NARROW):
        merchant.page.set_viewport_size({"width": wide, "height": 900})
        body = merchant.open("/admin/email").locator("body")
        expect(body).to_contain_text("200 lie ready in Shopify.")
        merchant.page.wait_for_timeout(300)
        assert body.evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    assert [one for one in merchant.complaints if "422" not in one] == []
