"""Without consent nothing of a visitor leaves the browser or stays in it; withdrawal takes back what was there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.browser.shop import Shop
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser


def test_nothing_of_the_visitor_leaves_or_stays_before_consent(visit: Visit, shop: Shop) -> None:
    visit.open().see_rail()
    visit.page.wait_for_timeout(1500)  # Nothing is to happen: more than the second after which cards count as seen.
    assert visit.sent_to_app == []
    assert {line.split("?")[0].rsplit("/", 1)[0] for line in visit.sent if shop.origin not in line} == set()
    assert visit.stored() == {}
    assert shop.app.asked == []
    assert visit.page.evaluate("__devstore.published") == []


@pytest.mark.parametrize("choice", [{"analytics": False}, {"preferences": False}])
def test_half_a_consent_is_none(visit: Visit, shop: Shop, choice: dict[str, bool]) -> None:
    visit.open().consent(**choice).see_rail()
    visit.page.wait_for_timeout(300)  # Nothing is to happen: time for a request to leave.
    assert visit.stored() == {}
    assert visit.sent_to_app == []


def test_consent_makes_a_random_id_and_tells_it_to_the_pixel_once(visit: Visit, shop: Shop) -> None:
    visitor = visit.open().consent().consent().visitor()
    published = visit.page.evaluate("__devstore.published.map(({ name, payload }) => [name, payload])")
    assert published == [["attune:visitor", {"visitor": visitor}]]
    visit.open()
    visit.page.wait_for_function(
        "Boolean(customElements.get('attune-recommendations'))"
    )  # Defined once consent is known.
    assert visit.visitor() == visitor
    assert visit.page.evaluate("__devstore.published") == []


def test_a_consent_given_earlier_counts_on_the_next_page(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = shop.listed[::-1]
    visit.open().consent()
    visit.open().see_rail()
    visit.wait_for_order(shop.listed[::-1][:4])


def test_a_consent_given_earlier_counts_where_shopifys_scripts_come_last(visit: Visit, shop: Shop) -> None:
    visit.open().consent()
    visit.page.add_init_script("""
      window.Shopify = {};
      let late;
      Object.defineProperty(Shopify, 'loadFeatures', {
        get: () => document.readyState === 'complete' ? late : undefined, set: (value) => { late = value; },
      });
    """)
    # A page on which something is still on its way: only then do Shopify's deferred scripts run.
    visit.page.add_init_script("addEventListener('DOMContentLoaded', () => { new Image().src = '/slow.png'; })")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visit.page.route("**/slow.png", hold)
    visit.page.goto(shop.page_url, wait_until="domcontentloaded")
    visit.page.wait_for_function("Boolean(window[Symbol.for('attune')]?.then)")
    visit.page.evaluate("window[Symbol.for('attune')]")  # A promise: by then the scripts have looked for Shopify's.
    visit.until(lambda: held, "something is on its way")
    held[0].fulfill(status=200)
    visit.page.wait_for_function("Boolean(customElements.get('attune-recommendations'))")


def test_consent_lost_on_a_page_without_the_scripts_counts_at_the_next_report(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = shop.listed[::-1]
    visit.take_clock().open().stop_time().consent().see_rail()
    visit.wait_for_order(shop.listed[::-1][:4])
    visit.page.evaluate("""() => {
      document.cookie = '_tracking_consent=; path=/; max-age=0';
      const link = document.querySelector('attune-recommendations a');
      link.addEventListener('click', (event) => event.preventDefault());
      link.click();
    }""")
    visit.let_pass(seconds=5)
    assert visit.sent_to_collect == []
    assert visit.stored() == {}


def test_withdrawal_deletes_the_id_and_silences_the_rail(visit: Visit, shop: Shop) -> None:
    shop.app.ranking = shop.listed[::-1]
    visit.take_clock().open().stop_time().consent().see_rail()
    visit.wait_for_order(shop.listed[::-1][:4])
    visit.consent(analytics=False, preferences=False)
    assert visit.stored() == {}
    visit.let_pass(seconds=5)
    assert visit.sent_to_collect == []


def test_a_manipulated_id_is_replaced(visit: Visit, shop: Shop) -> None:
    visit.open()
    visit.page.evaluate("localStorage.setItem('attune:visitor', 'someone@example.com')")
    visit.consent()
    assert visit.visitor() != "someone@example.com"


def test_blocked_storage_leaves_the_rail_as_it_is(visit: Visit, shop: Shop) -> None:
    visit.page.add_init_script("Storage.prototype.setItem = () => { throw new Error('blocked'); }")
    visit.open().consent().see_rail()
    visit.page.wait_for_timeout(300)  # Nothing is to happen: time for a request to leave.
    assert visit.cards() == shop.listed[:4]
    assert visit.sent_to_app == []
    assert visit.complaints == []
