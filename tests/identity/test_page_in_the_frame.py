"""The page of one person in the Shopify admin's frame: two widths, no complaint, and names that are parted by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.core.profiles.identity import Name
from tests.identity.conftest import visitor
from tests.identity.test_page import Page, page
from tests.pages.test_in_the_frame import WIDER_THAN_ITS_PLACE, Merchant, browser, merchant, width

pytestmark = pytest.mark.browser
__all__ = ["browser", "merchant", "page", "width"]


def test_names_are_parted_in_the_frame(merchant: Merchant, page: Page, work: Callable[[], None]) -> None:
    frame = merchant.open(f"/admin/shoppers/profile?id={page.profile}")
    assert frame.locator("body").evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    frame.locator(f'[name="name"][value="visitor:{visitor(1)}"]').click()
    frame.locator("s-button", has_text="somebody else").click()
    expect(frame.locator('s-section[heading="Kept apart by you"]')).to_be_attached()
    work()
    page.shoppers.settle()
    assert page.shoppers.profile(Name.VISITOR, visitor(1)) != page.profile
    assert merchant.complaints == []
