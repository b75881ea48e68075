"""The stand-ins at work: an embedded app in the frame, driven by a headless Chromium as a merchant would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from devstore.options import Options
from devstore.server import create, listen, serving
from devstore.worlds import build
from tests.browser.chromium import running_chromium
from tests.devstore.front.embedded import EmbeddedApp
from tests.devstore.front.shop import options

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


@dataclass(frozen=True, slots=True)
class Admin:
    origin: str
    app: EmbeddedApp
    app_origin: str


@pytest.fixture(scope="module")
def admin() -> Iterator[Admin]:
    # The frame must know its own origin before it is made, so a port is taken first.
    probe = listen(create(build("empty"), options()), 0)
    port = probe.server_port
    probe.server_close()
    origin = f"http://127.0.0.1:{port}"
    app = EmbeddedApp(origin)
    with serving(app.flask()) as app_origin:
        given: Options = options(app_url=app_origin, origin=origin)
        with serving(create(build("small"), given), port):
            yield Admin(origin, app, app_origin)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, admin: Admin) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    admin.app.reset()
    yield opened
    context.close()


def open_app(page: Page, admin: Admin, path: str = "") -> FrameLocator:
    page.goto(f"{admin.origin}/admin/apps/attune{path}")
    return page.frame_locator("#app")


def test_the_app_opens_inside_the_admin_and_its_links_join_the_menu(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin)
    expect(frame.get_by_role("heading", name="Attune", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Settings")).to_be_visible()


def test_links_inside_the_app_work_though_they_carry_no_token(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin)
    frame.get_by_role("link", name="To the list").click()
    expect(frame.get_by_role("heading", name="List of 3")).to_be_visible()
    expect(page).to_have_url(f"{admin.origin}/admin/apps/attune/admin/list?n=3")
    assert admin.app.patched == 1


def test_the_menu_and_the_back_button_move_the_app(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin)
    page.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("heading", name="Settings")).to_be_visible()
    page.go_back()
    expect(frame.get_by_role("heading", name="Attune", exact=True)).to_be_visible()


def test_fetch_carries_an_id_token_and_is_tried_again_once(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin)
    frame.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("The app said hello")).to_be_visible()
    assert [bool(token) for token in admin.app.tokens] == [True, True]
    assert len(set(admin.app.tokens)) == 2


def test_fields_are_submitted_with_their_form(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin, "/admin/settings")
    frame.get_by_label("Heading").fill("You may like")
    frame.get_by_label("Placement").select_option("cart")
    frame.get_by_label("Live").check()
    frame.get_by_label("Nothing").check()
    frame.get_by_role("button", name="Save").click()
    sent = "control=empty&count=4&heading=You may like&live=on&place=cart"
    expect(frame.get_by_text("Sent: ")).to_have_text(f"Sent: {sent}")


def test_a_required_field_holds_the_form_back(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin, "/admin/settings")
    frame.get_by_label("Heading").fill("")
    frame.get_by_role("button", name="Save").click()
    expect(frame.get_by_text("Sent: nothing")).to_be_visible()


def test_a_modal_is_opened_by_a_button_and_closed_by_another(page: Page, admin: Admin) -> None:
    frame = open_app(page, admin)
    frame.get_by_role("button", name="Open").click()
    expect(frame.get_by_text("Really?")).to_be_visible()
    frame.get_by_role("button", name="Cancel").click()
    expect(frame.get_by_text("Really?")).to_be_hidden()


def test_the_app_learns_who_and_where_it_is(page: Page, admin: Admin) -> None:
    expect(open_app(page, admin).get_by_role("heading", name="Attune", exact=True)).to_be_visible()
    script = "async () => [shopify.config.shop, (await shopify.user()).id, (await shopify.scopes.query()).granted]"
    assert page.frames[1].evaluate(script) == ["hearth-and-fern.myshopify.com", "1", []]
    (extension,) = page.frames[1].evaluate("() => shopify.app.extensions()")
    assert (extension["handle"], extension["type"]) == ("tiny", "theme_app_extension")


def test_an_app_opened_by_itself_is_sent_into_the_admin(page: Page, admin: Admin) -> None:
    page.goto(f"{admin.app_origin}/admin/list?n=5")
    expect(page.frame_locator("#app").get_by_role("heading", name="List of 5")).to_be_visible()
    assert page.url.startswith(admin.origin)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(page: Page, admin: Admin, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/", "/products/glass-pantry-jar", "/collections/all", "/cart"):
        page.goto(f"{admin.origin}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    expect(open_app(page, admin).get_by_role("heading", name="Attune", exact=True)).to_be_visible()
    assert page.frames[1].evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_is_allowed_until_the_visitor_has_said_so(page: Page, admin: Admin) -> None:
    page.goto(admin.origin)
    banner = page.get_by_role("region", name="Cookie consent")
    expect(banner).to_be_visible()
    asked = "[Shopify.customerPrivacy.analyticsProcessingAllowed(), Shopify.customerPrivacy.marketingAllowed()]"
    assert page.evaluate(asked) == [False, False]
    page.evaluate("document.addEventListener('visitorConsentCollected', (event) => { window.seen = event.detail; })")
    banner.get_by_role("button", name="Accept").click()
    expect(banner).to_be_hidden()
    assert page.evaluate("window.seen.analyticsAllowed")
    page.reload()
    page.wait_for_function("window.Shopify.customerPrivacy")
    assert page.evaluate(asked) == [True, True]
    expect(banner).to_be_hidden()
