"""Experiments in a real browser at the real app: what each arm sees on a page that knew of it, and what is counted.

One shop is shared by all tests here; each puts an experiment of its own into the register and takes it out again. A
visitor's id is chosen by the arm that it falls into.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from app.core.experiments.assign import arm_of
from app.core.experiments.types import (
    CONTROL,
    UNCHANGED,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Place,
    Show,
    Status,
    Treatment,
    Unit,
)
from app.core.recommend.types import Rail, Strategy
from app.ports import Change
from tests.ada import house
from tests.browsing import PROXY, Browsing
from tests.open_shop import OpenShop, by_and_by

__all__ = ["house"]  # A fixture is found by its name in this module.

pytestmark = pytest.mark.browser

TREATED = ArmKey("b")
# What is visible whenever a frame is about to be painted, and how many frames there were with a rail in them. It looks
# after all that the page itself does in a frame.
GLIMPSES = """
window.glimpses = []; window.frames_seen = 0;
const frame = requestAnimationFrame;
let mine = 0;
const last = () => { cancelAnimationFrame(mine); mine = frame(look); };
window.requestAnimationFrame = (wanted) => { const id = frame(wanted); last(); return id; };
function look() {
  const cards = [...document.querySelectorAll('attune-recommendations li')];
  if (document.querySelector('.attune')) window.frames_seen += 1;
  const visible = { opacityProperty: true, visibilityProperty: true };
  for (const card of cards) if (card.checkVisibility(visible)) window.glimpses.push(card.dataset.product);
  const heading = document.querySelector('.attune h2');
  if (heading && heading.checkVisibility(visible)) window.glimpses.push(heading.textContent.trim());
  last();
}
last();
"""


# The id is put there in the step in which consent is given, as until then the scripts take every id away.
CONSENT_AS = """visitor => new Promise(done => {
  Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], () => {
    localStorage.setItem('attune:visitor', visitor);
    const choice = { analytics: true, preferences: true, marketing: true, sale_of_data: true };
    Shopify.customerPrivacy.setTrackingConsent(choice, done);
  });
})"""


def experiment(treatment: Treatment, *rails: Rail, control: Treatment = UNCHANGED, kind: Kind = Kind.AB) -> Experiment:
    arms = (Arm(CONTROL, "As it is", 1, control), Arm(TREATED, "Other", 1, treatment))
    salt = secrets.token_hex(8)
    return Experiment(ExperimentId(0), "A test", kind, Status.RUNNING, salt, salt, arms, rails or tuple(Rail))


def hold_out(show: Show = Show.EMPTY) -> Experiment:
    return experiment(UNCHANGED, control=Treatment(show=show), kind=Kind.HOLD_OUT)


@contextmanager
def running(house: OpenShop, wanted: Experiment) -> Iterator[Experiment]:
    """The experiment, until the web process knows that it is over."""
    clock, register, shop = house.wiring.clock, house.wiring.experiments, house.shop.id
    id = register.add(shop, wanted, Change(clock.now(), "a test", "Started."))
    kept = replace(wanted, id=id)
    someone = visitor_in(kept, CONTROL)

    def told() -> dict[str, Any]:
        answer = house.http.get(f"{house.url}{PROXY}/arms", params={"visitor": someone})
        assert answer.status_code == 200, answer.text
        rails: dict[str, Any] = answer.json()["rails"]
        return rails

    by_and_by(lambda: any(f"{id}:" in look["variant"] for look in told().values()), "the experiment has begun")
    try:
        yield kept
    finally:
        stopped = replace(kept, status=Status.STOPPED)
        register.replace(shop, stopped, Change(clock.now() + timedelta(seconds=1), "a test", "Stopped."))
        with house.wiring.database.shop(shop) as session:
            session.connection().exec_driver_sql(f"DELETE FROM experiments WHERE id = {id}")
        by_and_by(lambda: not told(), "the experiment is over")


def visitor_in(wanted: Experiment, arm: ArmKey) -> str:
    """A visitor's id that falls into the arm."""
    while True:
        visitor = secrets.token_hex(16)
        found = arm_of(wanted, Unit(visitor))
        if found is not None and found.key == arm:
            return visitor


