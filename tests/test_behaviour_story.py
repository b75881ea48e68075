"""Everything together: a real browser, the real theme blocks and the real pixel, the real app with all its processes.

One shop is installed, imported, trained and shared by all tests here; Ada is the visitor whose way through it is told.
What takes something away from the shop for good stands at the end.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.sessions import EXAM_SHARE
from app.ports import Card
from app.services.connect_pixel import PixelState, pixel_state
from tests.ada import Ada, Bought, ada, bought, browser, house, unasked, until_personal
from tests.browsing import PROXY, begin
from tests.open_shop import OpenShop, by_and_by, look_around
from tests.patience import PATIENCE_S

__all__ = ["ada", "bought", "browser", "house", "unasked"]  # Fixtures are found by their names in this module.

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hacked=1">"\'></script><script>window.hacked=1</script>{{ 6 | times: 7 }} & Co'
PRODUCT_RAILS = ("bought_together", "also_viewed", "complete_the_look")
LISTS = {"recs", "recs_reason", "also_viewed", "complete_the_look"}


# -- Ada's story -----------------------------------------------------------------------------------------------------


def test_before_consent_nothing_of_a_visitor_leaves_the_browser(unasked: Ada) -> None:
    assert unasked.told == []
    assert unasked.heard[0] == unasked.heard[1]
    assert [name for name in unasked.stored if "attune" in name] == []
    assert unasked.browsing.complaints == []


def test_after_consent_what_she_looks_at_is_in_the_lake_and_in_live_state(ada: Ada, house: OpenShop) -> None:
    assert pixel_state(house.shop, house.wiring.known_of_pixels) is PixelState.CONNECTED
    looked_at = {int(card.product_id) for card in ada.looked_at}
    browsing = ada.browsing

    def stored() -> set[int]:
        return {row["product_id"] for row in house.events_of(ada.visitor, "product_view")}

    browsing.until(lambda: stored() == looked_at, "her looks are in the lake")
    browsing.until(lambda: set(house.live(ada.visitor).viewed) == looked_at, "her looks are in live state")
    assert f"{house.stack.app_url}/collect" in browsing.told_the_app()


def test_the_two_ids_of_her_browser_are_one_visitor(ada: Ada, house: OpenShop) -> None:
    ada.browsing.until(lambda: house.clients_of(ada.visitor), "the pair is known")
    (client,) = house.clients_of(ada.visitor)
    (row, *_) = house.events_of(ada.visitor, "product_view")
    assert row["client"] == client


def test_the_home_page_changes_for_her_alone(ada: Ada, house: OpenShop) -> None:
    until_personal(ada, house)
    assert ada.browsing.cards() != ada.first_home
    assert ada.browsing.heading() == "For you"
    assert reasons(house.http, house) == {"trending"}


def test_what_she_sees_clicks_and_buys_is_tied_together_in_the_report(
    ada: Ada, bought: Bought, house: OpenShop
) -> None:
    def in_lake(type: str) -> list[dict[str, Any]]:
        return [row for row in house.events() if (row["type"], row["rail"]) == (type, "for_you")]

    def counted() -> bool:
        row = house.figures("for_you")
        return row is not None and (row.exposures, row.clicks, row.orders) == (len(in_lake("exposure")), 1, 1)

    ada.browsing.until(counted, "exposures, her click and her order in the report")
    (click,) = in_lake("click")
    assert (click["product_id"], click["request_id"]) == (bought.product, bought.request)
    assert bought.cart == {ada.looked_at[1].product_id: None, bought.product: f"{bought.request}:{bought.position}"}
    assert ada.browsing.complaints == []


# -- every rail ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def viewed(house: OpenShop) -> OpenShop:
    """So many have looked around that there is something to learn from it; the workers do it by themselves."""
    first = house.wiring.models.current(house.shop.id)
    products = [card.product_id for card in house.cards()]
    house.tell(look_around(products, visitors=EXAM_SHARE * LEAST_QUESTIONS + 20, tastes=4))

    def learnt() -> bool:
        house.count()
        return house.wiring.models.current(house.shop.id) != first

    by_and_by(learnt, "a training has learnt from views")
    by_and_by(lambda: not house.wiring.due_work.waits(house.shop.id, "publish_lists"), "its lists are in the store")
    return house


def test_once_enough_have_looked_around_every_rail_stands_in_the_page_without_javascript(viewed: OpenShop) -> None:
    pages = [viewed.rails(f"/products/{card.handle}") for card in viewed.cards()]
    assert any(page.keys() == {"bought_together", "also_viewed", "complete_the_look"} for page in pages)
    for page in pages:
        shown = [product for cards in page.values() for product in cards]
        assert len(shown) == len(set(shown))
    assert viewed.rails("/").keys() == {"for_you"}
    with shopper(viewed) as somebody:
        line = {"id": viewed.card(viewed.stack.shown_handle).variant_id, "quantity": 1}
        assert somebody.post("/cart/add.js", json={"items": [line]}).is_success
        assert viewed.rails("/cart", somebody).keys() == {"goes_well"}


@pytest.fixture(scope="module")
def rich(viewed: OpenShop) -> Card:
    """A product whose page has three rails."""
    return next(card for card in viewed.cards() if len(viewed.rails(f"/products/{card.handle}")) == 3)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_nothing_jumps_and_nothing_complains(
    browser: Browser, viewed: OpenShop, rich: Card, width: int, answer: str
) -> None:
    browsing = begin(browser, viewed, viewport={"width": width, "height": 844})
    browsing.open(f"{viewed.url}/").answer_banner(answer)

    def look_at(url: str, *rails: str) -> None:
        if answer == "accept":
            browsing.open_chosen(url, *rails)
        else:
            browsing.open(url)
        for rail in rails:
            browsing.rail(rail).scroll_into_view_if_needed()
        assert browsing.shifted() == 0, url

    look_at(f"{viewed.url}/", "for_you")
    look_at(viewed.url_of(rich), *PRODUCT_RAILS)
    browsing.put_into_cart()
    browsing.page.locator("cart-drawer .attune--drawer li").first.wait_for(state="visible")
    assert browsing.shifted() == 0
    look_at(f"{viewed.url}/cart", "goes_well")
    assert browsing.complaints == []
    assert bool(browsing.told_the_app()) == (answer == "accept")
    browsing.page.context.close()


# -- who pretends, and what is written to harm -----------------------------------------------------------------------


def shopper(house: OpenShop) -> httpx.Client:
    """A browser of its own, without scripts."""
    return httpx.Client(base_url=house.url, timeout=PATIENCE_S, follow_redirects=True)


def asked(http: httpx.Client, house: OpenShop, **parameters: str) -> set[str]:
    """Why the cards of the home rail are there."""
    answer = http.get(f"{house.url}{PROXY}/recommendations", params={"placement": "home", **parameters})
    assert answer.status_code == 200, answer.text
    return {item["reason"]["code"] for item in answer.json()["items"]}


def reasons(http: httpx.Client, house: OpenShop, **parameters: str) -> set[str]:
    """As `asked`, by a web process that holds the shop in memory."""
    found: set[str] = set()

    def answered() -> set[str]:
        found.update(asked(http, house, **parameters))
        return found

    by_and_by(answered, "the home rail has an answer")
    return found


def test_only_who_is_signed_in_sees_what_comes_of_a_customers_purchases(
    ada: Ada, bought: Bought, house: OpenShop
) -> None:
    customer = str(bought.customer)
    with shopper(house) as signed_in, shopper(house) as stranger:
        signed_in.get("/account/login", params={"customer_id": customer})
        assert "because_bought" in reasons(signed_in, house)
        for forged in (
            {"logged_in_customer_id": customer},
            {"customer": customer, "customer_id": customer},
            {"visitor": f"{bought.customer:032x}"},
        ):
            assert reasons(stranger, house, **forged) == {"trending"}
        # Her own visitor's id tells what the browser did, not what the customer behind it bought.
        assert "because_bought" not in reasons(stranger, house, visitor=ada.visitor, logged_in_customer_id=customer)
        unsigned = {"shop": house.shop.domain, "placement": "home", "logged_in_customer_id": customer}
        assert stranger.get(f"{house.stack.app_url}/proxy/v1/recommendations", params=unsigned).status_code == 401


@pytest.fixture(scope="module")
def hostile(viewed: OpenShop) -> Card:
    """The first product of the home page, after its title was changed in the store and the app has heard of it."""
    product = viewed.rails("/")["for_you"][0]
    assert viewed.control.patch(f"products/{product}", json={"title": HOSTILE}).is_success

    def known() -> bool:
        answer = viewed.http.get(f"{viewed.url}{PROXY}/recommendations", params={"placement": "home", "limit": "20"})
        assert answer.headers["content-type"] == "application/json"
        return HOSTILE in {item["title"] for item in answer.json()["items"]}

    by_and_by(known, "the app recommends the product by its new title")
    return next(card for card in viewed.cards() if card.product_id == product)


def test_a_hostile_title_does_nothing_in_the_shop(browser: Browser, viewed: OpenShop, hostile: Card) -> None:
    def fetched() -> str:
        cards = viewed.http.get(f"{viewed.url}{PROXY}/rail", params={"placement": "home", "limit": "20"})
        assert "<script" not in cards.text
        return cards.text

    by_and_by(lambda: "{{ 6 | times: 7 }}" in fetched(), "the title is in the cards, as text")
    beside = next(card for card in viewed.cards() if hostile.product_id in shown_beside(viewed, card))
    browsing = begin(browser, viewed)
    browsing.open(f"{viewed.url}/").answer_banner("accept")

    def unharmed(url: str, rail: str, where: str) -> None:
        browsing.open_chosen(url, rail)
        assert HOSTILE in browsing.page.locator(where).first.inner_text()
        assert browsing.page.evaluate("window.hacked") is None, url

    card = f'main .attune li[data-product="{hostile.product_id}"]'
    unharmed(f"{viewed.url}/", "for_you", card)
    unharmed(viewed.url_of(beside), "bought_together", card)
    browsing.open(viewed.url_of(hostile)).put_into_cart()
    browsing.page.locator("cart-drawer .attune--drawer li").first.wait_for(state="visible")
    unharmed(f"{viewed.url}/cart", "goes_well", "main .line-title")
    browsing.page.context.close()


def shown_beside(house: OpenShop, card: Card) -> list[int]:
    return house.rails(f"/products/{card.handle}").get("bought_together", [])[:4]


def test_a_hostile_title_does_nothing_in_the_admin(browser: Browser, viewed: OpenShop, hostile: Card) -> None:
    looks = (row for row in viewed.events() if row["type"] == "product_view")
    looked = next(row["visitor"] for row in looks if row["product_id"] == hostile.product_id)
    page = browser.new_page()
    for path in (f"preview?product_id={hostile.product_id}", "preview?q=img", f"shoppers?visitor={looked}", "results"):
        page.goto(f"{viewed.url}/admin/apps/attune/admin/{path}")
        frame = page.frame_locator("iframe")
        frame.locator("s-page").wait_for(state="attached")
        assert [inner.evaluate("window.hacked") for inner in page.frames] == [None] * len(page.frames), path
        if path != "results":
            assert "{{ 6 | times: 7 }}" in frame.locator("body").inner_text(), path
    page.close()


# -- what is taken away ----------------------------------------------------------------------------------------------


def test_who_is_erased_leaves_the_lake_live_state_and_clicks(ada: Ada, bought: Bought, house: OpenShop) -> None:
    def hers() -> list[dict[str, Any]]:
        return [row for row in house.events() if row["visitor"] == ada.visitor or row["client"] in clients]

    clients = house.clients_of(ada.visitor)
    assert hers()
    # Others go on shopping meanwhile: what they did before must stay, and more may come.
    others = {row["event_id"] for row in house.events()} - {row["event_id"] for row in hers()}
    assert house.rows("SELECT 1 FROM clicks")
    assert bought.customer in house.kept_customers()
    redact = {"topic": "customers/redact", "customer_id": bought.customer}
    assert house.control.post("compliance", json=redact).is_success
    receipts = "SELECT places FROM receipts WHERE finished_at IS NOT NULL"
    by_and_by(lambda: house.rows(receipts), "the receipt of her erasure")
    assert hers() == []
    assert others <= {row["event_id"] for row in house.events()}
    assert house.live(ada.visitor).viewed == ()
    assert house.clients_of(ada.visitor) == set()
    assert house.rows("SELECT 1 FROM clicks") == []
    assert house.rows(f"SELECT 1 FROM decisions WHERE visitor = '{ada.visitor}'") == []
    assert bought.customer not in house.kept_customers()


def test_after_the_owners_withdrawal_nothing_that_was_learnt_is_left(viewed: OpenShop, rich: Card) -> None:
    assert viewed.metafields(rich.product_id).keys() >= LISTS
    viewed.decide("withdraw")
    by_and_by(lambda: not viewed.wiring.due_work.waits(viewed.shop.id, "forget_models"), "all is forgotten")
    assert [card.handle for card in viewed.cards() if LISTS & viewed.metafields(card.product_id).keys()] == []
    assert viewed.rails("/") == {}
    assert viewed.rails(f"/products/{rich.handle}") == {}
    assert viewed.kept_customers() == []
    assert viewed.wiring.artefacts.versions(viewed.shop.id) == []
    by_and_by(lambda: asked(viewed.http, viewed) == set(), "the app recommends nothing")
