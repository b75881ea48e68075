"""What is in view belongs to the rail's answer, whoever chose the card: the arms of an experiment count by one rule."""

from __future__ import annotations

import pytest

from tests.browser.shop import Shop
from tests.browser.test_drawer import DRAWER, open_drawer, wait_for_drawer
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def test_a_card_that_was_not_ranked_is_seen_for_the_answer_but_not_clicked_for_it(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = [shop.listed[3]]
    visit.open().consent().see_rail().wait_for_order([shop.listed[3], *shop.listed[:3]])
    exposures = shop.app.wait_for(4, "exposure")
    assert {event["request_id"] for event in exposures} == {shop.app.request_id}
    visit.link(shop.listed[0]).click()
    (click,) = shop.app.wait_for(1, "click")
    assert (click["product_id"], click.get("request_id")) == (str(shop.listed[0]), None)
    assert "attune:clicks" not in visit.stored()


def test_a_product_page_fetches_cards_where_it_is_told_to(visit: Visit, shop: Shop) -> None:
    products = shop.store.products
    others = [id for id in shop.app.handles if id in products and products[id].variants[0].quantity > 0]
    wanted = [id for id in others if id not in (shop.page.id, *shop.listed) and products[id].status == "ACTIVE"]
    wanted = [*wanted[:1], *shop.listed[5:8]]
    shop.app.fetches, shop.app.ranking, shop.app.unavailable = True, wanted, [shop.listed[0]]
    visit.open().consent().see_rail().wait_for_order(wanted)
    assert [question.get("limit") for question in shop.app.asked] == [None, "8"]
    assert shop.app.asked[1]["product_id"] == str(shop.page.id)
    assert {event["request_id"] for event in shop.app.wait_for(4, "exposure")} == {shop.app.request_id}
    assert visit.shifted() == 0
    assert visit.complaints == []


def test_where_no_cards_come_the_rail_keeps_its_size_without_what_has_sold_out(visit: Visit, shop: Shop) -> None:
    shop.app.fetches, shop.app.unavailable = True, [shop.listed[1]]
    visit.open().consent().see_rail()
    visit.wait_for_order([shop.listed[0], *shop.listed[2:5]])
    assert visit.shifted() == 0


@pytest.mark.parametrize("liquid", [True, False])
def test_in_an_experiment_the_drawer_counts_where_a_control_could(visit: Visit, shop: Shop, liquid: bool) -> None:
    """A control keeps the places of the cart page's cards; where that has none, it shows and counts nothing."""
    shop.app.arms = {"goes_well": {"variant": "7:b", "show": "ours"}}
    visit.open(shop.home_url).consent()
    visit.until(lambda: "attune:arms" in visit.stored(), "her browser knows her arms")
    if not liquid:
        shop.store.products[shop.page.id].metafields.pop((shop.store.app_namespace, "recs"))
    shop.app.ranking = shop.listed[::-1]
    open_drawer(visit, shop)
    wait_for_drawer(visit, shop.listed[::-1][:6])

    def seen() -> list[str | None]:
        return [event.get("request_id") for event in shop.app.of("exposure") if event["placement"] == "cart"]

    visit.until(seen, "the drawer's cards are seen")
    assert set(seen()) == {shop.app.request_id if liquid else None}
    assert visit.page.locator(f"{DRAWER} li[data-request]").count() > 0