Arrive = Callable[..., Browsing]


@pytest.fixture
def arrive(browser: Browser, house: OpenShop) -> Iterator[Arrive]:
    """A visitor of this id, who has allowed everything on one page, so that her browser knows her arms."""
    contexts: list[BrowserContext] = []

    def come(visitor: str, width: int = 1280) -> Browsing:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce"))
        visit = Browsing(contexts[-1], house)
        visit.open(f"{house.url}/search")
        visit.page.evaluate(CONSENT_AS, visitor)
        visit.until(lambda: "attune:arms" in visit.stored(), "her browser knows her arms")
        assert visit.visitor() == visitor
        return visit

    yield come
    for context in contexts:
        context.close()


def exposures(house: OpenShop, visitor: str) -> list[dict[str, Any]]:
    return house.events_of(visitor, "exposure")


def wait_for_exposures(visit: Browsing, visitor: str, rail: str) -> list[dict[str, Any]]:
    """Those of one rail, once its places have been in view."""
    visit.rail(rail).scroll_into_view_if_needed()

    def found() -> list[dict[str, Any]]:
        return [row for row in exposures(visit.house, visitor) if row["rail"] == rail]

    visit.until(found, f"{rail} was seen")
    return found()


def decision(house: OpenShop, request: str) -> tuple[str, str, int]:
    """Variant, what was shown, and how many items, once the record is stored."""
    sql = f"SELECT variant, show, jsonb_array_length(items) FROM decisions WHERE request_id = '{request}'"
    by_and_by(lambda: house.rows(sql), "the decision is stored")
    variant, show, items = house.rows(sql)[0]
    return variant, show, items


def shown(visit: Browsing, rail: str) -> list[str]:
    """The cards of a rail that can be seen."""
    cards: list[str] = visit.page.eval_on_selector_all(
        f"attune-recommendations[data-rail={rail}] li",
        "cards => cards.filter(card => card.checkVisibility({ visibilityProperty: true }))"
        ".map(card => card.dataset.product)",
    )
    return cards


def height(visit: Browsing, rail: str) -> float:
    box = visit.rail(rail).bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_held_out_visitor_never_sees_a_card_and_her_empty_places_are_counted(
    house: OpenShop, arrive: Arrive, width: int
) -> None:
    with running(house, hold_out()) as held:
        out, included = visitor_in(held, CONTROL), visitor_in(held, TREATED)
        visit = arrive(out, width)
        visit.page.add_init_script(GLIMPSES)
        visit.open(house.page_url)
        (ghost, *others) = wait_for_exposures(visit, out, "bought_together")
        assert all(row["ghost"] for row in (ghost, *others))
        variant, show, items = decision(house, ghost["request_id"])
        assert (variant, show) == (f"{held.id}:control", "empty")
        assert items > 0
        assert visit.page.evaluate("[frames_seen > 2, glimpses]") == [True, []]
        assert visit.shifted() == 0
        assert visit.page.get_by_role("region", name="Often bought together").count() == 0
        reserved = height(visit, "bought_together")
        assert reserved > 100
        assert visit.complaints == []

        sees = arrive(included, width)
        sees.page.add_init_script(GLIMPSES)
        sees.open(house.page_url)
        (exposure, *_) = wait_for_exposures(sees, included, "bought_together")
        assert not exposure["ghost"]
        assert decision(house, exposure["request_id"])[:2] == (f"{held.id}:b", "ours")
        assert sees.page.evaluate("glimpses.length") > 0
        assert height(sees, "bought_together") == reserved
        assert sees.shifted() == 0


