"""What only comes about when somebody asks for it, so that its pages have something to show: a request of a customer's,
and a file that was brought.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import httpx
from playwright.sync_api import Browser, FilePayload

DONE_S = 30.0
FRAME = "#app"


def make_examples(browser: Browser, store: str) -> None:
    """Have a customer ask what is held about them, and bring a file of ad spend, as the merchant does it."""
    with httpx.Client(base_url=store, timeout=30.0) as http:
        people = re.findall(r"customer[^\d]{1,12}(\d{6,})", http.get("/account/login").text)
        asked = {"topic": "customers/data_request", "customer_id": int(people[0])}
        http.post("/_dev/compliance", json=asked).raise_for_status()
        today = datetime.fromisoformat(http.get("/_dev/clock").json()["now"]).date()
    page = browser.new_page()
    page.goto(f"{store}/admin/apps/attune/admin/data/ad-spend")
    frame = page.frame_locator(FRAME)
    file = FilePayload(name="ad-spend.csv", mimeType="text/csv", buffer=_spend(today))
    frame.locator("s-drop-zone input[type=file]").set_input_files(file)
    frame.locator("form[enctype] s-button[type=submit]").click()
    frame.locator("s-link[href*='data/delivery']").first.wait_for(timeout=1000 * DONE_S)
    page.close()


def _spend(today: date) -> bytes:
    """Four weeks of two channels; two rows can't be read, as such files have it."""
    rows = [
        f"{today - timedelta(days=days)},{channel},{cost:.2f}"
        for days in range(1, 29)
        for channel, cost in (("Meta", 40 + 3 * (days % 7)), ("Google", 60 - 2 * (days % 7)))
    ]
    return "\n".join(["Date,Channel,Amount spent", *rows, "yesterday,Meta,10.00", f"{today},Meta,some"]).encode()
