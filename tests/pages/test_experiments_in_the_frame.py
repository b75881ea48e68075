"""An experiment's life in the Shopify admin's frame, in a real browser: the forms as the merchant uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Route, expect

from app.core.shops import Shop
from tests.devstore_fixture import RunningApp
from tests.pages.test_in_the_frame import NARROW, Merchant, browser, merchant, width
from tests.patience import eventually
from tests.serving.catalogue import rows_of

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("width", [NARROW])]
__all__ = ["browser", "merchant", "width"]


BROKEN_OFF = """() => {
  Response.prototype.whole = Response.prototype.blob;
  Response.prototype.blob = async function () {
    await this.arrayBuffer();
    throw new TypeError('broken off');
  };
}"""


def fill(frame: FrameLocator, name: str, text: str) -> None:
    frame.locator(f'[name="{name}"] input').fill(text)


def press(frame: FrameLocator, words: str) -> None:
    frame.locator("s-button", has_text=words).click()


def test_a_title_is_put_to_the_test_on_a_phone(merchant: Merchant, installed_shop: Shop) -> None:
    frame = merchant.open("/admin/experiments")
    press(frame, "New experiment")
    frame.locator("s-link", has_text="A title").click()
    fill(frame, "name", "A warmer title")
    fill(frame, "value_b", "{{ shop.name }}")
    press(frame, "Save as a draft")
    field = frame.locator('[name="value_b"]')
    expect(field).to_have_attribute("error", "The title is plain text and cannot hold “{”.")
    fill(frame, "value_b", "Picked for you today")
    press(frame, "Save as a draft")
    merchant.heading("A warmer title")
    press(frame, "Start")
    expect(frame.locator("s-badge", has_text="Running")).to_be_visible()
    fill(frame, "first", "2020-01-01")
    fill(frame, "last", "2020-01-02")
    fill(frame, "reason", "The payment page was down")
    press(frame, "Leave out")
    expect(frame.locator('[name="first"]')).to_have_attribute("error", "The experiment did not run on these days.")
    frame.locator('[name="choice"] select').select_option("b")
    press(frame, "Stop for good")
    expect(frame.locator("s-banner", has_text="Chosen: “Picked for you today”.")).to_be_visible()
    assert [said for said in merchant.complaints if "422" not in said] == []


def test_a_form_that_is_pressed_twice_is_sent_once(merchant: Merchant, installed_shop: Shop) -> None:
    frame = merchant.open("/admin/experiments/new?what=title")
    fill(frame, "name", "A warmer title")
    fill(frame, "value_b", "Picked for you today")
    slow: list[Route] = []
    posts: list[str] = []
    merchant.page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    def held_up(route: Route) -> None:
        slow.append(route)

    merchant.page.route(re.compile(r"/admin/experiments/1\?.*id_token="), held_up)
    press(frame, "Save as a draft")
    eventually(
        lambda: slow,
        "the page of the draft is asked for",
        pause=lambda seconds: merchant.page.wait_for_timeout(1000 * seconds),
    )
    press(frame, "Save as a draft")
    merchant.page.wait_for_timeout(300)
    for page in slow:
        page.continue_()
    merchant.heading("A warmer title")
    assert len([address for address in posts if "/admin/experiments?" in address]) == 1


def test_the_list_of_an_e_mail_test_is_saved_as_a_file(
    merchant: Merchant, running_app: RunningApp, installed_shop: Shop
) -> None:
    with rows_of(running_app.wiring.database, installed_shop.id) as rows:
        rows.execute(
            "INSERT INTO customers (shop_id, id, email_marketing, opted_out, orders_count, amount_spent) "
            "VALUES (%s, 7, 'SUBSCRIBED', false, 0, 0)",
            [installed_shop.id],
        )
        rows.commit()
    frame = merchant.open("/admin/experiments/new?what=email")
    fill(frame, "name", "Fewer mails")
    fill(frame, "value_b", "One mail")
    press(frame, "Save as a draft")
    frame.locator('[name="traffic"] select').select_option("100")
    press(frame, "Start")
    expect(frame.locator("s-section[heading='The list of customers']")).to_be_visible()
    body = frame.locator("body")
    body.evaluate(BROKEN_OFF)
    press(frame, "Download the list")
    expect(frame.locator("s-banner", has_text="The file broke off, and nothing of it was saved.")).to_be_visible()
    body.evaluate("() => { Response.prototype.blob = Response.prototype.whole; }")
    with merchant.page.expect_download() as downloading:
        press(frame, "Download the list")
    assert downloading.value.suggested_filename == "attune-test-1.csv"
    lines = Path(downloading.value.path()).read_text().splitlines()
    assert lines[0] == "shopify_customer_id,attune_test_1"
    assert lines[1] in ("7,control", "7,b")