def test_home_cart_and_drawer_are_empty_for_who_is_held_out(house: OpenShop, arrive: Arrive) -> None:
    with running(house, hold_out()) as held:
        visitor = visitor_in(held, CONTROL)
        visit = arrive(visitor)
        visit.page.add_init_script(GLIMPSES)
        visit.open(f"{house.url}/")
        assert all(row["ghost"] for row in wait_for_exposures(visit, visitor, "for_you"))
        visit.open(house.page_url)
        visit.put_into_cart()
        drawer = visit.page.locator("cart-drawer attune-recommendations li").first
        drawer.wait_for(state="attached")
        drawer.scroll_into_view_if_needed()
        in_drawer = wait_for_exposures(visit, visitor, "goes_well")
        assert {row["ghost"] for row in in_drawer} == {True}
        assert decision(house, in_drawer[0]["request_id"])[1] == "empty"
        visit.open(f"{house.url}/cart")
        visit.until(lambda: visit.page.locator("main attune-recommendations li[data-request]").count(), "it was asked")
        assert visit.page.evaluate("[frames_seen > 2, glimpses]") == [True, []]
        assert visit.shifted() == 0
        assert house.events_of(visitor, "click") == []


def test_the_page_on_which_she_consents_is_not_changed_and_not_counted(
    house: OpenShop, browser: Browser, arrive: Arrive
) -> None:
    with running(house, hold_out()) as held:
        visitor = visitor_in(held, CONTROL)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        visit = Browsing(context, house)
        visit.open(house.page_url)
        before = shown(visit, "bought_together")
        visit.page.evaluate(CONSENT_AS, visitor)
        visit.rail("bought_together").scroll_into_view_if_needed()
        visit.until(lambda: any("/recommendations?" in url for url in visit.answers), "the rail has its answer")
        visit.until(lambda: "attune:arms" in visit.stored(), "her browser knows her arms")
        visit.page.wait_for_timeout(2500)  # Nothing is to happen: longer than a card must be seen, and a batch waits.
        assert shown(visit, "bought_together") == before
        assert sum("/arms?" in url for url in visit.answers) == 1
        visit.rail("bought_together").locator("a").first.click()
        visit.until(lambda: house.events_of(visitor, "identity"), "what was sent has arrived")
        visit.until(lambda: house.events_of(visitor, "product_view"), "the next page has been told")
        assert (exposures(house, visitor), house.events_of(visitor, "click")) == ([], [])
        context.close()


def test_shopifys_own_list_stands_in_the_place_of_ours_and_its_clicks_are_not_ours(
    house: OpenShop, arrive: Arrive
) -> None:
    with running(house, hold_out(Show.NATIVE)) as held:
        visitor = visitor_in(held, CONTROL)
        visit = arrive(visitor)
        visit.open(house.page_url)
        (ghost, *_) = wait_for_exposures(visit, visitor, "bought_together")
        assert ghost["ghost"]
        assert decision(house, ghost["request_id"])[:2] == (f"{held.id}:control", "native")
        product = visit.rail("bought_together").get_attribute("data-product")
        places = visit.rail("bought_together").locator("li:not([hidden])").count()
        asked = {"product_id": product, "limit": places, "intent": "related"}
        theirs = house.http.get(f"{house.url}/recommendations/products.json", params=asked).json()["products"]
        assert shown(visit, "bought_together") == [str(each["id"]) for each in theirs if each["available"]]
        assert visit.page.get_by_role("region", name="You may also like").first.is_visible()
        wait_for_exposures(visit, visitor, "complete_the_look")
        assert not set(shown(visit, "bought_together")) & set(shown(visit, "complete_the_look"))
        assert visit.shifted() == 0
        card = visit.rail("bought_together").locator("a").first
        card.click()
        visit.page.wait_for_url("**/products/**")
        visit.put_into_cart()
        assert not visit.cart()[0]["properties"]
        visit.until(lambda: house.events_of(visitor, "add_to_cart"), "the cart has been told")
        assert house.events_of(visitor, "click") == []
        assert visit.complaints == []


def test_where_shopify_recommends_nothing_the_place_stays_empty_and_counts(house: OpenShop, arrive: Arrive) -> None:
    with running(house, hold_out(Show.NATIVE)) as held:
        visitor = visitor_in(held, CONTROL)
        visit = arrive(visitor)
        visit.page.add_init_script(GLIMPSES)
        visit.page.route("**/recommendations/products.json*", lambda route: route.fulfill(status=404))
        visit.open(house.page_url)
        (ghost, *_) = wait_for_exposures(visit, visitor, "bought_together")
        assert decision(house, ghost["request_id"])[1] == "native"
        assert visit.page.evaluate("glimpses") == []
        assert visit.shifted() == 0


