"""The page of one person in the Shopify admin's frame: two widths, no complaint, and names that are parted by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from app.core.profiles.identity import Name
from tests.browser.chromium import running_chromium
from tests.devstore_fixture import DevStore
from tests.identity.conftest import visitor
from tests.identity.test_page import Page, page
from tests.pages.test_in_the_frame import WIDER_THAN_ITS_PLACE, Merchant

pytestmark = pytest.mark.browser
__all__ = ["page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 390])
def test_names_are_parted_in_the_frame(
    browser: Browser, devstore: DevStore, page: Page, work: Callable[[], None], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    merchant = Merchant(context.new_page(), devstore.origin)
    frame = merchant.open(f"/admin/shoppers/profile?id={page.profile}")
    assert frame.locator("body").evaluate(WIDER_THAN_ITS_PLACE) == [0, []]
    frame.locator(f'[name="name"][value="visitor:{visitor(1)}"]').click()
    frame.locator("s-button", has_text="somebody else").click()
    expect(frame.locator('s-section[heading="Kept apart by you"]')).to_be_attached()
    work()
    page.shoppers.settle()
    assert page.shoppers.profile(Name.VISITOR, visitor(1)) != page.profile
    assert merchant.complaints == []
    merchant.leave()
    context.close()
