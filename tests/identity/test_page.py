"""The page of one person: names, evidence in words, and names that are somebody else's parted for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.core.ids import CustomerId
from app.core.profiles.identity import Name
from app.core.records import Contact, CustomerRecord
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.identity.conftest import NOW, Shoppers, visitor
from tests.pages.conftest import signed, text_of

CUSTOMER, ADDRESS = CustomerId(4711), "ada@example.com"


class Page:
    def __init__(self, shoppers: Shoppers, app: RunningApp, devstore: DevStore, work: Callable[[], None]) -> None:
        self.shoppers, self.app, self.devstore, self.work = shoppers, app, devstore, work

    @property
    def profile(self) -> str:
        found = self.shoppers.profile(Name.CUSTOMER, CUSTOMER)
        assert found
        return found

    def read(self) -> str:
        return self.open().text

    def open(self) -> httpx.Response:
        return self.app.open(self.devstore, f"/admin/shoppers/profile?id={self.profile}")

    def send(self, action: str, **form: str | list[str]) -> httpx.Response:
        headers = signed(self.devstore)
        return self.app.http.post(f"/admin/shoppers/profile/{action}", data=form, headers=headers)


@pytest.fixture
def page(
    running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, installed_shop: Shop, work: Callable[[], None]
) -> Page:
    """Ada: a customer's record with an address, a browser on which she signed in, and one on which she signed up."""
    contact = Contact("Ada Example", ADDRESS, None, None)
    record = CustomerRecord(CUSTOMER, contact, 0, 0, None, False, (), NOW, NOW)
    worker_wiring.store_records.apply(installed_shop.id, [record], triggered_at=NOW)
    shoppers = Shoppers(worker_wiring, installed_shop)
    worker_wiring.due_work.put(installed_shop.id, "customer_ties", f"{CUSTOMER}/test")
    shoppers.signs_in(CUSTOMER, visitor(1), hours_ago=30)
    shoppers.does("sign_up", visitor=visitor(2), form="newsletter", email=ADDRESS, hours_ago=3)
    shoppers.settle()
    return Page(shoppers, running_app, devstore, work)


def test_the_page_tells_every_name_and_why_it_is_believed(page: Page) -> None:
    read = text_of(page.read())
    assert "1 customer, 1 e-mail address and 2 browsers" in read
    assert "was signed in on this browser; Shopify vouches for it" in read
    assert "The address was given to a newsletter form on this browser" in read
    assert "Known since" in read


def test_nothing_personal_stands_on_it(page: Page) -> None:
    assert not re.search(r"ada|example\.com", page.read(), re.IGNORECASE)


def test_a_browser_that_is_somebody_elses_is_parted_for_good(page: Page) -> None:
    answer = page.send("part", profile=page.profile, name=[f"visitor:{visitor(1)}"])
    assert answer.status_code == 303
    page.work()
    page.shoppers.settle()
    assert page.shoppers.profile(Name.VISITOR, visitor(1)) != page.profile
    page.shoppers.signs_in(CUSTOMER, visitor(1))
    page.shoppers.settle()
    assert page.shoppers.profile(Name.VISITOR, visitor(1)) != page.profile
    assert "Kept apart by you" in page.read()


def test_a_part_can_be_taken_back(page: Page) -> None:
    page.send("part", profile=page.profile, name=[f"visitor:{visitor(1)}"])
    page.shoppers.settle()
    page.send("mend", profile=page.profile, cut=f"customer:{CUSTOMER} visitor:{visitor(1)}")
    page.send("mend", profile=page.profile, cut=f"email:{hash_of(page)} visitor:{visitor(1)}")
    page.shoppers.settle()
    assert page.shoppers.profile(Name.VISITOR, visitor(1)) == page.profile


def test_a_form_without_a_tick_says_what_to_do(page: Page) -> None:
    answer = page.send("part", profile=page.profile)
    assert answer.status_code == 422
    assert "Tick the names" in answer.json()["detail"]


def test_a_whole_person_cannot_be_parted_from_themselves(page: Page) -> None:
    found = page.app.wiring.profiles.one(page.shoppers.shop.id, page.profile)
    assert found
    everything = [f"{name.kind}:{name.id}" for name in found.members]
    answer = page.send("part", profile=page.profile, name=everything)
    assert answer.status_code == 422


def test_who_opted_out_has_no_page(page: Page) -> None:
    profile = page.profile
    record = CustomerRecord(CUSTOMER, None, 0, 0, None, True, (), NOW, NOW.replace(year=2027))
    page.shoppers.wiring.store_records.apply(page.shoppers.shop.id, [record], triggered_at=NOW)
    answer = page.app.open(page.devstore, f"/admin/shoppers/profile?id={profile}")
    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).path == "/admin/shoppers"


def test_the_shoppers_page_leads_to_it(page: Page) -> None:
    found = page.app.open(page.devstore, f"/admin/shoppers?customer={CUSTOMER}").text
    links = re.findall(r'href="(/admin/shoppers/profile\?[^"]*)"', found)
    assert [parse_qs(urlsplit(link.replace("&amp;", "&")).query)["id"] for link in links] == [[page.profile]]


def test_only_the_shops_staff_come_in(page: Page) -> None:
    assert page.app.http.get(f"/admin/shoppers/profile?id={page.profile}").status_code == 401


def hash_of(page: Page) -> str:
    found = page.app.wiring.profiles.one(page.shoppers.shop.id, page.profile)
    assert found
    return next(name.id for name in found.members if name.kind is Name.EMAIL)