def test_where_rankings_are_compared_each_arm_shows_what_was_ranked_for_it(house: OpenShop, arrive: Arrive) -> None:
    popular = experiment(Treatment(strategy=Strategy.TRENDING), Rail.BOUGHT_TOGETHER)
    with running(house, popular) as tested:
        seen: dict[str, list[str]] = {}
        for arm in (CONTROL, TREATED):
            visitor = visitor_in(tested, arm)
            visit = arrive(visitor)
            visit.open(house.page_url)
            rows = wait_for_exposures(visit, visitor, "bought_together")
            assert decision(house, rows[0]["request_id"])[:2] == (f"{tested.id}:{arm}", "ours")
            seen[arm] = shown(visit, "bought_together")
            sql = f"SELECT items FROM decisions WHERE request_id = '{rows[0]['request_id']}'"
            ranked = [str(item["product_id"]) for item in house.rows(sql)[0][0]]
            assert seen[arm] == ranked[: len(seen[arm])]
            assert visit.rail("bought_together").locator("li:not([data-request])").count() == 0
            assert visit.shifted() == 0
            assert visit.complaints == []
        assert seen[CONTROL] != seen[TREATED]


def test_another_heading_stands_there_from_the_first_frame_on(house: OpenShop, arrive: Arrive) -> None:
    title = Treatment(title='<b>Picked</b> "for" you & yours')
    with running(house, experiment(title, Rail.FOR_YOU)) as tested:
        visitor = visitor_in(tested, TREATED)
        visit = arrive(visitor)
        visit.page.add_init_script(GLIMPSES)
        visit.open(f"{house.url}/")
        (exposure, *_) = wait_for_exposures(visit, visitor, "for_you")
        assert decision(house, exposure["request_id"])[:2] == (f"{tested.id}:b", "ours")
        assert visit.heading() == title.title
        headings = {text for text in visit.page.evaluate("glimpses") if not text.isdecimal()}
        assert headings == {title.title}
        assert visit.shifted() == 0


def test_the_block_in_the_other_place_shows_to_its_arm_alone_and_nothing_jumps(house: OpenShop, arrive: Arrive) -> None:
    other = {"block": "bought-together", "settings": {"position": "alternative"}}
    blocks: list[dict[str, Any]] = [{"block": "bought-together"}, {"block": "also-viewed"}, other]
    with (
        running(house, experiment(Treatment(place=Place.ALTERNATIVE), Rail.BOUGHT_TOGETHER)) as tested,
        arranged(house, blocks),
    ):
        for arm, wanted in ((CONTROL, ["primary"]), (TREATED, ["alternative"])):
            visitor = visitor_in(tested, arm)
            visit = arrive(visitor)
            visit.open(house.page_url)
            places = "[...document.querySelectorAll('.attune[data-attune-rail=bought_together]')]"
            visible = visit.page.evaluate(
                f"{places}.filter(each => each.checkVisibility()).map(each => each.dataset.place)"
            )
            assert visible == wanted
            rail = visit.page.locator(
                f".attune[data-place={wanted[0]}] attune-recommendations[data-rail=bought_together]"
            )
            rail.scroll_into_view_if_needed()
            visit.until(lambda: [r for r in exposures(house, visitor) if r["rail"] == "bought_together"], "it was seen")  # noqa: B023
            assert visit.shifted() == 0


def test_without_a_second_block_the_rail_stays_in_its_place(house: OpenShop, arrive: Arrive) -> None:
    with running(house, experiment(Treatment(place=Place.ALTERNATIVE), Rail.BOUGHT_TOGETHER)) as tested:
        visit = arrive(visitor_in(tested, TREATED))
        visit.open(house.page_url)
        visit.until(lambda: visit.rail("bought_together").is_visible(), "the rail is there")
        # The page knows the arm by now, and none of our modules comes to help.
        visit.page.route("**/attune*.js*", lambda route: route.abort())
        visit.open(house.page_url)
        visit.until(lambda: visit.rail("bought_together").is_visible(), "the rail is there without any module")


def test_withdrawal_also_forgets_what_a_module_kept_that_this_page_has_not_loaded(
    house: OpenShop, arrive: Arrive
) -> None:
    with running(house, hold_out()) as held:
        visit = arrive(visitor_in(held, CONTROL))
        visit.open(house.page_url)
        visit.page.route("**/attune-arms.js*", lambda route: route.abort())
        visit.open(house.page_url)
        visit.consent(analytics=False, preferences=False)
        assert visit.stored() == {}


def test_withdrawal_forgets_the_arms_and_shows_what_everybody_sees(house: OpenShop, arrive: Arrive) -> None:
    with running(house, hold_out()) as held:
        visit = arrive(visitor_in(held, CONTROL))
        visit.open(house.page_url)
        assert shown(visit, "bought_together") == []
        visit.consent(analytics=False, preferences=False)
        assert visit.stored() == {}
        assert len(shown(visit, "bought_together")) > 0
        assert visit.shifted() == 0
        visit.open(house.page_url)
        assert len(shown(visit, "bought_together")) > 0


def test_a_page_painted_for_an_experiment_that_is_over_stays_as_it_is_and_the_next_one_is_as_usual(
    house: OpenShop, arrive: Arrive
) -> None:
    with running(house, hold_out()) as held:
        visitor = visitor_in(held, CONTROL)
        visit = arrive(visitor)
    visit.answers.clear()
    visit.open(house.page_url)
    visit.rail("bought_together").scroll_into_view_if_needed()
    visit.until(lambda: any("/arms?" in url for url in visit.answers), "the arms are asked for again")
    visit.until(lambda: '"rails":{}' in visit.stored()["attune:arms"], "her browser knows that it is over")
    assert shown(visit, "bought_together") == []
    visit.open(house.page_url)
    wait_for_exposures(visit, visitor, "bought_together")
    assert not [row for row in exposures(house, visitor) if row["ghost"]]


def test_a_rail_that_the_theme_draws_anew_keeps_its_arm(house: OpenShop, arrive: Arrive) -> None:
    with running(house, hold_out()) as held:
        visit = arrive(visitor_in(held, CONTROL))
        visit.page.add_init_script(GLIMPSES)
        visit.open(house.page_url)
        visit.page.wait_for_function("Boolean(customElements.get('attune-recommendations'))")
        redraw(visit.page)
        visit.settle()
        assert visit.page.evaluate("glimpses") == []


def test_the_theme_editor_has_no_script_of_ours_in_the_page(house: OpenShop) -> None:
    page = house.http.get(house.page_url).text
    assert "attune:arms" in page
    editor = house.http.get(house.page_url, params=EDITOR).text
    assert "attune-recommendations" in editor
    assert "attune:arms" not in editor


def test_a_page_without_an_answer_leaves_a_control_empty(house: OpenShop, arrive: Arrive) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=500)

    with running(house, hold_out()) as held:
        visit = arrive(visitor_in(held, CONTROL))
        visit.page.add_init_script(GLIMPSES)
        visit.page.route(f"**{PROXY}/recommendations*", refuse)
        visit.open(house.page_url)
        (ghost, *_) = wait_for_exposures(visit, visit.visitor(), "bought_together")
        assert (ghost["ghost"], ghost["request_id"]) == (True, None)
        assert visit.page.evaluate("glimpses") == []


EDITOR = {"_design_mode": "1"}


@contextmanager
def arranged(house: OpenShop, blocks: Sequence[dict[str, Any]]) -> Iterator[None]:
    """The product page with these blocks, until the end."""
    before = house.control.get("theme").json()["templates"]["product"]
    house.control.put("theme", json={"templates": {"product": list(blocks)}}).raise_for_status()
    try:
        yield
    finally:
        house.control.put("theme", json={"templates": {"product": before}}).raise_for_status()


def redraw(page: Page) -> None:
    """As themes do that fetch a section: its HTML comes in without its scripts running."""
    page.evaluate("""async () => {
      const html = await (await fetch(location.href)).text();
      const drawn = new DOMParser().parseFromString(html, 'text/html').querySelector('.attune');
      document.querySelector('.attune').replaceWith(drawn);
    }""")
